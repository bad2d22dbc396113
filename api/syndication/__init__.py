"""What we publish: a channel and its items as Atom, RSS or JSON Feed. Pure: values in, bytes out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

NOT_TEXT = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff"  # XML 1.0 has no way to write them, or should not
    "\u202a-\u202e\u2066-\u2069]"  # overrides of direction: they can make a title read as another
)


@dataclass(frozen=True, slots=True)
class Category:
    """A tag: `scheme` is the address of its list, `term` its code there."""

    scheme: str
    term: str
    label: str


@dataclass(frozen=True, slots=True)
class FeedItem:
    """An item as feeds show it; plain text throughout, moments as RFC 3339 in UTC."""

    id: str  # a tag: URI
    url: str
    title: str
    summary: str
    authors: Sequence[str]
    published: str
    updated: str
    language: str
    source_name: str
    api_url: str
    categories: Sequence[Category]


@dataclass(frozen=True, slots=True)
class Channel:
    """A filter as a feed: what it is called, where it is, and where it goes on (RFC 5005)."""

    id: str  # a tag: URI
    title: str
    description: str
    home_url: str  # the page of the same filter
    self_url: str
    first_url: str
    next_url: str | None
    hub_url: str | None
    updated: str  # of the item that changed last: RFC 3339, UTC
    minutes: int  # after which to ask again


def plain(text: str) -> str:
    """Text that any feed can carry: no control characters, no halves of characters, no overrides of direction."""
    return NOT_TEXT.sub("", text)
