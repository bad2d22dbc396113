"""The items under every term as bitmaps in memory: any combination of terms is counted and paged in no time.

An item has a position; a term is the set of the positions of its items. Positions follow publication up to `_base`;
items that arrived since are behind it, in the order of their arrival. The tables stay the truth: the sets are read
from them once, follow the data version, and what they cannot answer is asked of the tables.
"""

from __future__ import annotations

import itertools
import logging
import threading
from array import array
from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from copy import copy
from functools import reduce
from operator import and_
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson
from pyroaring import BitMap

from db.steps import Steps, at_once

if TYPE_CHECKING:
    from db.archive import Snapshot

log = logging.getLogger(__name__)
SMALL = 20_000  # items that are read at once, while the reader waits; more are read in a thread of their own
CHANGES = 20_000  # changed items, or a tenth of all, that are followed one by one; more, and all is read anew
EVERYTHING = (-(2**63), 2**63 - 1)  # ids
ANY_NUMBER = 2**62  # of changed items
SOON = 50  # versions: what readers can follow in a moment
KEPT = 5  # versions whose sets are kept, for readers who are a little behind the newest
FEW = 500  # items behind the base that are looked at one by one
STEP = 25  # changed items, or terms, that are dealt with at once: a tenth of a millisecond
PLACES = 2_000  # positions that are worked out at once: as long
COPIES = 50_000  # ids that are copied at once: as long
BATCH = 10_000  # rows read in one statement, or dealt with at once: for so long other threads stand still


class Bounds(NamedTuple):
    """Ids in ascending order, and the positions of the first items that are not below them."""

    edges: Sequence[int]
    places: list[int]


class Changed(NamedTuple):
    """(id, [[term, confidence], …] as JSON) of the items that changed after one version and up to another."""

    rows: list[tuple[Any, ...]]
    since: int
    version: int


