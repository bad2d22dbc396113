"""A database in trouble: a clear message, exit code 3, no traceback, and the next run heals."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, create_engine, event, make_url, text

from db.engine import open_engine
from scraper import cli
from scraper.commands import running
from tests.blocks import source_block
from tests.server import FEED, Behaviour, LoopbackServer, Request, feed

ITEMS_EACH = 20


def document(source: int, items: int = ITEMS_EACH) -> bytes:
    """So many items, of which no two sources share one."""
    entries = "".join(
        f"<item><guid>{source}-{n}</guid><title>Item {n} of {source}: animators vote</title>"
        f"<link>https://outlet-{source}.example/{n}</link><description>{'Words. ' * 40}</description></item>"
        for n in range(items)
    )
    return f'<rss version="2.0"><channel><title>T</title>{entries}</channel></rss>'.encode()


class Trouble:
    """Three sources on a server, a migrated database, and the command."""

    def __init__(self, folder: Path, url: str, server: LoopbackServer, patch: pytest.MonkeyPatch) -> None:
        self.folder, self.url, self.server = folder, url, server
        blocks = []
        for number in range(3):
            server.add(f"/{number}", feed(document(number)))
            blocks.append(source_block(f"source-{number}", server.url(f"/{number}")))
        (folder / "sources.toml").write_text("".join(blocks))
        patch.setenv("CRAFTWATCH_DATABASE_URL", url)
        patch.setenv("CRAFTWATCH_SOURCES", str(folder / "sources.toml"))
        patch.setenv("CRAFTWATCH_ALLOW_ADDRESSES", server.pair)
        patch.setenv("CRAFTWATCH_HOST_INTERVAL_SECONDS", "0")
        patch.setenv("CRAFTWATCH_DATABASE_WAIT_SECONDS", "0.3")

    @property
    def file(self) -> Path:
        return Path(make_url(self.url).database or "")

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(cli.main, words or ("scrape", "--all"))

    def items(self) -> int:
        engine = open_engine(self.url)
        with engine.connect() as connection:
            count = int(connection.execute(text("SELECT count(*) FROM item")).scalar_one())
        engine.dispose()
        return count


@pytest.fixture
def trouble(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Trouble]:
    """On both kinds of database."""
    with LoopbackServer() as server:
        yield Trouble(tmp_path, database_url, server, monkeypatch)


@pytest.fixture
def on_sqlite(tmp_path: Path, migrated_file: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Trouble]:
    shutil.copy(migrated_file, tmp_path / "craftwatch.db")
    with LoopbackServer() as server:
        yield Trouble(tmp_path, f"sqlite:///{tmp_path / 'craftwatch.db'}", server, monkeypatch)


@pytest.fixture
def on_postgresql(tmp_path: Path, postgresql_database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Trouble]:
    with LoopbackServer() as server:
        yield Trouble(tmp_path, postgresql_database_url, server, monkeypatch)


def failed_cleanly(done: Result, *words: str) -> bool:
    """Exit code 3 and one message that holds these words."""
    assert isinstance(done.exception, SystemExit), done.exception
    assert done.exit_code == 3, done.output
    assert done.output.startswith("Error: ")
    assert "Traceback" not in done.output
    assert all(word in done.output for word in words), done.output
    return True


def healed(trouble: Trouble) -> bool:
    done = trouble.run()
    assert done.exit_code == 0, done.output
    return trouble.items() == 3 * ITEMS_EACH


@contextlib.contextmanager
def locked(trouble: Trouble) -> Iterator[Any]:
    """Another program holds the database for writing."""
    engine = open_engine(trouble.url)
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("LOCK TABLE source, item IN ACCESS EXCLUSIVE MODE"))
        yield connection
    engine.dispose()


def with_pragma(monkeypatch: pytest.MonkeyPatch, pragma: str) -> None:
    """Have every connection of the command say this first."""
    original: Callable[[], Engine] = running.open_database

    def engine() -> Engine:
        opened = original()
        event.listen(opened, "connect", lambda connection, record: connection.execute(pragma))
        return opened

    monkeypatch.setattr(running, "open_database", engine)


def test_a_lock_that_is_held_too_long_ends_the_run(trouble: Trouble) -> None:
    with locked(trouble):
        done = trouble.run()
    assert failed_cleanly(done, "locked by another program")
    assert healed(trouble)


def test_a_lock_that_is_held_for_a_moment_is_waited_for(trouble: Trouble, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRAFTWATCH_DATABASE_WAIT_SECONDS", "20")
    held, release = threading.Event(), threading.Event()

    def hold() -> None:
        with locked(trouble):
            held.set()
            release.wait(0.5)

    holder = threading.Thread(target=hold)
    holder.start()
    assert held.wait(10)
    assert healed(trouble)
    holder.join()


def test_a_lock_taken_in_the_middle_of_a_run_keeps_what_was_saved(trouble: Trouble) -> None:
    with contextlib.ExitStack() as stack:

        async def lock_then_answer(request: Request, writer: asyncio.StreamWriter) -> None:
            await asyncio.to_thread(wait_for_items, trouble, 2 * ITEMS_EACH)
            await asyncio.to_thread(lambda: stack.enter_context(locked(trouble)))
            await feed(document(2))(request, writer)

        trouble.server.add("/0", feed(document(0)))
        trouble.server.add("/2", lock_then_answer)
        done = trouble.run()
    assert failed_cleanly(done, "locked by another program")
    assert trouble.items() == 2 * ITEMS_EACH
    trouble.server.add("/2", feed(document(2)))
    assert healed(trouble)


def wait_for_items(trouble: Trouble, count: int) -> None:
    pause = threading.Event()
    for _ in range(200):
        if trouble.items() >= count:
            return
        pause.wait(0.05)


def test_a_schema_of_a_later_version_is_left_alone(trouble: Trouble) -> None:
    engine = open_engine(trouble.url)
    with engine.begin() as connection:
        (version,) = connection.execute(text("SELECT version_num FROM alembic_version")).one()
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for command in ("scrape", "migrate", "retag"):
        assert failed_cleanly(trouble.run(command), "written by a later craftwatch")
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :version"), {"version": version})
    engine.dispose()
    assert healed(trouble)


def test_a_full_disk_ends_the_run_and_keeps_what_was_saved(on_sqlite: Trouble, monkeypatch: pytest.MonkeyPatch) -> None:
    on_sqlite.server.add("/2", feed(document(2, 500)))
    with sqlite3.connect(on_sqlite.file) as connection:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.close()
    with monkeypatch.context() as patch:
        with_pragma(patch, f"PRAGMA max_page_count = {pages + 60}")
        done = on_sqlite.run()
    assert failed_cleanly(done, "the disk is full", "nothing that was saved is lost")
    assert on_sqlite.items() in (0, ITEMS_EACH, 2 * ITEMS_EACH)
    on_sqlite.server.add("/2", feed(document(2)))
    assert healed(on_sqlite)


def test_a_file_that_may_not_grow_ends_the_run(on_sqlite: Trouble) -> None:
    limit = on_sqlite.file.stat().st_size + 20_000

    def no_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    done = subprocess.run(
        [sys.executable, "-m", "scraper", "scrape", "--all"],
        preexec_fn=no_room,
        env=os.environ,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, "Traceback" in done.stderr) == (3, False), done.stderr
    assert done.stderr.startswith("Error: The database cannot be used: the disk")
    assert healed(on_sqlite)


def test_a_read_only_database_says_so(on_sqlite: Trouble, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        with_pragma(patch, "PRAGMA query_only = ON")
        done = on_sqlite.run()
    assert failed_cleanly(done, "read-only", "write permission")
    assert healed(on_sqlite)


def test_a_read_only_server_says_so(on_postgresql: Trouble) -> None:
    set_read_only(on_postgresql.url, "on")
    assert failed_cleanly(on_postgresql.run(), "read-only")
    set_read_only(on_postgresql.url, "off")
    assert healed(on_postgresql)


def set_read_only(url: str, value: str) -> None:
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("SET default_transaction_read_only = off"))
        name = make_url(url).database
        connection.execute(text(f"ALTER DATABASE {name} SET default_transaction_read_only = {value}"))
    engine.dispose()


@pytest.mark.parametrize("command", ["scrape", "sources", "migrate", "retag", "serve"])
def test_a_damaged_file_is_put_aside_by_its_owner(on_sqlite: Trouble, command: str) -> None:
    whole = on_sqlite.file.read_bytes()
    on_sqlite.file.write_bytes(whole[:100] + b"\xa5" * (len(whole) - 100))
    assert failed_cleanly(on_sqlite.run(command), "damaged", "restore a backup")
    on_sqlite.file.write_bytes(whole)
    assert healed(on_sqlite)


@pytest.mark.parametrize("command", ["scrape", "sources", "migrate", "serve"])
def test_a_file_that_is_no_database_is_named(on_sqlite: Trouble, command: str) -> None:
    on_sqlite.file.write_bytes(b"Shopping list: tape, gels, clothes pegs\n" * 100)
    assert failed_cleanly(on_sqlite.run(command), "not an SQLite database")


def test_a_file_cut_short_is_damaged(on_sqlite: Trouble) -> None:
    whole = on_sqlite.file.read_bytes()
    on_sqlite.file.write_bytes(whole[: len(whole) // 2 // 4096 * 4096])
    assert failed_cleanly(on_sqlite.run(), "damaged")


def test_a_folder_that_cannot_be_made_is_named(on_sqlite: Trouble, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRAFTWATCH_DATABASE_URL", f"sqlite:///{on_sqlite.file}/below/craftwatch.db")
    assert failed_cleanly(on_sqlite.run(), "cannot be made", "CRAFTWATCH_DATABASE_URL")


def test_a_server_that_is_down_is_named(on_postgresql: Trouble, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRAFTWATCH_DATABASE_URL", "postgresql://nobody:secret@127.0.0.1:1/none")
    done = on_postgresql.run()
    assert failed_cleanly(done, "CRAFTWATCH_DATABASE_URL")
    assert "secret" not in done.output


def test_connections_cut_in_the_middle_of_a_run_cost_nothing(on_postgresql: Trouble) -> None:
    cuts: list[int] = []
    on_postgresql.server.add("/1", cutting(on_postgresql, cuts, feed(document(1))))
    done = on_postgresql.run()
    assert (done.exit_code, cuts) == (0, [1]), done.output
    assert on_postgresql.items() == 3 * ITEMS_EACH
    assert on_postgresql.run().exit_code == 0


def cutting(trouble: Trouble, cuts: list[int], behaviour: Behaviour) -> Behaviour:
    """Answers after all connections to the database have been ended by an administrator."""

    def cut() -> None:
        engine = open_engine(trouble.url)
        with engine.connect() as connection:
            others = text(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            cuts.append(int(connection.execute(others).scalar_one() > 0))
        engine.dispose()

    async def behave(request: Request, writer: asyncio.StreamWriter) -> None:
        await asyncio.to_thread(cut)
        await behaviour(request, writer)

    return behave


def test_a_second_run_leaves_with_75_and_changes_nothing(trouble: Trouble) -> None:
    codes: list[int] = []

    async def run_another(request: Request, writer: asyncio.StreamWriter) -> None:
        command = [sys.executable, "-m", "scraper", "scrape", "--all"]
        another = await asyncio.to_thread(subprocess.run, command, env=os.environ, capture_output=True)
        codes.append(another.returncode)
        await feed(FEED)(request, writer)

    trouble.server.add("/1", run_another)
    done = trouble.run()
    assert (done.exit_code, codes, len(trouble.server.paths)) == (0, [75], 3)
