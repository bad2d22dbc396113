"""Serving over HTTP: requests a second of one worker with 32 connections, beside hello-world and datasette."""

from __future__ import annotations

import json
import random
import sqlite3
import statistics
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from tests.bench.load import Answered, ask
from tests.bench.options import Options
from tests.bench.processes import free_port, running
from tests.bench.report import Row

CONNECTIONS = 32
ROUNDS = 3  # each server in turn; the median of the rounds counts
WARM_UP = 2.0
LIMIT = 50
QUERY = (
    "select item.* from item_term join item on item.id = item_term.item_id "
    "where term_id = (select id from term where axis = 'craft' and code = :craft) order by item_id desc limit 50"
)
HELLO, DATASETTE = "hello-world", "datasette"
Target = tuple[int, list[str], str]  # port, targets, headers


def run(options: Options) -> Iterator[Row]:
    for database in options.databases:
        for items in options.sizes:
            yield from _run(options, database, items)


def _run(options: Options, database: str, items: int) -> Iterator[Row]:
    url = options.archive(database, items)
    section = f"serving {database} {items:,}"
    with ExitStack() as stack:
        servers = _start(stack, options, url)
        for port in {server[0] for name, server in servers.items() if name in ("list of a craft", "repeated")}:
            await_exact(port)
        for port, targets, headers in servers.values():
            ask(port, targets, connections=CONNECTIONS, seconds=WARM_UP, headers=headers)
        rounds = [{name: _ask(server, options.seconds) for name, server in servers.items()} for _ in range(ROUNDS)]
    medians = {name: statistics.median(one[name].per_second for one in rounds) for name in servers}
    uncached = "list of a craft"
    yield Row(section, HELLO, medians[HELLO], "requests/s")
    for name, goal in ((uncached, "≥ 0.55"), ("repeated", "≥ 0.85"), ("Atom", "≥ 0.35"), ("JSON Feed", "≥ 0.35")):
        yield Row(section, name, medians[name], "requests/s", medians[name] / medians[HELLO], HELLO, goal)
    late = statistics.median(one[uncached].quantile_ms(0.99) for one in rounds)
    yield Row(section, f"{uncached}: p99", late, "ms", goal="≤ 60")
    failed = sum(
        count for one in rounds for answer in one.values() for status, count in answer.statuses.items() if status != 200
    )
    yield Row(section, "answers other than 200", failed, "", goal="≤ 0")
    if DATASETTE in medians:
        ratio = medians[uncached] / medians[DATASETTE]
        yield Row(section, f"{DATASETTE}, canned query", medians[DATASETTE], "requests/s", ratio, "ours / it", "≥ 6")
    if database == "sqlite":
        yield _query_alone(section, url.removeprefix("sqlite:///"), medians[uncached])


def _start(stack: ExitStack, options: Options, url: str) -> dict[str, Target]:
    crafts = _crafts(url)
    fresh, kept, hello = free_port(), free_port(), free_port()
    serve = [sys.executable, "-m", "scraper", "serve", "--port"]
    settings = {"CRAFTWATCH_DATABASE_URL": url, "CRAFTWATCH_READ_DATABASE_URL": url}
    stack.enter_context(running([*serve, str(fresh)], fresh, {**settings, "CRAFTWATCH_ANSWER_CACHE_MB": "0"}))
    stack.enter_context(running([*serve, str(kept)], kept, settings))
    stack.enter_context(running([sys.executable, "-m", "tests.bench.hello", str(hello)], hello))
    lists = [f"craft={craft}&limit={LIMIT}" for craft in crafts]
    servers: dict[str, Target] = {
        HELLO: (hello, ["/"], ""),
        "list of a craft": (fresh, [f"/v1/items?{query}" for query in lists], ""),
        "repeated": (kept, [f"/v1/items?{lists[0]}"], ""),
        "Atom": (fresh, [f"/v1/items.atom?{query}" for query in lists], ""),
        "JSON Feed": (fresh, [f"/v1/items.feed.json?{query}" for query in lists], ""),
    }
    if options.bin and url.startswith("sqlite"):
        port = free_port()
        path = Path(url.removeprefix("sqlite:///"))
        metadata = options.folder / "datasette.json"
        metadata.write_text(json.dumps({"databases": {path.stem: {"queries": {"by_craft": {"sql": QUERY}}}}}))
        command = [options.bin / "datasette", path, "--port", str(port), "--metadata", metadata]
        stack.enter_context(running(command, port))
        servers[DATASETTE] = (port, [f"/{path.stem}/by_craft.json?craft={craft}&_shape=array" for craft in crafts], "")
    return servers


def await_exact(port: int) -> None:
    """Until a server of ours has its sets in memory, as one has that runs for a while."""
    end = time.monotonic() + 600
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/facets?topic=ai", timeout=60) as answer:
                if b'"is_estimate":true' not in answer.read():
                    return
        except OSError:
            pass
        time.sleep(0.5)
    raise TimeoutError("the server gave estimates for ten minutes")


def _ask(server: Target, seconds: float) -> Answered:
    port, targets, headers = server
    return ask(port, targets, connections=CONNECTIONS, seconds=seconds, headers=headers)


def _crafts(url: str) -> Sequence[str]:
    """A hundred crafts that items have, in no order."""
    from db.archive import Archive

    archive = Archive(url)
    with archive.snapshot() as snapshot:
        crafts = sorted(code for axis, code in snapshot.term_ids() if axis == "craft")
    archive.close()
    return random.Random(5).choices(crafts, k=100)


def _query_alone(section: str, path: str, per_second: float) -> Row:
    """The rows by Python's sqlite3 and no server at all."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    crafts = _crafts(f"sqlite:///{path}")
    began = time.perf_counter()
    for craft in crafts:
        connection.execute(QUERY, {"craft": craft}).fetchall()
    alone = len(crafts) / (time.perf_counter() - began)
    connection.close()
    return Row(section, "sqlite3, the query alone", alone, "queries/s", per_second / alone, "ours / it")
