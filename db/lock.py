"""Scrapes, and work on the whole archive that nothing may scrape beside: a lock that dies with its owner."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, OperationalError

from db.engine import is_sqlite, sqlite_path
from db.errors import DatabaseError, DatabaseUnusable

_ADVISORY_KEY = 0x63726166742E7763  # "craft.wc"
_LOCK_NOT_AVAILABLE = "55P03"  # of PostgreSQL; its driver takes long to import and SQLite needs none


class AlreadyRunning(DatabaseError):
    """Another run holds the lock, or all the sources that this one was to ask."""


class RunLock:
    """A lock that is held."""

    def renew(self) -> None:
        """Take it again where it was lost with its connection. Raises AlreadyRunning when another run has it now."""


@contextmanager
def run_lock(engine: Engine, *, shared: bool = False) -> Iterator[RunLock]:
    """Hold the lock of this database while the block runs. Raises AlreadyRunning when others do not let go of it.

    SQLite: an flock on a file beside the database, which a second run is told of at once. PostgreSQL: a session's
    advisory lock, so a connection of its own; a pooler that hands sessions about between transactions (pgbouncer's
    transaction mode) would lose it. There a scrape's is `shared`: any number of them hold it together. Who wants it
    alone waits for them as long as for any other lock (`lock_timeout`), and none begins meanwhile.
    """
    if is_sqlite(engine):
        with _file_lock(sqlite_path(engine)):
            yield RunLock()
        return
    lock = _AdvisoryLock(engine, shared)
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
            raise AlreadyRunning(f"Another scrape, or work on the whole archive, is under way on {database}.") from None
        yield
    finally:
        os.close(descriptor)


class _AdvisoryLock(RunLock):
    def __init__(self, engine: Engine, shared: bool) -> None:
        self._engine = engine
        self._shared = shared
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
            self._connection.execute(text("SELECT pg_advisory_unlock_all()"))
        self._connection.close()

    def _take(self) -> Connection:
        connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        try:
            if not self._taken(connection):
                raise AlreadyRunning("Another scrape, or work on the whole archive, is under way on this database.")
        except BaseException:
            connection.close()
            raise
        return connection

    def _taken(self, connection: Connection) -> bool:
        if self._shared:
            # Refused as well while somebody waits for the lock alone, who would else wait for ever.
            shared = text("SELECT pg_try_advisory_lock_shared(:key)")
            return bool(connection.execute(shared, {"key": _ADVISORY_KEY}).scalar_one())
        try:
            connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _ADVISORY_KEY})
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) == _LOCK_NOT_AVAILABLE:
                return False
            raise
        return True
