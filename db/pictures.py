"""Reads behind the pictures of the page: items per period, headcounts as announced; and the page before a page."""

# ruff: noqa: S608 -- statements are put together from our own words and numbers; values are parameters

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from db.archive import SECONDS_PER_DAY, TIE_BITS, Snapshot
from db.filters import Filter, Position, Sort
from db.plan import HIGHEST_ID, first_id, make_plan
from db.queries import find_items, match_items, sample_size

COUNT_EXACTLY = 4_096  # candidates that are counted one by one; beyond, a sample of about as many


class Periods(NamedTuple):
    """Items in each period, oldest first; exact unless `is_estimate`."""

    items: list[int]
    is_estimate: bool


class Stated(NamedTuple):
    """What is read of an item that states figures, as it is kept: JSON texts, seconds since 1970."""

    id: int
    source_id: str
    published_at: int
    title: str
    tags: str
    figures: str


def count_periods(snapshot: Snapshot, wanted: Filter, edges: Sequence[int]) -> Periods:
    """Items from each edge to the next. `edges`: UTC midnights in seconds since 1970, ascending."""
    start = edges[0] if wanted.start is None else max(wanted.start, edges[0])
    end = edges[-1] if wanted.end is None else min(wanted.end, edges[-1])
    plan = make_plan(snapshot, replace(wanted, start=start, end=end)) if start < end else None
    counts = [0] * (len(edges) - 1)
    if plan is None:
        return Periods(counts, is_estimate=False)
    sample = 1
    matched = None if plan.is_kept() else match_items(snapshot, plan)
    if matched is not None:
        with matched.sets.lock:
            bounds = matched.sets.bounds([first_id(edge) for edge in edges])
            return Periods(matched.sets.histogram(matched.found, bounds), is_estimate=False)
    if plan.is_kept() and _is_midnight(start) and _is_midnight(end):
        statement = "SELECT day, items FROM term_day WHERE term_id = ? AND day BETWEEN ? AND ?"
        rows = snapshot.rows(statement, (plan.driver.term_ids[0], *plan.days))
    else:
        sample = sample_size(plan.driver.items, COUNT_EXACTLY)
        walk, parameters = plan.walk(plan.low, plan.high, None, sample)
        days = f"(item_id >> {TIE_BITS}) / {SECONDS_PER_DAY}"
        rows = snapshot.rows(f"SELECT {days}, count(*) FROM ({walk}) AS matching GROUP BY 1", parameters)
    for day, items in rows:
        counts[bisect.bisect_right(edges, day * SECONDS_PER_DAY) - 1] += int(items) * sample
    return Periods(counts, sample > 1)


def find_headcounts(snapshot: Snapshot, wanted: Filter, limit: int) -> list[Stated]:
    """The newest items about layoffs that state a headcount, newest first."""
    stated = wanted.also(("topic", "layoffs")).also(("figure", "headcount"))
    ids = find_items(snapshot, stated, Sort.PUBLISHED, limit).ids
    if not ids:
        return []
    marks = ", ".join("?" * len(ids))
    statement = f"SELECT {', '.join(Stated._fields)} FROM item WHERE id IN ({marks}) ORDER BY id DESC"
    return [Stated(*row) for row in snapshot.rows(statement, ids)]


def newer_page(snapshot: Snapshot, wanted: Filter, limit: int, item_id: int) -> Position | None:
    """Where the page of `limit` items that ends just before this item begins; None where that is the first page."""
    plan = make_plan(snapshot, wanted)
    if plan is None or item_id >= HIGHEST_ID:
        return None
    walk, parameters = plan.walk(max(plan.low, item_id + 1), plan.high, limit + 1, oldest_first=True)
    ids = [row[0] for row in snapshot.rows(walk, parameters)]
    return Position(max(ids)) if len(ids) > limit else None


def _is_midnight(seconds: int) -> bool:
    return seconds % SECONDS_PER_DAY == 0
