"""Reading while a scraper writes as fast as it can: how much later the late answers come, and whether any fails.

Of the machine's cores the writer takes one, PostgreSQL another, and what is written keeps the disk busy: where there
are two, the server and who asks it wait for a core as well. FastAPI's hello-world beside the same writer says how long.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

from tests.bench.load import Answered, ask
from tests.bench.options import Options
from tests.bench.processes import free_port, running
from tests.bench.report import Row
from tests.bench.serving import HELLO, LIMIT, _crafts, await_exact

CONNECTIONS = 8
# Seconds that are enough for a figure to compare with; what is told longer asks for errors beside the writer.
ENOUGH = 30.0
# How often it is asked, a second: as readers do who do not wait for one another, and as often as it answers.
LOADS = {"200 requests a second": 200.0, "as many as it answers": None}


def run(options: Options) -> Iterator[Row]:
    items = options.sizes[0]
    for database in options.databases:
        section = f"reading while writing, {database} {items:,}"
        url = _copy(options, database, options.archive(database, items))
        targets = [f"/v1/items?craft={craft}&limit={LIMIT}" for craft in _crafts(url)]
        with ExitStack() as stack:
            port, hello = free_port(), free_port()
            serve = [sys.executable, "-m", "scraper", "serve", "--port", str(port)]
            stack.enter_context(running(serve, port, {"CRAFTWATCH_DATABASE_URL": url}))
            stack.enter_context(running([sys.executable, "-m", "tests.bench.hello", str(hello)], hello))
            await_exact(port)
            servers = {"": (port, targets), f"{HELLO}, ": (hello, ["/"])}
            for server in servers.values():
                ask(*server, connections=CONNECTIONS, seconds=2)
            short = min(ENOUGH, options.seconds)
            quiet = {who: _under_each_load(*server, short) for who, server in servers.items()}
            with _writer(url):
                busy = {
                    who: _under_each_load(*server, short if who else options.seconds) for who, server in servers.items()
                }
        for who, answered in quiet.items():
            for load in LOADS:
                before, late = answered[load].quantile_ms(0.99), busy[who][load].quantile_ms(0.99)
                yield Row(section, f"{who}{load}: p99, quiet", before, "ms")
                goal = "" if who else "≤ 2"
                yield Row(section, f"{who}{load}: p99, while it writes", late, "ms", late / before, "quiet", goal)
        statuses = [each.statuses for answered in busy.values() for each in answered.values()]
        failed = sum(count for each in statuses for status, count in each.items() if status != 200)
        yield Row(section, "answers other than 200", failed, "", goal="≤ 0")


def _under_each_load(port: int, targets: list[str], seconds: float) -> dict[str, Answered]:
    return {
        load: ask(port, targets, connections=CONNECTIONS, seconds=seconds, rate=rate) for load, rate in LOADS.items()
    }


def _copy(options: Options, database: str, url: str) -> str:
    """An archive to write into."""
    if database == "sqlite":
        path = Path(url.removeprefix("sqlite:///"))
        copy = path.with_name("written.db")
        for left in path.parent.glob("written.db*"):
            left.unlink()
        shutil.copy(path, copy)
        return f"sqlite:///{copy}"
    parsed = make_url(url)
    engine = create_engine(
        make_url(options.postgresql).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as connection:
        connection.execute(text("DROP DATABASE IF EXISTS written WITH (FORCE)"))
        connection.execute(text(f"CREATE DATABASE written TEMPLATE {parsed.database}"))
    engine.dispose()
    return parsed.set(database="written").render_as_string(hide_password=False)


@contextmanager
def _writer(url: str) -> Iterator[None]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.bench.writer", url], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()  # its first batch is in
        try:
            yield
        finally:
            if process.poll() is not None:
                raise RuntimeError("the writer failed")
            process.terminate()
