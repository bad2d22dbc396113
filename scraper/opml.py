"""Sources as OPML 2.0, the format in which feed readers exchange subscriptions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NoReturn
from urllib.parse import urljoin, urlsplit
from xml.etree import ElementTree as ET
from xml.parsers.expat import ExpatError, ParserCreate

from db.discretion import without_credentials
from db.shapes import Source
from scraper.cleaning.urls import is_web_url
from scraper.ids import free_id
from scraper.sources import (
    COUNTRIES,
    KINDS,
    LANGUAGE_TAG,
    SCOPES,
    SECTORS,
    SourcesError,
    one_line,
    same_address,
)

# What OPML has no attribute for; elements and attributes of other namespaces are welcome in it.
NAMESPACE = "tag:craftwatch,2026:sources"


def to_opml(sources: Iterable[Source]) -> bytes:
    """One outline per feed, without credentials; what OPML has no word for is in attributes of our namespace.

    Pages and sitemaps are left out: other readers could make nothing of them.
    """
    ET.register_namespace("craftwatch", NAMESPACE)
    opml = ET.Element("opml", version="2.0")
    ET.SubElement(ET.SubElement(opml, "head"), "title").text = "craftwatch sources"
    body = ET.SubElement(opml, "body")
    for source in (source for source in sources if source.format == "feed"):
        ET.SubElement(body, "outline", _attributes(source))
    ET.indent(opml)
    return bytes(ET.tostring(opml, encoding="utf-8", xml_declaration=True)) + b"\n"


def from_opml(document: bytes, known: Iterable[Source] = ()) -> tuple[Source, ...]:
    """The subscriptions of an OPML document as sources, in its order, folders opened.

    Ids come from the titles, else from the hosts, and repeat none of `known`; addresses of `known`, addresses met
    before and those that are not http(s) are left out. What the document does not say is "trade", "general" or "".
    Raises SourcesError when it is not OPML or declares entities.
    """
    known = tuple(known)
    ids = {source.id for source in known}
    addresses = {same_address(source.feed_url) for source in known}
    sources: list[Source] = []
    for outline in _outlines(document):
        feed_url = outline.get("xmlurl", "").strip()
        if not _is_usable(feed_url) or same_address(feed_url) in addresses:
            continue
        source = _source(outline, feed_url, ids)
        ids.add(source.id)
        addresses.add(same_address(feed_url))
        sources.append(source)
    return tuple(sources)


def count_feeds(document: bytes) -> int:
    """How many feeds an OPML document names. Raises SourcesError."""
    return sum("xmlurl" in outline for outline in _outlines(document))


def _attributes(source: Source) -> dict[str, str]:
    ours = {
        "id": source.id,
        "kind": source.kind,
        "sector": source.sector,
        "country": source.country,
        "scope": source.scope,
        "enabled": str(source.enabled).lower(),
        "note": source.note,
    }
    standard = {
        "type": "rss",
        "text": source.name,
        "title": source.name,
        "xmlUrl": without_credentials(source.feed_url),
        "htmlUrl": without_credentials(source.homepage),
        "language": source.language,
    }
    named = standard | {f"{{{NAMESPACE}}}{name}": value for name, value in ours.items()}
    return {name: value for name, value in named.items() if value}


# Reading


def _outlines(document: bytes) -> Iterator[Mapping[str, str]]:
    """The attributes of every outline; names of OPML's own in lower case, ours as "<namespace> <name>"."""
    found: list[Mapping[str, str]] = []
    elements: list[str] = []

    def start(name: str, attributes: Mapping[str, str]) -> None:
        elements.append(name.lower())
        if elements[-1] == "outline":
            found.append({key if " " in key else key.lower(): value for key, value in attributes.items()})

    parser = ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = start
    parser.EntityDeclHandler = _refuse_entities
    try:
        parser.Parse(document, True)
    except ExpatError as error:
        raise SourcesError(f"not XML: {error}; expected an OPML document") from error
    if elements[0] != "opml":
        raise SourcesError(f"not OPML: the document is <{elements[0]}>; expected <opml>")
    yield from found


def _refuse_entities(*declaration: object) -> NoReturn:
    # A few hundred bytes of nested entities expand to gigabytes, and external ones read files.
    raise SourcesError("the document declares entities; expected OPML without them")


def _is_usable(url: str) -> bool:
    return is_web_url(url) and url.isascii() and url.isprintable() and " " not in url


def _source(outline: Mapping[str, str], feed_url: str, taken: set[str]) -> Source:
    host = (urlsplit(feed_url).hostname or "").removeprefix("www.")
    name = one_line(outline.get("title", "")) or one_line(outline.get("text", "")) or host
    homepage = outline.get("htmlurl", "").strip()
    language = outline.get("language", "").strip().replace("_", "-")
    country = _ours(outline, "country")
    return Source(
        id=free_id(taken, _ours(outline, "id"), name, host),
        name=name,
        homepage=homepage if _is_usable(homepage) else urljoin(without_credentials(feed_url), "/"),
        feed_url=feed_url,
        kind=_chosen(_ours(outline, "kind"), KINDS, "trade"),
        sector=_chosen(_ours(outline, "sector"), SECTORS, "general"),
        country=country if country in COUNTRIES else "",
        language=language if LANGUAGE_TAG.fullmatch(language) else "",
        scope=_chosen(_ours(outline, "scope"), SCOPES, "general"),
        enabled=_ours(outline, "enabled") != "false",
        note=one_line(_ours(outline, "note")),
    )


def _ours(outline: Mapping[str, str], name: str) -> str:
    return outline.get(f"{NAMESPACE} {name}", "")


def _chosen(value: str, choices: tuple[str, ...], otherwise: str) -> str:
    return value if value in choices else otherwise
