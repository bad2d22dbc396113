"""A page of items as a feed: which channel it is, and its items as feeds show them."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import orjson

from api.cache import Answer
from api.dependencies import Context
from api.documents import iso
from api.filters import Query, describe
from api.links import Links
from api.names import Names
from api.syndication import Category, Channel, FeedItem, atom, jsonfeed, rss
from db.archive import Snapshot
from db.queries import Page, StoredItem

FEEDS: dict[str, ModuleType] = {"atom": atom, "rss": rss, "feed.json": jsonfeed}
_LISTS = {"topic": "topics", "craft": "crafts", "region": "regions", "employer": "employers", "union": "unions"}
ASK_AGAIN_MINUTES = 60  # most sources are asked once an hour themselves
_SCHEME_YEAR = 2026  # RFC 4151: a year in which the authority was ours; part of every id, never to change


def feed_body(
    context: Context, snapshot: Snapshot, names: Names, name: str, query: Query, page: Page, links: Links
) -> Answer:
    """A page of items as the feed of that name."""
    module = FEEDS[name]
    make = FeedItems(context, names)
    entries = context.fragments.render(snapshot, names, name, page.ids, lambda item: module.entry(make.item(item)))
    updated = context.fragments.render(snapshot, names, "updated", page.ids, lambda item: item.updated_at)
    body = module.frame(make_channel(context, names, query, links, max(updated, default=0)), entries)
    return Answer(body, module.MEDIA_TYPE, {"Link": links.header})


def make_channel(context: Context, names: Names, query: Query, links: Links, updated: int) -> Channel:
    """`updated`: seconds since 1970, of the item that changed last."""
    words = describe(query.filter, names, dict(query.pairs).get("window"))
    question = links.filter
    return Channel(
        id=f"tag:{context.settings.authority},{_SCHEME_YEAR}:feed{'?' if question else ''}{question}",
        title=f"craftwatch: {words or 'everything tracked'}",
        description="Entertainment trade news about AI, layoffs and contracts"
        + (f", filtered: {words}." if words else "."),
        home_url=context.url("/", question),
        self_url=links.self,
        first_url=links.first,
        next_url=links.next,
        hub_url=context.settings.websub_hub or None,
        updated=iso(updated),
        minutes=max(ASK_AGAIN_MINUTES, context.settings.cache_seconds // 60),
    )


class FeedItems:
    """Stored items as feeds show them."""

    def __init__(self, context: Context, names: Names) -> None:
        self._names, self._public_url = names, context.settings.public_url
        self._authority = context.settings.authority

    def item(self, item: StoredItem) -> FeedItem:
        source = self._names.sources.get(item.source_id)
        return FeedItem(
            id=f"tag:{self._authority},{_SCHEME_YEAR}:item/{item.id}",
            url=item.url,
            title=item.title,
            summary=item.summary,
            authors=orjson.loads(item.authors),
            published=iso(item.published_at),
            updated=iso(max(item.updated_at, item.published_at)),
            language=item.language,
            source_name=source.name if source else item.source_id,
            api_url=f"{self._public_url}/v1/items/{item.id}",
            categories=[self._category(tag) for tag in orjson.loads(item.tags)],
        )

    def _category(self, tag: dict[str, Any]) -> Category:
        axis, term = tag["axis"], tag["term"]
        return Category(f"{self._public_url}/v1/{_LISTS[axis]}", term, self._names.label(axis, term))
