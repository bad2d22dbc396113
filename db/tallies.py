"""Counting items by term, and by term over time, under any filter."""

# ruff: noqa: S608 -- statements are put together from our own words and numbers; values are parameters

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from db.archive import SECONDS_PER_DAY, TIE_BITS, Snapshot
from db.filters import LABEL_AXES, Filter
from db.plan import Plan, make_plan
from db.queries import Total, count_items, sample_size

TALLY_EXACTLY = 16_384  # candidates that are read one by one; beyond, a sample of about as many


@dataclass(frozen=True, slots=True)
class Tally:
    """How many of `total` items there are under each code of an axis; exact unless `is_estimate`."""

    total: Total
    counts: Mapping[str, int]
    is_estimate: bool


@dataclass(frozen=True, slots=True)
class Series:
    """code → day (UTC, days since 1970) → items; `total`: day → items, whatever their terms."""

    counts: Mapping[str, Mapping[int, int]]
    total: Mapping[int, int]
    is_estimate: bool


@dataclass(slots=True)
class _Matches:
    """What was read of the items that match: how often each term occurs."""

    counts: Counter[int] = field(default_factory=Counter)
    sample: int = 1


def tally_terms(snapshot: Snapshot, wanted: Filter, axes: Iterable[str]) -> dict[str, Tally]:
    """For each axis, its terms among the items that match what the filter asks of the other axes."""
    read: dict[Filter, _Matches] = {}
    totals: dict[Filter, Total] = {}
    keys = snapshot.term_keys()
    tallies = {}
    for axis in axes:
        others = wanted.without({axis})
        if others not in read:
            read[others] = _read_matches(snapshot, others)
            totals[others] = count_items(snapshot, others)
        matches = read[others]
        counts = {
            keys[term_id][1]: count * matches.sample
            for term_id, count in matches.counts.items()
            if term_id in keys and keys[term_id][0] == axis
        }
        tallies[axis] = Tally(totals[others], counts, matches.sample > 1)
    return tallies


def tally_days(snapshot: Snapshot, wanted: Filter, axis: str | None) -> Series:
    """The items that match by day, and by day for each term of an axis."""
    plan = make_plan(snapshot, wanted)
    if plan is None:
        return Series({}, {}, is_estimate=False)
    keys = snapshot.term_keys()
    mine = {term_id for term_id, (term_axis, _) in keys.items() if term_axis == axis}
    floor = wanted.min_confidence if axis in LABEL_AXES else 0
    sample = sample_size(plan.driver.items, TALLY_EXACTLY)
    total: Counter[int] = Counter()
    by_term: Counter[tuple[int, int]] = Counter()
    for item_id, terms in _matching(snapshot, plan, sample, "id, terms"):
        day = (item_id >> TIE_BITS) // SECONDS_PER_DAY
        total[day] += sample
        for term_id, confidence in orjson.loads(terms):
            if term_id in mine and confidence >= floor:
                by_term[term_id, day] += sample
    counts: dict[str, dict[int, int]] = defaultdict(dict)
    for (term_id, day), items in by_term.items():
        counts[keys[term_id][1]][day] = items
    return Series(counts, total, sample > 1)


def _read_matches(snapshot: Snapshot, wanted: Filter) -> _Matches:
    plan = make_plan(snapshot, wanted)
    if plan is None:
        return _Matches()
    sample = sample_size(plan.driver.items, TALLY_EXACTLY)
    rows = _matching(snapshot, plan, sample, "terms")
    # One document of them all is read much faster than one by one.
    pairs = itertools.chain.from_iterable(orjson.loads(f"[{','.join(row[0] for row in rows)}]"))
    if not wanted.min_confidence:
        return _Matches(Counter(term_id for term_id, _ in pairs), sample)
    labels = {term_id for term_id, (axis, _) in snapshot.term_keys().items() if axis in LABEL_AXES}
    sure = (t for t, confidence in pairs if confidence >= wanted.min_confidence or t not in labels)
    return _Matches(Counter(sure), sample)


def _matching(snapshot: Snapshot, plan: Plan, sample: int, columns: str) -> Iterator[tuple[Any, ...]]:
    walk, parameters = plan.walk(plan.low, plan.high, None, sample)
    yield from snapshot.rows(f"SELECT {columns} FROM item WHERE id IN ({walk})", parameters)
