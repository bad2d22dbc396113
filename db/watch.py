"""What the scraper knows and remembers of its sources: the list, their state between runs, the log of their checks."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, delete, or_, select, text, update

from db.engine import is_sqlite
from db.shapes import Failure, Source, SourceMemory
from db.tables import ENTRY, FETCH_LOG, ROBOTS, SOURCE, SOURCE_STATE
from db.types import UTCDateTime

_SOURCE_FIELDS = tuple(SOURCE.c.keys())
_UPSERT = (
    f"INSERT INTO source ({', '.join(_SOURCE_FIELDS)}) VALUES ({', '.join(f':{name}' for name in _SOURCE_FIELDS)}) "  # noqa: S608
    f"ON CONFLICT (id) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in _SOURCE_FIELDS)}"
)


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
    """Make the table say what the file says; where it does, nothing is written.

    A source that left the file stays for its items' sake, disabled. One whose address, format or selectors changed
    starts afresh.
    """
    wanted = {source.id: _row(source) for source in sources}
    with engine.connect() as connection:
        if not any(_differing(connection, wanted)):
            return
    with engine.begin() as connection:
        if not is_sqlite(engine):  # where writers come one at a time anyway
            connection.execute(text("LOCK TABLE source IN SHARE ROW EXCLUSIVE MODE"))
        new, changed, moved, gone = _differing(connection, wanted)
        connection.execute(delete(SOURCE_STATE).where(SOURCE_STATE.c.source_id.in_(moved)))
        connection.execute(update(SOURCE).where(SOURCE.c.id.in_(gone)).values(enabled=False))
        if new or changed:
            connection.execute(text(_UPSERT), [wanted[source_id] for source_id in (*new, *changed)])
        connection.execute(
            text(
                "INSERT INTO source_state (source_id, next_check_reason, failures, moved_count) "
                "SELECT id, '', 0, 0 FROM source WHERE id NOT IN (SELECT source_id FROM source_state)"
            )
        )


def _differing(connection: Connection, wanted: Mapping[str, dict[str, Any]]) -> tuple[list[str], ...]:
    """Ids in four lists: not in the table yet; otherwise there; of these, to be read in another way; gone."""
    known = {row.id: dict(row._mapping) for row in connection.execute(select(SOURCE))}
    changed = [source_id for source_id, row in wanted.items() if known.get(source_id, row) != row]
    return (
        [source_id for source_id in wanted if source_id not in known],
        changed,
        [source_id for source_id in changed if _reading(known[source_id]) != _reading(wanted[source_id])],
        [source_id for source_id, row in known.items() if source_id not in wanted and row["enabled"]],
    )


def _row(source: Source) -> dict[str, Any]:
    row = {name: getattr(source, name) for name in _SOURCE_FIELDS}
    return row | {"selectors": json.dumps(asdict(source.selectors)) if source.selectors else ""}


def _reading(row: Mapping[str, Any]) -> tuple[str, ...]:
    """What must hold for what we remember of its document to be of use."""
    return row["feed_url"], row["format"], row["selectors"]


def load_memories(engine: Engine, source_ids: Sequence[str] | None = None) -> dict[str, SourceMemory]:
    """Source id → what we remember of it; of all sources, or of these."""
    query = select(SOURCE_STATE)
    if source_ids is not None:
        query = query.where(SOURCE_STATE.c.source_id.in_(source_ids))
    with engine.connect() as connection:
        return {row.source_id: SourceMemory(**row._mapping) for row in connection.execute(query)}


def known_entries(engine: Engine, keys: Mapping[str, Sequence[str]]) -> dict[str, dict[str, str]]:
    """Source id → entry_key → content_hash of those among these `keys` of each source that we have met."""
    if not any(keys.values()):
        return {}
    with engine.connect() as connection:
        return {
            source_id: {
                row.entry_key: row.content_hash
                for start in range(0, len(wanted), 500)
                for row in connection.execute(_KNOWN, {"source_id": source_id, "some": wanted[start : start + 500]})
            }
            for source_id, wanted in keys.items()
        }


_KNOWN = select(ENTRY.c.entry_key, ENTRY.c.content_hash).where(
    ENTRY.c.source_id == bindparam("source_id"),
    ENTRY.c.entry_key.in_(bindparam("some", expanding=True)),
)


def record_checks(connection: Connection, checks: Iterable[tuple[SourceMemory, Check, Any]]) -> None:
    """Keep what we remember of the sources and add the checks, with the counts of their items, to the log.

    In the caller's transaction.
    """
    remembered, logged = [], []
    for memory, check, counts in sorted(checks, key=lambda each: each[0].source_id):  # lest two writers wait in a ring
        values = _values(memory)
        source_id = values.pop("source_id")
        reason = str(check.reason) if check.reason else None
        remembered.append({"of_source": source_id, **{f"new_{name}": value for name, value in values.items()}})
        logged.append({"source_id": source_id, **_values(check), "reason": reason, **_values(counts)})
    connection.execute(_REMEMBER, remembered)
    connection.execute(_LOG, logged)


def _values(record: Any) -> dict[str, Any]:
    """The fields of a dataclass, not copied as asdict would."""
    return {name: getattr(record, name) for name in record.__dataclass_fields__}


# Made once: making them takes longer than running them.
_REMEMBER = (
    update(SOURCE_STATE)
    .where(SOURCE_STATE.c.source_id == bindparam("of_source"))
    .values({name: bindparam(f"new_{name}") for name in SourceMemory.__dataclass_fields__ if name != "source_id"})
)
_LOG = FETCH_LOG.insert()


def postpone(engine: Engine, source_ids: Sequence[str], until: datetime, reason: str) -> None:
    """Ask these sources no earlier than this; a later time that one has already stands."""
    with engine.begin() as connection:
        connection.execute(
            update(SOURCE_STATE)
            .where(SOURCE_STATE.c.source_id.in_(source_ids))
            .where(or_(SOURCE_STATE.c.next_check_at.is_(None), SOURCE_STATE.c.next_check_at < until))
            .values(next_check_at=until, next_check_reason=reason)
        )


def pardon(engine: Engine, source_ids: Sequence[str], at: datetime, reason: str) -> None:
    """Ask these sources again at this moment, as if it were the first time that they failed."""
    with engine.begin() as connection:
        connection.execute(
            update(SOURCE_STATE)
            .where(SOURCE_STATE.c.source_id.in_(source_ids))
            .where(SOURCE_STATE.c.next_check_at > at)
            .values(next_check_at=at, next_check_reason=reason, failures=1)
        )


def load_robots(engine: Engine) -> list[dict[str, Any]]:
    """`[{origin, text, fetched_at, unreachable_since}, …]`: what earlier runs learnt of robots.txt files."""
    with engine.connect() as connection:
        return [dict(row._mapping) for row in connection.execute(select(ROBOTS))]


def save_robots(engine: Engine, records: Iterable[dict[str, Any]]) -> None:
    """Put these in place of what was known of their origins."""
    rows = sorted(records, key=lambda record: str(record["origin"]))  # one order, lest two writers wait for each other
    if not rows:
        return
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO robots (origin, text, fetched_at, unreachable_since) "
                "VALUES (:origin, :text, :fetched_at, :unreachable_since) ON CONFLICT (origin) DO UPDATE SET "
                "text = excluded.text, fetched_at = excluded.fetched_at, unreachable_since = excluded.unreachable_since"
            ).bindparams(bindparam("fetched_at", type_=UTCDateTime), bindparam("unreachable_since", type_=UTCDateTime)),
            rows,
        )
