"""Counting items by term, and by term over time, under any filter."""

# ruff: noqa: S608 -- statements are put together from our own words and numbers; values are parameters

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from db.archive import SECONDS_PER_DAY, TIE_BITS, Snapshot
from db.filters import LABEL_AXES, Filter
from db.plan import Plan, make_plan
from db.queries import Matched, Total, count_items, match_items, sample_size

LEADING_DAYS = 999  # as far as periods without items reach before the first item, or after the last
TALLY_EXACTLY = 16_384  # candidates that are read one by one; beyond, a sample of about as many


@dataclass(frozen=True, slots=True)
class Tally:
    """How many of `total` items there are under each code of an axis; exact unless `is_estimate`."""

    total: Total
    counts: Mapping[str, int]
    is_estimate: bool


@dataclass(frozen=True, slots=True)
class Series:
    """Items per period, oldest first, in all (`total`) and under each code; `edges` are the periods' first days.

    The last edge is the day after the last period; days are in UTC, counted from 1970.
    """

    edges: Sequence[int]
    total: Sequence[int]
    counts: Mapping[str, Sequence[int]]
    is_estimate: bool = False


Cut = Callable[[int, int], Sequence[int]]  # (first day, last day) → edges of the periods that hold them


@dataclass(frozen=True, slots=True)
class _Counted:
    """A series by the terms' numbers; one item in `sample` was read."""

    edges: Sequence[int]
    total: Sequence[int]
    by_term: Mapping[int, Sequence[int]]
    sample: int = 1


@dataclass(slots=True)
class _Matches:
    """What was read of the items that match: how often each term occurs."""

    counts: Counter[int] = field(default_factory=Counter)
    sample: float = 1  # each stands for so many


def tally_terms(snapshot: Snapshot, wanted: Filter, axes: Iterable[str]) -> dict[str, Tally]:
    """For each axis, its terms among the items that match what the filter asks of the other axes."""
    read: dict[Filter, _Matches] = {}
    totals: dict[Filter, Total] = {}
    tallies = {}
    for axis in axes:
        others = wanted.without({axis})
        if others not in read:
            read[others] = _read_matches(snapshot, others)
            totals[others] = count_items(snapshot, others)
        matches = read[others]
        counts = {
            code: round(matches.counts[term_id] * matches.sample)
            for term_id, code in snapshot.codes(axis).items()
            if term_id in matches.counts
        }
        tallies[axis] = Tally(totals[others], counts, matches.sample > 1)
    return tallies


def tally_periods(snapshot: Snapshot, wanted: Filter, axis: str | None, cut: Cut, today: int) -> Series:
    """The items that match by period, and by period for each term of an axis; `cut` makes the periods.

    A filter with a beginning and no end goes on until `today` (days since 1970): silence at the end is news, too.
    """
    if wanted.start is not None and wanted.end is None:
        wanted = replace(wanted, end=max(wanted.start, (today + 1) * SECONDS_PER_DAY))
    plan = make_plan(snapshot, wanted)
    codes = snapshot.codes(axis) if axis else {}
    counted = _count_periods(snapshot, plan, wanted, codes, cut) if plan else None
    if counted is None or not counted.edges:
        edges = _edges_of_nothing(wanted, cut)
        return Series(edges, [0] * max(0, len(edges) - 1), {})
    by_code = {codes[term_id]: row for term_id, row in counted.by_term.items()}
    return Series(counted.edges, counted.total, by_code, counted.sample > 1)


def _count_periods(snapshot: Snapshot, plan: Plan, wanted: Filter, codes: Collection[int], cut: Cut) -> _Counted:
    matched = None if wanted.min_confidence else match_items(snapshot, plan)
    return _from_sets(matched, wanted, codes, cut) if matched else _from_rows(snapshot, plan, codes, cut)


