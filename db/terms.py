"""How much the archive has of each term."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from db.archive import Snapshot
from db.filters import Filter, Sort
from db.plan import HIGHEST_ID, make_plan
from db.queries import count_items, find_items, match_items


class TermUse(NamedTuple):
    """Tracked items under a term, and the newest of them."""

    items: int
    newest_id: int


def term_uses(snapshot: Snapshot, axis: str) -> dict[str, TermUse]:
    """code → its use, for the terms of an axis that tracked items are filed under."""
    codes = snapshot.codes(axis)
    plan = make_plan(snapshot, Filter())
    matched = match_items(snapshot, plan) if plan else None
    if matched is None:
        return _ask(snapshot, axis, codes.values())
    sets, found, _ = matched
    return {
        codes[term_id]: TermUse(items, sets.newest(sets.under(found, term_id), HIGHEST_ID, 1)[0])
        for term_id, items in sets.tally(found, codes).items()
    }


def _ask(snapshot: Snapshot, axis: str, codes: Iterable[str]) -> dict[str, TermUse]:
    uses = {}
    for code in codes:
        wanted = Filter().also((axis, code))
        newest = find_items(snapshot, wanted, Sort.PUBLISHED, 1).ids
        if newest:
            uses[code] = TermUse(count_items(snapshot, wanted).items, newest[0])
    return uses
