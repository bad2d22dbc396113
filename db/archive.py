"""The archive as readers see it: snapshots of one moment, and what is remembered between them."""

from __future__ import annotations

import re
import sqlite3
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from db.engine import READ_LIMIT_SECONDS, ReadingConnection, is_sqlite, open_engine
from db.errors import DatabaseError, DatabaseUnusable, TooSlow, explain
from db.filing import TermKey
from db.migrations import check_schema
from db.sets import SetKeeper, TermSets

TIE_BITS = 20  # of an item's id: what tells apart the items of one second
SECONDS_PER_DAY = 86_400

_MOMENT = (
    "SELECT (SELECT value FROM counter WHERE name = 'data_version'), "
    "(SELECT value FROM counter WHERE name = 'data_changed_at')"
)

Days = tuple[int, int]  # first and last day, UTC, days since 1970
ALL_DAYS: Days = (-(2**31), 2**31 - 1)


class Archive:
    """A database opened for reading only, when it is first asked.

    Everything that reads raises a db.errors.DatabaseError where the database is missing, of another version, locked
    or out of reach, and TooSlow when a statement took longer than READ_LIMIT_SECONDS.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._engine: Engine | None = None
        self._idle: list[ReadingConnection] = []
        self.terms = _Terms()
        self.workings = _Workings()
        self.keeper = SetKeeper(self.snapshot)

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """One moment of the archive, in one read transaction."""
        try:
            engine = self._open()
            with self._sqlite(engine) if is_sqlite(engine) else _pooled(engine) as driver:
                yield Snapshot(driver.cursor(), self, driver)
        except _driver_errors() as error:
            raise _explain(error) from error
        except DBAPIError as error:
            raise explain(error) from error
        except PoolTimeout as error:
            raise DatabaseUnusable("Every connection to the database is busy; try again.") from error

    @contextmanager
    def _sqlite(self, engine: Engine) -> Iterator[ReadingConnection]:
        """One of our own: SQLAlchemy's pool would take longer than the questions that most requests ask."""
        try:
            driver = self._idle.pop()
        except IndexError:  # asked first and then taken, it could be another thread's by then
            driver = _detached(engine)
        try:
            driver.start_clock()
            driver.execute("BEGIN")
            yield driver
        except sqlite3.Error:
            driver.close()
            raise
        finally:
            with suppress(sqlite3.ProgrammingError):  # closed
                driver.rollback()
                self._idle.append(driver)

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    def _open(self) -> Engine:
        if self._engine is None:
            engine = open_engine(self._url, read_only=True)
            try:
                check_schema(engine)
            except (DBAPIError, DatabaseError):
                engine.dispose()
                raise
            self._engine = engine
        return self._engine


def _detached(engine: Engine) -> ReadingConnection:
    connection = engine.raw_connection()
    driver = connection.driver_connection
    assert isinstance(driver, ReadingConnection)
    connection.detach()
    return driver


@contextmanager
def _pooled(engine: Engine) -> Iterator[Any]:
    connection = engine.raw_connection()
    try:
        yield connection.driver_connection
    finally:
        connection.close()


