"""Reading in process: from a request's scope to the answer's bytes; nothing of the answer or its filter is remembered.

On SQLite the time is that of the CPU, which other work on the machine moves least; on PostgreSQL, where another process
does the work, it is the clock's.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from fastapi import FastAPI

from api.app import create_app
from api.cache import Fragments, Queries
from api.dependencies import Context
from api.paging import encode_cursor
from api.settings import ApiSettings
from db.archive import Snapshot, Workings
from db.filters import Position, Sort
from db.recent import Newest
from tests.bench.inprocess import await_sets, codes_of, get
from tests.bench.options import Options
from tests.bench.report import Row

CASES = 60  # requests of each kind
TRIES = 3  # of each request; the best counts, since whatever else runs only adds
DEEP_PAGE = 10_000
PAGE = 50
# What each kind may take at the 95th percentile: on SQLite, on PostgreSQL (milliseconds).
GOALS = {
    "list of a craft": (10, 25),
    "list of a craft, nothing rendered yet": (10, 25),
    "topic × craft × region × dates": (10, 25),
    "page 1": (10, 25),
    f"page {DEEP_PAGE:,}": (10, 25),
    "search, two words, newest first": (10, 60),
    "items by craft and month": (50, 25),
    "all facets": (50, 25),
    "Atom of a craft": (10, 25),
    "JSON Feed of a craft": (10, 25),
}
GROWTH = "≤ 1.5"


def run(options: Options) -> Iterator[Row]:
    for database in options.databases:
        before: dict[str, float] = {}
        for items in options.sizes:
            medians = {}
            for name, times in _measure(options.archive(database, items)):
                middle, late = statistics.median(times), statistics.quantiles(times, n=20)[-1]
                medians[name] = middle
                section = f"reading {database} {items:,}"
                yield Row(section, f"{name}: p95", late, "ms", goal=f"≤ {GOALS[name][database != 'sqlite']}")
                grown = middle / before[name] if name in before else None
                against = f"{options.sizes[0]:,}"
                yield Row(section, f"{name}: median", middle, "ms", grown, against, GROWTH if grown else "")
            deep, first = medians[f"page {DEEP_PAGE:,}"], medians["page 1"]
            yield Row(section, f"page {DEEP_PAGE:,} against page 1", deep, "ms", deep / first, "page 1", "≤ 1.5")
            before = before or medians


def _measure(url: str) -> Iterator[tuple[str, list[float]]]:
    """(kind of request, milliseconds of each)."""
    app = create_app(ApiSettings(read_database_url=url, answer_cache_mb=0))
    context: Context = app.state.context
    await_sets(context)
    with context.archive.snapshot() as snapshot:
        kinds = list(_kinds(snapshot).items())
    with asyncio.Runner() as runner:
        for name, targets in kinds:
            fresh = "nothing rendered" in name
            clock = time.process_time if url.startswith("sqlite") else time.perf_counter
            yield name, runner.run(_time(app, targets, clock, context, unrendered=fresh))
    context.archive.close()


def _kinds(snapshot: Snapshot) -> dict[str, list[str]]:
    chance = random.Random(11)
    crafts = codes_of(snapshot, "craft")
    by_craft = [f"craft={chance.choice(crafts)}&limit={PAGE}" for _ in range(CASES)]
    deep = [f"/v1/items?limit={PAGE}&cursor={cursor}" for cursor in _deep_cursors(snapshot, DEEP_PAGE * PAGE)]
    return {
        "list of a craft": [f"/v1/items?{query}" for query in by_craft],
        "list of a craft, nothing rendered yet": [f"/v1/items?{query}" for query in by_craft],
        "topic × craft × region × dates": _combinations(snapshot, chance),
        "page 1": [f"/v1/items?limit={PAGE}&lang=en"] * CASES,
        f"page {DEEP_PAGE:,}": deep * CASES,
        "search, two words, newest first": _searches(snapshot, chance),
        "items by craft and month": ["/v1/stats?by=craft&over=month"] * CASES,
        "all facets": ["/v1/facets"] * CASES,
        "Atom of a craft": [f"/v1/items.atom?{query}" for query in by_craft],
        "JSON Feed of a craft": [f"/v1/items.feed.json?{query}" for query in by_craft],
    }


def _combinations(snapshot: Snapshot, chance: random.Random) -> list[str]:
    """Half with terms that some item has together, half with any."""
    targets = []
    items = snapshot.rows("SELECT id, terms FROM item ORDER BY key LIMIT 20000")
    keys = snapshot.term_keys()
    import orjson

    while len(targets) < CASES:
        _, terms = chance.choice(items)
        found: dict[str, str] = {}
        for term_id, _ in orjson.loads(terms):
            axis, code = keys[term_id]
            found.setdefault(axis, code)
        names = ("topic", "craft", "region")
        if len(targets) % 2:
            found = {axis: chance.choice(codes_of(snapshot, axis)) for axis in names}
        if not all(axis in found for axis in names):
            continue
        day = datetime(2026, 11, 1, tzinfo=UTC) - timedelta(days=chance.randint(30, 2_000))
        query = "&".join(f"{axis}={quote(found[axis])}" for axis in names)
        dates = f"from={day:%Y-%m-%d}&to={day + timedelta(days=chance.choice((30, 365, 1_500))):%Y-%m-%d}"
        targets.append(f"/v1/items?{query}&{dates}&limit={PAGE}")
    return targets


def _searches(snapshot: Snapshot, chance: random.Random) -> list[str]:
    """Two words of one title each."""
    titles = [row[0] for row in snapshot.rows("SELECT title FROM item ORDER BY key LIMIT 5000")]
    pairs = (chance.sample(chance.choice(titles).split(), 2) for _ in range(CASES))
    return [f"/v1/items?q={first}+{second}&limit={PAGE}" for first, second in pairs]


def _deep_cursors(snapshot: Snapshot, skipped: int) -> list[str]:
    """The cursor after so many items, or after nine tenths of all where there are fewer."""
    snapshot.take_time()
    count = snapshot.count(snapshot.term_ids()["tracked", "yes"])
    sets = snapshot.sets()
    assert sets is not None
    everything = sets.match([(snapshot.term_ids()["tracked", "yes"],)], (), -(2**63), 2**63 - 1, None)
    item_id = sets.newest(everything, 2**63 - 1, min(skipped, count * 9 // 10))[-1]
    return [encode_cursor(Sort.PUBLISHED, Position(item_id))]


def _forget(context: Context) -> None:
    """What was worked out for filters: each request is the first of its kind since the data changed."""
    context.newest, context.queries = Newest(), Queries()
    context.archive.workings = Workings()
    context.archive.terms.forget_counts()


async def _time(
    app: FastAPI, targets: Sequence[str], clock: Callable[[], float], context: Context, *, unrendered: bool
) -> list[float]:
    times = []
    for target in targets:
        await get(app, target)  # what has to come from the disk, which may take longer than an answer is waited for
        tries = []
        for _ in range(TRIES):
            _forget(context)
            if unrendered:
                context.fragments = Fragments()
            began = clock()
            reply = await get(app, target)
            tries.append((clock() - began) * 1000)
            assert reply.status == 200, f"{target}: {reply.status}"
        times.append(min(tries))
    return times
