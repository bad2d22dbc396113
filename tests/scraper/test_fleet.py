"""The short form of `python -m tests.faults.fleet`: three scrapers, one of them killed, two APIs, one PostgreSQL."""

from __future__ import annotations

from tests.faults.fleet import run_fleet


def test_scrapers_on_one_postgresql_keep_every_promise_when_one_is_killed() -> None:
    assert run_fleet(24, lease=3, interval=0.3, concurrency=2).faults(interval=0.3, lease=3) == []
