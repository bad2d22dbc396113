"""One scraper at a time: a lock that dies with its owner, however that ends."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from db.engine import is_sqlite, sqlite_path
from db.errors import DatabaseError, DatabaseUnusable

_ADVISORY_KEY = 0x63726166742E7763  # "craft.wc"


class AlreadyRunning(DatabaseError):
    """Another run holds the lock."""


class RunLock:
    """A lock that is held."""

    def renew(self) -> None:
        """Take it again where it was lost with its connection. Raises AlreadyRunning when another run has it now."""


@contextmanager
def run_lock(engine: Engine) -> Iterator[RunLock]:
    """Hold the lock of this database while the block runs. Raises AlreadyRunning at once when it is taken.

    SQLite: an flock on a file beside the database. PostgreSQL: a session's advisory lock, so a connection of its own;
    a pooler that hands sessions about between transactions (pgbouncer's transaction mode) would lose it.
    """
    if is_sqlite(engine):
        with _file_lock(sqlite_path(engine)):
            yield RunLock()
        return
    lock = _AdvisoryLock(engine)
    try:
        yield lock
    finally:
        lock.release()


@contextmanager
def _file_lock(database: Path) -> Iterator[None]:
    try:
        descriptor = os.open(f"{database}.lock", os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise DatabaseUnusable(f"The lock file {database}.lock cannot be opened: {error.strerror}.") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(f"Another scrape is under way on {database}.") from None
        yield
    finally:
        os.close(descriptor)


class _AdvisoryLock(RunLock):
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = self._take()

    def renew(self) -> None:
        if self._connection is not None:
            try:
                self._connection.execute(text("SELECT 1"))
                return
            except DBAPIError:
                self._connection.close()
                self._connection = None
        self._connection = self._take()  # raises while the server is not back; the next call tries again

    def release(self) -> None:
        if self._connection is None:
            return
        with suppress(DBAPIError):  # a connection that is gone holds no lock
            self._connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _ADVISORY_KEY})
        self._connection.close()

    def _take(self) -> Connection:
        connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        try:
            taken = connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": _ADVISORY_KEY}).scalar_one()
            if not taken:
                raise AlreadyRunning("Another scrape is under way on this database.")
        except BaseException:
            connection.close()
            raise
        return connection
