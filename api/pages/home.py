"""/: the list, with what it can be narrowed to, how complete it is and how to subscribe to it."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.dependencies import Context
from api.names import Names
from api.pages.answering import Page, page_answer
from api.pages.coverage import cover
from api.pages.pictures import draw_columns
from api.pages.stories import Stories
from api.pages.subscribe import alternates, embed_codes, outlets_of
from api.pages.views import View, hidden_fields, looser, make_chips, make_menus, read_view, total_in_words
from api.paging import encode_cursor
from db.archive import Snapshot
from db.filters import Sort
from db.pictures import newer_page
from db.queries import find_items, get_items

router = APIRouter(include_in_schema=False)
_PAGES = {"craft": "/crafts/", "region": "/regions/", "union": "/unions/"}


@router.get("/")
async def get_home(request: Request) -> Response:
    def build(context: Context, snapshot: Snapshot, names: Names) -> Page:
        view = read_view(request, context, names)
        query = view.query
        found = find_items(snapshot, query.filter, query.sort, query.limit, query.after)
        stored = get_items(snapshot, found.ids)
        items = [stored[item_id] for item_id in found.ids if item_id in stored]
        values = {
            "view": view,
            "title": view.title or "What happened to my craft, in my region?",
            "total": total_in_words(context, snapshot, query.filter),
            "days": Stories(context, names, view, snapshot.term_keys()).by_day(items),
            "counted": context.newest.of(snapshot, query.filter).complete,
            "menus": make_menus(context, snapshot, view),
            "chips": make_chips(view),
            "hidden": hidden_fields(view),
            "coverage": cover(context, snapshot, view),
            "columns": draw_columns(snapshot, view, names, context.moment()),
            "older": view.at(encode_cursor(query.sort, found.next)) if found.next else "",
            **_newer(snapshot, view, found.ids),
            "looser": [] if items else looser(context, snapshot, view),
            "about": _about(view),
            "outlets": outlets_of(context, view),
            "alternates": alternates(context, view),
            "embeds": embed_codes(context, view),
        }
        return Page("home.html", values)

    return await page_answer(request, build)


def _newer(snapshot: Snapshot, view: View, ids: list[int]) -> dict[str, str]:
    """`newest`: the first page, where this is another; `newer`: the one before this, where there is one between."""
    query = view.query
    if query.after is None:
        return {"newest": "", "newer": ""}
    newest = view.at("")
    if query.sort is not Sort.PUBLISHED:
        return {"newest": newest, "newer": ""}
    first = ids[0] if ids else query.after.item_id - 1
    position = newer_page(snapshot, query.filter, query.limit, first)
    return {"newest": newest, "newer": view.at(encode_cursor(query.sort, position)) if position else newest}


def _about(view: View) -> list[tuple[str, str]]:
    """(label, address) of the pages of what is asked for."""
    return [
        (view.names.label(axis, code), f"{_PAGES[axis]}{code}")
        for choice in view.query.filter.wanted
        for axis, code in choice
        if axis in _PAGES
    ]
