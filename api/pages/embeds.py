"""/embed/list, /embed/chart.svg, /embed/badge.svg: any view inside another site, without script.

`theme` is "light" by default, since most sites are; "auto" is what the reader's browser prefers.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.dependencies import Context
from api.filters import Reader
from api.names import Names
from api.pages import pictures
from api.pages.answering import EMBED_HEADERS, SVG, Page, page_answer
from api.pages.coverage import DAYS, in_words, last_days
from api.pages.stories import Stories
from api.pages.views import View, read_view
from db.archive import Snapshot
from db.coverage import watch_of
from db.queries import find_items, get_items

router = APIRouter(include_in_schema=False)
THEMES = {
    "light": {"paper": "#ffffff", "ink": "#1d1b19", "soft": "#5f5a54", "line": "#d9d4cc", "accent": "#9b2c2c"},
    "dark": {"paper": "#191816", "ink": "#ece8e1", "soft": "#aaa49b", "line": "#45413b", "accent": "#e58f87"},
}
CHOICES = (*THEMES, "auto")
# A picture in <img> loads no style sheet, so "auto" brings its own, which the policy names by its hash (CSP 3 §8.3).
_IN_THE_DARK = (
    "@media (prefers-color-scheme: dark) {{ .paper, .on-accent {{ fill: {paper} }} .ink {{ fill: {ink} }} "
    ".soft {{ fill: {soft} }} .accent {{ fill: {accent} }} .line {{ stroke: {line} }} .edge {{ stroke: {accent} }} }}"
).format(**THEMES["dark"])
_HASH = b64encode(hashlib.sha256(_IN_THE_DARK.encode()).digest()).decode()
_POLICY = EMBED_HEADERS["Content-Security-Policy"]
AUTO_HEADERS = {"Content-Security-Policy": _POLICY.replace("style-src 'self'", f"style-src 'self' 'sha256-{_HASH}'")}
MOST = 25
CHARACTER = 6.7  # px, about, of the badge's 12 px letters


@router.get("/embed/list")
async def get_list(request: Request) -> Response:
    def build(context: Context, snapshot: Snapshot, names: Names) -> Page:
        view, theme = _read(request, context, names)
        limit = min(view.query.limit, MOST) if view.place else 10
        found = find_items(snapshot, view.query.filter, view.query.sort, limit)
        stored = get_items(snapshot, found.ids)
        items = [stored[item_id] for item_id in found.ids if item_id in stored]
        values = {
            "view": view,
            "title": view.title or "AI, layoffs and contracts in entertainment",
            "days": Stories(context, names, view, snapshot.term_keys()).by_day(items),
            "home": context.url(view.address("/")),
            "theme": theme,
            **_readable(context, snapshot, view, max((item.published_at for item in items), default=0)),
        }
        return Page("embed_list.html", values, EMBED_HEADERS)

    return await page_answer(request, build)


@router.get("/embed/chart.svg")
async def get_chart(request: Request) -> Response:
    def build(context: Context, snapshot: Snapshot, names: Names) -> Page:
        view, theme = _read(request, context, names)
        columns = pictures.draw_columns(snapshot, view, names, context.moment())
        title = view.title or "AI, layoffs and contracts in entertainment"
        readable = _readable(context, snapshot, view, _newest(context, columns))
        values = {"title": _cut(title, 58), "columns": columns, **readable}
        return _picture("chart.svg", values, theme)

    return await page_answer(request, build)


@router.get("/embed/badge.svg")
async def get_badge(request: Request) -> Response:
    """How many items there are of the week under way."""

    def build(context: Context, snapshot: Snapshot, names: Names) -> Page:
        view, theme = _read(request, context, names)
        columns = pictures.draw_columns(snapshot, view, names, context.moment())
        label = _cut(view.title or "craftwatch", 50)
        readable = _readable(context, snapshot, view, _newest(context, columns))
        items = columns.series[0].bars[-1].items
        value = "not watched" if readable["unread"] else f"{items:,} this week"
        left, right = _width(label), _width(value)
        return _picture("badge.svg", {"label": label, "value": value, "left": left, "right": right, **readable}, theme)

    return await page_answer(request, build)


def _read(request: Request, context: Context, names: Names) -> tuple[View, str]:
    view = read_view(request, context, names, ("theme",))
    reader = Reader(b"", ())
    reader.values["theme"] = [value for name, value in view.query.pairs if name == "theme"]
    theme = reader.choice("theme", CHOICES, CHOICES[0])
    reader.finish()
    return view, theme


def _picture(template: str, values: dict[str, Any], theme: str) -> Page:
    if theme == "auto":
        return Page(template, {**values, "colours": THEMES["light"], "style": _IN_THE_DARK}, AUTO_HEADERS, SVG)
    return Page(template, {**values, "colours": THEMES[theme], "style": ""}, EMBED_HEADERS, SVG)


def _newest(context: Context, columns: pictures.Columns) -> int:
    """A moment at which there surely was an item, in the week under way; 0 where there is none."""
    return int(context.moment().timestamp()) if columns.series[0].bars[-1].items else 0


def _readable(context: Context, snapshot: Snapshot, view: View, newest: int) -> dict[str, Any]:
    """`unread`: none of the sources that may have such items could be read of late, which `sentence` says in words.

    Not looked up where the `newest` item is of late: it has been read.
    """
    start, end = last_days(context)
    if newest >= start:
        return {"unread": False, "sentence": "", "read_days": DAYS}
    watched = watch_of(snapshot, view.query.filter, start, end, context.checks)
    sentence = in_words(watched, f"in the last {DAYS} days").sentence
    return {"unread": all(one.state == "blind" for one in watched), "sentence": sentence, "read_days": DAYS}


def _width(text: str) -> int:
    return round(len(text) * CHARACTER) + 16


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
