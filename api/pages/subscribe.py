"""How to take a view elsewhere: its feeds, its tables, and what to paste into another site."""

from __future__ import annotations

from html import escape
from typing import NamedTuple

from api.dependencies import Context
from api.formats import FORMATS
from api.pages.views import View


class Outlet(NamedTuple):
    label: str
    address: str
    media_type: str


_OUTLETS = (
    ("Atom", "atom"),
    ("RSS", "rss"),
    ("JSON Feed", "feed.json"),
    ("CSV", "csv"),
    ("JSON", "json"),
)
FEEDS = ("atom", "rss", "feed.json")


def outlets_of(context: Context, view: View) -> list[Outlet]:
    return [
        Outlet(label, context.url(view.address(f"/v1/items.{suffix}")), FORMATS[suffix]) for label, suffix in _OUTLETS
    ]


def alternates(context: Context, view: View) -> list[Outlet]:
    """For <link rel=alternate>: those that feed readers look for."""
    kinds = {FORMATS[suffix] for suffix in FEEDS}
    return [outlet for outlet in outlets_of(context, view) if outlet.media_type in kinds]


def embed_codes(context: Context, view: View) -> list[tuple[str, str]]:
    """(what it is, HTML to paste)."""
    title = escape(view.title or "entertainment trade news", quote=True)
    page = escape(context.url(view.address("/")), quote=True)

    def at(path: str) -> str:
        return escape(context.url(view.address(path)), quote=True)

    return [
        ("A list", f'<iframe src="{at("/embed/list")}" title="{title}" width="100%" height="480"></iframe>'),
        (
            "A chart",
            f'<a href="{page}"><img src="{at("/embed/chart.svg")}" alt="Items per week: {title}" width="600" '
            'height="220"></a>',
        ),
        (
            "A badge",
            f'<a href="{page}"><img src="{at("/embed/badge.svg")}" alt="News this week: {title}" height="24"></a>',
        ),
    ]
