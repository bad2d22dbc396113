"""News sitemaps (sitemaps.org 0.9 with Google's news elements) to entries. A sitemap without them has no titles."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from html import escape
from itertools import islice
from typing import NoReturn
from xml.parsers.expat import ExpatError, ParserCreate

from db.shapes import Entry, Failure, ParsedFeed
from scraper.cleaning.urls import absolute_url
from scraper.parsing.charset import decode_document
from scraper.parsing.dates import read_date
from scraper.parsing.entries import make_entry, newest
from scraper.parsing.errors import ParseError

MAX_URLS = 50_000  # sitemaps.org: as many as one file may list
MAX_TEXT = 4_000
MAX_LINKS = 20

_NEWS_NAMESPACE = "/schemas/sitemap-news/"
_BARE_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9a-fA-F]{1,6});)")
_HTML = re.compile(r"<!doctype\s+html|<html[\s>]", re.IGNORECASE)
_ROOTS = ("urlset", "sitemapindex")
# By the names' local parts: publishers forget to declare the prefixes. <image:title> lies elsewhere.
_PLACES = {
    ("loc",): "loc",
    ("lastmod",): "lastmod",
    ("news", "title"): "title",
    ("news", "publication_date"): "date",
    ("news", "keywords"): "keywords",
    ("news", "publication", "name"): "name",
    ("news", "publication", "language"): "language",
}


@dataclass(slots=True)
class _Sitemap:
    root: str = ""
    urls: list[dict[str, str]] = field(default_factory=list)


def parse_sitemap(body: bytes, content_type: str, url: str) -> ParsedFeed:
    """The newest 1,000 articles of a news sitemap; none is an honest answer, for it lists those of two days only.

    Raises ParseError and nothing else: EMPTY, HTML_NOT_FEED, NOT_A_FEED (an index of sitemaps as well: which of them
    has the news is for the steward to say) or PARSE_FAILED.
    """
    text = _text(body, content_type)
    sitemap = _read(text)
    if sitemap.root == "sitemapindex":
        first = next(_locations(sitemap, url), "")
        detail = f"an index of sitemaps; feed_url must name one of them, such as {first}"
        raise ParseError(Failure.NOT_A_FEED, detail[:300])
    titled = [found for found in sitemap.urls if found.get("title", "").strip()]
    if not titled and _NEWS_NAMESPACE not in text:
        reason = Failure.NOT_A_FEED if sitemap.urls else Failure.EMPTY
        raise ParseError(reason, f"a sitemap of {len(sitemap.urls)} addresses without news elements")
    head: Mapping[str, str] = titled[0] if titled else {}
    return ParsedFeed(
        format="sitemap",
        title=head.get("name", "").strip()[:500],
        language=head.get("language", "").strip()[:35],
        entries=newest([_entry(found, url) for found in titled]),
    )


def read_index(body: bytes, content_type: str, url: str) -> tuple[str, ...]:
    """The sitemaps that an index of sitemaps names; () when it is none. Raises ParseError."""
    sitemap = _read(_text(body, content_type))
    return tuple(islice(_locations(sitemap, url), MAX_LINKS)) if sitemap.root == "sitemapindex" else ()


def _text(body: bytes, content_type: str) -> str:
    text = decode_document(body, content_type)
    if not text:
        raise ParseError(Failure.EMPTY, "the document is empty")
    if _HTML.search(text[:4_096]):
        raise ParseError(Failure.HTML_NOT_FEED, "an HTML page, not a sitemap")
    return text


def _read(text: str) -> _Sitemap:
    try:
        return _read_strictly(text)
    except ExpatError:
        try:
            return _read_strictly(_BARE_AMPERSAND.sub("&amp;", text))
        except ExpatError as error:
            raise ParseError(Failure.PARSE_FAILED, f"not well-formed XML: {error}") from error


def _read_strictly(text: str) -> _Sitemap:
    sitemap = _Sitemap()
    path: list[str] = []
    parts: list[str] = []

    def start(name: str, attributes: Mapping[str, str]) -> None:
        path.append(name.rpartition(":")[2].lower())
        parts.clear()
        if len(path) == 1:
            sitemap.root = _known_root(path[0])
        elif len(path) == 2 and path[1] in ("url", "sitemap"):
            if len(sitemap.urls) >= MAX_URLS:
                raise _Enough
            sitemap.urls.append({})

    def end(name: str) -> None:
        place = _PLACES.get(tuple(path[2:])) if 2 < len(path) <= 5 else None
        if place and sitemap.urls:
            sitemap.urls[-1].setdefault(place, "".join(parts)[:MAX_TEXT])
        path.pop()
        parts.clear()

    parser = ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = parts.append
    parser.EntityDeclHandler = _refuse_entities
    with suppress(_Enough):
        parser.Parse(text.encode("utf-8", "replace"), True)
    return sitemap


class _Enough(Exception):
    """Raised from within the parser to stop it."""


def _known_root(name: str) -> str:
    if name not in _ROOTS:
        raise ParseError(Failure.NOT_A_FEED, f"the document is <{name[:40]}>, not a sitemap")
    return name


def _refuse_entities(*declaration: object) -> NoReturn:
    # A few hundred bytes of nested entities expand to gigabytes, and external ones read files.
    raise ParseError(Failure.PARSE_FAILED, "the document declares entities, which no sitemap needs")


def _entry(found: Mapping[str, str], url: str) -> Entry:
    link = absolute_url(url, found.get("loc", ""))
    return make_entry(
        id=link,
        title=escape(found["title"], quote=False),
        link=link,
        published=read_date(found.get("date", "")),
        updated=read_date(found.get("lastmod", "")),
        summary="",
        authors=(),
        categories=found.get("keywords", "").split(","),
        language=found.get("language", ""),
    )


def _locations(sitemap: _Sitemap, url: str) -> Iterator[str]:
    for found in sitemap.urls:
        if address := absolute_url(url, found.get("loc", "")):
            yield address
