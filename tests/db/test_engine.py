"""What an SQLite database needs of those who write to it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from db import engine as engines
from db.engine import open_engine

LIMIT = 200_000  # bytes


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(engines, "_LONG_LOG_BYTES", LIMIT)
    monkeypatch.setattr(engines, "_LOG_WAIT_MS", 50)
    return tmp_path / "archive.db"


@pytest.fixture
def writer(file: Path) -> Iterator[Engine]:
    engine = open_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE note (words TEXT)"))
    yield engine
    engine.dispose()


def write(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO note VALUES (:words)"), {"words": "x" * 20_000})


def length_of_log(file: Path) -> int:
    return Path(f"{file}-wal").stat().st_size


class Relay:
    """Two who read by turns: each lets go only when the other has begun, so the log is never free of readers."""

    def __init__(self, file: Path) -> None:
        self._engine = open_engine(f"sqlite:///{file}", read_only=True)
        self._stopped = threading.Event()
        self._batons = [threading.Semaphore(1), threading.Semaphore(0)]
        self._threads = [threading.Thread(target=self._run, args=(place,)) for place in (0, 1)]

    def _run(self, place: int) -> None:
        mine, others = self._batons[place], self._batons[1 - place]
        while not self._stopped.is_set():
            mine.acquire()
            with self._engine.connect() as connection:
                connection.scalar(text("SELECT count(*) FROM note"))
                others.release()
                mine.acquire()
            mine.release()

    def __enter__(self) -> None:
        for thread in self._threads:
            thread.start()

    def __exit__(self, *error: object) -> None:
        self._stopped.set()
        for baton in self._batons:
            baton.release(100)
        for thread in self._threads:
            thread.join()
        self._engine.dispose()


def test_the_log_stays_short_though_there_is_always_one_who_reads(
    file: Path, writer: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "_LOG_WAIT_MS", 2_000)
    longest = 0
    with Relay(file):
        for _ in range(100):
            write(writer)
            longest = max(longest, length_of_log(file))
    assert longest < 1.5 * LIMIT  # twice it when the log could not be begun anew at once


def test_one_who_reads_for_long_is_waited_for_once_and_keeps_what_he_reads(file: Path, writer: Engine) -> None:
    reader = open_engine(f"sqlite:///{file}", read_only=True).connect()
    assert reader.scalar(text("SELECT count(*) FROM note")) == 0
    for _ in range(30):
        write(writer)
    assert length_of_log(file) > LIMIT
    assert reader.scalar(text("SELECT count(*) FROM note")) == 0
    reader.close()
    for _ in range(30):
        write(writer)
    assert length_of_log(file) < 3 * LIMIT


def test_writers_still_wait_for_each_other_as_long_as_before(file: Path) -> None:
    engine = open_engine(f"sqlite:///{file}", wait_seconds=7)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE note (words TEXT)"))
    for _ in range(30):
        write(engine)
    with engine.connect() as connection:
        assert connection.scalar(text("PRAGMA busy_timeout")) == 7_000
    engine.dispose()


def test_the_log_of_a_database_behind_a_link_is_kept_short_as_well(file: Path, writer: Engine, tmp_path: Path) -> None:
    link = tmp_path / "link.db"
    link.symlink_to(file)
    engine = open_engine(f"sqlite:///{link}")
    for _ in range(60):
        write(engine)
    engine.dispose()
    assert length_of_log(file) < 3 * LIMIT
