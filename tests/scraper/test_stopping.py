"""Asked to end, everything ends in good time: nothing begun is lost, nothing new is begun."""

from __future__ import annotations

import asyncio
import json
import signal
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from click.testing import CliRunner

from scraper.cli import main
from scraper.stopping import Stop, stopping
from tests.processes import PATIENCE_SECONDS, Program, line_with, program_in
from tests.server import Behaviour, LoopbackServer, Request, feed, silent

# A run that says when it was asked to end.
TELLING = """
import scraper.cli
from scraper.stopping import Stop

handle = Stop.handle

def tell(stop, number, frame):
    handle(stop, number, frame)
    print("asked to end", flush=True)

Stop.handle = tell
scraper.cli.main(["--log", "json", "scrape"])
"""


class Gate:
    """A behaviour that tells when it is asked and answers when it is let."""

    def __init__(self, then: Behaviour) -> None:
        self.asked, self.open = threading.Event(), threading.Event()
        self._then = then

    async def __call__(self, request: Request, writer: asyncio.StreamWriter) -> None:
        self.asked.set()
        await asyncio.to_thread(self.open.wait, PATIENCE_SECONDS)
        await self._then(request, writer)


@pytest.fixture
def server() -> Iterator[LoopbackServer]:
    with LoopbackServer("0.0.0.0") as server:
        server.add("/feed", feed())
        yield server


@pytest.fixture
def program(tmp_path: Path, server: LoopbackServer) -> Iterator[Program]:
    """Two outlets on hosts of their own, asked one after the other."""
    hosts = ("127.0.1.1", "127.0.1.2")
    allowed = ",".join(f"{host}:{server.port}" for host in hosts)
    with program_in(
        tmp_path, CRAFTWATCH_ALLOW_ADDRESSES=allowed, CRAFTWATCH_CONCURRENCY="1", CRAFTWATCH_ROBOTS="false"
    ) as program:
        program.list_sources(**{f"outlet-{n}": server.url("/feed", host) for n, host in enumerate(hosts)})
        program.run("migrate")
        yield program


def saved(program: Program) -> int:
    with sqlite3.connect(program.folder / "program.db") as connection:
        return int(connection.execute("SELECT count(*) FROM item").fetchone()[0])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_run_asked_to_end_saves_what_is_under_way_and_begins_nothing(
    program: Program, server: LoopbackServer, number: signal.Signals
) -> None:
    gate = Gate(feed())
    server.add("/feed", gate)
    process = program.start("scrape")
    assert gate.asked.wait(PATIENCE_SECONDS)
    process.send_signal(number)
    gate.open.set()
    _, errors = process.communicate(timeout=PATIENCE_SECONDS)
    assert (process.returncode, errors) == (128 + number, "")
    assert (saved(program), server.paths) == (1, ["/feed"])


def test_the_run_after_asks_what_was_left(program: Program, server: LoopbackServer) -> None:
    gate = Gate(feed())
    server.add("/feed", gate)
    process = program.start("scrape")
    assert gate.asked.wait(PATIENCE_SECONDS)
    process.terminate()
    gate.open.set()
    process.communicate(timeout=PATIENCE_SECONDS)
    assert program.run("scrape").returncode == 0
    assert len({request.header("host") for request in server.requests}) == 2


def test_a_source_that_does_not_answer_holds_the_end_up_only_so_long(
    program: Program, server: LoopbackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(silent())
    gate.open.set()
    server.add("/feed", gate)
    code = "import scraper.scrape, scraper.cli; scraper.scrape.STOPPING_SECONDS = 0; scraper.cli.main(['scrape'])"
    process = program.start(code=code, CRAFTWATCH_FETCH_TIMEOUT_SECONDS="600")
    assert gate.asked.wait(PATIENCE_SECONDS)
    process.terminate()
    process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 128 + signal.SIGTERM


def test_a_watch_asked_to_end_ends_well(program: Program, server: LoopbackServer) -> None:
    process = program.start("--log", "json", "scrape", "--watch")
    assert process.stderr is not None
    line_with("outlet-1", process.stderr)
    process.terminate()
    process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 0


@pytest.fixture
def both(program: Program) -> tuple[psutil.Process, psutil.Process]:
    """`craftwatch up` and the scraper beside it."""
    process = program.start("up", "--port", "0")
    assert process.stdout is not None
    line_with("Serving on", process.stdout)
    parent = psutil.Process(process.pid)
    wanted = "--watch"
    while not (children := [child for child in parent.children() if wanted in child.cmdline()]):
        pass
    return parent, children[0]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_scraper_beside_the_api_ends_with_it(
    both: tuple[psutil.Process, psutil.Process], number: signal.Signals
) -> None:
    parent, child = both
    parent.send_signal(number)
    assert parent.wait(PATIENCE_SECONDS) == 0
    assert not child.is_running()


def test_the_scraper_beside_the_api_ends_when_the_api_is_killed(both: tuple[psutil.Process, psutil.Process]) -> None:
    parent, child = both
    parent.kill()
    gone, _ = psutil.wait_procs([child], PATIENCE_SECONDS)
    assert gone == [child]


def test_a_second_ctrl_c_ends_at_once() -> None:
    stop = Stop()
    stop.handle(signal.SIGINT, None)
    with pytest.raises(KeyboardInterrupt):
        stop.handle(signal.SIGINT, None)


def test_a_run_that_ctrl_c_ends_at_once_says_so_in_the_form_of_the_log(
    program: Program, server: LoopbackServer
) -> None:
    gate = Gate(silent())
    server.add("/feed", gate)
    process = program.start(code=TELLING)
    assert gate.asked.wait(PATIENCE_SECONDS)
    process.send_signal(signal.SIGINT)
    assert process.stdout is not None
    line_with("asked to end", process.stdout)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=PATIENCE_SECONDS)
    gate.open.set()
    assert process.returncode == 128 + signal.SIGINT, errors
    assert "Ctrl+C" in [json.loads(line) for line in errors.splitlines()][-1]["message"]


@pytest.mark.parametrize("command", ["migrate", "rebuild"])
def test_a_command_that_ctrl_c_ends_exits_with_130(monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("scraper.commands.archive.open_database", interrupt)
    done = CliRunner().invoke(main, [command])
    assert (done.exit_code, done.stderr) == (130, "Error: Ended by Ctrl+C, before the work was done.\n")


def test_a_repeated_sigterm_says_nothing_new() -> None:
    stop = Stop()
    stop.handle(signal.SIGTERM, None)
    stop.handle(signal.SIGTERM, None)
    assert stop.exit_code == 128 + signal.SIGTERM


def test_a_wait_ends_when_asked() -> None:
    stop = Stop()
    stop.handle(signal.SIGTERM, None)
    stop.wait(10 * PATIENCE_SECONDS)
    assert stop.asked


def test_signals_mean_again_what_they_meant() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with stopping():
        pass
    assert signal.getsignal(signal.SIGTERM) is before
