"""/v1/stats: items over time, by topic, craft or whatever else, as series for a chart."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import partial
from typing import Any

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.answers import answer
from api.cache import Answer
from api.dependencies import context_of
from api.documented import documented
from api.filters import FILTER_PARAMETERS, Reader, read_filter
from api.links import query_string
from api.names import AXES, Names
from api.problems import Fault, Problem
from api.schemas import Stats
from db.archive import SECONDS_PER_DAY, Snapshot
from db.tallies import tally_periods

router = APIRouter()
STATS_PARAMETERS = (*FILTER_PARAMETERS, "by", "over")
PERIODS = ("day", "week", "month", "quarter", "year")
MOST_PERIODS = 1_000
_EPOCH = date(1970, 1, 1)


@router.get(**documented("/v1/stats", model=Stats, parameters=STATS_PARAMETERS))
async def list_stats(request: Request) -> Response:
    """Counts over day, week, month, quarter or year (UTC, of publication), of all items or by the terms of `by`.

    The periods are those of `from`, `to` and `window`, until today where there is no `to`, but at most 999 days
    beyond the first item and the last; without dates they are those of the items.
    """
    context = context_of(request)

    def build(snapshot: Snapshot, names: Names) -> Answer:
        reader = Reader(request.scope["query_string"], STATS_PARAMETERS)
        wanted = read_filter(reader, names, context.moment())
        by = reader.choice("by", ("none", *AXES), "none")
        over = reader.choice("over", PERIODS, "month")
        reader.finish()
        axis = AXES.get(by)
        today = int(context.moment().timestamp()) // SECONDS_PER_DAY
        tally = tally_periods(snapshot, wanted, axis, partial(cut_periods, over), today)
        series = [
            {"id": code, "label": names.label(axis or "", code), **_row(items)} for code, items in tally.counts.items()
        ]
        document = {
            "self": context.url("/v1/stats", query_string(reader.pairs)),
            "by": by,
            "over": over,
            "is_estimate": tally.is_estimate,
            "periods": [period_of(day, over) for day in tally.edges[:-1]],
            "all": _row(tally.total),
            "series": sorted(series, key=lambda one: (-one["total"], one["id"])),
        }
        return Answer(orjson.dumps(document), is_estimate=tally.is_estimate)

    return await answer(request, build, heavy=True)


def period_of(day: int, over: str) -> str:
    """The period of a day (days since 1970): 2026-11-20, 2026-W47, 2026-11, 2026-Q4 or 2026."""
    moment = _EPOCH + timedelta(days=day)
    if over == "day":
        return moment.isoformat()
    if over == "week":
        year, week, _ = moment.isocalendar()
        return f"{year}-W{week:02}"
    if over == "month":
        return f"{moment.year}-{moment.month:02}"
    if over == "quarter":
        return f"{moment.year}-Q{(moment.month + 2) // 3}"
    return str(moment.year)


def cut_periods(over: str, first: int, last: int) -> list[int]:
    """The first days of the periods that hold these days, none left out, and the day after the last period."""
    edges = [_first_day(_EPOCH + timedelta(days=first), over)]
    end = _EPOCH + timedelta(days=last)
    while edges[-1] <= end:
        edges.append(_next_first_day(edges[-1], over))
        if len(edges) > MOST_PERIODS + 1:
            raise Problem(
                "invalid-parameters",
                f"There are more than {MOST_PERIODS} periods: narrow from and to, or count over longer ones.",
                [Fault("over", over, f"makes more than {MOST_PERIODS} periods of these dates")],
            )
    return [(edge - _EPOCH).days for edge in edges]


def _first_day(day: date, over: str) -> date:
    if over == "week":
        return day - timedelta(days=day.weekday())
    if over == "month":
        return day.replace(day=1)
    if over == "quarter":
        return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
    return day.replace(month=1, day=1) if over == "year" else day


def _next_first_day(first: date, over: str) -> date:
    longest = {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}[over]
    return _first_day(first + timedelta(days=longest), over)


def _row(items: Sequence[int]) -> dict[str, Any]:
    return {"total": sum(items), "items": list(items)}
