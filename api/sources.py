"""/v1/sources: the publications we watch, and how they fare."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.answers import answer
from api.cache import Answer
from api.dependencies import Context, context_of
from api.documented import documented
from api.documents import iso
from api.filters import Reader
from api.names import Names
from api.problems import Problem
from api.schemas import Source, SourceList
from db.archive import Snapshot
from db.discretion import without_credentials
from db.sources import SourceHealth, SourceItems, health_of, items_of_sources, load_sources, newest_items

router = APIRouter()


@router.get(**documented("/v1/sources", model=SourceList, timely=True))
async def list_sources(request: Request) -> Response:
    """Every source with its health in one word, why it fails and since when."""
    context = context_of(request)

    def build(snapshot: Snapshot, names: Names) -> Answer:
        Reader(request.scope["query_string"], ()).finish()
        sources = source_documents(context, snapshot)
        path = context.url("/v1/sources")
        return Answer(orjson.dumps({"self": path, "total": len(sources), "data": sources}))

    return await answer(request, build, timely=True)


@router.get(
    **documented(
        "/v1/sources/{source_id}",
        model=Source,
        path_parameters={"source_id": ("The id of a source.", "variety")},
        timely=True,
        problems=("not-found",),
    )
)
async def get_source(request: Request) -> Response:
    """One source."""
    context = context_of(request)
    wanted = request.path_params["source_id"]

    def build(snapshot: Snapshot, names: Names) -> Answer:
        Reader(request.scope["query_string"], ()).finish()
        for source in source_documents(context, snapshot):
            if source["id"] == wanted:
                return Answer(orjson.dumps(source))
        raise Problem("not-found", "There is no source with this id.")

    return await answer(request, build, timely=True)


def source_documents(context: Context, snapshot: Snapshot) -> list[dict[str, Any]]:
    now = int(context.moment().timestamp())
    newest = newest_items(snapshot, "source")
    counts = items_of_sources(snapshot)
    return [
        _document(context, source, counts.get(source.id, SourceItems()), newest.get(source.id), now)
        for source in load_sources(snapshot)
    ]


def _document(
    context: Context, source: SourceHealth, counts: SourceItems, newest: int | None, now: int
) -> dict[str, Any]:
    health = health_of(source, newest, now)
    return {
        "id": source.id,
        "self": context.url(f"/v1/sources/{source.id}"),
        "name": source.name,
        "homepage": without_credentials(source.homepage),
        "feed_url": without_credentials(source.feed_url),
        "format": source.format,
        "kind": source.kind,
        "sector": source.sector,
        "country": source.country,
        "language": source.language,
        "scope": source.scope,
        "note": source.note,
        "health": health,
        "reason": source.last_failure_reason if health in ("failing", "stopped") else None,
        "detail": source.last_failure_detail if health in ("failing", "stopped") else None,
        "since": _moment(_since(source, health, newest)),
        "last_checked_at": _moment(source.last_checked_at),
        "last_success_at": _moment(source.last_success_at),
        "next_check_at": _moment(source.next_check_at),
        **counts._asdict(),
        "newest_item_at": _moment(newest),
    }


def _since(source: SourceHealth, health: str, newest: int | None) -> int | None:
    """Since when a source has given nothing: its last good check, its last item, or its end."""
    if health in ("failing", "overdue"):
        return source.last_success_at
    if health == "silent":
        return newest
    return source.stopped_at if health == "stopped" else None


def _moment(seconds: int | None) -> str | None:
    return None if seconds is None else iso(seconds)