class Snapshot:
    """What one request reads. `version` is the data version, `changed_at` its second since 1970.

    `plans` and `matches` are what was worked out for a filter in this version already, by whatever request.
    """

    __slots__ = ("_archive", "_cursor", "_driver", "changed_at", "matches", "plans", "sqlite", "version")

    def __init__(self, cursor: Any, archive: Archive, driver: Any) -> None:
        self._cursor, self._archive, self._driver = cursor, archive, driver
        self.sqlite = isinstance(driver, ReadingConnection)
        self.version: int
        self.changed_at: int
        self.version, self.changed_at = self.rows(_MOMENT)[0]
        self.plans, self.matches = archive.workings.at(self.version)

    def rows(self, statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of a statement whose parameters are written `?`, on either database."""
        text = statement if self.sqlite else _for_psycopg(statement)
        self._cursor.execute(text, parameters)
        return self._cursor.fetchall()  # type: ignore[no-any-return]  # the DB-API's cursors are untyped

    def one(self, statement: str, parameters: Sequence[Any] = ()) -> Any:
        """The first value of the first row; None where there is none."""
        rows = self.rows(statement, parameters)
        return rows[0][0] if rows else None

    def take_time(self) -> None:
        """Let this snapshot's statements take as long as they need: for work that is not an answer."""
        if isinstance(self._driver, ReadingConnection):
            self._driver.stop_clock()
        else:
            self._cursor.execute("SET LOCAL statement_timeout = 0")

    def sets(self) -> TermSets | None:
        """The items under each term, in memory; None while they are not to be had, and the tables must be asked."""
        return self._archive.keeper.at(self)

    def has_sets(self) -> bool:
        """Whether `sets` were made already: until then large counts are estimates."""
        return self._archive.keeper.ready

    def term_ids(self) -> dict[TermKey, int]:
        """The number of every (axis, code) that an item was ever filed under."""
        return self._archive.terms.at(self).ids

    def term_keys(self) -> dict[int, TermKey]:
        return self._archive.terms.at(self).keys

    def codes(self, axis: str) -> dict[int, str]:
        """The code of every term of an axis, by number; a copy, for other readers may learn of new terms meanwhile."""
        return dict(self._archive.terms.at(self).codes[axis])

    def count(self, term_id: int, days: Days = ALL_DAYS) -> int:
        """How many items a term has on these days, from the kept counts."""
        counts = self._archive.terms.counts(self)
        found = counts.get((term_id, days))
        if found is None:
            statement = "SELECT coalesce(sum(items), 0) FROM term_day WHERE term_id = ? AND day BETWEEN ? AND ?"
            found = counts[term_id, days] = int(self.one(statement, (term_id, *days)))
        return found


class _Terms:
    """The numbers of terms, which never change, and the counts of one data version."""

    def __init__(self) -> None:
        self.ids: dict[TermKey, int] = {}
        self.keys: dict[int, TermKey] = {}
        self.codes: defaultdict[str, dict[int, str]] = defaultdict(dict)
        self._newest = 0
        self._version = -1
        self._counts: dict[int, dict[tuple[int, Days], int]] = defaultdict(dict)

    def at(self, snapshot: Snapshot) -> _Terms:
        if snapshot.version > self._version:
            for term_id, axis, code in snapshot.rows(
                "SELECT id, axis, code FROM term WHERE id > ? ORDER BY id", (self._newest,)
            ):
                self.ids[axis, code], self.keys[term_id] = term_id, (axis, code)
                self.codes[axis][term_id] = code
                self._newest = term_id
            self._version = snapshot.version
        return self

    def counts(self, snapshot: Snapshot) -> dict[tuple[int, Days], int]:
        if snapshot.version not in self._counts:
            self._counts.clear()
        counts = self._counts[snapshot.version]
        if len(counts) > 50_000:
            counts.clear()
        return counts


class _Workings:
    """What was worked out for filters in one data version, some of the last ones: a match may be an eighth of an MB."""

    LIMIT = 200

    def __init__(self) -> None:
        self._version = -1
        self._plans: dict[Any, Any] = {}
        self._matches: dict[Any, Any] = {}

    def at(self, version: int) -> tuple[dict[Any, Any], dict[Any, Any]]:
        """Plans and matches; empty ones for a version that is not the newest seen."""
        if version < self._version:
            return {}, {}
        if version > self._version or len(self._plans) + len(self._matches) > self.LIMIT:
            self._version, self._plans, self._matches = version, {}, {}
        return self._plans, self._matches


@lru_cache(maxsize=512)
def _for_psycopg(statement: str) -> str:
    return re.sub(r"\?", "%s", statement.replace("%", "%%"))


def _driver_errors() -> tuple[type[Exception], ...]:
    """psycopg's where it is loaded: that takes a while, and nobody who has SQLite has need of it."""
    psycopg = sys.modules.get("psycopg")
    return (sqlite3.Error, psycopg.Error) if psycopg else (sqlite3.Error,)


def _explain(error: Exception) -> Exception:
    """The driver's error as one that says what to do; a mistake of ours stays what it is."""
    kinds = {kind.__name__ for kind in type(error).__mro__}  # of PEP 249, and of psycopg.errors
    name = getattr(error, "sqlite_errorname", "") or ""
    if name == "SQLITE_INTERRUPT" or "QueryCanceled" in kinds:
        return TooSlow(f"The answer took longer than {READ_LIMIT_SECONDS:g} s to find.")
    mistaken = {"ProgrammingError", "DataError"} & kinds and not isinstance(error, sqlite3.Error)
    if name.startswith(("SQLITE_ERROR", "SQLITE_MISUSE")) or mistaken:
        return error
    return explain(DBAPIError(None, None, error))
