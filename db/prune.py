"""Forgetting old checks. Items are never forgotten."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, delete, select

from db.models import FetchLog

BATCH = 2_000  # checks that are forgotten at once: a scrape beside waits no longer than for a save

_LOG: Any = FetchLog.__table__  # type: ignore[attr-defined]


def prune_fetch_log(engine: Engine, before: datetime, on_rows: Callable[[int], None] = lambda count: None) -> int:
    """Forget the checks that began before this moment; how many. Others may write meanwhile.

    The log is in the order of time but for a clock that was set: it is read up to the first batch that has none.
    """
    forgotten, last = 0, -1
    oldest = select(_LOG.c.id, _LOG.c.started_at).order_by(_LOG.c.id).limit(BATCH)
    while True:
        with engine.begin() as connection:
            checks = connection.execute(oldest.where(_LOG.c.id > last)).all()
            old = [check.id for check in checks if check.started_at < before]
            if not old:
                return forgotten
            connection.execute(delete(_LOG).where(_LOG.c.id.in_(old)))
        forgotten, last = forgotten + len(old), checks[-1].id
        on_rows(len(old))
