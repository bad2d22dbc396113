"""What the scraper knows and remembers of its sources: the list, their state between runs, the log of their checks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, delete, or_, select, text, update
from sqlmodel import col

from db.models import EntryRow, FetchLog, RobotsRow, SourceRow, SourceState
from db.shapes import Failure, Source, SourceMemory
from db.types import to_epoch

_SOURCE_FIELDS = tuple(SourceRow.model_fields)
_WHERE_AND_WHAT = "SELECT id, feed_url, format FROM source"


@dataclass(frozen=True, slots=True)
class Check:
    """One check of one source: what the fetch log keeps of it beside the counts of items."""

    started_at: datetime
    duration_ms: int
    outcome: str  # "ok", "not_modified" or "failed"
    reason: Failure | None = None
    detail: str | None = None
    http_status: int | None = None
    bytes: int = 0


def sync_sources(engine: Engine, sources: Iterable[Source]) -> None:
    """Make the table say what the file says.

    A source that left the file stays for its items' sake, disabled. One whose address or format changed starts afresh.
    """
    rows = [{name: getattr(source, name) for name in _SOURCE_FIELDS} for source in sources]
    columns = ", ".join(_SOURCE_FIELDS)
    values = ", ".join(f":{name}" for name in _SOURCE_FIELDS)
    changes = ", ".join(f"{name} = excluded.{name}" for name in _SOURCE_FIELDS if name != "id")
    with engine.begin() as connection:
        known = {row.id: (row.feed_url, row.format) for row in connection.execute(text(_WHERE_AND_WHAT))}
        now = {row["id"]: (row["feed_url"], row["format"]) for row in rows}
        moved = [source_id for source_id, place in now.items() if known.get(source_id, place) != place]
        connection.execute(delete(SourceState).where(col(SourceState.source_id).in_(moved)))
        connection.execute(update(SourceRow).values(enabled=False))
        if rows:
            upsert = f"INSERT INTO source ({columns}) VALUES ({values}) ON CONFLICT (id) DO UPDATE SET {changes}"  # noqa: S608
            connection.execute(text(upsert), rows)
        connection.execute(
            text(
                "INSERT INTO source_state (source_id, next_check_reason, failures, moved_count) "
                "SELECT id, '', 0, 0 FROM source WHERE id NOT IN (SELECT source_id FROM source_state)"
            )
        )


def load_memories(engine: Engine) -> dict[str, SourceMemory]:
    """Source id → what we remember of it."""
    with engine.connect() as connection:
        rows = connection.execute(select(SourceState.__table__)).all()  # type: ignore[attr-defined]
    return {row.source_id: SourceMemory(**row._mapping) for row in rows}


def known_entries(engine: Engine, source_id: str, entry_keys: Sequence[str]) -> dict[str, str]:
    """entry_key → content_hash of those among a source's elements that we have met."""
    with engine.connect() as connection:
        return {
            row.entry_key: row.content_hash
            for start in range(0, len(entry_keys), 500)
            for row in connection.execute(_KNOWN, {"source_id": source_id, "some": entry_keys[start : start + 500]})
        }


_KNOWN = select(col(EntryRow.entry_key), col(EntryRow.content_hash)).where(
    col(EntryRow.source_id) == bindparam("source_id"),
    col(EntryRow.entry_key).in_(bindparam("some", expanding=True)),
)


def record_check(connection: Connection, memory: SourceMemory, check: Check, counts: Any) -> None:
    """Keep what we remember of the source and add the check to the log, in the caller's transaction."""
    values = asdict(memory)
    source_id = values.pop("source_id")
    connection.execute(_REMEMBER, {"of_source": source_id, **{f"new_{name}": value for name, value in values.items()}})
    reason = str(check.reason) if check.reason else None
    connection.execute(_LOG, {"source_id": source_id, **asdict(check), "reason": reason, **asdict(counts)})


# Made once: making them takes longer than running them.
_STATE = SourceState.__table__  # type: ignore[attr-defined]
_REMEMBER = (
    update(_STATE)
    .where(_STATE.c.source_id == bindparam("of_source"))
    .values({name: bindparam(f"new_{name}") for name in SourceMemory.__dataclass_fields__ if name != "source_id"})
)
_LOG = FetchLog.__table__.insert()  # type: ignore[attr-defined]


def postpone(engine: Engine, source_ids: Sequence[str], until: datetime, reason: str) -> None:
    """Ask these sources no earlier than this; a later time that one has already stands."""
    with engine.begin() as connection:
        connection.execute(
            update(SourceState)
            .where(col(SourceState.source_id).in_(source_ids))
            .where(or_(col(SourceState.next_check_at).is_(None), col(SourceState.next_check_at) < until))
            .values(next_check_at=until, next_check_reason=reason)
        )


def load_robots(engine: Engine) -> list[dict[str, Any]]:
    """`[{origin, text, fetched_at, unreachable_since}, …]`: what earlier runs learnt of robots.txt files."""
    with engine.connect() as connection:
        return [dict(row._mapping) for row in connection.execute(select(RobotsRow.__table__))]  # type: ignore[attr-defined]


def save_robots(engine: Engine, records: Iterable[dict[str, Any]]) -> None:
    """Put these in place of what was known of their origins."""
    rows = list(records)
    if not rows:
        return
    table = RobotsRow.__table__  # type: ignore[attr-defined]
    with engine.begin() as connection:
        connection.execute(
            delete(table).where(table.c.origin == bindparam("known")), [{"known": r["origin"]} for r in rows]
        )
        connection.execute(table.insert(), rows)


def not_modified_shares(engine: Engine, checks: int = 30) -> dict[str, float]:
    """Source id → the share of "not modified" among its last checks that went well."""
    query = text(
        "SELECT source_id, avg(CASE WHEN outcome = 'not_modified' THEN 1.0 ELSE 0.0 END) FROM (SELECT source_id, "
        "outcome, row_number() OVER (PARTITION BY source_id ORDER BY id DESC) AS place FROM fetch_log) AS recent "
        "WHERE place <= :checks AND outcome <> 'failed' GROUP BY source_id"
    )
    with engine.connect() as connection:
        return {source_id: float(share) for source_id, share in connection.execute(query, {"checks": checks})}


def items_per_week(engine: Engine, now: datetime, weeks: int = 4) -> dict[str, float]:
    """Source id → its items a week, over the last weeks by date of publication."""
    today = to_epoch(now) // 86_400
    query = text(
        "SELECT code, sum(items) FROM term JOIN term_day ON term_id = id WHERE axis = 'source' AND day > :since "
        "AND day <= :today GROUP BY code"
    )
    with engine.connect() as connection:
        counts = connection.execute(query, {"since": today - 7 * weeks, "today": today + 1})
        return {source_id: items / weeks for source_id, items in counts}
