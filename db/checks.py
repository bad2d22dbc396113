"""Reads of the fetch log: what was checked since one last looked."""

from __future__ import annotations

from typing import NamedTuple

from db.archive import Snapshot


class LoggedCheck(NamedTuple):
    """A check of a source, in the order they were logged."""

    id: int
    outcome: str  # "ok", "not_modified" or "failed"
    reason: str | None
    duration_ms: int
    bytes: int
    new: int
    changed: int


def last_check_id(snapshot: Snapshot) -> int:
    """0 where nothing was ever checked."""
    return int(snapshot.one("SELECT coalesce(max(id), 0) FROM fetch_log"))


def checks_after(snapshot: Snapshot, check_id: int) -> list[LoggedCheck]:
    """The checks logged after this one, oldest first."""
    statement = (
        "SELECT id, outcome, reason, duration_ms, bytes, new, changed FROM fetch_log WHERE id > ? ORDER BY id LIMIT ?"
    )
    return [LoggedCheck(*row) for row in snapshot.rows(statement, (check_id, _AT_ONCE))]


_AT_ONCE = 20_000
