"""Backups of the archive: one SQLite file, from either kind of database and into either kind."""

from __future__ import annotations

import os
import re
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.exc import DBAPIError

from db.archive import TIE_BITS
from db.contents import TABLES, Adding, OnRows, count_rows, read_contents, read_rows
from db.copying import add_rows, expect, fill, reading, set_sequences, tidy
from db.engine import is_sqlite, open_engine, sqlite_path
from db.errors import BackupUnusable, DatabaseUnusable, NotEmpty, NotOurs, SchemaTooNew, SchemaTooOld, explain
from db.lock import run_lock
from db.migrations import check_schema, migrate
from db.types import from_epoch, to_epoch

PAGES_PER_STEP = 2_000
_OF_WORDS = re.compile(r"FTS5 table main\.item_search\b")  # SQLite 3.44 looks at the index as well; we, in db.words

OnStart = Callable[[int], None]  # how many rows, or pages, `on_rows` will be told of


@dataclass(frozen=True, slots=True)
class Inventory:
    """What an archive holds."""

    items: int
    sources: int
    newest_at: datetime | None  # publication of its newest item
    bytes: int  # of the file


def back_up(
    source: Engine, file: Path, *, on_start: OnStart = lambda count: None, on_rows: OnRows = lambda count: None
) -> Inventory:
    """Write what the database holds at this moment to `file`, in place of what was there; scrapers may go on writing.

    The file is there in full or not at all, is checked before it takes its name, and only its owner can read it: the
    addresses of feeds may hold passwords. Raises OSError, DatabaseError.
    """
    check_schema(source)
    if is_sqlite(source) and file.exists() and file.samefile(sqlite_path(source)):
        raise BackupUnusable(f"{file} is the database itself. Name another file for the backup.")
    with _beside(file) as part:
        with reading(source) as moment:
            if is_sqlite(source):
                _copy_pages(moment, part, on_start, on_rows)
            else:
                _copy_rows(moment, part, on_start, on_rows)
            counted = count_rows(moment)
        _seal(part)
        inventory = _check(part, counted)
        part.replace(file)
        _flush(file.parent)
    return inventory


def restore(
    file: Path,
    target: Engine,
    now: datetime,
    *,
    force: bool = False,
    on_start: OnStart = lambda count: None,
    on_rows: OnRows = lambda count: None,
) -> Inventory:
    """Put the archive of a backup in the place of what is in the database, all at once, and verify it.

    A backup of an older craftwatch is brought up to date; the file itself stays as it is. An SQLite database keeps its
    mode; one that is made anew only its owner can read, like the backup. Whoever reads meanwhile sees
    what was there before. The data version goes on past that of an archive that is replaced, so that no reader takes
    what it has kept for new.
    Raises BackupUnusable, SchemaTooNew (a backup of a later craftwatch), NotEmpty (unless `force`), AlreadyRunning, and
    NotOurs: another program's database is never replaced.
    """
    with _up_to_date(file) as backup, run_lock(target):
        if is_sqlite(target):
            _make_private(sqlite_path(target))
        migrate(target)
        before = _version_of_items(target)
        if before is not None and not force:
            raise NotEmpty("The database has items already. To replace them with those of the backup: --force")
        with reading(backup) as moment:
            on_start(2 * sum(count_rows(moment).values()))
            if is_sqlite(target):
                _replace_pages(moment, target, on_rows)
            else:
                _replace_rows(moment, target, on_rows)
            inventory = take_inventory(moment, file.stat().st_size)
        if before is not None:
            _go_on_from(target, before, now)
    tidy(target)
    return inventory


def take_inventory(connection: Connection, size: int) -> Inventory:
    """`size`: of the file, in bytes."""
    newest = connection.scalar(text("SELECT max(id) FROM item"))
    return Inventory(
        items=connection.scalar(text("SELECT count(*) FROM item")) or 0,
        sources=connection.scalar(text("SELECT count(*) FROM source")) or 0,
        newest_at=None if newest is None else from_epoch(newest >> TIE_BITS),
        bytes=size,
    )


# Making one


@contextmanager
def _beside(file: Path) -> Iterator[Path]:
    """A temporary file on the same disk, gone with what SQLite puts beside it unless it was renamed."""
    descriptor, name = tempfile.mkstemp(dir=file.absolute().parent, prefix=f".{file.name}.", suffix=".part")
    os.close(descriptor)
    try:
        yield Path(name)
    finally:
        for ending in ("", "-wal", "-shm", "-journal"):
            Path(name + ending).unlink(missing_ok=True)


def _copy_pages(moment: Connection, part: Path, on_start: OnStart, on_rows: OnRows) -> None:
    pages = moment.scalar(text("PRAGMA page_count")) or 0
    on_start(pages)
    left = pages

    def step(status: int, remaining: int, total: int) -> None:
        nonlocal left
        on_rows(left - remaining)
        left = remaining

    with _explained():
        connection = sqlite3.connect(part)
        try:
            _driver(moment).backup(connection, pages=PAGES_PER_STEP, progress=step)
        finally:
            connection.close()


def _copy_rows(moment: Connection, part: Path, on_start: OnStart, on_rows: OnRows) -> None:
    on_start(2 * sum(count_rows(moment).values()))
    engine = _engine_of(part)
    event.listen(engine, "connect", _hurry)
    try:
        migrate(engine)
        fill(moment, engine, on_rows)
    finally:
        engine.dispose()


def _hurry(driver: sqlite3.Connection, record: object) -> None:
    """Nobody waits for this file to be on the disk before it is sealed; until then a power cut may have it."""
    driver.execute("PRAGMA synchronous = OFF")
    driver.execute("PRAGMA cache_size = -200000")


