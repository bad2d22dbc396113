"""Bringing an archive into another database, of either kind, in steps that can be interrupted."""

# ruff: noqa: S608 -- names of tables and columns are our own

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from operator import itemgetter
from typing import Any

from sqlalchemy import Boolean, Connection, Engine, Table, text

from db import bulk
from db.contents import (
    TABLES,
    Adding,
    Contents,
    OnRows,
    Values,
    count_rows,
    key_places,
    one_moment,
    read_contents,
    read_rows,
)
from db.engine import is_sqlite, open_engine
from db.errors import DatabaseUnusable, NotEmpty
from db.lock import run_lock
from db.migrations import HALF_COPIED, locked_archive, migrate
from db.tables import ITEM
from db.words import insert_items

ROWS_PER_STEP = 20_000  # that are committed at once
_FACTS, _COUNTERS = TABLES[:-1], TABLES[-1]


def copy_archive(
    source: Engine,
    target: Engine,
    *,
    on_start: Callable[[int], None] = lambda rows: None,
    on_rows: OnRows = lambda count: None,
) -> dict[str, Contents]:
    """Make `target` hold exactly what `source` holds now; no run may be under way on either. Its tables' contents.

    Interrupted and repeated, it goes on where it was; what changed in the source meanwhile is brought over too. Until
    it is done, nothing else works with the target. `on_start` is told how many rows `on_rows` will be told of.
    Raises NotEmpty for a target with an archive of its own, DatabaseUnusable when the two differ in the end.
    """
    if address_of(source) == address_of(target):
        raise NotEmpty("That is the database that is to be copied. Name another.")
    with locked_archive(source), run_lock(target):
        migrate(target)
        _claim(target, source)
        with reading(source) as moment:
            on_start(2 * sum(count_rows(moment).values()))
            contents = fill(moment, target, on_rows)
    tidy(target)
    return contents


def fill(moment: Connection, target: Engine, on_rows: OnRows = lambda count: None) -> dict[str, Contents]:
    """Make a migrated database hold what `moment` reads, step by step, and verify it. Raises DatabaseUnusable."""
    contents = {table.name: _bring_over(moment, table, target, on_rows) for table in _FACTS}
    with reading(target) as copied:
        for table in _FACTS:
            expect(table, read_contents(copied, table, on_rows), contents[table.name])
    with target.begin() as connection:
        set_sequences(connection)
    contents[_COUNTERS.name] = _bring_over(moment, _COUNTERS, target, on_rows)
    with reading(target) as copied:
        expect(_COUNTERS, read_contents(copied, _COUNTERS, on_rows), contents[_COUNTERS.name])
    return contents


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """The whole database of an engine, at one moment, beside whoever writes to it."""
    reader = open_engine(engine.url.render_as_string(hide_password=False), read_only=True)
    try:
        with one_moment(reader) as connection:
            yield connection
    finally:
        reader.dispose()


def address_of(engine: Engine) -> str:
    """Which database that is, without the password."""
    return engine.url.set(username=None, password=None, drivername=engine.dialect.name).render_as_string()


def expect(table: Table, found: Contents, wanted: Contents) -> None:
    """Raises DatabaseUnusable where a table is not what it is to be."""
    if found != wanted:
        raise DatabaseUnusable(
            f"The copy differs from the original: {table.name} has {found.rows:,} rows, {wanted.rows:,} were expected, "
            "or their checksums differ. Make sure that nothing else writes to it and run the command again."
        )


