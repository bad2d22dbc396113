"""Scraping 200 feeds of 50 items from a server beside us: CPU of the whole command, imports and workers counted.

Everybody in turn, round by round, from the first ingest on; medians of a few passes.
"""

from __future__ import annotations

import subprocess
import sys
import time
import urllib.request
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import which
from statistics import median
from tempfile import TemporaryDirectory

from db.shapes import Source
from scraper.sources import to_toml
from tests.bench.feeds import FEEDS, ITEMS
from tests.bench.options import Options
from tests.bench.processes import Cost, free_port, run_to_end
from tests.bench.report import Row
from tests.db.factory import make_source

HERE = Path(__file__).parent
PASSES = 3
# How the server answers, and what that is called. The first must be the first.
ROUNDS = (
    ("normal", "first ingest"),
    ("normal", "all 304"),
    ("deaf", "same bytes again"),
    ("changed", "24 of 200 changed"),
)
# Ours against theirs: seconds of CPU.
GOALS = {
    ("first ingest", "newsboat"): "≤ 1",
    ("first ingest", "reader"): "≤ 0.1",
    ("24 of 200 changed", "reader"): "≤ 0.25",
    ("all 304", "httpx + feedparser"): "≤ 1.6",
    ("same bytes again", "reader"): "≤ 0.067",
}
Scrape = Callable[[], Cost]


def run(options: Options) -> Iterator[Row]:
    costs: defaultdict[tuple[str, str], list[Cost]] = defaultdict(list)
    with _feed_server() as port:
        for _ in range(PASSES):
            with TemporaryDirectory() as name:
                programs = _programs(options, Path(name), port)
                for state, round_name in ROUNDS:
                    _say(port, state)
                    for program, scrape in programs.items():
                        costs[round_name, program].append(scrape())
    for _, round_name in ROUNDS:
        yield from _rows(round_name, {program: costs[round_name, program] for program in programs})


def _programs(options: Options, folder: Path, port: int) -> dict[str, Scrape]:
    """All who are measured, each with nothing in its archive yet."""
    urls = [f"http://{host(number)}:{port}/feed/{number}" for number in range(FEEDS)]
    (folder / "urls").write_text("\n".join(urls))
    return {"craftwatch": _ours(folder, urls, port), **_yardsticks(options, folder)}


def _rows(round_name: str, costs: dict[str, list[Cost]]) -> Iterator[Row]:
    section = f"ingest, {round_name}"
    cpu = {program: median(cost.cpu for cost in of) for program, of in costs.items()}
    ours = cpu.pop("craftwatch")
    yield Row(section, "craftwatch", ours, "s of CPU")
    if round_name == "first ingest":
        memory = median(cost.memory for cost in costs["craftwatch"])
        yield Row(section, "craftwatch: items", FEEDS * ITEMS / ours, "per s of CPU")
        yield Row(section, "craftwatch: memory of the largest process", memory, "MB", goal="≤ 150")
    for program, theirs in cpu.items():
        goal = GOALS.get((round_name, program), "")
        yield Row(section, program, theirs, "s of CPU", ours / theirs, f"craftwatch / {program}", goal)


def host(number: int) -> str:
    """Each feed has a host of its own, as out there."""
    return f"127.0.1.{number + 1}"


def make_source_file(folder: Path, urls: list[str]) -> Path:
    sources: list[Source] = [
        make_source(f"paper-{number}", feed_url=url, homepage=f"https://paper{number}.example/")
        for number, url in enumerate(urls)
    ]
    path = folder / "sources.toml"
    path.write_text(to_toml(sources))
    return path


def settings_of(folder: Path, urls: list[str], port: int) -> dict[str, str]:
    """The environment of a scraper of ours that may dial these, and waits for nobody."""
    return {
        "CRAFTWATCH_DATABASE_URL": f"sqlite:///{folder / 'ours.db'}",
        "CRAFTWATCH_SOURCES": str(make_source_file(folder, urls)),
        "CRAFTWATCH_ALLOW_ADDRESSES": ",".join(f"{host(number)}:{port}" for number in range(len(urls))),
        "CRAFTWATCH_HOST_INTERVAL_SECONDS": "0",
        "CRAFTWATCH_ROBOTS": "false",  # no yardstick reads robots.txt
    }


def _ours(folder: Path, urls: list[str], port: int) -> Scrape:
    environment = settings_of(folder, urls, port)
    run_to_end([sys.executable, "-m", "scraper", "migrate"], environment)
    return lambda: run_to_end([sys.executable, "-m", "scraper", "scrape", "--all"], environment)


def _yardsticks(options: Options, folder: Path) -> dict[str, Scrape]:
    found: dict[str, Scrape] = {}
    if options.yardsticks:
        python = options.yardsticks
        scripts = {"httpx + feedparser": "plain", "reader": "with_reader"}
        for name, script in scripts.items():
            command = [python, HERE / "yardsticks" / f"{script}.py", folder / f"{script}.db", folder / "urls"]
            found[name] = lambda command=command: run_to_end(command)  # type: ignore[misc]  # bound at once
    if newsboat := which("newsboat"):
        files = ["-u", folder / "urls", "-c", folder / "newsboat.db", "-C", "/dev/null"]
        found["newsboat"] = lambda: run_to_end([newsboat, *files, "-x", "reload"], {"HOME": str(folder)})
    return found


@contextmanager
def _feed_server() -> Iterator[int]:
    port = free_port()
    command = [sys.executable, "-m", "tests.bench.feedserver", str(port)]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as server:
        try:
            for _ in range(600):
                time.sleep(0.1)
                try:
                    _say(port, "normal")
                    break
                except OSError:
                    continue
            yield port
        finally:
            server.terminate()


def _say(port: int, state: str) -> None:
    urllib.request.urlopen(f"http://127.0.0.1:{port}/state/{state}", timeout=5).close()
