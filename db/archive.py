"""The archive as readers see it: snapshots of one moment, and what is remembered between them."""

from __future__ import annotations

import re
import sqlite3
import sys
from collections import OrderedDict, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from db.engine import READ_LIMIT_SECONDS, ReadingConnection, open_engine
from db.errors import DatabaseError, DatabaseUnusable, TooSlow, explain
from db.filing import TermKey
from db.migrations import check_schema
from db.sets import SetKeeper, TermSets
from db.steps import Steps

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
        self.is_sqlite = url.startswith("sqlite")
        self._engine: Engine | None = None
        self._idle: list[ReadingConnection] = []
        self.terms = _Terms()
        self.workings = Workings()
        self.keeper = SetKeeper(self.snapshot)

    @contextmanager
    def snapshot(self, at: Moment | None = None, *, in_memory: bool = False) -> Iterator[Snapshot]:
        """One moment of the archive, in one read transaction.

        Of the moment `at`, where one was read already, the transaction begins with the first statement, and Moved is
        raised there if there is a newer moment by then; `in_memory`: NotInMemory is raised there instead.
        """
        snapshot = Snapshot(self, in_memory)
        try:
            snapshot.stand_at(at or snapshot.begin())
            yield snapshot
        except _driver_errors() as error:
            snapshot.break_off()
            raise _explain(error) from error
        except DBAPIError as error:
            raise explain(error) from error
        except PoolTimeout as error:
            raise DatabaseUnusable("Every connection to the database is busy; try again.") from error
        finally:
            snapshot.end()

    def take_connection(self) -> Any:
        """A connection whose next statement is the first of a read transaction: to give back, or to close if it failed.

        SQLite's are our own: SQLAlchemy's pool would take longer than the questions that most requests ask.
        """
        engine = self._open()
        if not self.is_sqlite:
            return engine.raw_connection()
        try:
            connection = self._idle.pop()
        except IndexError:  # asked first and then taken, it could be another thread's by then
            connection = _detached(engine)
        try:
            connection.start_clock()
            connection.execute("BEGIN")
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def give_back(self, connection: Any) -> None:
        if not self.is_sqlite:
            connection.close()
            return
        try:
            connection.rollback()
        except sqlite3.Error:  # of no use to anybody any more
            connection.close()
        else:
            self._idle.append(connection)

    def refresh(self) -> Steps[None]:
        """Have idle connections let go of the pages of an older version: else the next reader waits for that.

        SQLite drops all that a connection has mapped when the file was changed by another: a millisecond at times.
        """
        for _ in range(len(self._idle)):
            with suppress(IndexError):  # another thread may have taken it
                connection = self._idle.pop(0)
                connection.start_clock()
                try:
                    connection.execute("SELECT 1 FROM counter").fetchall()
                except sqlite3.Error:
                    connection.close()
                else:
                    self._idle.append(connection)
            yield

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


class Moment(NamedTuple):
    """A data version, and the second since 1970 in which it came to be."""

    version: int
    changed_at: int


class Moved(Exception):
    """There is a newer moment than the one that was to be read of."""


class NotInMemory(Exception):
    """What is in memory does not hold the answer; the database must be asked."""


class Snapshot:
    """What one request reads. `version` is the data version, `changed_at` its second since 1970.

    `plans` and `matches` are what was worked out for a filter in this version already, by whatever request.
    """

    __slots__ = (
        "_archive",
        "_connection",
        "_cursor",
        "_in_memory",
        "_read_version",
        "changed_at",
        "matches",
        "plans",
        "sqlite",
        "version",
    )

    def __init__(self, archive: Archive, in_memory: bool) -> None:
        self._archive, self._in_memory = archive, in_memory
        self._connection: Any = None
        self._cursor: Any = None
        self._read_version = -1  # of the transaction, once begun
        self.sqlite = archive.is_sqlite

    def stand_at(self, moment: Moment) -> None:
        """Be of this moment, with what was worked out in it before."""
        self.version, self.changed_at = moment
        self.plans, self.matches = self._archive.workings.at(self.version)

    @property
    def moment(self) -> Moment:
        return Moment(self.version, self.changed_at)

    def begin(self) -> Moment:
        """Begin the transaction; of which moment it is."""
        if self._in_memory:
            raise NotInMemory
        self._connection = self._archive.take_connection()
        self._cursor = self._connection.cursor()
        moment = Moment(*self._ask(_MOMENT, ())[0])
        self._read_version = moment.version
        return moment

    def end(self) -> None:
        """End the transaction, where one was begun."""
        if self._connection is not None:
            self._archive.give_back(self._connection)
            self._connection = self._cursor = None

    def break_off(self) -> None:
        """End on a connection that failed: of SQLite's none is used again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = self._cursor = None

    def rows(self, statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of a statement whose parameters are written `?`, on either database."""
        self._reach_database()
        return self._ask(statement, parameters)

    def batches(self, statement: str, parameters: Sequence[Any], size: int) -> Iterator[list[tuple[Any, ...]]]:
        """The same, so many at a time; nothing else may be asked before the last."""
        self._reach_database()
        self._cursor.execute(statement if self.sqlite else _for_psycopg(statement), parameters)
        while rows := self._cursor.fetchmany(size):
            yield rows

    def rows_of_any_moment(self, statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The same, of this moment or a later one: for rows that say themselves since when they are as they are."""
        if self._cursor is None:
            self.begin()
        return self._ask(statement, parameters)

    def _reach_database(self) -> None:
        if self._cursor is None:
            self.begin()
        if self._read_version != self.version:
            raise Moved

    def _ask(self, statement: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        self._cursor.execute(statement if self.sqlite else _for_psycopg(statement), parameters)
        return self._cursor.fetchall()  # type: ignore[no-any-return]  # the DB-API's cursors are untyped

    def one(self, statement: str, parameters: Sequence[Any] = ()) -> Any:
        """The first value of the first row; None where there is none."""
        rows = self.rows(statement, parameters)
        return rows[0][0] if rows else None

    def take_time(self) -> None:
        """Let this snapshot's statements take as long as they need: for work that is not an answer."""
        self._reach_database()
        if self.sqlite:
            self._connection.stop_clock()
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
        """How many items a term has on these days: of all days from the sets where they are ready, else as kept."""
        if days == ALL_DAYS and self.has_sets() and (sets := self.sets()) is not None:
            return sets.size(term_id)
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
            self.forget_counts()
        counts = self._counts[snapshot.version]
        if len(counts) > 50_000:
            counts.clear()
        return counts

    def forget_counts(self) -> None:
        self._counts.clear()


class Workings:
    """What was worked out for filters in two data versions, those last read of: a match may be an eighth of an MB."""

    LIMIT = 200
    VERSIONS = 2  # the one that requests are answered of, and a newer one that the database told of

    def __init__(self) -> None:
        self._held: OrderedDict[int, tuple[dict[Any, Any], dict[Any, Any]]] = OrderedDict()

    def at(self, version: int) -> tuple[dict[Any, Any], dict[Any, Any]]:
        """Plans and matches."""
        held = self._held.get(version)
        if held is None or len(held[0]) + len(held[1]) > self.LIMIT:
            held = self._held[version] = {}, {}
        with suppress(KeyError):  # another thread may have dropped it
            self._held.move_to_end(version)
            if len(self._held) > self.VERSIONS:
                self._held.popitem(last=False)
        return held


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
