"""/items/{id}: one item by itself, to link to and to point at when a tag is wrong."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.dependencies import Context
from api.names import Names
from api.pages.answering import Page, page_answer
from api.pages.stories import Stories
from api.pages.views import plain_view
from api.problems import Problem
from db.archive import Snapshot
from db.queries import get_items

router = APIRouter(include_in_schema=False)


@router.get("/items/{item_id}")
async def get_item(request: Request) -> Response:
    text = request.path_params["item_id"]

    def build(context: Context, snapshot: Snapshot, names: Names) -> Page:
        item_id = int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else -1
        item = get_items(snapshot, [item_id]).get(item_id)
        if item is None:
            raise Problem("not-found", "There is no item with this number.")
        view = plain_view(context, names)
        story = Stories(context, names, view, snapshot.term_keys()).make(item)
        return Page(
            "item.html",
            {
                "title": story.plain_title,
                "story": story,
                "rules_version": item.rules_version,
                "data_address": f"/v1/items/{item_id}",
            },
        )

    return await page_answer(request, build)
