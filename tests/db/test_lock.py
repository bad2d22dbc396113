"""Runs that must not meet never do, and a lock outlives nobody."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import OperationalError

from db.engine import open_engine
from db.lock import AlreadyRunning, run_lock


@pytest.fixture
def other(database_url: str) -> Iterator[Engine]:
    """Another program on the same database, one that waits for no lock."""
    other = open_engine(database_url, wait_seconds=0)
    yield other
    other.dispose()


@pytest.fixture
def on_postgresql(postgresql_database_url: str) -> Iterator[Engine]:
    engine = open_engine(postgresql_database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def also_on_postgresql(postgresql_database_url: str) -> Iterator[Engine]:
    """Another program on the same server, one that waits for no lock."""
    engine = open_engine(postgresql_database_url, wait_seconds=0)
    yield engine
    engine.dispose()


def test_who_has_the_lock_alone_is_alone(engine: Engine, other: Engine) -> None:
    with run_lock(engine), pytest.raises(AlreadyRunning, match="under way"), run_lock(other):
        pass


def test_no_scrape_begins_beside_work_on_the_whole_archive(engine: Engine, other: Engine) -> None:
    with run_lock(engine), pytest.raises(AlreadyRunning), run_lock(other, shared=True):
        pass


def test_no_work_on_the_whole_archive_begins_beside_a_scrape(engine: Engine, other: Engine) -> None:
    with run_lock(engine, shared=True), pytest.raises(AlreadyRunning), run_lock(other):
        pass


def test_a_second_scrape_on_one_file_is_told_at_once(tmp_path: Path) -> None:
    one, second = (open_engine(f"sqlite:///{tmp_path / 'craftwatch.db'}") for _ in range(2))
    with run_lock(one, shared=True), pytest.raises(AlreadyRunning), run_lock(second, shared=True):
        pass


def test_scrapes_on_postgresql_go_side_by_side(on_postgresql: Engine, also_on_postgresql: Engine) -> None:
    with run_lock(on_postgresql, shared=True), run_lock(also_on_postgresql, shared=True):
        pass


def test_who_waits_to_be_alone_gets_there_before_the_next_scrape(
    on_postgresql: Engine, also_on_postgresql: Engine, postgresql_database_url: str
) -> None:
    with ThreadPoolExecutor(1) as threads:
        with run_lock(on_postgresql, shared=True):
            waiting = threads.submit(be_alone, postgresql_database_url)
            wait_until_somebody_waits(on_postgresql)
            with pytest.raises(AlreadyRunning), run_lock(also_on_postgresql, shared=True):
                pass
        assert waiting.result(10)


def be_alone(url: str) -> bool:
    engine = open_engine(url)
    with run_lock(engine):
        pass
    engine.dispose()
    return True


def wait_until_somebody_waits(engine: Engine) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with engine.connect() as connection:
            waiting = "SELECT 1 FROM pg_locks JOIN pg_database ON oid = database WHERE datname = current_database()"
            if connection.scalar(text(f"{waiting} AND locktype = 'advisory' AND NOT granted")):
                return
    pytest.fail("nobody waited")


def test_the_lock_is_free_again_after_a_run(engine: Engine) -> None:
    with run_lock(engine):
        pass
    with run_lock(engine):
        pass


def test_the_lock_dies_with_a_killed_owner(other: Engine, database_url: str) -> None:
    code = (
        "import sys; from db.engine import open_engine; from db.lock import run_lock\n"
        "with run_lock(open_engine(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, database_url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"held\n"
        with pytest.raises(AlreadyRunning), run_lock(other):
            pass
        owner.kill()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:  # PostgreSQL notices the lost connection a moment later
        try:
            with run_lock(other):
                return
        except AlreadyRunning:
            continue
    pytest.fail("the lock of a killed owner was never released")


def cut_connections(url: str) -> None:
    engine = open_engine(url)
    with engine.connect() as connection:
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
        connection.execute(text(f"{others} AND pid <> pg_backend_pid()"))
    engine.dispose()


@pytest.mark.parametrize("shared", [True, False])
def test_a_lock_lost_with_its_connection_is_taken_again(
    on_postgresql: Engine, also_on_postgresql: Engine, postgresql_database_url: str, shared: bool
) -> None:
    with run_lock(on_postgresql, shared=shared) as lock:
        cut_connections(postgresql_database_url)
        lock.renew()
        with pytest.raises(AlreadyRunning), run_lock(also_on_postgresql):
            pass
    with run_lock(also_on_postgresql):
        pass


@pytest.mark.parametrize("shared", [True, False])
def test_a_lock_that_another_took_meanwhile_is_not_taken_back(
    on_postgresql: Engine, also_on_postgresql: Engine, postgresql_database_url: str, shared: bool
) -> None:
    with run_lock(also_on_postgresql, shared=shared) as lock:
        cut_connections(postgresql_database_url)
        with run_lock(on_postgresql), pytest.raises(AlreadyRunning):
            lock.renew()


def test_a_lock_is_renewed_as_often_as_it_takes(on_postgresql: Engine, postgresql_database_url: str) -> None:
    refusals = iter([True, True, False])

    def refuse(*_: object) -> None:
        if next(refusals, False):
            raise psycopg.OperationalError("the database system is starting up")

    with run_lock(on_postgresql) as lock:
        cut_connections(postgresql_database_url)
        event.listen(on_postgresql, "do_connect", refuse)
        for _ in range(2):
            with pytest.raises(OperationalError):
                lock.renew()
        lock.renew()
