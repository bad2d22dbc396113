"""Serving as a process: asked to end, restarted, on a socket of its own or of the service manager."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from scraper import serving
from scraper.serving import _keep_running, address_of, inherited_socket, listen
from tests.processes import PATIENCE_SECONDS, Program, line_with, program_in

# An API that says when it is asked, and answers when it is told to.
GATED = """
import sys
from scraper.serving import listen, serve_until_stopped
from scraper.stopping import stopping

def create_app():
    async def app(scope, receive, send):
        if scope["type"] == "http":
            print("asked", flush=True)
            sys.stdin.readline()
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"answered"})
    return app

sys.modules["gated"] = sys.modules["__main__"]
with stopping() as stop, listen("127.0.0.1", 0) as socket:
    print(socket.getsockname()[1], flush=True)
    serve_until_stopped([socket], "", stop, "gated:create_app")
"""


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    with program_in(tmp_path) as program:
        program.run("migrate")
        yield program


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with listen("127.0.0.1", 0) as listening:
        yield listening


@contextmanager
def asking(listening: socket.socket) -> Iterator[http.client.HTTPConnection]:
    """A request sent, its answer not yet read."""
    with closing(http.client.HTTPConnection(*listening.getsockname(), timeout=PATIENCE_SECONDS)) as connection:
        connection.request("GET", "/v1/health")
        yield connection


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_request_under_way_is_finished_before_the_end(program: Program, number: signal.Signals) -> None:
    process = program.start(code=GATED)
    assert process.stdout is not None
    port = int(process.stdout.readline())
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
    connection.request("GET", "/")
    line_with("asked", process.stdout)
    process.send_signal(number)
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()
    assert connection.getresponse().read() == b"answered"
    connection.close()
    assert process.wait(PATIENCE_SECONDS) == 0


def test_the_api_asked_to_end_ends_well(program: Program) -> None:
    process = program.start("serve", "--port", "0")
    assert process.stderr is not None
    line_with("Serving on", process.stderr)
    process.terminate()
    assert process.wait(PATIENCE_SECONDS) == 0


def test_a_socket_of_the_service_manager_is_served(program: Program, listening: socket.socket) -> None:
    program.start("serve", listening=listening)
    with asking(listening) as connection:
        assert connection.getresponse().status == 200


def test_who_comes_between_two_servers_is_answered_by_the_next(program: Program, listening: socket.socket) -> None:
    first = program.start("serve", listening=listening)
    with asking(listening) as connection:
        connection.getresponse()
    first.terminate()
    first.wait(PATIENCE_SECONDS)
    with asking(listening) as connection:
        program.start("serve", listening=listening)
        assert connection.getresponse().status == 200


def test_a_socket_for_another_process_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LISTEN_PID", str(os.getpid() + 1))
    monkeypatch.setenv("LISTEN_FDS", "1")
    assert inherited_socket() is None


def test_what_is_said_of_sockets_is_not_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LISTEN_FDS", "1")
    inherited_socket()
    assert "LISTEN_FDS" not in os.environ


def test_an_answer_on_a_kept_connection_waits_for_no_acknowledgement(listening: socket.socket) -> None:
    with socket.create_connection(listening.getsockname()):
        accepted, _ = listening.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_nor_does_one_on_a_socket_of_the_service_manager(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "FIRST_INHERITED", socket.create_server(("127.0.0.1", 0)).detach())
    monkeypatch.setenv("LISTEN_PID", str(os.getpid()))
    monkeypatch.setenv("LISTEN_FDS", "1")
    inherited = inherited_socket()
    assert inherited is not None
    with inherited:
        assert inherited.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_wildcard_is_reached_at_this_machine() -> None:
    with listen("0.0.0.0", 0) as listening:
        assert address_of(listening).startswith("http://127.0.0.1:")


@pytest.mark.parametrize("setting", ["PORT", "METRICS_PORT"])
def test_a_port_that_is_taken_is_named_with_its_setting(
    program: Program, listening: socket.socket, setting: str
) -> None:
    taken = {"CRAFTWATCH_PORT": "0", f"CRAFTWATCH_{setting}": str(listening.getsockname()[1])}
    done = program.run("serve", **taken)
    assert done.returncode == 2
    assert f"or CRAFTWATCH_{setting}" in done.stderr


@pytest.mark.parametrize("setting", ["HOST", "METRICS_HOST"])
@pytest.mark.parametrize("host", ["desk..invalid", "192.0.2.1"], ids=["unknown", "another machine"])
def test_a_host_that_is_not_ours_is_named_with_its_setting(program: Program, setting: str, host: str) -> None:
    places = {"CRAFTWATCH_PORT": "0", "CRAFTWATCH_METRICS_PORT": "9464", f"CRAFTWATCH_{setting}": host}
    done = program.run("serve", **places)
    assert done.returncode == 2
    assert f"or CRAFTWATCH_{setting} to another" in done.stderr


def test_a_name_is_resolved() -> None:
    with listen("localhost", 0) as listening:
        assert address_of(listening).startswith("http://127.0.0.1:")


def test_a_scraper_that_ends_is_begun_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scraper.serving.LOOK_SECONDS", 0.02)
    monkeypatch.setattr("scraper.serving.RESTART_SECONDS", 0.02)
    ending, runs = threading.Event(), tmp_path / "runs"
    command = [sys.executable, "-c", f"open({str(runs)!r}, 'a').write('x'); raise SystemExit(3)"]
    keeper = threading.Thread(target=_keep_running, args=(command, dict(os.environ), ending))
    keeper.start()
    end = time.monotonic() + 30
    while time.monotonic() < end and (not runs.exists() or len(runs.read_text()) < 3):
        time.sleep(0.02)
    ending.set()
    keeper.join(10)
    assert len(runs.read_text()) >= 3
    assert not keeper.is_alive()


def test_a_scraper_beside_us_ends_with_us(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scraper.serving.LOOK_SECONDS", 0.02)
    ending = threading.Event()
    keeper = threading.Thread(
        target=_keep_running, args=([sys.executable, "-c", "import time; time.sleep(60)"], dict(os.environ), ending)
    )
    keeper.start()
    time.sleep(0.3)
    ending.set()
    keeper.join(20)
    assert not keeper.is_alive()


def test_a_scraper_that_cannot_be_started_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scraper.serving.RESTART_SECONDS", 0.01)
    tries: list[int] = []
    ending = threading.Event()

    def fail(*args: object, **options: object) -> None:
        tries.append(1)
        if len(tries) == 3:
            ending.set()
        raise OSError(12, "Cannot allocate memory")

    monkeypatch.setattr("scraper.serving.subprocess.Popen", fail)
    _keep_running(["nothing"], {}, ending)
    assert len(tries) == 3
