"""/embed/list, /embed/chart.svg, /embed/badge.svg: any view inside another site, without script."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.dependencies import Context
from api.filters import Reader
from api.names import Names
from api.pages import pictures
from api.pages.answering import EMBED_HEADERS, SVG, Page, page_answer
from api.pages.stories import Stories
from api.pages.views import View, read_view
from db.archive import Snapshot
from db.queries import find_items, get_items

router = APIRouter(include_in_schema=False)
THEMES = {
    "light": {"paper": "#ffffff", "ink": "#1d1b19", "soft": "#5f5a54", "line": "#d9d4cc", "accent": "#9b2c2c"},
    "dark": {"paper": "#191816", "ink": "#ece8e1", "soft": "#aaa49b", "line": "#45413b", "accent": "#e58f87"},
}
MOST = 25
CHARACTER = 6.7  # px, about, of the badge's 12 px letters


@router.get("/embed/list")
async def get_list(request: Request) -> Response:
    def build(context: Context, snapshot: Snapshot, names: Names) -> Page:
        view = read_view(request, context, names)
        limit = min(view.query.limit, MOST) if view.place else 10
        found = find_items(snapshot, view.query.filter, view.query.sort, limit)
        stored = get_items(snapshot, found.ids)
        items = [stored[item_id] for item_id in found.ids if item_id in stored]
        values = {
            "view": view,
            "title": view.title or "AI, layoffs and contracts in entertainment",
            "days": Stories(context, names, view, snapshot.term_keys()).by_day(items),
            "home": context.url(view.address("/")),
        }
        return Page("embed_list.html", values, EMBED_HEADERS)

    return await page_answer(request, build)


@router.get("/embed/chart.svg")
async def get_chart(request: Request) -> Response:
    def build(context: Context, snapshot: Snapshot, names: Names) -> Page:
        view, theme = _read(request, context, names)
        columns = pictures.draw_columns(snapshot, view, names, context.moment())
        title = view.title or "AI, layoffs and contracts in entertainment"
        values = {"title": _cut(title, 70), "columns": columns, "colours": THEMES[theme]}
        return Page("chart.svg", values, EMBED_HEADERS, SVG)

    return await page_answer(request, build)


@router.get("/embed/badge.svg")
async def get_badge(request: Request) -> Response:
    """How many items there are of the week under way."""

    def build(context: Context, snapshot: Snapshot, names: Names) -> Page:
        view, theme = _read(request, context, names)
        columns = pictures.draw_columns(snapshot, view, names, context.moment())
        label = _cut(view.title or "craftwatch", 50)
        value = f"{columns.series[0].bars[-1].items:,} this week"
        left, right = _width(label), _width(value)
        values = {"label": label, "value": value, "left": left, "right": right, "colours": THEMES[theme]}
        return Page("badge.svg", values, EMBED_HEADERS, SVG)

    return await page_answer(request, build)


def _read(request: Request, context: Context, names: Names) -> tuple[View, str]:
    view = read_view(request, context, names, ("theme",))
    reader = Reader(b"", ())
    reader.values["theme"] = [value for name, value in view.query.pairs if name == "theme"]
    theme = reader.choice("theme", THEMES, "light")
    reader.finish()
    return view, theme


def _width(text: str) -> int:
    return round(len(text) * CHARACTER) + 16


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
