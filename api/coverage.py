"""/v1/coverage: how far an answer can be trusted to be all there was: who could have said it, and was read."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.answers import answer
from api.cache import Answer
from api.dependencies import context_of
from api.documented import documented
from api.documents import iso
from api.filters import FILTER_PARAMETERS, Reader, read_filter
from api.links import query_string
from api.names import Names
from api.schemas import Coverage
from db.archive import SECONDS_PER_DAY, Snapshot
from db.coverage import Watched, watch_of

router = APIRouter()
DEFAULT_DAYS = 7


@router.get(**documented("/v1/coverage", model=Coverage, parameters=FILTER_PARAMETERS, timely=True))
async def get_coverage(request: Request) -> Response:
    """The sources that could have had such items, how many looked all right in the window, and which were blind.

    All enabled sources could, but for those that the filter leaves out, and those of another sector or language that
    never had such items. The window is the filter's own dates; where it has none, the last seven days.
    """
    context = context_of(request)

    def build(snapshot: Snapshot, names: Names) -> Answer:
        reader = Reader(request.scope["query_string"], FILTER_PARAMETERS)
        wanted = read_filter(reader, names, context.moment())
        reader.finish()
        end = wanted.end if wanted.end is not None else int(context.moment().timestamp()) // 60 * 60 + 60
        start = wanted.start if wanted.start is not None else end - DEFAULT_DAYS * SECONDS_PER_DAY
        end = max(start, end)
        watched = watch_of(snapshot, wanted, start, end, context.checks)
        blind = [one for one in watched if one.state == "blind"]
        partly = [one for one in watched if one.state == "partly blind"]
        document = {
            "self": context.url("/v1/coverage", query_string(reader.pairs)),
            "window": {"from": iso(start), "to": iso(end)},
            "sources": len(watched),
            "proven": sum(one.proven for one in watched),
            "healthy": len(watched) - len(blind) - len(partly),
            "partly_blind": [_blind(one) for one in partly],
            "blind": [_blind(one) for one in blind],
            "in_words": _in_words(watched),
        }
        return Answer(orjson.dumps(document))

    return await answer(request, build, heavy=True, timely=True)


def _blind(one: Watched) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "proven": one.proven,
        "reason": one.reason,
        "since": None if one.since is None else iso(one.since),
        "checks": one.checks,
        "failed_checks": one.failed,
    }


def _in_words(watched: list[Watched]) -> str:
    if not watched:
        return "No source that we watch could have had such items."
    well, blind, partly = (sum(one.state == state for one in watched) for state in ("healthy", "blind", "partly blind"))
    words = f"{well} of {_number(len(watched))} that could have had such items looked all right in this window"
    gaps = [f"{_were(blind)} blind"] * bool(blind) + [f"{_were(partly)} partly blind"] * bool(partly)
    if gaps:
        words += f"; {' and '.join(gaps)}, so there may be items that we did not see"
    proven = [one for one in watched if one.proven]
    if len(proven) == len(watched):
        return f"{words}."
    if not proven:
        return f"{words}. None of these had such items before."
    seen = sum(one.state == "healthy" for one in proven)
    return f"{words}. {len(proven)} of these had such items before, of which {seen} looked all right."


def _number(sources: int) -> str:
    return f"{sources} source{'' if sources == 1 else 's'}"


def _were(sources: int) -> str:
    return f"{sources} {'was' if sources == 1 else 'were'}"
