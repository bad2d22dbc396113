"""A backup is made while others write, is sound or is not kept, and gives back the very same archive."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, Table, text

from db.backup import Inventory, back_up, restore
from db.contents import TABLES, Contents, Values, read_contents
from db.copying import add_rows, reading
from db.engine import open_engine
from db.errors import BackupUnusable, DatabaseUnusable, NotEmpty, NotOurs, SchemaTooNew
from db.lock import AlreadyRunning, run_lock
from db.migrations import check_schema
from tests.db.factory import HOUR, NOW
from tests.db.full import fill
from tests.db.old import SOURCE, build_schema


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "backup.craftwatch"


def contents_of(engine: Engine) -> dict[str, Contents]:
    with reading(engine) as connection:
        return {table.name: read_contents(connection, table) for table in TABLES}


def run_on(file: Path, statement: str) -> None:
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute(statement)
    connection.close()


def counter(engine: Engine, name: str) -> int:
    with engine.connect() as connection:
        return int(
            connection.execute(text("SELECT value FROM counter WHERE name = :name"), {"name": name}).scalar_one()
        )


def test_a_restored_archive_has_the_same_rows_in_every_table(engine: Engine, target: Engine, file: Path) -> None:
    fill(engine)
    back_up(engine, file)
    restore(file, target, NOW)
    assert contents_of(target) == contents_of(engine)


def test_a_restored_archive_can_be_written_to(engine: Engine, target: Engine, file: Path) -> None:
    fill(engine)
    back_up(engine, file)
    restore(file, target, NOW)
    fill(target, 2, "later")


def test_a_backup_tells_what_is_in_it(engine: Engine, file: Path) -> None:
    fill(engine, 3)
    assert back_up(engine, file) == Inventory(items=3, sources=2, newest_at=NOW, bytes=file.stat().st_size)


def test_a_restored_archive_is_told_of_in_the_same_words(engine: Engine, target: Engine, file: Path) -> None:
    fill(engine)
    made = back_up(engine, file)
    assert restore(file, target, NOW) == made


def test_a_backup_is_of_one_moment_while_others_write(engine: Engine, file: Path, database_url: str) -> None:
    fill(engine, 3)
    before = contents_of(engine)
    other = open_engine(database_url)
    back_up(engine, file, on_start=lambda count: fill(other, 3, "meanwhile"))
    other.dispose()
    backup = open_engine(f"sqlite:///{file}", read_only=True)
    assert contents_of(backup) == before
    backup.dispose()


def test_a_backup_is_one_file_that_only_its_owner_can_read(engine: Engine, file: Path, tmp_path: Path) -> None:
    before = set(tmp_path.iterdir())
    back_up(engine, file)
    beside = {path.name for path in set(tmp_path.iterdir()) - before if not path.name.startswith("craftwatch.db")}
    assert (beside, file.stat().st_mode & 0o777) == ({file.name}, 0o600)


def test_a_backup_needs_no_other_file_beside_it(engine: Engine, file: Path) -> None:
    back_up(engine, file)
    connection = sqlite3.connect(file)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    connection.close()


def test_a_backup_that_fails_leaves_the_last_one_alone(engine: Engine, file: Path, tmp_path: Path) -> None:
    def fail(count: int) -> None:
        raise DatabaseUnusable("the disk is full")

    back_up(engine, file)
    kept = file.read_bytes()
    before = set(tmp_path.iterdir())
    fill(engine)
    with pytest.raises(DatabaseUnusable):
        back_up(engine, file, on_start=fail)
    assert file.read_bytes() == kept
    assert {path.name for path in set(tmp_path.iterdir()) - before if "backup" in path.name} == set()


def test_restoring_leaves_the_backup_as_it_is(engine: Engine, target: Engine, file: Path) -> None:
    fill(engine)
    back_up(engine, file)
    before = file.read_bytes()
    restore(file, target, NOW)
    assert file.read_bytes() == before


def test_a_database_that_has_items_is_not_replaced_unasked(engine: Engine, file: Path) -> None:
    fill(engine)
    back_up(engine, file)
    with pytest.raises(NotEmpty, match="--force"):
        restore(file, engine, NOW)


@pytest.mark.parametrize("force", [False, True])
def test_what_another_program_has_is_never_replaced(engine: Engine, file: Path, tmp_path: Path, force: bool) -> None:
    back_up(engine, file)
    books = tmp_path / "books.db"
    run_on(books, "CREATE TABLE invoice (id INTEGER, sum INTEGER)")
    before = books.read_bytes()
    target = open_engine(f"sqlite:///{books}")
    with pytest.raises(NotOurs, match="CRAFTWATCH_DATABASE_URL"):
        restore(file, target, NOW, force=force)
    target.dispose()
    assert books.read_bytes() == before


def test_a_file_of_another_program_is_no_backup(target: Engine, file: Path) -> None:
    run_on(file, "CREATE TABLE item (id INTEGER, price INTEGER)")
    run_on(file, "CREATE TABLE alembic_version (version_num TEXT)")
    with pytest.raises(BackupUnusable, match="another program's"):
        restore(file, target, NOW)


def test_what_came_after_the_backup_is_gone_when_it_is_restored(engine: Engine, file: Path) -> None:
    fill(engine)
    before = contents_of(engine)
    back_up(engine, file)
    fill(engine, 5, "later")
    restore(file, engine, NOW, force=True)
    after = contents_of(engine)
    assert {name for name in before if after[name] != before[name]} <= {"counter"}


def test_readers_are_told_that_a_replaced_archive_is_another(engine: Engine, file: Path) -> None:
    fill(engine)
    back_up(engine, file)
    fill(engine, 5, "later")
    lost = counter(engine, "data_version")
    restore(file, engine, NOW + HOUR, force=True)
    assert (counter(engine, "data_version"), counter(engine, "data_changed_at")) == (
        lost + 1,
        int((NOW + HOUR).timestamp()),
    )


def test_readers_at_work_see_one_archive_or_the_other(engine: Engine, file: Path, database_url: str) -> None:
    fill(engine, 3)
    back_up(engine, file)
    fill(engine, 4, "later")
    with reading(engine) as moment:
        restore(file, engine, NOW, force=True)
        assert moment.scalar(text("SELECT count(*) FROM item")) == 7
    with reading(engine) as moment:
        assert moment.scalar(text("SELECT count(*) FROM item")) == 3


def test_nothing_is_restored_beside_a_scrape(engine: Engine, target: Engine, file: Path) -> None:
    back_up(engine, file)
    other = open_engine(target.url.render_as_string(hide_password=False))
    with run_lock(other), pytest.raises(AlreadyRunning):
        restore(file, target, NOW)
    other.dispose()


def test_a_locked_database_is_not_waited_for_without_end(
    migrated_file: Path, file: Path, tmp_path: Path, engine: Engine
) -> None:
    back_up(engine, file)
    target = open_engine(f"sqlite:///{tmp_path / 'locked.db'}", wait_seconds=0.2)
    restore(file, target, NOW)
    with target.begin() as writing:
        writing.execute(text("UPDATE counter SET value = value"))
        again = open_engine(f"sqlite:///{tmp_path / 'locked.db'}", wait_seconds=0.2)
        with pytest.raises(Exception, match="locked"):
            restore(file, again, NOW)
        again.dispose()
    target.dispose()


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o666])
def test_a_database_that_is_replaced_keeps_its_mode(engine: Engine, file: Path, tmp_path: Path, mode: int) -> None:
    back_up(engine, file)
    database = tmp_path / "other.db"
    database.touch()
    database.chmod(mode)
    other = open_engine(f"sqlite:///{database}")
    restore(file, other, NOW)
    fill(other)  # what lies beside the file then has its mode, too
    modes = {path.name: path.stat().st_mode & 0o777 for path in (database, Path(f"{database}-wal"))}
    other.dispose()
    assert modes == {"other.db": mode, "other.db-wal": mode}


def test_a_database_that_was_not_there_is_only_for_its_owner(engine: Engine, file: Path, tmp_path: Path) -> None:
    back_up(engine, file)
    other = open_engine(f"sqlite:///{tmp_path / 'other.db'}")
    restore(file, other, NOW)
    other.dispose()
    assert (tmp_path / "other.db").stat().st_mode & 0o777 == 0o600


def test_a_backup_of_an_older_schema_is_brought_up_to_date(target: Engine, file: Path) -> None:
    old = open_engine(f"sqlite:///{file}")
    build_schema(old, "0001", SOURCE)
    old.dispose()
    restore(file, target, NOW)
    check_schema(target)
    with target.connect() as connection:
        assert connection.scalar(text("SELECT format FROM source")) == "feed"


def test_a_backup_of_a_later_craftwatch_is_refused(engine: Engine, target: Engine, file: Path) -> None:
    back_up(engine, file)
    run_on(file, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(SchemaTooNew, match="Update craftwatch"):
        restore(file, target, NOW)


@pytest.mark.parametrize("content", [b"", b"nothing of the kind" * 1000])
def test_what_is_no_backup_is_refused(target: Engine, file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(BackupUnusable, match="not a backup"):
        restore(file, target, NOW)


def test_a_damaged_backup_is_refused(engine: Engine, target: Engine, file: Path) -> None:
    fill(engine, 200)
    back_up(engine, file)
    content = bytearray(file.read_bytes())
    content[20 * 4096 : 30 * 4096] = b"\xff" * (10 * 4096)
    file.write_bytes(content)
    with pytest.raises(BackupUnusable, match="damaged"):
        restore(file, target, NOW)


def test_a_backup_whose_index_lacks_rows_is_refused(engine: Engine, target: Engine, file: Path) -> None:
    fill(engine)
    back_up(engine, file)
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("PRAGMA writable_schema = ON")
    of_another_column = "sql = replace(sql, '(received_at)', '(updated_at)')"
    connection.execute(f"UPDATE sqlite_master SET {of_another_column} WHERE name = 'ix_item_received_at'")
    connection.close()
    with pytest.raises(BackupUnusable, match="take another backup"):
        restore(file, target, NOW)


def test_what_was_restored_otherwise_than_it_was_is_taken_back(
    engine: Engine, other_postgresql_database_url: str, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose_a_row(connection: Connection, table: Table, rows: list[Values]) -> None:
        add_rows(connection, table, rows[1:] if table.name == "robots" else rows)

    target = open_engine(other_postgresql_database_url)
    fill(target)
    before = contents_of(target)
    fill(engine, 5, "other")
    back_up(engine, file)
    monkeypatch.setattr("db.backup.add_rows", lose_a_row)
    with pytest.raises(DatabaseUnusable, match="robots"):
        restore(file, target, NOW, force=True)
    assert contents_of(target) == before
    target.dispose()


def test_a_backup_with_rows_that_refer_to_nothing_is_refused(engine: Engine, target: Engine, file: Path) -> None:
    fill(engine)
    back_up(engine, file)
    run_on(file, "DELETE FROM item")
    with pytest.raises(BackupUnusable, match="refers to a row"):
        restore(file, target, NOW)
