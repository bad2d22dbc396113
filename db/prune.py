"""Forgetting old checks. Items are never forgotten."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Engine, delete, select

from db.tables import FETCH_LOG

BATCH = 2_000  # checks that are forgotten at once: a scrape beside waits no longer than for a save


def prune_fetch_log(engine: Engine, before: datetime, on_rows: Callable[[int], None] = lambda count: None) -> int:
    """Forget the checks that began before this moment; how many. Others may write meanwhile.

    The log is in the order of time but for a clock that was set: it is read up to the first batch that has none.
    """
    forgotten, last = 0, -1
    oldest = select(FETCH_LOG.c.id, FETCH_LOG.c.started_at).order_by(FETCH_LOG.c.id).limit(BATCH)
    while True:
        with engine.begin() as connection:
            checks = connection.execute(oldest.where(FETCH_LOG.c.id > last)).all()
            old = [check.id for check in checks if check.started_at < before]
            if not old:
                return forgotten
            connection.execute(delete(FETCH_LOG).where(FETCH_LOG.c.id.in_(old)))
        forgotten, last = forgotten + len(old), checks[-1].id
        on_rows(len(old))
