"""Opening the database, SQLite or PostgreSQL, for writing or for reading only."""

from __future__ import annotations

import logging
import math
import os
import sqlite3
import time
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import QueuePool

from db.errors import DatabaseUnusable, NoDatabase

logger = logging.getLogger(__name__)

WAIT_SECONDS = 30.0  # for a lock that another program holds
CONNECT_SECONDS = 10
READ_LIMIT_SECONDS = 1.0
_WRITER_CACHE_KB = 16_000  # a batch touches pages all over: without it they are written and read again within one
_CHECKPOINT_PAGES = 8_000  # 32 MB of write-ahead log before it is copied back: a page written often is copied once
_LONG_LOG_BYTES = 64 << 20
_LOG_WAIT_MS = 2_000  # for readers to let go of it; they are given READ_LIMIT_SECONDS
_LOG_TRY_MS = 50  # of one try: it waits for the place of a reader, which others may take and hand on for ever
_LOG_PAUSE_SECONDS = 0.005  # between two tries: who else copies it is not waited for within one
_MAPPED_BYTES = 1 << 36  # address space, not memory: readers share the system's cache of the file, page by page
_STEPS_BETWEEN_LOOKS = 10_000  # of SQLite's virtual machine: about a millisecond


class ReadingConnection(sqlite3.Connection):
    """A connection that gives up a statement (SQLITE_INTERRUPT) READ_LIMIT_SECONDS after the last `start_clock`."""

    _deadline = math.inf

    def start_clock(self) -> None:
        self._deadline = time.monotonic() + READ_LIMIT_SECONDS

    def stop_clock(self) -> None:
        self._deadline = math.inf

    def watch_clock(self) -> None:
        self.set_progress_handler(lambda: time.monotonic() > self._deadline, _STEPS_BETWEEN_LOOKS)


