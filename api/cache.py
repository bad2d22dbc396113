"""What is kept in memory between requests: items rendered before, answers given before."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from starlette.responses import Response

from api.names import Names
from db.archive import Snapshot
from db.queries import StoredItem, changed_ids, get_items

JSON = "application/json"
T = TypeVar("T")


class Fragments:
    """What was made of items before, by kind (JSON, Atom, …) and id; items that have changed are forgotten."""

    LIMIT = 20_000  # items of each kind
    LIMIT_SINCE = 100_000  # items whose versions are kept
    MANY = 20_000  # changed items above which it is cheaper to forget all

    def __init__(self) -> None:
        self._kinds: dict[str, dict[int, Any]] = {}
        self._since: dict[int, int] = {}  # item → the version in which it became as it was rendered
        self._version = -1
        self._fingerprint = ""
        self._lock = threading.Lock()

    def render(
        self, snapshot: Snapshot, names: Names, kind: str, ids: list[int], render: Callable[[StoredItem], T]
    ) -> list[T]:
        """What `render` makes of these items, in order, made now where it is missing. Items gone are left out."""
        self._follow(snapshot, names)
        with self._lock:
            kept = self._kinds.setdefault(kind, {}) if names.fingerprint == self._fingerprint else {}
            if snapshot.version == self._version:
                with suppress(KeyError):
                    return [kept[item_id] for item_id in ids]
            # To a reader of the past what has not changed since is good.
            held = {item_id: self._since[item_id] for item_id in ids if item_id in kept}
            found = {item_id: kept[item_id] for item_id, since in held.items() if since <= snapshot.version}
        stored = get_items(snapshot, [item_id for item_id in ids if item_id not in found])
        for item_id, item in stored.items():
            found[item_id] = render(item)
        if stored:
            self._keep(kept, found, stored, snapshot.version)
        return [found[item_id] for item_id in ids if item_id in found]

    def _changed(self, snapshot: Snapshot) -> list[int] | None:
        """Ids of the items that changed since the last version that we know of; None when they are too many."""
        sets = snapshot.sets() if snapshot.has_sets() else None
        if sets is not None and sets.since <= self._version and len(sets.changed) <= self.MANY:
            return sets.changed
        return changed_ids(snapshot, self._version, self.MANY)

    def _keep(
        self, kept: dict[int, Any], found: Mapping[int, Any], stored: Mapping[int, StoredItem], version: int
    ) -> None:
        with self._lock:
            if version != self._version:
                return  # some may have changed since
            if len(kept) + len(found) > self.LIMIT:
                kept.clear()
            if len(self._since) > self.LIMIT_SINCE:
                self._kinds.clear()
                self._since.clear()
                return
            kept.update(found)
            self._since.update((item_id, item.version) for item_id, item in stored.items())

    def _follow(self, snapshot: Snapshot, names: Names) -> None:
        """Forget what has changed up to this snapshot."""
        known = self._version, self._fingerprint
        if snapshot.version < self._version or (snapshot.version, names.fingerprint) == known:
            return
        changed = self._changed(snapshot) if 0 <= self._version < snapshot.version else []
        with self._lock:
            if names.fingerprint != self._fingerprint or changed is None:
                self._kinds, self._fingerprint = {}, names.fingerprint
            for kept in list(self._kinds.values()):
                for item_id in changed or ():
                    kept.pop(item_id, None)
            self._version = max(self._version, snapshot.version)


class Queries:
    """What query strings say, read before; forgotten with the names that they were read by."""

    LIMIT = 1_000

    def __init__(self) -> None:
        self._held: tuple[Names | None, dict[Hashable, Any]] = None, {}  # together, for threads of different names

    def get(self, names: Names, key: Hashable, read: Callable[[], T]) -> T:
        """What `read` made of it; nothing is kept of what it raises."""
        held_names, kept = self._held
        if names is not held_names or len(kept) >= self.LIMIT:
            kept = {}
            self._held = names, kept
        if key not in kept:
            kept[key] = read()
        found: T = kept[key]
        return found


@dataclass(slots=True)
class Answer:
    """A finished answer; `responses` are what is sent of it, by the content codings asked for so far ("": none)."""

    body: bytes
    media_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    responses: dict[str, Response] = field(default_factory=dict)
    is_estimate: bool = False  # of the numbers in it, where they may be exact later

    def size(self) -> int:
        return len(self.body) + sum(len(each.body) for coding, each in self.responses.items() if coding) + 500


class Answers:
    """Answers given before, by ETag, the least recently asked for dropped first; `limit` in bytes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept: OrderedDict[str, Answer] = OrderedDict()
        self._size = 0

    def get(self, tag: str) -> Answer | None:
        answer = self._kept.get(tag)
        if answer is not None:
            with suppress(KeyError):  # another thread may just have dropped it
                self._kept.move_to_end(tag)
        return answer

    def keep(self, tag: str, answer: Answer) -> None:
        if answer.size() * 8 > self._limit or tag in self._kept:
            return
        self._kept[tag] = answer
        self._size += answer.size() * 2  # as much again for its codings
        while self._size > self._limit:
            _, oldest = self._kept.popitem(last=False)
            self._size = max(0, self._size - Answer(oldest.body).size() * 2)