def add_rows(connection: Connection, table: Table, rows: list[Values]) -> None:
    """Rows that are not there yet, as fast as the database takes them."""
    columns = [column.name for column in table.columns]
    if connection.dialect.name == "sqlite":
        if table.name == ITEM.name:
            insert_items(connection, columns, rows)
        else:
            bulk.insert(connection, table.name, columns, rows)
        return
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY {table.name} ({', '.join(columns)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def set_sequences(connection: Connection) -> None:
    """Let new rows be numbered from the highest number on; SQLite does so by itself."""
    if connection.dialect.name == "sqlite":
        return
    for table in TABLES:
        column = table.autoincrement_column
        if column is not None:
            sequence = f"pg_get_serial_sequence('{table.name}', '{column.name}')"
            connection.execute(text(f"SELECT setval({sequence}, max({column.name})) FROM {table.name}"))


def tidy(engine: Engine) -> None:
    """Let PostgreSQL know what it has: until then it plans badly, and reads each row to see whether it is there."""
    if not is_sqlite(engine):
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM (ANALYZE)"))


def _claim(target: Engine, source: Engine) -> None:
    """Mark the target as a half-done copy of the source. Raises NotEmpty when it is anything else."""
    mark = int.from_bytes(hashlib.sha256(address_of(source).encode()).digest()[:7])
    with target.begin() as connection:
        found = connection.scalar(text("SELECT value FROM counter WHERE name = :name"), {"name": HALF_COPIED})
        if found == mark:
            return
        if found is not None:
            raise NotEmpty("There is a half-done copy of another database. Name an empty database.")
        if any(rows for name, rows in count_rows(connection).items() if name != _COUNTERS.name):
            raise NotEmpty("There is an archive already. Name an empty database; a copy never mixes two archives.")
        connection.execute(text("INSERT INTO counter VALUES (:name, :mark)"), {"name": HALF_COPIED, "mark": mark})


def _bring_over(moment: Connection, table: Table, target: Engine, on_rows: OnRows) -> Contents:
    adding = Adding()

    def passing() -> Iterator[Values]:
        for rows in read_rows(moment, table):
            adding.add(rows)
            yield from rows
            on_rows(len(rows))

    with _rows_there(target, table) as there:
        for step in _steps(differences(passing(), there, itemgetter(*key_places(table)))):
            with target.begin() as connection:
                _take(connection, table, step)
    return adding.contents()


@contextmanager
def _rows_there(target: Engine, table: Table) -> Iterator[Iterator[Values]]:
    """What is in the target already. A reader beside the writer lets SQLite's log grow: none where there is nothing."""
    with target.connect() as connection:
        empty = connection.scalar(text(f"SELECT 1 FROM {table.name} LIMIT 1")) is None
    if empty:
        yield iter(())
        return
    with reading(target) as copied:
        yield chain.from_iterable(read_rows(copied, table))


def differences(
    wanted: Iterable[Values], there: Iterator[Values], key: Callable[[Values], Any]
) -> Iterator[tuple[str, Values]]:
    """What makes `there` like `wanted`: ("add" | "change" | "drop", row), both given in the order of their keys."""
    row_there = next(there, None)
    for row in wanted:
        while row_there is not None and key(row_there) < key(row):
            yield "drop", row_there
            row_there = next(there, None)
        if row_there is None or key(row_there) != key(row):
            yield "add", row
            continue
        if row_there != row:
            yield "change", row
        row_there = next(there, None)
    while row_there is not None:
        yield "drop", row_there
        row_there = next(there, None)


Step = dict[str, list[Values]]


def _steps(found: Iterable[tuple[str, Values]]) -> Iterator[Step]:
    step: Step = {"drop": [], "change": [], "add": []}
    for number, (what, row) in enumerate(found, start=1):
        step[what].append(row)
        if number % ROWS_PER_STEP == 0:
            yield step
            step = {"drop": [], "change": [], "add": []}
    yield step


def _take(connection: Connection, table: Table, step: Step) -> None:
    places = key_places(table)
    columns = list(table.columns)
    key = " AND ".join(f"{columns[place].name} = ?" for place in places)
    bulk.run(connection, f"DELETE FROM {table.name} WHERE {key}", [_pick(row, places) for row in step["drop"]])
    if step["change"]:
        changes = ", ".join(f"{column.name} = {_value(column.type)}" for column in columns)
        changed = [(*row, *_pick(row, places)) for row in step["change"]]
        bulk.run(connection, f"UPDATE {table.name} SET {changes} WHERE {key}", changed)
    if step["add"]:
        add_rows(connection, table, step["add"])


def _pick(row: Values, places: tuple[int, ...]) -> Values:
    return tuple(row[place] for place in places)


def _value(kind: Any) -> str:
    """PostgreSQL takes no number for a boolean."""
    return "CAST(CAST(? AS INTEGER) AS BOOLEAN)" if isinstance(kind, Boolean) else "?"
