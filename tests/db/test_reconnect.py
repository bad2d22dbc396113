"""A server that is gone for a while is waited for; everything else is raised at once."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError

from db.reconnect import PATIENCE_SECONDS, outlasting

POSTGRESQL = create_engine("postgresql+psycopg://nobody@localhost/none")  # never connected
SQLITE = create_engine("sqlite://")


def failing(times: int, cause: Exception) -> Callable[[], str]:
    left = [OperationalError("SELECT 1", {}, cause)] * times

    def work() -> str:
        if left:
            raise left.pop()
        return "done"

    return work


def gone() -> Exception:
    return psycopg.OperationalError("connection refused")


def test_work_is_done_again_when_the_server_is_back() -> None:
    pauses: list[float] = []
    reconnects: list[int] = []
    done = outlasting(
        POSTGRESQL, failing(3, gone()), on_reconnect=lambda: reconnects.append(1), sleep=lambda s: pauses.append(s)
    )
    assert (done, pauses, len(reconnects)) == ("done", [0.2, 0.4, 0.8], 3)


def test_patience_ends() -> None:
    pauses: list[float] = []
    with pytest.raises(OperationalError):
        outlasting(POSTGRESQL, failing(99, gone()), sleep=pauses.append)
    assert PATIENCE_SECONDS <= sum(pauses) <= PATIENCE_SECONDS + 5


def test_a_reconnect_that_fails_is_tried_again() -> None:
    reconnect = failing(2, gone())
    assert outlasting(POSTGRESQL, failing(1, gone()), on_reconnect=lambda: void(reconnect()), sleep=void) == "done"


def void(value: object) -> None:
    """Takes it and does nothing."""


@pytest.mark.parametrize("cause", [psycopg.errors.LockNotAvailable("x"), psycopg.errors.DiskFull("x")])
def test_a_lock_or_a_full_disk_is_not_waited_for(cause: Exception) -> None:
    with pytest.raises(OperationalError):
        outlasting(POSTGRESQL, failing(1, cause), sleep=pytest.fail)


def test_sqlite_waits_by_itself() -> None:
    with pytest.raises(OperationalError):
        outlasting(SQLITE, failing(1, gone()), sleep=pytest.fail)
