"""A cycle of 950 good sources, and the same beside 50 hostile ones: what do the hostile cost the good?

The good must be saved after 1.5 times as long at most. All may take 1.5 times as long or one deadline longer, whichever
is more: where the machine is quick, the clean cycle is shorter than the deadline that the hostile take.

python -m tests.faults.cycle --good 950 --hostile 50
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.faults.press import Command, database, document
from tests.scraper.hostile import DOCUMENTS
from tests.server import (
    Behaviour,
    LoopbackServer,
    after,
    endless_body,
    endless_continue,
    feed,
    gzip_bomb,
    large_slow_body,
    raw,
    redirect,
    reply,
    silent,
    slow_body,
    slow_headers,
)

LONGEST = 1.5  # times the clean cycle
DEADLINE_SECONDS = 30  # of a fetch, as set by default: the hostile take it whatever the machine
MEMORY_MB = 300

CUT = b"HTTP/1.1 200 OK\r\ncontent-type: application/rss+xml\r\ncontent-length: 90000\r\n\r\n<rss"
HOSTILE: list[Callable[[], Behaviour]] = [
    slow_body,
    slow_headers,
    silent,
    endless_continue,
    endless_body,
    *[large_slow_body] * 6,
    lambda: gzip_bomb(256),
    lambda: raw(CUT),
    lambda: redirect("/feed"),
    lambda: redirect("http://169.254.169.254/latest/"),
    lambda: reply(503, retry_after="86400"),
    lambda: after(20, feed()),
    *(lambda name=name: feed(DOCUMENTS[name]()) for name in DOCUMENTS),  # type: ignore[misc]
]


@dataclass(frozen=True)
class Cycle:
    seconds: float
    good_seconds: float  # until the last item of a good source was there
    summary: dict[str, Any]
    parent_mb: float
    workers_mb: float  # of all of them together, at most
    stored: int


def run_cycle(good: int, hostile: int) -> Cycle:
    """One scrape of so many sources, each on a host of its own, the hostile ones spread among the good."""
    with tempfile.TemporaryDirectory() as name, LoopbackServer("0.0.0.0") as server:
        folder = Path(name)
        with database("sqlite", folder) as url:
            urls: dict[str, str] = {}
            for n in range(good):
                host = f"127.{1 + n // 250}.1.{1 + n % 250}"
                server.add("/feed", feed(document(f"good-{n}", range(20)), etag='"1"'), host)
                urls[f"good-{n}"] = server.url("/feed", host)
            for n in range(hostile):
                host = f"127.9.1.{1 + n % 250}"
                server.add("/feed", HOSTILE[n % len(HOSTILE)](), host)
                urls[f"hostile-{n}"] = server.url("/feed", host)
            command = Command(folder, url, _pairs(urls), {})
            command.list_sources(_spread(urls, good, hostile))
            began = time.monotonic()
            with command.start("scrape", "--all", "--json") as process:
                watch = _Watch(process.pid, command)
                out, errors = process.communicate(timeout=1200)
            seconds = time.monotonic() - began
            watch.stop()
            assert "Traceback" not in errors, errors
            good_seconds = watch.last_stored_at - began
            return Cycle(seconds, good_seconds, json.loads(out), watch.parent_mb, watch.workers_mb, watch.stored)


def _pairs(urls: dict[str, str]) -> str:
    return ",".join(url.partition("://")[2].partition("/")[0] for url in urls.values())


def _spread(urls: dict[str, str], good: int, hostile: int) -> dict[str, str]:
    every = max(1, good // hostile) if hostile else good + 1
    names = list(urls)
    order: list[str] = []
    for n in range(max(good, hostile * every)):
        order += names[n : n + 1] if n < good else []
        if n % every == 0 and n // every < hostile:
            order.append(names[good + n // every])
    return {name: urls[name] for name in order}


class _Watch:
    """Looks ten times a second: the most that a process and its children hold, how many items of good sources there are
    and since when."""

    def __init__(self, pid: int, command: Command) -> None:
        self.parent_mb = self.workers_mb = 0.0
        self.stored, self.last_stored_at = 0, time.monotonic()
        self._command = command
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._look, args=(pid,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()
        self._count()

    def _look(self, pid: int) -> None:
        while not self._stopped.wait(0.1):
            self._count()
            with suppress(OSError):
                children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
                self.parent_mb = max(self.parent_mb, _held_mb(str(pid), "VmHWM"))
                self.workers_mb = max(self.workers_mb, sum(_held_mb(child, "VmRSS") for child in children))

    def _count(self) -> None:
        stored = self._command.number("SELECT count(*) FROM item WHERE source_id LIKE 'good-%'")
        if stored > self.stored:
            self.stored, self.last_stored_at = stored, time.monotonic()


def _held_mb(pid: str, what: str) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(what):
            return int(line.split()[1]) / 1024
    return 0.0


def main(arguments: Sequence[str] | None = None) -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--good", type=int, default=950)
    options.add_argument("--hostile", type=int, default=50)
    chosen = options.parse_args(arguments)
    clean = run_cycle(chosen.good, 0)
    print(f"clean: {_figures(clean)}", flush=True)
    mixed = run_cycle(chosen.good, chosen.hostile)
    print(f"mixed: {_figures(mixed)}")
    failed = sorted({source["id"] for source in mixed.summary["by_source"] if source["reason"]})
    spared = [source_id for source_id in failed if source_id.startswith("good")]
    good, all_ = mixed.good_seconds / clean.good_seconds, mixed.seconds / clean.seconds
    print(f"the good are saved after {good:.2f} times as long, all is over after {all_:.2f} times as long")
    print(f"good sources that failed: {len(spared)}; {mixed.summary['failed']}")
    whole = clean.stored == mixed.stored == 20 * chosen.good
    in_time = good <= LONGEST and mixed.seconds <= max(LONGEST * clean.seconds, clean.seconds + DEADLINE_SECONDS)
    return 0 if whole and not spared and in_time and mixed.parent_mb <= MEMORY_MB else 1


def _figures(cycle: Cycle) -> str:
    return (
        f"{cycle.seconds:.1f} s, the good saved after {cycle.good_seconds:.1f} s; {cycle.summary['sources']} sources, "
        f"{cycle.stored} items of good sources, scraper {cycle.parent_mb:.0f} MB, its parsers {cycle.workers_mb:.0f} MB"
    )


if __name__ == "__main__":
    sys.exit(main())
