"""Serving the API, alone or with a scraper beside it that ends when we end."""

from __future__ import annotations

import asyncio
import errno
import gc
import logging
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager

import uvicorn

from scraper.logs import log, logs_json
from scraper.stopping import PARENT, Stop

FIRST_INHERITED = 3  # sd_listen_fds(3)
FINISHING_SECONDS = 10  # for requests under way when we are asked to end
LINGERING_SECONDS = 0.2
SWITCH_SECONDS = 0.0001  # how long a thread that computes may let the others wait, each time they have work again
# When the garbage collector looks: a request leaves next to nothing that it would find, and a look holds up the others.
GARBAGE = (20_000, 20, 100)
LOOK_SECONDS, RESTART_SECONDS = 0.5, 30.0  # between looks at the scraper beside us; before another begins
CHILD_SECONDS = 30.0  # for the scraper beside us to save what is under way: more than STOPPING_SECONDS


class _Server(uvicorn.Server):
    """Ends when `stop` is asked, whenever that was: a signal before uvicorn listens for signals would be lost on it."""

    def __init__(self, config: uvicorn.Config, stop: Stop) -> None:
        super().__init__(config)
        self._stop = stop

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        # What is there from the start stays: the garbage collector, else a fifth of a request, need not look at it.
        gc.collect()
        gc.freeze()
        gc.set_threshold(*GARBAGE)
        # A request asks for the interpreter some ten times, and waits so long each time that another thread computes.
        sys.setswitchinterval(SWITCH_SECONDS)

    async def on_tick(self, counter: int) -> bool:
        return await super().on_tick(counter) or self._stop.asked

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Whoever was let in a moment ago may still say what they want: uvicorn hangs up on those who have not yet."""
        for server in self.servers:
            server.close()
        await asyncio.sleep(LINGERING_SECONDS)
        await super().shutdown(sockets)


class CannotListen(Exception):
    """Why nobody can listen there. `at_fault` ("host" or "port") is what to change, `advice` into what."""

    def __init__(self, reason: str, at_fault: str, advice: str, *, is_taken: bool = False) -> None:
        super().__init__(reason)
        self.at_fault, self.advice, self.is_taken = at_fault, advice, is_taken


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises CannotListen."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        if host:  # asked first, for a failure to find it is told from the others by its class alone
            socket.getaddrinfo(host, port, family, socket.SOCK_STREAM)
        return _without_delay(socket.create_server((host, port), family=family, backlog=2048))
    except (OSError, UnicodeError) as error:
        raise _cannot_listen(host, port, error) from error


def _cannot_listen(host: str, port: int, error: OSError | UnicodeError) -> CannotListen:
    at = f"Cannot listen on {host}:{port}"
    number = error.errno if isinstance(error, OSError) else None
    mine = "127.0.0.1 for this machine alone, 0.0.0.0 for everyone, or one of this machine's addresses"
    if isinstance(error, (socket.gaierror, UnicodeError)):
        return CannotListen(f"{at}: the host is not known to this machine's name server.", "host", mine)
    if number == errno.EADDRNOTAVAIL:
        return CannotListen(f"{at}: the host is no address of this machine.", "host", mine)
    if number == errno.EADDRINUSE:
        reason = f"{at}: another program listens there."
        return CannotListen(reason, "port", "one that is free, or end that program", is_taken=True)
    if number in (errno.EACCES, errno.EPERM):
        reason = f"{at}: this user may not use the port; those below 1024 are the system's."
        return CannotListen(reason, "port", "1024 or more, with a proxy before it")
    return CannotListen(f"{at}: {getattr(error, 'strerror', error)}.", "host", mine)


def inherited_socket() -> socket.socket | None:
    """The socket that a service manager listens on for us (sd_listen_fds(3)); it keeps who comes while we restart."""
    given = os.environ.pop("LISTEN_PID", ""), os.environ.pop("LISTEN_FDS", "")
    os.environ.pop("LISTEN_FDNAMES", None)
    if given != (str(os.getpid()), "1"):
        return None
    inherited = socket.socket(fileno=FIRST_INHERITED)
    inherited.set_inheritable(False)
    return _without_delay(inherited)


def _without_delay(listening: socket.socket) -> socket.socket:
    """Have the connections of this socket send at once (TCP_NODELAY), which they inherit from it.

    asyncio sets that only on sockets made with IPPROTO_TCP, and the body of an answer on a kept connection then waits
    40 ms for the acknowledgement of its head (RFC 1122 §4.2.3.4).
    """
    if listening.family in (socket.AF_INET, socket.AF_INET6):
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def address_of(listening: socket.socket) -> str:
    """Under which this machine reaches us; a wildcard is no address to call."""
    if listening.family not in (socket.AF_INET, socket.AF_INET6):
        return "http://localhost/"
    host, port = listening.getsockname()[:2]
    reached = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  # compared, not bound
    return f"http://{f'[{reached}]' if ':' in reached else reached}:{port}/"


def offer_metrics(port: int) -> None:
    """What comes to this port is answered with numbers by the API that is started next."""
    os.environ["CRAFTWATCH_METRICS_PORT"] = str(port)


def serve_until_stopped(
    sockets: list[socket.socket], address: str, stop: Stop, app: str = "api.app:create_app"
) -> None:
    """Serve the API on these sockets until asked to stop; requests under way are finished first.

    Links in answers begin with `address` unless CRAFTWATCH_PUBLIC_URL says otherwise. `app` makes what is served; it
    goes by name, for the scraper does not import the API.
    """
    os.environ.setdefault("CRAFTWATCH_PUBLIC_URL", address)
    config = uvicorn.Config(
        app,
        factory=True,
        log_config=None,  # ours
        access_log=False,  # who reads what is nobody's business
        server_header=False,
        timeout_graceful_shutdown=FINISHING_SECONDS,
    )
    _Server(config, stop).run(sockets=sockets)


@contextmanager
def scraping_alongside(*, enabled: bool) -> Iterator[None]:
    """A child that scrapes on schedule while the block runs, begun anew when it ends before.

    In a session of its own: Ctrl+C at the terminal is ours to pass on, once.
    """
    if not enabled:
        yield
        return
    verbose = ["-v"] if logging.getLogger().isEnabledFor(logging.INFO) else []
    form = ["--log", "json"] if logs_json() else []
    command = [sys.executable, "-m", "scraper", *verbose, *form, "scrape", "--watch"]
    environment = {**os.environ, PARENT: str(os.getpid())}
    ending = threading.Event()
    keeper = threading.Thread(target=_keep_running, args=(command, environment, ending), name="scraping", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        ending.set()
        keeper.join()


def _keep_running(command: list[str], environment: dict[str, str], ending: threading.Event) -> None:
    """An archive that nobody fills looks like a quiet week: whatever ended the child, it is begun anew."""
    while not ending.is_set():
        try:
            ended = _run_child(command, environment, ending)
        except OSError as error:
            ended = f"could not be started: {error.strerror}"
        if ending.is_set():
            return
        log.error("The scraper %s; another begins in %g s.", ended, RESTART_SECONDS)
        ending.wait(RESTART_SECONDS)


def _run_child(command: list[str], environment: dict[str, str], ending: threading.Event) -> str:
    """How it ended, by itself or because we end."""
    with subprocess.Popen(command, env=environment, start_new_session=True) as child:  # noqa: S603  # our own program
        while child.poll() is None and not ending.wait(LOOK_SECONDS):
            pass
        if ending.is_set():
            child.terminate()
            try:
                child.wait(CHILD_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()
    return f"ended (exit code {child.returncode})"
