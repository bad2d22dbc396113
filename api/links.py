"""Addresses that answers name: pages of a list, and its feeds. All begin with the public URL."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote_plus

from api.dependencies import Context, join_url
from api.filters import Query
from api.formats import FORMATS
from api.paging import encode_cursor
from db.filters import Position
from db.queries import Page

SUBSCRIPTIONS = ("atom", "rss", "feed.json")


def query_string(pairs: Iterable[tuple[str, str]]) -> str:
    """The pairs as people write them: commas and colons need no quoting in a query (RFC 3986 §3.4)."""
    return "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in pairs)


@lru_cache(maxsize=4096)
def _quoted(text: str) -> str:
    return quote_plus(text, safe=",:")


class Links(NamedTuple):
    """Addresses of this page, of the first one and, where there is one, of the next, with the cursor that is in it.

    `filter`: the query string that subscribes to the list; `header`: the Link header of the page.
    """

    self: str
    first: str
    next: str | None
    next_cursor: str | None
    filter: str
    header: str


def page_links(context: Context, path: str, query: Query, page: Page) -> Links:
    """Put together once for each page: none of it depends on the data but where the next one begins."""
    return _links(context.settings.public_url, path, query, page.next)


@lru_cache(maxsize=1024)
def _links(public_url: str, path: str, query: Query, after: Position | None) -> Links:
    given = [(name, value) for name, value in query.pairs if name != "cursor"]
    first = query_string(given)
    asked = first if len(given) == len(query.pairs) else query_string(query.pairs)
    to_first, to_next, cursor = join_url(public_url, path, first), None, None
    parts = [f'<{to_first}>; rel="first"', subscription_links(public_url, filter_string(query))]
    if after:
        cursor = encode_cursor(query.sort, after)
        more = f"cursor={cursor}"  # which needs no quoting
        to_next = join_url(public_url, path, f"{first}&{more}" if first else more)
        parts.insert(0, f'<{to_next}>; rel="next"')
    return Links(
        join_url(public_url, path, asked), to_first, to_next, cursor, filter_string(query), header=", ".join(parts)
    )


def filter_string(query: Query) -> str:
    """The query string without what only says where in the list a reader is."""
    left_out = ("cursor", "limit", "sort", "fields")
    return query_string((name, value) for name, value in query.pairs if name not in left_out and value)


def subscription_links(public_url: str, subscribe: str) -> str:
    """As part of a Link header (RFC 8288), how to subscribe to a filter (`subscribe`: its `filter_string`)."""
    return ", ".join(
        f'<{join_url(public_url, f"/v1/items.{name}", subscribe)}>; rel="alternate"; type="{FORMATS[name]}"'
        for name in SUBSCRIPTIONS
    )