def _seal(part: Path) -> None:
    """All in one file, and on the disk."""
    with _explained():
        connection = sqlite3.connect(part)
        try:
            connection.execute("PRAGMA journal_mode = DELETE")
        finally:
            connection.close()
    _flush(part)


def _check(part: Path, counted: dict[str, int]) -> Inventory:
    engine = _engine_of(part, read_only=True)
    try:
        with reading(engine) as connection:
            fault = integrity_fault(connection)
            if fault is None and count_rows(connection) != counted:
                fault = "it has other numbers of rows than the database"
            if fault is not None:
                raise DatabaseUnusable(f"The backup is not sound and was not kept: {fault}. Run: craftwatch doctor")
            return take_inventory(connection, part.stat().st_size)
    finally:
        engine.dispose()


def integrity_fault(connection: Connection) -> str | None:
    """What SQLite finds wrong with its file, in a line; None when it is sound."""
    first = str(connection.scalar(text("PRAGMA integrity_check(1)")))
    found = [first]
    if _OF_WORDS.search(first):
        found = [line for line in connection.scalars(text("PRAGMA integrity_check")) if not _OF_WORDS.search(line)]
    if found not in ([], ["ok"]):
        return found[0]
    orphan = connection.execute(text("PRAGMA foreign_key_check")).first()
    return None if orphan is None else f"a row of {orphan[0]} refers to a row of {orphan[2]} that is not there"


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


# Taking one back


@contextmanager
def _up_to_date(file: Path) -> Iterator[Engine]:
    """A sound backup of today's schema: the file, or a copy of it that was brought up to date."""
    backup = _engine_of(file, read_only=True)
    try:
        _refuse_unsound(backup)
        try:
            check_schema(backup)
        except SchemaTooNew:
            raise SchemaTooNew(f"{file} was written by a later craftwatch. Update craftwatch.") from None
        except NotOurs:
            raise BackupUnusable(f"{file} is not a backup of craftwatch, but another program's.") from None
        except SchemaTooOld:
            with _migrated(backup) as newer:
                yield newer
            return
        yield backup
    finally:
        backup.dispose()


def _refuse_unsound(backup: Engine) -> None:
    file = sqlite_path(backup)
    try:
        with reading(backup) as moment:
            moment.execute(text("SELECT 1 FROM item LIMIT 1"))
            fault = integrity_fault(moment)
    except DBAPIError as error:
        raise BackupUnusable(f"{file} is not a backup of craftwatch, or is damaged. ({error.orig})") from error
    if fault is not None:
        raise BackupUnusable(f"{file} is damaged; take another backup. ({fault})")


@contextmanager
def _migrated(backup: Engine) -> Iterator[Engine]:
    with tempfile.TemporaryDirectory(prefix="craftwatch-") as folder:
        path = Path(folder) / "backup.db"
        with reading(backup) as moment:
            _copy_pages(moment, path, lambda count: None, lambda count: None)
        newer = _engine_of(path)
        try:
            migrate(newer)
            yield newer
        finally:
            newer.dispose()


def _make_private(database: Path) -> None:
    with suppress(FileExistsError):
        os.close(os.open(database, os.O_CREAT | os.O_EXCL, 0o600))


def _version_of_items(target: Engine) -> int | None:
    """The data version of an archive with items; None where there is none."""
    with target.connect() as connection:
        if connection.scalar(text("SELECT 1 FROM item LIMIT 1")) is None:
            return None
        return connection.scalar(text("SELECT value FROM counter WHERE name = 'data_version'")) or 0


def _replace_pages(moment: Connection, target: Engine, on_rows: OnRows) -> None:
    """By SQLite itself, in one transaction: those who have the file open see the one archive and then the other."""

    def refuse_waiting(status: int, remaining: int, total: int) -> None:
        if status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):  # after the busy timeout; Python would wait for ever
            raise sqlite3.OperationalError("it is locked by another program; stop that program or try again")

    with _explained():
        connection = target.raw_connection()
        try:
            assert isinstance(connection.driver_connection, sqlite3.Connection)
            _driver(moment).backup(connection.driver_connection, progress=refuse_waiting)
        finally:
            connection.close()
    with reading(target) as restored:
        for table in TABLES:
            expect(table, read_contents(restored, table, on_rows), read_contents(moment, table, on_rows))


def _replace_rows(moment: Connection, target: Engine, on_rows: OnRows) -> None:
    """In one transaction, verified before it ends."""
    with target.begin() as connection:
        for table in reversed(TABLES):
            connection.execute(table.delete())
        for table in TABLES:
            adding = Adding()
            for rows in read_rows(moment, table):
                adding.add(rows)
                add_rows(connection, table, rows)
                on_rows(len(rows))
            expect(table, read_contents(connection, table, on_rows), adding.contents())
        set_sequences(connection)


def _go_on_from(target: Engine, before: int, now: datetime) -> None:
    """A data version that no reader has met, so that nothing it has kept is taken for new."""
    grow = "UPDATE counter SET value = (CASE WHEN value > :before THEN value ELSE :before END) + 1"
    with target.begin() as connection:
        connection.execute(text(f"{grow} WHERE name = 'data_version'"), {"before": before})
        changed = text("UPDATE counter SET value = :now WHERE name = 'data_changed_at'")
        connection.execute(changed, {"now": to_epoch(now)})


def _engine_of(path: Path, *, read_only: bool = False) -> Engine:
    return open_engine(f"sqlite:///{path.absolute()}", read_only=read_only)


def _driver(connection: Connection) -> sqlite3.Connection:
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver


@contextmanager
def _explained() -> Iterator[None]:
    """What SQLite says outside of SQLAlchemy, as it would be said within."""
    try:
        yield
    except sqlite3.Error as error:
        raise explain(DBAPIError(None, None, error)) from error
