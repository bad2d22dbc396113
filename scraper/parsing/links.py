"""Where sites say that their feeds and sitemaps are: link elements, Link headers, robots.txt."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from scraper.cleaning.urls import absolute_url

MAX_LINKS = 20
FEED_TYPES = ("application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml")

# RFC 8288 §3: <target>; name=value; name="value", <target>…
_LINK = re.compile(r'<([^<>]*)>((?:\s*;\s*[^\s=;,"<>]+(?:\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s";,<>]*))?)*)')
_PARAMETER = re.compile(r';\s*([^\s=;,"<>]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s";,<>]*))')
_SITEMAP_LINE = re.compile(r"^\s*sitemap\s*:\s*(\S+)", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class PageLinks:
    """What a page says of itself, and the feeds it declares: absolute addresses in its order."""

    title: str
    language: str
    feeds: tuple[str, ...]


def is_feed_link(relation: str, media_type: str) -> bool:
    """Whether a link is to a feed of the page that has it: `rel="alternate"` and the type of a feed."""
    return "alternate" in relation.lower().split() and media_type.partition(";")[0].strip().lower() in FEED_TYPES


def header_feeds(link_header: str, base: str) -> tuple[str, ...]:
    """The feeds that a Link header declares; `base` is the address of the answer."""
    return web_addresses(
        base, (target for target, relation, kind in _links(link_header) if is_feed_link(relation, kind))
    )


def robots_sitemaps(robots_txt: str, base: str) -> tuple[str, ...]:
    """The sitemaps that a robots.txt names (sitemaps.org, "Submitting your Sitemap")."""
    return web_addresses(base, _SITEMAP_LINE.findall(robots_txt))


def web_addresses(base: str, references: Iterable[str]) -> tuple[str, ...]:
    """The first 20 different http(s) addresses among `references`, in their order."""
    addresses = (absolute_url(base, reference) for reference in references)
    return tuple(islice(dict.fromkeys(address for address in addresses if address), MAX_LINKS))


def _links(link_header: str) -> Iterable[tuple[str, str, str]]:
    for target, parameters in _LINK.findall(link_header):
        stated: dict[str, str] = {}
        for name, quoted, bare in _PARAMETER.findall(parameters):
            stated.setdefault(name.lower(), re.sub(r"\\(.)", r"\1", quoted) or bare)  # RFC 8288 §3.3: the first counts
        yield target, stated.get("rel", ""), stated.get("type", "")
