"""One scraper at a time: a lock that dies with its owner, however that ends."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, text

from db.engine import is_sqlite, sqlite_path
from db.errors import DatabaseError, DatabaseUnusable

_ADVISORY_KEY = 0x63726166742E7763  # "craft.wc"


class AlreadyRunning(DatabaseError):
    """Another run holds the lock."""


@contextmanager
def run_lock(engine: Engine) -> Iterator[None]:
    """Hold the lock of this database while the block runs. Raises AlreadyRunning at once when it is taken.

    SQLite: an flock on a file beside the database. PostgreSQL: a session's advisory lock, so a connection of its own;
    a pooler that hands sessions about between transactions (pgbouncer's transaction mode) would lose it.
    """
    with _file_lock(sqlite_path(engine)) if is_sqlite(engine) else _advisory_lock(engine):
        yield


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


@contextmanager
def _advisory_lock(engine: Engine) -> Iterator[None]:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        taken = connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": _ADVISORY_KEY}).scalar_one()
        if not taken:
            raise AlreadyRunning("Another scrape is under way on this database.")
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _ADVISORY_KEY})
