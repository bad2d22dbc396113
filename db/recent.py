"""What the newest items of a filter are filed under: a bounded read, whatever the age of the archive."""

# ruff: noqa: S608 -- statements are put together from our own words and numbers; values are parameters

from __future__ import annotations

import itertools
from collections import Counter, OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from db.archive import Snapshot
from db.filing import TermKey
from db.filters import LABEL_AXES, Filter
from db.plan import make_plan
from db.queries import Total, count_items

NEWEST = 1_000  # items that are read


@dataclass(frozen=True, slots=True)
class Recent:
    """How many of the newest items that match are filed under each term. `complete`: there are no others."""

    items: int
    complete: bool
    by_axis: Mapping[str, Mapping[str, int]]

    def counts(self, axis: str) -> Mapping[str, int]:
        return self.by_axis.get(axis, {})


class Newest:
    """Reads each filter once for each data version; shared by all requests."""

    LIMIT = 500  # filters that are remembered

    def __init__(self) -> None:
        self._version = -1
        self._kept: OrderedDict[Filter, Recent] = OrderedDict()

    def of(self, snapshot: Snapshot, wanted: Filter) -> Recent:
        if snapshot.version != self._version:
            self._kept, self._version = OrderedDict(), snapshot.version
        kept = self._kept
        recent = kept.get(wanted)
        if recent is None:
            recent = kept[wanted] = _read(snapshot, wanted)
            if len(kept) > self.LIMIT:
                kept.popitem(last=False)
        return recent

    def total(self, snapshot: Snapshot, wanted: Filter) -> Total | None:
        """How many items match; None where they are more than are read and no count is kept of them."""
        recent = self.of(snapshot, wanted)
        if recent.complete:
            return Total(recent.items)
        plan = make_plan(snapshot, wanted)
        return count_items(snapshot, wanted) if plan is not None and plan.is_kept() else None


def count_pairs(snapshot: Snapshot, wanted: Filter, axis: str, other_axis: str) -> Counter[tuple[str, str]]:
    """(code on one axis, code on the other) → how many of the newest items have both."""
    keys = snapshot.term_keys()
    codes = {term_id: code for term_id, (term_axis, code) in keys.items() if term_axis == axis}
    other_codes = {term_id: code for term_id, (term_axis, code) in keys.items() if term_axis == other_axis}
    counts: Counter[tuple[str, str]] = Counter()
    for filed in _filed(snapshot, wanted)[:NEWEST]:
        others = [other_codes[term_id] for term_id, _ in filed if term_id in other_codes]
        if others:
            counts.update((codes[term_id], other) for term_id, _ in filed if term_id in codes for other in others)
    return counts


def _read(snapshot: Snapshot, wanted: Filter) -> Recent:
    filed = _filed(snapshot, wanted)
    keys = snapshot.term_keys()
    terms = itertools.chain.from_iterable(filed[:NEWEST])
    by_axis: dict[str, dict[str, int]] = {}
    for term_id, items in Counter(_sure(terms, keys, wanted.min_confidence)).items():
        if term_id in keys:
            axis, code = keys[term_id]
            by_axis.setdefault(axis, {})[code] = items
    return Recent(min(len(filed), NEWEST), len(filed) <= NEWEST, by_axis)


def _filed(snapshot: Snapshot, wanted: Filter) -> list[list[Any]]:
    """[[term id, confidence], …] of each item, newest first: one more than NEWEST where there are more."""
    plan = make_plan(snapshot, wanted)
    if plan is None:
        return []
    walk, parameters = plan.walk(plan.low, plan.high, NEWEST + 1)
    rows = snapshot.rows(f"SELECT terms FROM item WHERE id IN ({walk}) ORDER BY id DESC", parameters)
    # One document of them all is read much faster than one by one.
    return orjson.loads(f"[{','.join(row[0] for row in rows)}]")  # type: ignore[no-any-return]


def _sure(terms: Any, keys: Mapping[int, TermKey], floor: int) -> Any:
    if not floor:
        return (term_id for term_id, _ in terms)
    labels = {term_id for term_id, (axis, _) in keys.items() if axis in LABEL_AXES}
    return (term_id for term_id, confidence in terms if confidence >= floor or term_id not in labels)