def open_engine(url: str, *, read_only: bool = False, wait_seconds: float = WAIT_SECONDS) -> Engine:
    """An engine whose transactions are safe by construction.

    Writers on SQLite begin IMMEDIATE: a read that turns into a write in a deferred transaction fails at once,
    whatever the busy timeout says. They wait for a lock no longer than `wait_seconds`. Readers cannot write: `mode=ro`
    and `query_only` on SQLite, `default_transaction_read_only` on PostgreSQL. A reader's statement is cut after
    READ_LIMIT_SECONDS, and it waits no longer than that for a lock; on PostgreSQL all that one transaction reads is of
    one moment, as it is on SQLite.
    Raises NoDatabase when there is no SQLite file to read, DatabaseUnusable where none can be made or a folder is.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _open_sqlite(parsed, read_only, wait_seconds)
    return _open_postgresql(parsed, read_only, wait_seconds)


def is_sqlite(engine: Engine) -> bool:
    return engine.dialect.name == "sqlite"


def sqlite_path(engine: Engine) -> Path:
    """The file of an SQLite engine, absolute."""
    return Path(engine.url.database or "")


def _open_sqlite(url: URL, read_only: bool, wait_seconds: float) -> Engine:
    path = Path(url.database or "").expanduser().absolute()
    if os.path.isdir(path):  # pathlib raises where this user may not look
        raise DatabaseUnusable(
            f"{path} is a folder; name a file in CRAFTWATCH_DATABASE_URL, such as sqlite:///{path / 'craftwatch.db'}"
        )
    if read_only and _is_missing(path):
        raise NoDatabase(f"There is no database at {path} yet. Run: craftwatch migrate")
    if not read_only:
        _make_folder(path.parent)

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"{path.as_uri()}?mode={'ro' if read_only else 'rwc'}",
            uri=True,
            timeout=READ_LIMIT_SECONDS if read_only else wait_seconds,
            isolation_level=None,  # we say BEGIN ourselves
            check_same_thread=False,
            cached_statements=512 if read_only else 128,
            factory=ReadingConnection if read_only else sqlite3.Connection,
        )
        connection.execute("PRAGMA foreign_keys = ON")
        if isinstance(connection, ReadingConnection):
            connection.watch_clock()
            connection.execute("PRAGMA query_only = ON")
            connection.execute(f"PRAGMA mmap_size = {_MAPPED_BYTES}")
        else:
            _write_ahead(connection)
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute(f"PRAGMA cache_size = -{_WRITER_CACHE_KB}")
            connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
        return connection

    named = URL.create("sqlite", database=str(path))
    engine = create_engine(named, creator=connect, pool_size=5, max_overflow=10, poolclass=QueuePool)
    if read_only:
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    else:
        log = _WriteAheadLog(Path(f"{os.path.realpath(path)}-wal"), wait_seconds)  # SQLite follows links as well
        event.listen(engine, "begin", log.keep_short)
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine


class _WriteAheadLog:
    """The file beside the database that SQLite copies back by itself, and begins anew when nobody reads from it.

    Under readers that never pause nobody lets go of it together: it would grow for ever, and every read with it.
    """

    def __init__(self, file: Path, wait_seconds: float) -> None:
        self._file, self._wait_seconds = file, wait_seconds
        self._limit = _LONG_LOG_BYTES

    def keep_short(self, connection: Connection) -> None:
        """Begin it anew when it is long, as soon as those who read from it have done so; they do not wait for us."""
        if self._size() > self._limit:
            connection.exec_driver_sql(f"PRAGMA busy_timeout = {_LOG_TRY_MS}")
            give_up = time.monotonic() + _LOG_WAIT_MS / 1000
            try:
                while not _begin_anew(connection) and time.monotonic() < give_up:
                    time.sleep(_LOG_PAUSE_SECONDS)
            except OperationalError as error:  # the save that follows tells what is wrong, if anything is
                logger.warning("The write-ahead log could not be begun anew: %s", error.orig)
            finally:
                connection.exec_driver_sql(f"PRAGMA busy_timeout = {int(self._wait_seconds * 1000)}")
            self._limit = self._size() + _LONG_LOG_BYTES  # one who reads on is not waited for at every save

    def _size(self) -> int:
        try:
            return os.stat(self._file).st_size
        except OSError:  # there is none yet
            return 0


def _begin_anew(connection: Connection) -> bool:
    """Empty the write-ahead log; false when it could not be, as somebody reads from it or copies it just now."""
    return not connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()[0]


def _is_missing(path: Path) -> bool:
    try:
        return not path.exists()
    except OSError:  # this user may not look; SQLite will say that it cannot be opened
        return False


def _write_ahead(connection: sqlite3.Connection) -> None:
    """The mode stays with the file, so another program's keeps the one it has; we refuse to work with it anyway."""
    ours_or_new = "SELECT count(*) = 0 OR sum(name = 'item_term') FROM sqlite_master"
    if connection.execute(ours_or_new).fetchone()[0]:
        connection.execute("PRAGMA journal_mode = WAL")


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatabaseUnusable(
            f"The folder {folder} cannot be made: {error.strerror}. Name another place in CRAFTWATCH_DATABASE_URL."
        ) from error


# When a PostgreSQL server that vanished without a word is given up: seconds, and milliseconds for what it has not
# acknowledged.
_NOTICED_WITHIN_A_MINUTE = {
    "keepalives_idle": 20,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 50_000,
}
_NOTICED_SOON = {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3, "tcp_user_timeout": 10_000}


def _open_postgresql(url: URL, read_only: bool, wait_seconds: float) -> Engine:
    options = f"-c lock_timeout={max(1, int(wait_seconds * 1000))}"  # to PostgreSQL, 0 means for ever
    if read_only:
        options = f"-c default_transaction_read_only=on -c statement_timeout={int(READ_LIMIT_SECONDS * 1000)}"
    arguments: dict[str, Any] = {"options": options, "connect_timeout": 3 if read_only else CONNECT_SECONDS}
    arguments |= _NOTICED_SOON if read_only else _NOTICED_WITHIN_A_MINUTE
    return create_engine(
        url.set(drivername="postgresql+psycopg"),
        connect_args=arguments,
        pool_pre_ping=True,
        **({"isolation_level": "REPEATABLE READ"} if read_only else {}),
    )
