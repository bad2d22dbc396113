"""Addresses that answers name: pages of a list, and its feeds. All begin with the public URL."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import quote_plus

from api.dependencies import Context
from api.filters import Query
from api.formats import FORMATS
from api.paging import encode_cursor
from db.queries import Page

SUBSCRIPTIONS = ("atom", "rss", "feed.json")


def query_string(pairs: Iterable[tuple[str, str]]) -> str:
    """The pairs as people write them: commas and colons need no quoting in a query (RFC 3986 §3.4)."""
    return "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in pairs)


@lru_cache(maxsize=4096)
def _quoted(text: str) -> str:
    return quote_plus(text, safe=",:")


def page_links(context: Context, path: str, query: Query, page: Page) -> dict[str, str]:
    """The addresses of this page, the first one and, where there is one, the next, with the cursor that is in it."""
    given = [(name, value) for name, value in query.pairs if name != "cursor"]
    first = query_string(given)
    asked = first if len(given) == len(query.pairs) else query_string(query.pairs)
    links = {"self": context.url(path, asked), "first": context.url(path, first)}
    if page.next:
        links["next_cursor"] = encode_cursor(query.sort, page.next)
        cursor = f"cursor={links['next_cursor']}"  # which needs no quoting
        links["next"] = context.url(path, f"{first}&{cursor}" if first else cursor)
    return links


def filter_string(query: Query) -> str:
    """The query string without what only says where in the list a reader is."""
    left_out = ("cursor", "limit", "sort", "fields")
    return query_string((name, value) for name, value in query.pairs if name not in left_out and value)


def link_header(context: Context, subscribe: str, links: dict[str, str]) -> str:
    """RFC 8288: the next page, and how to subscribe to this filter (`subscribe`: its `filter_string`)."""
    parts = [f'<{links[relation]}>; rel="{relation}"' for relation in ("next", "first") if relation in links]
    parts += [
        f'<{context.url(f"/v1/items.{name}", subscribe)}>; rel="alternate"; type="{FORMATS[name]}"'
        for name in SUBSCRIPTIONS
    ]
    return ", ".join(parts)
