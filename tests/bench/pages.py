"""Pages in process: the time of a whole request with nothing of its answer remembered, and the bytes that it sends.

The time is the CPU's on SQLite and the clock's on PostgreSQL, as in tests/bench/reading.py; compressing counts.
"""

from __future__ import annotations

import asyncio
import gc
import random
import statistics
import time
from collections.abc import Iterator
from urllib.parse import urlencode

from api.app import create_app
from api.settings import ApiSettings
from db.archive import Snapshot
from tests.bench.inprocess import await_sets, codes_of, get
from tests.bench.options import Options
from tests.bench.report import Row
from tests.db.factory import NOW

VIEWS = 60  # requests of each kind
WARM_UP = 10  # of them are made before the clock runs
GOAL_MS, GOAL_KB = "≤ 50", "≤ 100"


def run(options: Options) -> Iterator[Row]:
    for database in options.databases:
        for items in options.sizes:
            section = f"pages {database} {items:,}"
            for name, times, largest in _measure(options.archive(database, items)):
                yield Row(section, f"{name}: p95", statistics.quantiles(times, n=20)[-1], "ms", goal=GOAL_MS)
                yield Row(section, f"{name}: median", statistics.median(times), "ms")
                yield Row(section, f"{name}: largest as sent", largest / 1000, "kB", goal=GOAL_KB)


def _measure(url: str) -> Iterator[tuple[str, list[float], int]]:
    """(kind of page, milliseconds of each request, bytes of the largest)."""
    app = create_app(ApiSettings(read_database_url=url, answer_cache_mb=0), now=lambda: NOW)
    context = app.state.context
    await_sets(context)
    with context.archive.snapshot() as snapshot:
        pages = _pages(snapshot)
    clock = time.process_time if url.startswith("sqlite") else time.perf_counter
    gc.freeze()  # as `craftwatch serve` does once it has started
    with asyncio.Runner() as runner:
        for name, targets in pages.items():
            times, largest = [], 0
            for place, target in enumerate(targets):
                began = clock()
                reply = runner.run(get(app, target, **{"accept-encoding": "gzip"}))
                assert reply.status == 200, f"{target}: {reply.status}"
                if place >= WARM_UP:
                    times.append((clock() - began) * 1000)
                largest = max(largest, reply.size)
            yield name, times, largest
    gc.unfreeze()
    context.archive.close()


def _pages(snapshot: Snapshot) -> dict[str, list[str]]:
    chance = random.Random(3)
    names = {axis: codes_of(snapshot, axis) for axis in ("craft", "region", "union")}
    views = [_view(chance, names["craft"]) for _ in range(VIEWS + WARM_UP)]
    return {
        "/": [f"/?{view}" for view in views],
        "/charts": [f"/charts?{view}" for view in views],
        **{f"/{axis}s/…": _some(chance, [f"/{axis}s/{code}" for code in codes]) for axis, codes in names.items()},
        **{path: _some(chance, [path]) for path in ("/sources", "/about")},
        **{
            f"/embed/{kind}": [f"/embed/{kind}?{view}" for view in views] for kind in ("list", "chart.svg", "badge.svg")
        },
    }


def _view(chance: random.Random, crafts: list[str]) -> str:
    choices = {
        "craft": (0.8, crafts),
        "topic": (0.5, ["ai", "layoffs", "contracts"]),
        "region": (0.5, ["US", "GB", "CA", "US-CA", "DE"]),
        "window": (0.3, ["P7D", "P30D", "P1Y"]),
    }
    return urlencode(
        {name: chance.choice(codes) for name, (share, codes) in choices.items() if chance.random() < share}
    )


def _some(chance: random.Random, targets: list[str]) -> list[str]:
    return chance.choices(targets, k=VIEWS + WARM_UP)