class TermSets:
    """The sets as of data version `version`, which stay as they are: what follows is other sets.

    Those that followed from one another share the positions of the items, which only become more: an item behind the
    base is known to the sets that have it in their order.
    """

    def __init__(self, version: int, ids: array[int], sets: dict[int, BitMap]) -> None:
        self.version = self.since = version
        self.changed: list[int] = []  # ids of the items that changed after version `since`
        self._ids, self._sets = ids, sets
        self._base = self._size = len(ids)
        self._later: dict[int, int] = {}  # id → position, of the items behind the base
        self._order: list[int] = []  # their ids, ascending

    @classmethod
    def read(cls, snapshot: Snapshot) -> TermSets:
        """From the tables; about five seconds for a million items."""
        snapshot.take_time()
        ids = array("q", _all_ids(snapshot))
        positions: dict[int, int] = {}
        for first in range(0, len(ids), BATCH):
            positions.update(zip(ids[first : first + BATCH], itertools.count(first), strict=False))
        sets = {
            term_id: BitMap(map(positions.__getitem__, _ids_under(snapshot, term_id)))
            for (term_id,) in snapshot.rows("SELECT id FROM term")
        }
        return cls(snapshot.version, ids, sets)

    def in_order(self) -> Steps[TermSets]:
        """The same sets with every item in its place; those before the first that has to move are not touched."""
        base, size, ids, order = self._base, self._size, self._ids, self._order
        stays = first = bisect_left(ids, order[0], 0, base) if order else base
        placed, places = array("q"), {}
        moved = array("q")  # the new position of each item from `stays` on, by the old ones
        yield from _copy(placed, ids, 0, stays)
        for before, item_id in enumerate(order):
            place = bisect_left(ids, item_id, first, base)
            yield from _copy(placed, ids, first, place)
            yield from _fill(moved, first + before, place + before)
            places[item_id] = len(placed)
            placed.append(item_id)
            first = place
            if before % STEP == 0:
                yield
        yield from _copy(placed, ids, first, base)
        yield from _fill(moved, first + len(order), base + len(order))
        for start in range(base, size, PLACES):  # those not in our order are in no set
            moved.extend(places.get(item_id, 0) for item_id in ids[start : min(start + PLACES, size)])
            yield
        sets = {}
        for term_id, under in self._sets.items():
            sets[term_id] = under = under.copy()
            positions = (under & BitMap(range(stays, size))).to_array()
            under.remove_range(stays, size)
            for start in range(0, len(positions), PLACES):
                under.update([moved[position - stays] for position in positions[start : start + PLACES]])
                yield
            yield
        return TermSets(self.version, placed, sets)

    def changes(self, snapshot: Snapshot, most: int) -> Steps[list[tuple[Any, ...]] | None]:
        """(id, [[term, confidence], …] as JSON) of what changed up to this snapshot; None if more than `most` items."""
        rows: list[tuple[Any, ...]] = []
        statement = "SELECT id, terms FROM item WHERE version > ? LIMIT ?"
        for some in snapshot.batches(statement, (self.version, most + 1), STEP):
            rows += some
            yield
        return rows if len(rows) <= most else None

    def followed(self, rows: Sequence[tuple[Any, ...]], version: int) -> Steps[TermSets]:
        """The sets as of a later version, in which these items had changed; what stays the same is shared.

        Others may follow between two steps, but not within one. What was taken over already is taken over once more,
        which changes nothing.
        """
        sets, order = dict(self._sets), self._order[:]
        copied: set[int] = set()

        def change(term_id: int) -> BitMap:
            if term_id not in copied:
                copied.add(term_id)
                sets[term_id] = sets[term_id].copy() if term_id in sets else BitMap()
            return sets[term_id]

        filed: defaultdict[int, list[int]] = defaultdict(list)
        known: dict[int, set[int]] = {}  # position → the terms of an item that is in the sets already
        for first in range(0, len(rows), STEP):
            some = rows[first : first + STEP]
            documents = orjson.loads(f"[{','.join(terms for _, terms in some)}]")  # one is read faster than many
            for (item_id, _), terms in zip(some, documents, strict=True):
                position = self._position(item_id)
                if position < 0:
                    position = self._later[item_id] = len(self._ids)
                    self._ids.append(item_id)
                if position >= self._base and not _has(order, item_id):
                    insort(order, item_id)
                else:
                    known[position] = {term_id for term_id, _ in terms}
                for term_id, _ in terms:
                    filed[term_id].append(position)
            yield
        known_places = BitMap(known)
        for place, term_id in enumerate(list(sets) if known else ()):
            gone = [position for position in sets[term_id] & known_places if term_id not in known[position]]
            if gone:
                change(term_id).difference_update(BitMap(gone))
            if gone or place % STEP == 0:
                yield
        for term_id, positions in filed.items():
            change(term_id).update(positions)
            yield
        later = copy(self)
        later.version, later.since, later.changed = version, self.version, [item_id for item_id, _ in rows]
        later._sets, later._order, later._size = sets, order, len(self._ids)
        return later

    def __len__(self) -> int:
        """Of how many items."""
        return self._size

    @property
    def is_long(self) -> bool:
        """Whether so many items came behind the base that they should be put in order."""
        return self._size - self._base > SMALL

    def match(
        self, choices: Iterable[Sequence[int]], unwanted: Sequence[int], low: int, high: int, ids: Iterable[int] | None
    ) -> BitMap:
        """The items under a term of every choice and under none unwanted, `low` ≤ id < `high`, and among `ids`."""
        parts = [self._under(choice) for choice in choices]
        if ids is not None:
            parts.append(BitMap(self._positions(list(ids))))
        found = reduce(and_, parts, parts[0])  # one of its own, from which is taken below
        if low > EVERYTHING[0] or high < EVERYTHING[1]:
            found = found & self._between(low, high)
        for term_id in unwanted:
            found -= self._set(term_id)
        return found

    def share(self, low: int, high: int, since: int) -> float:
        """How many items there are from `low` up to `high` for each one from `since` on."""
        return len(self._between(low, high)) / max(1, len(self._between(max(low, since), high)))

    def newest(self, found: BitMap, high: int, limit: int) -> list[int]:
        """The ids of the newest of these items below `high`, newest first."""
        end = bisect_left(self._ids, high, 0, self._base)
        below = found if end == self._size else found & BitMap(range(end))
        ids = [self._ids[position] for position in below[-limit:]]
        if self._size > self._base:
            ids += self._newest_behind(found, high, limit)
            ids.sort()
        return ids[: -limit - 1 : -1]

    def _newest_behind(self, found: BitMap, high: int, limit: int) -> list[int]:
        behind = self._behind(found)
        if len(behind) <= FEW:
            return [item_id for item_id in (self._ids[position] for position in behind) if item_id < high]
        order, later = self._order[: bisect_left(self._order, high)], self._later
        return list(itertools.islice((item_id for item_id in reversed(order) if later[item_id] in behind), limit))

    def tally(self, found: BitMap, term_ids: Iterable[int]) -> dict[int, int]:
        """term → how many of these items are under it, where there are any."""
        sets = self._sets
        known = ((term_id, sets[term_id]) for term_id in term_ids if term_id in sets)
        counts = ((term_id, found.intersection_cardinality(under)) for term_id, under in known)
        return {term_id: count for term_id, count in counts if count}

    def size(self, term_id: int) -> int:
        """How many items are under a term."""
        return len(self._set(term_id))

    def under(self, found: BitMap, term_id: int) -> BitMap:
        """Those of these items that are under a term."""
        return found & self._set(term_id)

    def span(self, found: BitMap) -> tuple[int, int] | None:
        """The lowest and the highest id of these items."""
        ids = [self._ids[position] for position in self._behind(found)]
        base = found & BitMap(range(self._base))
        if base:
            ids += [self._ids[base.min()], self._ids[base.max()]]
        return (min(ids), max(ids)) if ids else None

    def bounds(self, edges: Sequence[int]) -> Bounds:
        """Where these ids, which ascend, lie among the items: found once for any number of histograms."""
        return Bounds(edges, [bisect_left(self._ids, edge, 0, self._base) for edge in edges])

    def histogram(self, found: BitMap, bounds: Bounds) -> list[int]:
        """How many of these items lie from each edge up to the next."""
        edges, places = bounds
        counts = [found.range_cardinality(low, high) if high > low else 0 for low, high in itertools.pairwise(places)]
        for position in self._behind(found):
            place = bisect_left(edges, self._ids[position] + 1) - 1
            if 0 <= place < len(counts):
                counts[place] += 1
        return counts

    def _position(self, item_id: int) -> int:
        """-1 for an item that is not known."""
        place = bisect_left(self._ids, item_id, 0, self._base)
        if place < self._base and self._ids[place] == item_id:
            return place
        return self._later.get(item_id, -1)

    def _positions(self, ids: Sequence[int]) -> list[int]:
        """Of those that are known: many at once are found in half the time."""
        base, known, later = self._base, self._ids, self._later
        places = map(bisect_left, itertools.repeat(known), ids, itertools.repeat(0), itertools.repeat(base))
        found = [
            place if place < base and known[place] == item_id else later.get(item_id, -1)
            for place, item_id in zip(places, ids, strict=False)
        ]
        return [position for position in found if position >= 0]

    def _between(self, low: int, high: int) -> BitMap:
        base = BitMap(range(*(bisect_left(self._ids, edge, 0, self._base) for edge in (low, high))))
        order = self._order[bisect_left(self._order, low) : bisect_left(self._order, high)]
        return base | BitMap(map(self._later.__getitem__, order))

    def _behind(self, found: BitMap) -> BitMap:
        if self._size == self._base:
            return BitMap()
        return found & BitMap(range(self._base, self._size))

    def _under(self, choice: Sequence[int]) -> BitMap:
        return self._set(choice[0]) if len(choice) == 1 else BitMap.union(*map(self._set, choice))

    def _set(self, term_id: int) -> BitMap:
        return self._sets.get(term_id) or BitMap()


