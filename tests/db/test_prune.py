"""Old checks are forgotten, and nothing else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine, text

from db.copying import reading
from db.engine import open_engine
from db.prune import prune_fetch_log
from db.store import Counts
from db.watch import record_checks, sync_sources
from tests.db.factory import DAY, NOW, make_check, make_memory, make_source
from tests.db.full import fill


def log(engine: Engine, *ages_in_days: float) -> None:
    sync_sources(engine, [make_source()])
    with engine.begin() as connection:
        for age in ages_in_days:
            check = make_check(started_at=NOW - timedelta(days=age))
            record_checks(connection, [(make_memory(), check, Counts())])


def ages(engine: Engine) -> list[float]:
    with engine.connect() as connection:
        moments = connection.scalars(text("SELECT started_at FROM fetch_log ORDER BY id"))
        return [(NOW.timestamp() - moment) / 86_400 for moment in moments]


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("db.prune.BATCH", 2)


def test_checks_older_than_asked_are_forgotten(engine: Engine) -> None:
    log(engine, 99, 95, 93, 92, 91, 89, 1)
    prune_fetch_log(engine, NOW - 90 * DAY)
    assert ages(engine) == [89, 1]


def test_how_many_were_forgotten_is_told(engine: Engine) -> None:
    log(engine, 99, 95, 93, 89)
    assert prune_fetch_log(engine, NOW - 90 * DAY) == 3


def test_a_check_of_that_very_moment_is_kept(engine: Engine) -> None:
    log(engine, 91, 90)
    prune_fetch_log(engine, NOW - 90 * DAY)
    assert ages(engine) == [90]


def test_a_log_with_nothing_old_is_left_alone(engine: Engine) -> None:
    log(engine, 3, 2, 1)
    assert prune_fetch_log(engine, NOW - 90 * DAY) == 0


def test_others_write_between_two_batches(engine: Engine, database_url: str) -> None:
    log(engine, 99, 98, 97, 96)
    other = open_engine(database_url, wait_seconds=0.1)
    prune_fetch_log(engine, NOW - 90 * DAY, on_rows=lambda count: log(other, 0.5))
    other.dispose()
    assert ages(engine) == [0.5, 0.5]


def test_items_are_never_forgotten(engine: Engine) -> None:
    fill(engine)
    prune_fetch_log(engine, NOW + 1000 * DAY)
    with reading(engine) as connection:
        assert connection.scalar(text("SELECT count(*) FROM item")) == 3
