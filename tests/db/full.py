"""An archive in which every table has something, text of every script and a source that is no feed included."""

from __future__ import annotations

from sqlalchemy import Engine, text

from db.shapes import Axis, Failure
from db.store import Store
from db.watch import save_robots, sync_sources
from tests.db.factory import (
    DAY,
    HOUR,
    NOW,
    WHOLES,
    make_check,
    make_draft,
    make_memory,
    make_source,
    make_tagging,
)

LEDGER = make_source("ledger", name="Le Registre — “é” 新聞")
GAZETTE = make_source("gazette", sector="games", format="page", enabled=False)


def fill(engine: Engine, items: int = 3, name: str = "item") -> None:
    """So many new items, one of them edited, with what belongs to them."""
    sync_sources(engine, [LEDGER, GAZETTE])
    store = Store(engine, lambda: WHOLES)
    tagging = make_tagging((Axis.TOPIC, "ai"), (Axis.CRAFT, "voice-actor"), (Axis.REGION, "US-CA"))
    # Ä and ß sort otherwise in a language than by code point.
    entries = [
        (make_draft(f"{'aÄzß'[n % 4]}-{name}-{n}", published_at=NOW - n * HOUR, categories=("Film\t\\N", "Ü")), tagging)
        for n in range(items)
    ]
    store.save_check(LEDGER, make_memory("ledger", etag='"ü"', advice={"ttl": 60}), make_check(), entries, now=NOW)
    first = entries[0][0]
    edited = make_draft(
        f"a-{name}-0", title="Another\ntitle", published_at=first.published_at, content_hash=f"other hash of {name}"
    )
    store.save_check(LEDGER, make_memory("ledger"), make_check(), [(edited, make_tagging())], now=NOW + HOUR)
    failed = make_check(outcome="failed", reason=Failure.DNS, started_at=NOW - 100 * DAY, detail="no such host")
    store.save_check(GAZETTE, make_memory("gazette", failures=2), failed, now=NOW)
    robot = {"origin": "https://ledger.example", "text": "User-agent: *\n", "fetched_at": NOW}
    save_robots(engine, [{**robot, "unreachable_since": None}])
    with engine.begin() as connection:
        lease = "INSERT INTO site_lease VALUES ('ledger.example', 'a', 1.5, 2) ON CONFLICT DO NOTHING"
        connection.execute(text(lease))
