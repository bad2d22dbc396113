"""JSON Feed 1.1."""

from __future__ import annotations

from collections.abc import Iterable

import orjson

from api.documents import with_list
from api.syndication import Channel, FeedItem, plain

MEDIA_TYPE = "application/feed+json"


def render(channel: Channel, items: Iterable[FeedItem]) -> bytes:
    return frame(channel, map(entry, items))


def frame(channel: Channel, entries: Iterable[bytes]) -> bytes:
    """A feed of items that are rendered already."""
    head = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": plain(channel.title),
        "home_page_url": channel.home_url,
        "feed_url": channel.self_url,
        "description": plain(channel.description),
        "authors": [{"name": "craftwatch"}],
    }
    if channel.next_url:
        head["next_url"] = channel.next_url
    if channel.hub_url:
        head["hubs"] = [{"type": "WebSub", "url": channel.hub_url}]
    return with_list(head, "items", entries)


def entry(item: FeedItem) -> bytes:
    document = {
        "id": item.id,
        "url": plain(item.url),
        "title": plain(item.title),
        # A reader shows nothing of an item without content, which must be there (1.1).
        "content_text": plain(item.summary) or plain(item.title),
        "summary": plain(item.summary),
        "date_published": item.published,
        "date_modified": item.updated,
        "authors": [{"name": plain(name)} for name in (item.authors or [item.source_name]) if plain(name).strip()],
        "tags": [plain(tag.label) for tag in item.categories],
        "_craftwatch": {
            "about": item.api_url,
            "source": plain(item.source_name),
            "tags": [
                {"scheme": tag.scheme, "term": plain(tag.term), "label": plain(tag.label)} for tag in item.categories
            ],
        },
    }
    if item.language:
        document["language"] = item.language
    return orjson.dumps(document)