class SetKeeper:
    """The sets of an archive, made when first wanted and kept up with it."""

    def __init__(self, snapshot: Callable[[], AbstractContextManager[Snapshot]]) -> None:
        self._snapshot = snapshot
        self._kept: tuple[TermSets, ...] = ()  # of the last few versions and the pinned one, the newest last
        self._pinned = -1
        self._making = threading.Lock()
        self._following = threading.Lock()
        self._missed: list[Changed] | None = None  # what those that are put in order have to catch up with

    @property
    def ready(self) -> bool:
        return bool(self._kept)

    @property
    def is_long(self) -> bool:
        """Whether somebody should `put_in_order`, and nobody does."""
        kept = self._kept
        return bool(kept) and kept[-1].is_long and not self._making.locked()

    def at(self, snapshot: Snapshot) -> TermSets | None:
        """The sets as of this snapshot; None where they are not made yet, or are of later moments."""
        sets = self._of(snapshot.version)
        if sets is not None:
            return sets
        if not self._kept:
            return self._make(snapshot)
        changed = at_once(self.changed(snapshot))
        if changed is None:
            return self._of(snapshot.version)
        sets = at_once(self.follow(changed))
        if self.is_long:
            threading.Thread(target=at_once, args=(self.put_in_order(),), name="term sets", daemon=True).start()
        return sets

    def pin(self, version: int) -> bool:
        """Keep the sets of this version until another is pinned; whether there are any, as far as sets are made."""
        self._pinned = version
        return not self._kept or self._of(version) is not None

    def _still_read(self) -> tuple[TermSets, ...]:
        """What to keep when newer sets come: readers of the last moments go on with what they have."""
        newest = self._kept[1 - KEPT :]
        return (*(each for each in self._kept[: 1 - KEPT] if each.version == self._pinned), *newest)

    def _of(self, version: int) -> TermSets | None:
        return next((sets for sets in reversed(self._kept) if sets.version == version), None)

    def changed(self, snapshot: Snapshot) -> Steps[Changed | None]:
        """What `follow` wants to know to follow up to this snapshot; None where there is nothing to follow.

        The database is asked without the lock, for which others may not have to wait long.
        """
        kept = self._kept
        if not kept or snapshot.version <= kept[-1].version:
            return None
        rows = yield from kept[-1].changes(snapshot, max(CHANGES, len(kept[-1]) // 10))
        if rows is not None:
            return Changed(rows, kept[-1].version, snapshot.version)
        if self._kept is kept:  # else new ones were ready meanwhile
            self._kept = ()
        self._make(snapshot)
        return None

    def follow(self, changed: Changed) -> Steps[TermSets | None]:
        """The sets as of the version up to which this changed; None where there are others by now.

        Sets put in order meanwhile may be of a version before all that changed.
        """
        rows, since, version = changed
        while True:
            newest = self._kept[-1] if self._kept else None
            if newest is None or newest.version < since:
                return None
            if newest.version >= version:
                break
            later = yield from self._in_turn(newest.followed(rows, version))
            with self._following:
                if self._kept and self._kept[-1] is newest:  # else another was as far before us
                    newest = later
                    self._kept = (*self._still_read(), later)
                    if self._missed is not None:
                        self._missed.append(changed)
                    break
        return newest if newest.version == version else None

    def _in_turn(self, steps: Steps[TermSets]) -> Steps[TermSets]:
        """Nobody else follows within a step, and nobody waits for another's: he may have the lock again before us."""
        while True:
            if self._following.acquire(blocking=False):
                try:
                    next(steps)
                except StopIteration as end:
                    sets: TermSets = end.value
                    return sets
                finally:
                    self._following.release()
            yield

    def _make(self, snapshot: Snapshot) -> TermSets | None:
        if self._making.locked():
            return None
        if len(snapshot.rows("SELECT 1 FROM item LIMIT ?", (SMALL + 1,))) > SMALL:
            self._begin_aside()
            return None
        with self._making:
            sets = TermSets.read(snapshot)
            self._kept = (sets,)
            return sets

    def _begin_aside(self) -> None:
        threading.Thread(target=self._make_aside, name="term sets", daemon=True).start()

    def _make_aside(self) -> None:
        if not self._making.acquire(blocking=False):
            return  # another thread was begun at the same moment
        try:
            with self._snapshot() as snapshot:
                sets = TermSets.read(snapshot)
            missing = SOON + 1
            while missing > SOON:
                with self._snapshot() as snapshot:
                    snapshot.take_time()
                    missing = snapshot.version - sets.version
                    rows = at_once(sets.changes(snapshot, ANY_NUMBER))
                sets = at_once(sets.followed(rows or (), snapshot.version))
            self._kept = (sets,)
        except Exception:
            log.exception("The sets of terms could not be made; counts are estimates until they are")
        finally:
            self._making.release()

    def put_in_order(self) -> Steps[None]:
        """Give the items behind the base their places among the others; what comes meanwhile is caught up with."""
        if not self._making.acquire(blocking=False):
            return  # somebody is at it
        try:
            with self._following:
                kept, self._missed = self._kept, []
            if not kept:
                return
            sets = yield from kept[-1].in_order()
            while missed := self._end_with(sets):
                for changed in missed:
                    sets = yield from sets.followed(changed.rows, changed.version)
        except Exception:
            log.exception("The sets of terms could not be put in order; counts take longer until they are")
        finally:
            self._missed = None
            self._making.release()

    def _end_with(self, sets: TermSets) -> list[Changed]:
        """What these have missed; where that is nothing, they are kept."""
        with self._following:
            missed, self._missed = self._missed or [], []
            if not missed:
                self._kept = (*(each for each in self._still_read() if each.version < sets.version), sets)
            return missed


def _all_ids(snapshot: Snapshot) -> Iterable[int]:
    return _by_batch(snapshot, "SELECT id FROM item WHERE id > ? ORDER BY id", ())


def _ids_under(snapshot: Snapshot, term_id: int) -> Iterable[int]:
    return _by_batch(
        snapshot, "SELECT item_id FROM item_term WHERE term_id = ? AND item_id > ? ORDER BY item_id", (term_id,)
    )


def _by_batch(snapshot: Snapshot, statement: str, parameters: tuple[int, ...]) -> Iterable[int]:
    last = EVERYTHING[0]
    while True:
        rows = snapshot.rows(f"{statement} LIMIT {BATCH}", (*parameters, last))
        yield from (row[0] for row in rows)
        if len(rows) < BATCH:
            return
        last = rows[-1][0]


def _copy(values: array[int], others: array[int], low: int, high: int) -> Steps[None]:
    for start in range(low, high, COPIES):
        values.extend(others[start : min(start + COPIES, high)])
        yield


def _fill(values: array[int], low: int, high: int) -> Steps[None]:
    for start in range(low, high, PLACES):
        values.extend(range(start, min(start + PLACES, high)))
        yield


def _has(ascending: Sequence[int], wanted: int) -> bool:
    place = bisect_left(ascending, wanted)
    return place < len(ascending) and ascending[place] == wanted
