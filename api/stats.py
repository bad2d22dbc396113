"""/v1/stats: items over time, by topic, craft or whatever else, as series for a chart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.answers import answer
from api.cache import Answer
from api.dependencies import context_of
from api.documented import documented
from api.filters import FILTER_PARAMETERS, Reader, read_filter
from api.names import AXES, Names
from api.problems import Problem
from api.schemas import Stats
from db.archive import SECONDS_PER_DAY, Snapshot
from db.filters import Filter
from db.tallies import tally_days

router = APIRouter()
STATS_PARAMETERS = (*FILTER_PARAMETERS, "by", "over")
PERIODS = ("day", "week", "month", "quarter", "year")
MOST_PERIODS = 1_000
_EPOCH = date(1970, 1, 1)


@router.get(**documented("/v1/stats", model=Stats, parameters=STATS_PARAMETERS))
async def list_stats(request: Request) -> Response:
    """Counts over day, week, month, quarter or year (UTC, of publication), of all items or by the terms of `by`."""
    context = context_of(request)

    def build(snapshot: Snapshot, names: Names) -> Answer:
        reader = Reader(request.scope["query_string"], STATS_PARAMETERS)
        wanted = read_filter(reader, names, context.moment())
        by = reader.choice("by", ("none", *AXES), "none")
        over = reader.choice("over", PERIODS, "month")
        reader.finish()
        axis = AXES.get(by)
        tally = tally_days(snapshot, wanted, axis)
        periods = _periods(tally.total, wanted, over)
        series = [
            {"id": code, "label": names.label(axis or "", code), **_row(days, periods, over)}
            for code, days in tally.counts.items()
        ]
        document = {
            "self": context.url("/v1/stats", urlencode(reader.pairs)),
            "by": by,
            "over": over,
            "is_estimate": tally.is_estimate,
            "periods": periods,
            "all": _row(tally.total, periods, over),
            "series": sorted(series, key=lambda one: (-one["total"], one["id"])),
        }
        return Answer(orjson.dumps(document))

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


def _periods(days: Iterable[int], wanted: Filter, over: str) -> list[str]:
    """All periods from the first to the last, none left out; the filter's dates are ends where they are given."""
    found = list(days)
    if not found:
        return []
    first = min(found) if wanted.start is None else max(wanted.start // SECONDS_PER_DAY, min(found) - MOST_PERIODS)
    last = max(found) if wanted.end is None else min((wanted.end - 1) // SECONDS_PER_DAY, max(found) + MOST_PERIODS)
    periods = list(dict.fromkeys(period_of(day, over) for day in range(first, last + 1)))
    if len(periods) > MOST_PERIODS:
        raise Problem(
            "invalid-parameters",
            f"There are {len(periods)} periods, more than {MOST_PERIODS}: narrow from and to, or "
            "count over longer ones.",
        )
    return periods


def _row(days: Mapping[int, int], periods: list[str], over: str) -> dict[str, Any]:
    counts: Counter[str] = Counter()
    for day, items in days.items():
        counts[period_of(day, over)] += items
    return {"total": sum(counts.values()), "items": [counts[period] for period in periods]}
