"""Outlasting a database server that restarts."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from db.engine import is_sqlite

PATIENCE_SECONDS = 30.0
FIRST_PAUSE_SECONDS = 0.2

T = TypeVar("T")


def outlasting(
    engine: Engine,
    work: Callable[[], T],
    *,
    on_reconnect: Callable[[], None] = lambda: None,
    patience_seconds: float = PATIENCE_SECONDS,
    sleep: Callable[[float], None] = time.sleep,
) -> T:
    """Do `work`; on PostgreSQL again, with growing pauses, while the server is gone, and `on_reconnect` before that.

    A lock or a full disk is not waited for: `lock_timeout` has done so, and no pause makes room.
    `work` must be safe to do twice: where the connection broke during COMMIT, nobody can say whether it was done.
    SQLite waits by itself (its busy timeout). Raises the last error when patience ends.
    """
    pause, waited, failed = FIRST_PAUSE_SECONDS, 0.0, False
    while True:
        try:
            if failed:
                on_reconnect()
            return work()
        except (OperationalError, InterfaceError) as error:
            if is_sqlite(engine) or waited >= patience_seconds or not _may_pass(error):
                raise
        sleep(pause)
        pause, waited, failed = min(2 * pause, 5.0), waited + pause, True


def _may_pass(error: DBAPIError) -> bool:
    """A connection that is gone or was refused, or a transaction that lost against another (SQLSTATE 40)."""
    state = getattr(error.orig, "sqlstate", None)
    return error.connection_invalidated or state is None or state.startswith(("08", "40", "57P"))
