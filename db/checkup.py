"""What can be seen of a database's health without changing it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, text

from db.backup import integrity_fault
from db.types import from_epoch

_NO_ENTRY = "items came from no entry"
RETAGGED = "retagged_with"  # a counter: which rules `retag` last gave to every item


@dataclass(frozen=True, slots=True)
class Vitals:
    """`ahead` is how far the database's clock is before ours, in seconds; None where it has no clock of its own."""

    items: int
    newest_receipt: datetime | None
    items_of_older_rules: int
    ahead: float | None


def take_vitals(connection: Connection, rules_version: str, now: datetime) -> Vitals:
    newest = connection.scalar(text("SELECT max(received_at) FROM item"))
    return Vitals(
        items=connection.scalar(text("SELECT count(*) FROM item")) or 0,
        newest_receipt=None if newest is None else from_epoch(newest),
        items_of_older_rules=_items_of_older_rules(connection, rules_version),
        ahead=seconds_ahead(connection, now),
    )


def seconds_ahead(connection: Connection, now: datetime) -> float | None:
    if connection.dialect.name == "sqlite":
        return None
    theirs = connection.scalar(text("SELECT CAST(extract(epoch FROM clock_timestamp()) AS double precision)"))
    return float(theirs or 0.0) - now.timestamp()


def file_faults(connection: Connection) -> list[str]:
    """What the database itself finds wrong with what is on its disk; the whole SQLite file is read."""
    if connection.dialect.name == "sqlite":
        fault = integrity_fault(connection)
        return [] if fault is None else [fault]
    faults = [
        f"the index {name} is not valid"
        for name in connection.scalars(text("SELECT CAST(indexrelid AS regclass) FROM pg_index WHERE NOT indisvalid"))
    ]
    failures = connection.scalar(
        text("SELECT checksum_failures FROM pg_stat_database WHERE datname = current_database()")
    )
    return [*faults, f"{failures} pages had a wrong checksum"] if failures else faults


def count_faults(connection: Connection) -> list[str]:
    """Which of the numbers that are kept twice do not agree."""
    faults = [fault for fault, query in _COUNTED_TWICE.items() if connection.scalar(text(query))]
    if connection.dialect.name == "sqlite" and connection.scalar(text(_NOT_SEARCHED)):
        faults.append("not every item can be found by its words")
    return faults


def count_advice(fault: str) -> str:
    """What to do about a fault of `count_faults`: entries are derived from nothing that we have, all else is."""
    if fault == _NO_ENTRY:
        return "Their feeds may bring them again; else run: craftwatch restore FILE --force, with a backup from before."
    return "Counts and searches are wrong. Run: craftwatch rebuild"


def note_retagged(engine: Engine, rules_version: str) -> None:
    """Remember that every item has been given the tags of these rules."""
    with engine.begin() as connection:
        connection.execute(
            text("INSERT INTO counter VALUES (:name, :value) ON CONFLICT (name) DO UPDATE SET value = excluded.value"),
            {"name": RETAGGED, "value": _number_of(rules_version)},
        )


def is_writable(connection: Connection) -> bool:
    """Whether a PostgreSQL server takes writes, from this user; of SQLite only the file system knows."""
    if connection.dialect.name == "sqlite":
        return True
    query = "SELECT NOT pg_is_in_recovery() AND has_table_privilege('item', 'INSERT')"
    return bool(connection.scalar(text(query)))


def _items_of_older_rules(connection: Connection, rules_version: str) -> int:
    """How many items have tags of other rules. Retagging leaves an item alone that the new rules tag the same."""
    retagged = connection.scalar(text("SELECT value FROM counter WHERE name = :name"), {"name": RETAGGED})
    if retagged == _number_of(rules_version):
        return 0
    query = text("SELECT count(*) FROM item WHERE rules_version <> :rules")
    return connection.scalar(query, {"rules": rules_version}) or 0


def _number_of(rules_version: str) -> int:
    return int.from_bytes(hashlib.sha256(rules_version.encode()).digest()[:7])


_COUNTED_TWICE = {
    "the counts per day differ from the items": (
        "SELECT 1 FROM (SELECT term_id, count(*) AS items FROM item_term GROUP BY term_id UNION ALL "
        "SELECT term_id, -sum(items) FROM term_day GROUP BY term_id) AS counted "
        "GROUP BY term_id HAVING sum(items) <> 0 LIMIT 1"
    ),
    "items are not filed": (
        "SELECT 1 WHERE (SELECT count(*) FROM item) <> "
        "(SELECT count(*) FROM item_term JOIN term ON term_id = term.id WHERE axis = 'tracked')"
    ),
    "items are filed under terms that there are not": (
        "SELECT 1 WHERE EXISTS (SELECT term_id FROM term_day WHERE items <> 0 AND term_id NOT IN (SELECT id FROM term))"
    ),
    _NO_ENTRY: (
        "SELECT 1 WHERE EXISTS "
        "(SELECT 1 FROM item WHERE NOT EXISTS (SELECT 1 FROM entry WHERE entry.item_id = item.id))"
    ),
}
_NOT_SEARCHED = "SELECT (SELECT count(*) FROM item) <> (SELECT count(*) FROM item_search_docsize)"
