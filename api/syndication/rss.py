"""RSS 2.0, with Atom's links, RFC 5005 paging and Dublin Core authors."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from email.utils import format_datetime
from xml.sax.saxutils import escape, quoteattr

from api.syndication import Channel, FeedItem, plain

MEDIA_TYPE = "application/rss+xml"
_LIKE_ENTITY = re.compile(r"(&#?\w+);")
_LIKE_MARKUP = re.compile(r"<|&#?\w+;")


def render(channel: Channel, items: Iterable[FeedItem]) -> bytes:
    return frame(channel, map(entry, items))


def frame(channel: Channel, entries: Iterable[bytes]) -> bytes:
    """A feed of items that are rendered already; lastBuildDate is when the data changed, not now."""
    links = [_link("self", channel.self_url), _link("first", channel.first_url)]
    if channel.next_url:
        links.append(_link("next", channel.next_url))
    if channel.hub_url:
        links.append(_link("hub", channel.hub_url))
    head = (
        '<?xml version="1.0" encoding="utf-8"?>\n<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>'
        f"<title>{_text(channel.title)}</title><link>{_text(channel.home_url)}</link>"
        f"<description>{_text(_as_html(channel.description))}</description>"
        f"<lastBuildDate>{_date(channel.updated)}</lastBuildDate><generator>craftwatch</generator>"
        f"<ttl>{channel.minutes}</ttl>{''.join(links)}\n"
    )
    return b"".join([head.encode(), *entries, b"</channel></rss>\n"])


def entry(item: FeedItem) -> bytes:
    authors = "".join(f"<dc:creator>{_text(name)}</dc:creator>" for name in item.authors if plain(name).strip())
    categories = "".join(
        f"<category domain={_attribute(tag.scheme)}>{_text(tag.label)}</category>" for tag in item.categories
    )
    return (
        f"<item><title>{_text(_title(item.title))}</title><link>{_text(_address(item.url))}</link>"
        f'<guid isPermaLink="false">{_text(item.id)}</guid><pubDate>{_date(item.published)}</pubDate>'
        f"<description>{_text(_as_html(item.summary))}</description>{authors}{categories}</item>\n"
    ).encode()


def _title(title: str) -> str:
    """RSS does not say whether a title is text or HTML, and readers take it for HTML where it looks like it."""
    return _as_html(title) if _LIKE_MARKUP.search(title) else title


def _address(url: str) -> str:
    """Some readers take an address for HTML, too: what is like an entity in it gets its semicolon quoted."""
    return _LIKE_ENTITY.sub(r"\1%3B", url)


def _as_html(text: str) -> str:
    """A description is HTML: what is to be seen as < must be written as an entity of it."""
    return escape(text)


def _date(moment: str) -> str:
    return format_datetime(datetime.fromisoformat(moment), usegmt=True)


def _link(relation: str, url: str) -> str:
    kind = "" if relation == "hub" else f' type="{MEDIA_TYPE}"'
    return f'<atom:link rel="{relation}"{kind} href={_attribute(url)}/>'


def _text(text: str) -> str:
    return escape(plain(text))


def _attribute(text: str) -> str:
    return quoteattr(plain(text))