def _edges_of_nothing(wanted: Filter, cut: Cut) -> Sequence[int]:
    """The periods of the filter's own dates, where it has both."""
    if wanted.start is None or wanted.end is None or wanted.start >= wanted.end:
        return []
    last = (wanted.end - 1) // SECONDS_PER_DAY
    return cut(max(wanted.start // SECONDS_PER_DAY, last - LEADING_DAYS), last)


def _from_sets(matched: Matched, wanted: Filter, term_ids: Collection[int], cut: Cut) -> _Counted:
    sets, found, _ = matched
    span = sets.span(found)
    if span is None:
        return _Counted([], [], {})
    edges = cut(*_ends(wanted, _day(span[0]), _day(span[1])))
    bounds = sets.bounds([day * SECONDS_PER_DAY << TIE_BITS for day in edges])
    counts = {term_id: sets.histogram(sets.under(found, term_id), bounds) for term_id in sets.tally(found, term_ids)}
    return _Counted(edges, sets.histogram(found, bounds), counts)


def _from_rows(snapshot: Snapshot, plan: Plan, term_ids: Collection[int], cut: Cut) -> _Counted:
    sample = sample_size(plan.driver.items, TALLY_EXACTLY)
    rows = list(_matching(snapshot, plan, sample, "id, terms"))
    if not rows:
        return _Counted([], [], {})
    days = [_day(item_id) for item_id, _ in rows]
    edges = cut(*_ends(plan.filter, min(days), max(days)))
    mine = set(term_ids)
    floors = dict.fromkeys(_labels(snapshot) & mine, plan.filter.min_confidence)
    total = [0] * (len(edges) - 1)
    counts: dict[int, list[int]] = defaultdict(lambda: [0] * (len(edges) - 1))
    for day, (_, terms) in zip(days, rows, strict=True):
        place = bisect_right(edges, day) - 1
        total[place] += sample
        for term_id, confidence in orjson.loads(terms):
            if term_id in mine and confidence >= floors.get(term_id, 0):
                counts[term_id][place] += sample
    return _Counted(edges, total, counts, sample)


def _ends(wanted: Filter, first: int, last: int) -> tuple[int, int]:
    """The days that periods are to hold: the filter's own, where it has them, else those of its items."""
    if wanted.start is not None:
        first = max(wanted.start // SECONDS_PER_DAY, first - LEADING_DAYS)
    if wanted.end is not None:
        last = min((wanted.end - 1) // SECONDS_PER_DAY, last + LEADING_DAYS)
    return first, last


def _day(item_id: int) -> int:
    return (item_id >> TIE_BITS) // SECONDS_PER_DAY


def _labels(snapshot: Snapshot) -> set[int]:
    return {term_id for term_id, (axis, _) in list(snapshot.term_keys().items()) if axis in LABEL_AXES}


def _read_matches(snapshot: Snapshot, wanted: Filter) -> _Matches:
    plan = make_plan(snapshot, wanted)
    if plan is None:
        return _Matches()
    # The sets do not hold how sure a label is.
    matched = None if wanted.min_confidence else match_items(snapshot, plan, newest_words=True)
    if matched is not None:
        return _Matches(Counter(matched.sets.tally(matched.found, list(snapshot.term_keys()))), matched.scale)
    sample = sample_size(plan.driver.items, TALLY_EXACTLY)
    rows = _matching(snapshot, plan, sample, "terms")
    # One document of them all is read much faster than one by one.
    pairs = itertools.chain.from_iterable(orjson.loads(f"[{','.join(row[0] for row in rows)}]"))
    if not wanted.min_confidence:
        return _Matches(Counter(term_id for term_id, _ in pairs), sample)
    labels = _labels(snapshot)
    sure = (t for t, confidence in pairs if confidence >= wanted.min_confidence or t not in labels)
    return _Matches(Counter(sure), sample)


def _matching(snapshot: Snapshot, plan: Plan, sample: int, columns: str) -> Iterator[tuple[Any, ...]]:
    walk, parameters = plan.walk(plan.low, plan.high, None, sample)
    yield from snapshot.rows(f"SELECT {columns} FROM item WHERE id IN ({walk})", parameters)
