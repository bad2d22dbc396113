"""OPML 2.0: feeds to subscribe to, in groups."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from xml.sax.saxutils import quoteattr

from api.syndication import plain

MEDIA_TYPE = "text/x-opml"


@dataclass(frozen=True, slots=True)
class Subscription:
    """A feed by its name, its address, and that of the page of the same filter."""

    label: str
    feed_url: str
    home_url: str


def render(changed_at: float, first: Iterable[Subscription], groups: Mapping[str, Iterable[Subscription]]) -> bytes:
    """`changed_at` in seconds since 1970; `first` are outside of any group."""
    grouped = "".join(
        f"<outline text={_attribute(title)}>\n{_outlines(subscriptions)}</outline>\n"
        for title, subscriptions in groups.items()
    )
    text = (
        '<?xml version="1.0" encoding="utf-8"?>\n<opml version="2.0"><head><title>craftwatch feeds</title>'
        f"<dateModified>{formatdate(changed_at, usegmt=True)}</dateModified></head><body>\n"
        f"{_outlines(first)}{grouped}</body></opml>\n"
    )
    return text.encode()


def _outlines(subscriptions: Iterable[Subscription]) -> str:
    return "".join(
        f'<outline type="rss" text={_attribute(one.label)} title={_attribute(f"craftwatch: {one.label}")} '
        f"xmlUrl={_attribute(one.feed_url)} htmlUrl={_attribute(one.home_url)}/>\n"
        for one in subscriptions
    )


def _attribute(text: str) -> str:
    return quoteattr(plain(text))
