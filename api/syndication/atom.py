"""Atom 1.0 (RFC 4287), with RFC 5005 paging and a WebSub hub where there is one."""

from __future__ import annotations

from collections.abc import Iterable
from xml.sax.saxutils import escape, quoteattr

from api.syndication import Channel, FeedItem, plain

MEDIA_TYPE = "application/atom+xml"


def render(channel: Channel, items: Iterable[FeedItem]) -> bytes:
    return frame(channel, map(entry, items))


def frame(channel: Channel, entries: Iterable[bytes]) -> bytes:
    """A feed of entries that are rendered already."""
    links = [
        _link("self", channel.self_url, MEDIA_TYPE),
        _link("alternate", channel.home_url, "text/html"),
        _link("first", channel.first_url, MEDIA_TYPE),
    ]
    if channel.next_url:
        links.append(_link("next", channel.next_url, MEDIA_TYPE))
    if channel.hub_url:
        links.append(_link("hub", channel.hub_url))
    head = (
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">'
        f"<id>{_text(channel.id)}</id><title>{_text(channel.title)}</title>"
        f"<subtitle>{_text(channel.description)}</subtitle><updated>{channel.updated}</updated>"
        f"<author><name>craftwatch</name></author><generator>craftwatch</generator>{''.join(links)}\n"
    )
    return b"".join([head.encode(), *entries, b"</feed>\n"])


def entry(item: FeedItem) -> bytes:
    authors = "".join(f"<author><name>{_text(name)}</name></author>" for name in item.authors if plain(name).strip())
    categories = "".join(
        f"<category scheme={_attribute(tag.scheme)} term={_attribute(tag.term)} label={_attribute(tag.label)}/>"
        for tag in item.categories
    )
    language = f" xml:lang={_attribute(item.language)}" if item.language else ""
    return (
        f"<entry{language}><id>{_text(item.id)}</id><title>{_text(item.title)}</title>"
        f"{_link('alternate', item.url, 'text/html')}{_link('related', item.api_url, 'application/json')}"
        f"<published>{item.published}</published><updated>{item.updated}</updated>"
        f"{authors or f'<author><name>{_text(item.source_name)}</name></author>'}"
        f"<summary>{_text(item.summary)}</summary>{categories}</entry>\n"
    ).encode()


def _link(relation: str, url: str, media_type: str = "") -> str:
    kind = f" type={_attribute(media_type)}" if media_type else ""
    return f'<link rel="{relation}"{kind} href={_attribute(url)}/>'


def _text(text: str) -> str:
    return escape(plain(text))


def _attribute(text: str) -> str:
    return quoteattr(plain(text))
