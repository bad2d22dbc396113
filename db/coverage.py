"""Which sources could have answered a filter, and whether they were looked at in its window."""

from __future__ import annotations

from dataclasses import dataclass, replace

from db.archive import Snapshot
from db.filters import Filter
from db.queries import newest_id
from db.sources import SourceHealth, load_sources


@dataclass(frozen=True, slots=True)
class Watched:
    """A source in a window. `state`: "healthy", "partly blind" (some checks failed) or "blind" (no good check).

    `since` is its last good check as far as known, in seconds since 1970; `reason` why the checks failed.
    """

    id: str
    name: str
    state: str
    reason: str | None
    since: int | None
    checks: int
    failed: int


def watch_of(snapshot: Snapshot, wanted: Filter, start: int, end: int) -> list[Watched]:
    """The enabled sources that ever had an item of these terms, dates and words aside, `start` ≤ window < `end`."""
    checks = _checks(snapshot, start, end)
    anytime = replace(wanted, start=None, end=None, search=None, changed_since=None)
    sources = [source for source in load_sources(snapshot) if source.enabled]
    if anytime.wanted or anytime.unwanted:
        sources = [source for source in sources if newest_id(snapshot, anytime.also(("source", source.id))) is not None]
    return [_watched(source, *checks.get(source.id, (0, 0, None)), end) for source in sources]


def _watched(source: SourceHealth, checks: int, failed: int, reason: str | None, end: int) -> Watched:
    good = checks - failed
    state = "blind" if not good else "partly blind" if failed else "healthy"
    if state == "blind" and not checks:
        reason = "stopped" if source.stopped_at is not None else "not checked"
    since = source.last_success_at if source.last_success_at is not None and source.last_success_at < end else None
    return Watched(source.id, source.name, state, reason, since, checks, failed)


def _checks(snapshot: Snapshot, start: int, end: int) -> dict[str, tuple[int, int, str | None]]:
    """source → (checks, failed ones, one of their reasons) in a window."""
    rows = snapshot.rows(
        "SELECT source_id, count(*), sum(CASE WHEN outcome = 'failed' THEN 1 ELSE 0 END), max(reason) FROM fetch_log "
        "WHERE started_at >= ? AND started_at < ? GROUP BY source_id",
        (start, end),
    )
    return {source_id: (int(checks), int(failed), reason) for source_id, checks, failed, reason in rows}
