"""/v1/items and /v1/items/{id}: items as JSON and as feeds, all by the same words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.answers import answer, moves_with_the_clock
from api.cache import Answer
from api.channels import FEEDS, feed_body
from api.dependencies import Context, context_of
from api.documented import documented
from api.documents import ITEM_FIELDS, ItemDocuments, with_list
from api.examples import ITEM
from api.filters import ITEM_PARAMETERS, LIST_PARAMETERS, Query, Reader, read_query
from api.formats import FORMATS, negotiate
from api.links import Links, page_links
from api.names import Names
from api.problems import Problem
from api.schemas import Item, ItemPage
from api.syndication import atom, jsonfeed, rss
from api.tables import stream_table
from db.archive import Snapshot
from db.queries import Page, Total, count_items, find_items, get_items

router = APIRouter()


@router.get(
    **documented(
        "/v1/items",
        model=ItemPage,
        parameters=ITEM_PARAMETERS,
        media_types=tuple(FORMATS.values()),
        links=True,
        problems=("not-acceptable",),
    )
)
async def list_items(request: Request) -> Response:
    """Items as JSON, or as whichever format of /v1/items.* the Accept header prefers."""
    name = negotiate(request.headers.get("accept", ""))
    return await _items_as(request, name, vary=f"Accept={name}")


@router.get(**documented("/v1/items.json", model=ItemPage, parameters=ITEM_PARAMETERS, links=True))
async def list_items_json(request: Request) -> Response:
    """Items as JSON, whatever the Accept header says."""
    return await _items_as(request, "json")


@router.get(**documented("/v1/items.atom", parameters=LIST_PARAMETERS, media_types=(atom.MEDIA_TYPE,), links=True))
async def list_items_atom(request: Request) -> Response:
    """Items as an Atom 1.0 feed: subscribe to any filter."""
    return await _items_as(request, "atom")


@router.get(**documented("/v1/items.rss", parameters=LIST_PARAMETERS, media_types=(rss.MEDIA_TYPE,), links=True))
async def list_items_rss(request: Request) -> Response:
    """Items as an RSS 2.0 feed."""
    return await _items_as(request, "rss")


@router.get(
    **documented("/v1/items.feed.json", parameters=LIST_PARAMETERS, media_types=(jsonfeed.MEDIA_TYPE,), links=True)
)
async def list_items_json_feed(request: Request) -> Response:
    """Items as a JSON Feed 1.1."""
    return await _items_as(request, "feed.json")


@router.get(**documented("/v1/items.csv", parameters=ITEM_PARAMETERS, media_types=(FORMATS["csv"],), links=True))
async def list_items_csv(request: Request) -> Response:
    """The whole result as CSV (RFC 4180, UTF-8), with no cell that a spreadsheet takes for a formula."""
    return await stream_table(request, "csv", "")


@router.get(**documented("/v1/items.ndjson", parameters=ITEM_PARAMETERS, media_types=(FORMATS["ndjson"],), links=True))
async def list_items_ndjson(request: Request) -> Response:
    """The whole result as JSON, one item a line."""
    return await stream_table(request, "ndjson", "")


@router.get(
    **documented(
        "/v1/items/{item_id}",
        model=Item,
        parameters=("fields",),
        path_parameters={"item_id": ("The id of an item.", str(ITEM["id"]))},
        problems=("not-found",),
    )
)
async def get_item(request: Request) -> Response:
    """One item, tracked or not."""
    context = context_of(request)
    text = request.path_params["item_id"]

    def build(snapshot: Snapshot, names: Names) -> Answer:
        reader = Reader(request.scope["query_string"], ("fields",))
        fields = reader.choices("fields", ITEM_FIELDS)
        reader.finish()
        item_id = _item_id(text)
        item = get_items(snapshot, [item_id]).get(item_id) if item_id is not None else None
        if item is None:
            raise Problem("not-found", "There is no item with this id.")
        return Answer(documents(context, snapshot, names).render(item, fields))

    return await answer(request, build)


async def _items_as(request: Request, name: str, vary: str = "") -> Response:
    context = context_of(request)
    if name in ("csv", "ndjson"):
        return await stream_table(request, name, vary)

    def build(snapshot: Snapshot, names: Names) -> Answer:
        query, fields = _asked(request, names, LIST_PARAMETERS if name in FEEDS else ITEM_PARAMETERS)
        page = find_items(snapshot, query.filter, query.sort, query.limit, query.after)
        path = request.scope["path"]
        links = page_links(context, path, query, page)
        if name in FEEDS:
            return feed_body(context, snapshot, names, name, query, page, links)
        return _json_body(context, snapshot, names, query, page, links, fields)

    return await answer(request, build, vary=vary)


def _asked(request: Request, names: Names, known: tuple[str, ...]) -> tuple[Query, list[str]]:
    """What the query string says, and which fields. Raises Problem."""
    context = context_of(request)
    text: bytes = request.scope["query_string"]

    def read() -> tuple[Query, list[str]]:
        reader = Reader(text, known)
        query = read_query(reader, names, context.moment())
        fields = reader.choices("fields", ITEM_FIELDS) if "fields" in known else []
        reader.finish()
        return query, fields

    return read() if moves_with_the_clock(request) else context.queries.get(names, (text, known), read)


def _json_body(
    context: Context,
    snapshot: Snapshot,
    names: Names,
    query: Query,
    page: Page,
    links: Links,
    fields: Sequence[str],
) -> Answer:
    maker = documents(context, snapshot, names)
    if fields:
        stored = get_items(snapshot, page.ids)
        rendered = [maker.render(stored[item_id], fields) for item_id in page.ids if item_id in stored]
    else:
        rendered = context.fragments.render(snapshot, names, "json", page.ids, maker.render)
    total = _total(snapshot, query, page)
    head: dict[str, Any] = {
        "self": links.self,
        "next": links.next,
        "next_cursor": links.next_cursor,
        "total": total.items,
        "total_is_estimate": total.is_estimate,
        "data_version": snapshot.version,
        "coverage": context.url("/v1/coverage", links.filter),
    }
    return Answer(with_list(head, "data", rendered), headers={"Link": links.header}, is_estimate=total.is_estimate)


def _total(snapshot: Snapshot, query: Query, page: Page) -> Total:
    """How many items match: never fewer than are shown, and exactly those where they are all shown."""
    if query.after is None and page.next is None:
        return Total(len(page.ids))
    total = count_items(snapshot, query.filter)
    return total if not total.is_estimate else Total(max(total.items, len(page.ids)), is_estimate=True)


def documents(context: Context, snapshot: Snapshot, names: Names) -> ItemDocuments:
    return ItemDocuments(context.vocabulary, names, snapshot.term_keys(), context.settings.public_url)


def _item_id(text: str) -> int | None:
    if not (text.removeprefix("-").isascii() and text.removeprefix("-").isdigit() and len(text) <= 19):
        return None
    number = int(text)
    return number if -(2**63) <= number < 2**63 else None
