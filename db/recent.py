"""What the items of a filter are filed under: all of them from the sets in memory, else the newest, a bounded read."""

# ruff: noqa: S608 -- statements are put together from our own words and numbers; values are parameters

from __future__ import annotations

import itertools
from collections import Counter, OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from db.archive import Snapshot
from db.filing import TermKey
from db.filters import LABEL_AXES, Filter, Sort
from db.plan import HIGHEST_ID, first_id, make_plan
from db.queries import Total, count_items, find_items, match_items

NEWEST = 1_000  # items that are read


@dataclass(frozen=True, slots=True)
class Recent:
    """How many items match, and how many are filed under each term of some axes; else of the newest."""

    items: int
    complete: bool
    by_axis: Mapping[str, Mapping[str, int]]

    def counts(self, axis: str) -> Mapping[str, int]:
        """By code. Raises KeyError for an axis that was not asked for."""
        return self.by_axis[axis]


class Newest:
    """Reads each filter once for each data version; shared by all requests."""

    LIMIT = 500  # filters that are remembered

    def __init__(self) -> None:
        self._version = -1
        self._kept: OrderedDict[tuple[Filter, tuple[str, ...]], Recent] = OrderedDict()

    def of(self, snapshot: Snapshot, wanted: Filter, *axes: str) -> Recent:
        """The items of a filter, counted by the terms of these axes."""
        if snapshot.version != self._version:
            self._kept, self._version = OrderedDict(), snapshot.version
        kept = self._kept
        recent = kept.get((wanted, axes))
        if recent is None:
            had_sets = snapshot.has_sets()
            recent = _read(snapshot, wanted, axes)
            if recent.complete or had_sets:  # else it will be complete as soon as there are sets
                kept[wanted, axes] = recent
            if len(kept) > self.LIMIT:
                kept.popitem(last=False)
        return recent

    def total(self, snapshot: Snapshot, wanted: Filter) -> Total | None:
        """How many items match; None where they are more than are read and no count is kept of them."""
        recent = self.of(snapshot, wanted)
        if recent.complete:
            return Total(recent.items)
        plan = make_plan(snapshot, wanted)
        if plan is None or plan.is_kept() or match_items(snapshot, plan, newest_words=True) is not None:
            return count_items(snapshot, wanted)
        return None


def count_pairs(snapshot: Snapshot, wanted: Filter, axis: str, others: Sequence[TermKey]) -> Counter[tuple[str, str]]:
    """(code on the axis, code of one of the others) → how many items have both, of as many items as `Newest` counts."""
    plan = make_plan(snapshot, wanted)
    matched = match_items(snapshot, plan) if plan is not None else None
    counts: Counter[tuple[str, str]] = Counter()
    codes = snapshot.codes(axis)
    other_codes = {snapshot.term_ids()[key]: key[1] for key in others if key in snapshot.term_ids()}
    if matched is not None:
        for other_id, other in other_codes.items():
            under = matched.sets.under(matched.found, other_id)
            counts.update({(codes[one], other): n for one, n in matched.sets.tally(under, codes).items()})
        return counts
    for filed in _filed(snapshot, wanted)[:NEWEST]:
        both = [other_codes[term_id] for term_id, _ in filed if term_id in other_codes]
        counts.update((codes[term_id], other) for term_id, _ in filed if term_id in codes for other in both)
    return counts


def count_since(snapshot: Snapshot, wanted: Filter, starts: Sequence[int]) -> list[int | None]:
    """How many items match from each of these seconds since 1970 on; `wanted` has no start of its own.

    None where they are more than NEWEST, and neither the sets nor the counts kept for each day tell.
    """
    plan = make_plan(snapshot, wanted)
    if plan is None:
        return [0] * len(starts)
    matched = match_items(snapshot, plan)
    if matched is not None:
        since = [matched.sets.bounds([first_id(start), HIGHEST_ID]) for start in starts]
        return [matched.sets.histogram(matched.found, bounds)[0] for bounds in since]
    if plan.is_kept():
        return [count_items(snapshot, replace(wanted, start=start)).items for start in starts]
    ids = find_items(snapshot, wanted, Sort.PUBLISHED, NEWEST + 1).ids
    counts = [sum(item_id >= first_id(start) for item_id in ids) for start in starts]
    return [count if count <= NEWEST else None for count in counts]


def _read(snapshot: Snapshot, wanted: Filter, axes: Sequence[str]) -> Recent:
    plan = make_plan(snapshot, wanted)
    if plan is None:
        return Recent(0, complete=True, by_axis={axis: {} for axis in axes})
    codes = {axis: snapshot.codes(axis) for axis in axes}
    matched = match_items(snapshot, plan)
    if matched is not None:
        tallies = {axis: matched.sets.tally(matched.found, terms) for axis, terms in codes.items()}
        return Recent(len(matched.found), complete=True, by_axis=_by_code(tallies, codes))
    filed = _filed(snapshot, wanted)
    chained = itertools.chain.from_iterable(filed[:NEWEST])
    counts = Counter(_sure(chained, snapshot.term_keys(), wanted.min_confidence))
    tallies = {
        axis: {term_id: counts[term_id] for term_id in terms if term_id in counts} for axis, terms in codes.items()
    }
    return Recent(min(len(filed), NEWEST), len(filed) <= NEWEST, _by_code(tallies, codes))


def _by_code(
    tallies: Mapping[str, Mapping[int, int]], codes: Mapping[str, Mapping[int, str]]
) -> dict[str, dict[str, int]]:
    """axis → code → items, of axis → term → items."""
    return {axis: {codes[axis][term_id]: items for term_id, items in tally.items()} for axis, tally in tallies.items()}


def _filed(snapshot: Snapshot, wanted: Filter) -> list[list[Any]]:
    """[[term id, confidence], …] of each item, newest first: one more than NEWEST where there are more."""
    ids = find_items(snapshot, wanted, Sort.PUBLISHED, NEWEST + 1).ids
    marks = ", ".join("?" * len(ids))
    rows = snapshot.rows(f"SELECT terms FROM item WHERE id IN ({marks}) ORDER BY id DESC", ids) if ids else []
    # One document of them all is read much faster than one by one.
    return orjson.loads(f"[{','.join(row[0] for row in rows)}]")  # type: ignore[no-any-return]


def _sure(terms: Any, keys: Mapping[int, TermKey], floor: int) -> Any:
    if not floor:
        return (term_id for term_id, _ in terms)
    labels = {term_id for term_id, (axis, _) in keys.items() if axis in LABEL_AXES}
    return (term_id for term_id, confidence in terms if confidence >= floor or term_id not in labels)
