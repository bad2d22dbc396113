"""Reads behind the pictures of the page: items per period, headcounts as announced; and the page before a page."""

# ruff: noqa: S608 -- statements are put together from our own words and numbers; values are parameters

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import orjson

from db.archive import SECONDS_PER_DAY, TIE_BITS, Snapshot
from db.filters import Filter, Position, Sort
from db.plan import HIGHEST_ID, first_id, make_plan
from db.queries import find_items, match_items, sample_size

COUNT_EXACTLY = 4_096  # candidates that are counted one by one; beyond, a sample of about as many


class Periods(NamedTuple):
    """Items in each period, oldest first; exact unless `is_estimate`."""

    items: list[int]
    is_estimate: bool


class Headcount(NamedTuple):
    """A headcount as an item states it: `figure` as db.labels packs it, `employers` by code; moments since 1970."""

    item_id: int
    source_id: str
    published_at: int
    figure: dict[str, Any]
    employers: tuple[str, ...]


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


def find_headcounts(snapshot: Snapshot, wanted: Filter, limit: int) -> list[Headcount]:
    """The first headcount of each of the newest items about layoffs that state one, newest first."""
    stating = wanted.also(("topic", "layoffs")).also(("figure", "headcount"))
    ids = find_items(snapshot, stating, Sort.PUBLISHED, limit).ids
    if not ids:
        return []
    marks = ", ".join("?" * len(ids))
    columns = "id, source_id, published_at, figures, terms"
    rows = snapshot.rows(f"SELECT {columns} FROM item WHERE id IN ({marks}) ORDER BY id DESC", ids)
    # One document of them all is read much faster than one by one.
    packed = orjson.loads(f"[{','.join(f'[{figures},{terms}]' for *_, figures, terms in rows)}]")
    employers = snapshot.codes("employer")
    return [
        Headcount(
            item_id,
            source_id,
            published_at,
            next(one for one in figures if one["kind"] == "headcount"),
            tuple(employers[term_id] for term_id, _ in terms if term_id in employers),
        )
        for (item_id, source_id, published_at, *_), (figures, terms) in zip(rows, packed, strict=True)
    ]


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
