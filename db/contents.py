"""An archive as a whole: every row of every table at one moment, in an order both kinds of database agree on."""

# ruff: noqa: S608 -- names of tables and columns are our own

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Boolean, Connection, Engine, Table, Text, text

from db.models import Counter, metadata

BATCH = 5_000  # rows read at once
_COUNTERS: Table = Counter.__table__  # type: ignore[attr-defined]
# What others refer to first. The counters last: they say that all the rest is there.
TABLES = (*(table for table in metadata.sorted_tables if table is not _COUNTERS), _COUNTERS)

Values = tuple[Any, ...]  # a row as the driver gives it: moments as seconds, lists as JSON text, booleans as 0 or 1
OnRows = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Contents:
    """What is in a table: equal exactly when the rows are, on whichever kind of database."""

    rows: int
    checksum: str


class Adding:
    """Contents, row by row in the order of the key."""

    def __init__(self) -> None:
        self._rows, self._hash = 0, hashlib.blake2b(digest_size=16)

    def add(self, rows: list[Values]) -> None:
        self._rows += len(rows)
        self._hash.update("".join(map(repr, rows)).encode("utf-8", "surrogatepass"))

    def contents(self) -> Contents:
        return Contents(self._rows, self._hash.hexdigest())


@contextmanager
def one_moment(engine: Engine) -> Iterator[Connection]:
    """A transaction that reads the archive as it is now, for as long as it takes; nobody who writes waits for it.

    `engine` is open for reading only.
    """
    with engine.connect() as connection, connection.begin():
        if not _is_sqlite(connection):
            connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("SELECT 1 FROM alembic_version"))  # SQLite's moment is that of the first read
        yield connection


def read_rows(connection: Connection, table: Table) -> Iterator[list[Values]]:
    """The rows of a table in batches, by key, texts by code point; one at a time of a connection on PostgreSQL."""
    driver = connection.connection.driver_connection
    assert driver is not None
    sqlite = _is_sqlite(connection)
    # A cursor with a name leaves the rows with the server until they are asked for.
    with_name = {} if sqlite else {"name": f"whole_{table.name}"}
    cursor = driver.cursor(**with_name)
    try:
        cursor.execute(in_order(table, sqlite=sqlite))
        while rows := cursor.fetchmany(BATCH):
            yield rows
    finally:
        cursor.close()


def count_rows(connection: Connection) -> dict[str, int]:
    """Table → how many rows it has."""
    return {table.name: connection.scalar(text(f"SELECT count(*) FROM {table.name}")) or 0 for table in TABLES}


def read_contents(connection: Connection, table: Table, on_rows: OnRows = lambda count: None) -> Contents:
    adding = Adding()
    for rows in read_rows(connection, table):
        adding.add(rows)
        on_rows(len(rows))
    return adding.contents()


def key_places(table: Table) -> tuple[int, ...]:
    """Where in a row its key is, in the order of `read_rows`."""
    columns = list(table.columns)
    return tuple(columns.index(column) for column in table.primary_key)


def in_order(table: Table, *, sqlite: bool) -> str:
    """The statement that gives all rows of a table by key."""
    columns = (
        f"CAST({column.name} AS INTEGER)" if isinstance(column.type, Boolean) else column.name
        for column in table.columns
    )
    # SQLite compares texts byte by byte, PostgreSQL in the ways of a language unless told otherwise.
    plain = "" if sqlite else ' COLLATE "C"'
    order = (f"{column.name}{plain if isinstance(column.type, Text) else ''}" for column in table.primary_key)
    return f"SELECT {', '.join(columns)} FROM {table.name} ORDER BY {', '.join(order)}"


def _is_sqlite(connection: Connection) -> bool:
    return connection.dialect.name == "sqlite"
