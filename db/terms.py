"""How much the archive has of each term."""

from __future__ import annotations

from typing import NamedTuple

from db.archive import Snapshot
from db.filters import Filter, Sort
from db.queries import count_items, find_items


class TermUse(NamedTuple):
    """Tracked items under a term, and the newest of them."""

    items: int
    newest_id: int


def term_uses(snapshot: Snapshot, axis: str) -> dict[str, TermUse]:
    """code → its use, for the terms of an axis that tracked items are filed under."""
    uses = {}
    for term_axis, code in list(snapshot.term_ids()):
        if term_axis != axis:
            continue
        wanted = Filter().also((axis, code))
        newest = find_items(snapshot, wanted, Sort.PUBLISHED, 1).ids
        if newest:
            uses[code] = TermUse(count_items(snapshot, wanted).items, newest[0])
    return uses
