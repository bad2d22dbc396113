"""Serving the API, alone or with a scraper beside it that ends when we end."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises OSError when the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.create_server((host, port), family=family, backlog=2048)
    # Those who call inherit it. asyncio sets it only on sockets made with IPPROTO_TCP, and the body of an answer on a
    # kept connection then waits 40 ms for the acknowledgement of its head (RFC 1122 §4.2.3.4).
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def serve_until_stopped(listening: socket.socket, address: str) -> None:
    """Serve the API on this socket until SIGINT or SIGTERM; requests under way are finished first.

    Links in answers begin with `address` unless CRAFTWATCH_PUBLIC_URL says otherwise.
    """
    os.environ.setdefault("CRAFTWATCH_PUBLIC_URL", address)
    # By name: the scraper does not import the API.
    config = uvicorn.Config("api.app:create_app", factory=True, log_level="warning", server_header=False)
    uvicorn.Server(config).run(sockets=[listening])


@contextmanager
def scraping_alongside(*, enabled: bool) -> Iterator[None]:
    """A child that scrapes on schedule while the block runs."""
    if not enabled:
        yield
        return
    with subprocess.Popen([sys.executable, "-m", "scraper", "scrape", "--watch"]) as child:
        try:
            yield
        finally:
            child.terminate()
