"""What readers are told about sources: who they are, how they fare, and which were blind when."""

from __future__ import annotations

from typing import NamedTuple

from db.archive import SECONDS_PER_DAY, TIE_BITS, Snapshot
from db.terms import term_uses

SILENT_AFTER_DAYS = 30
OVERDUE_AFTER_SECONDS = 86_400  # past the time of its next check: nobody scrapes, or too rarely


class SourceName(NamedTuple):
    """Who a source is, as an item names it."""

    id: str
    name: str
    kind: str


class SourceItems(NamedTuple):
    """How many items a source brought, and how many of them are tracked."""

    items: int = 0
    tracked: int = 0


class SourceHealth(NamedTuple):
    """A source and how it fares; moments in seconds since 1970."""

    id: str
    name: str
    homepage: str
    feed_url: str
    kind: str
    sector: str
    country: str
    language: str
    scope: str
    enabled: int
    note: str
    format: str
    failures: int | None  # None, as all below: never made ready for checks
    last_checked_at: int | None
    last_success_at: int | None
    last_failure_at: int | None
    last_failure_reason: str | None
    last_failure_detail: str | None
    next_check_at: int | None
    next_check_reason: str | None
    stopped_at: int | None


def load_source_names(snapshot: Snapshot) -> dict[str, SourceName]:
    rows = snapshot.rows("SELECT id, name, kind FROM source ORDER BY id")
    return {row[0]: SourceName(*row) for row in rows}


def load_sources(snapshot: Snapshot) -> list[SourceHealth]:
    """Every source, by id."""
    return [SourceHealth(*row) for row in snapshot.rows(_SOURCES)]


def items_of_sources(snapshot: Snapshot) -> dict[str, SourceItems]:
    """Of the sources that ever had an item, by id."""
    uses = term_uses(snapshot, "source")
    return {
        source: SourceItems(snapshot.count(term_id), uses[source].items if source in uses else 0)
        for term_id, source in snapshot.codes("source").items()
    }


def newest_items(snapshot: Snapshot, axis: str) -> dict[str, int]:
    """code → second (since 1970) in which the newest item under this term of the axis was published."""
    statement = (
        "SELECT code, (SELECT max(item_id) FROM item_term WHERE term_id = term.id) AS newest FROM term WHERE axis = ?"
    )
    return {code: newest >> TIE_BITS for code, newest in snapshot.rows(statement, (axis,)) if newest is not None}


def health_of(source: SourceHealth, newest: int | None, now: int) -> str:
    """In one word: healthy, failing, silent, overdue, "never checked", stopped or disabled.

    Silent is a source that answers but had nothing new for SILENT_AFTER_DAYS; stopped is one that is gone for good;
    overdue is one that was well when it was last asked, which is too long ago.
    """
    if not source.enabled:
        return "disabled"
    if source.stopped_at is not None:
        return "stopped"
    if source.last_checked_at is None:
        return "never checked"
    if source.failures:
        return "failing"
    if source.next_check_at is not None and source.next_check_at < now - OVERDUE_AFTER_SECONDS:
        return "overdue"
    if newest is None or newest < now - SILENT_AFTER_DAYS * SECONDS_PER_DAY:
        return "silent"
    return "healthy"


_SOURCES = (
    "SELECT id, name, homepage, feed_url, kind, sector, country, language, scope, enabled, note, format, "
    "failures, last_checked_at, last_success_at, last_failure_at, last_failure_reason, last_failure_detail, "
    "next_check_at, next_check_reason, stopped_at FROM source LEFT JOIN source_state ON source_id = id ORDER BY id"
)


def not_modified_shares(snapshot: Snapshot, checks: int = 30) -> dict[str, float]:
    """Source id → the share of "not modified" among its last checks that went well."""
    rows = snapshot.rows(
        "SELECT source_id, avg(CASE WHEN outcome = 'not_modified' THEN 1.0 ELSE 0.0 END) FROM (SELECT source_id, "
        "outcome, row_number() OVER (PARTITION BY source_id ORDER BY id DESC) AS place FROM fetch_log) AS recent "
        "WHERE place <= ? AND outcome <> 'failed' GROUP BY source_id",
        (checks,),
    )
    return {source_id: float(share) for source_id, share in rows}


def items_per_week(snapshot: Snapshot, now: int, weeks: int = 4) -> dict[str, float]:
    """Source id → its items a week, over the last weeks by date of publication. `now` in seconds since 1970."""
    today = now // SECONDS_PER_DAY
    rows = snapshot.rows(
        "SELECT code, sum(items) FROM term JOIN term_day ON term_id = id WHERE axis = 'source' AND day > ? "
        "AND day <= ? GROUP BY code",
        (today - 7 * weeks, today + 1),
    )
    return {source_id: float(items) / weeks for source_id, items in rows}
