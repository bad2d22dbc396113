"""Two runs never meet, and a lock outlives nobody."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import OperationalError

from db.engine import open_engine
from db.lock import AlreadyRunning, run_lock


def test_a_second_run_is_told_at_once(engine: Engine, database_url: str) -> None:
    other = open_engine(database_url)
    with run_lock(engine), pytest.raises(AlreadyRunning, match="under way"), run_lock(other):
        pass
    other.dispose()


def test_the_lock_is_free_again_after_a_run(engine: Engine) -> None:
    with run_lock(engine):
        pass
    with run_lock(engine):
        pass


def test_the_lock_dies_with_a_killed_owner(engine: Engine, database_url: str) -> None:
    code = (
        "import sys; from db.engine import open_engine; from db.lock import run_lock\n"
        "with run_lock(open_engine(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, database_url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"held\n"
        with pytest.raises(AlreadyRunning), run_lock(engine):
            pass
        owner.kill()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:  # PostgreSQL notices the lost connection a moment later
        try:
            with run_lock(engine):
                return
        except AlreadyRunning:
            continue
    pytest.fail("the lock of a killed owner was never released")


@pytest.fixture
def on_postgresql(postgresql_database_url: str) -> Iterator[Engine]:
    engine = open_engine(postgresql_database_url)
    yield engine
    engine.dispose()


def cut_connections(url: str) -> None:
    engine = open_engine(url)
    with engine.connect() as connection:
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
        connection.execute(text(f"{others} AND pid <> pg_backend_pid()"))
    engine.dispose()


def test_a_lock_lost_with_its_connection_is_taken_again(on_postgresql: Engine, postgresql_database_url: str) -> None:
    other = open_engine(postgresql_database_url)
    with run_lock(on_postgresql) as lock:
        cut_connections(postgresql_database_url)
        lock.renew()
        with pytest.raises(AlreadyRunning), run_lock(other):
            pass
    with run_lock(other):
        pass
    other.dispose()


def test_a_lock_that_another_run_took_meanwhile_is_not_taken_back(
    on_postgresql: Engine, postgresql_database_url: str
) -> None:
    other = open_engine(postgresql_database_url)
    with run_lock(on_postgresql) as lock:
        cut_connections(postgresql_database_url)
        with run_lock(other), pytest.raises(AlreadyRunning):
            lock.renew()
    other.dispose()


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
