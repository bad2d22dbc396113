"""A loopback HTTP server for tests: a behaviour per path, and a record of what was asked and when.

    with LoopbackServer() as server:
        server.add("/feed", reply(body=FEED, etag='"1"'))
        … ask server.url("/feed") …
        assert server.paths == ["/feed"]

A behaviour is `async (request, writer) -> None`; it writes what it likes, the connection closes when it returns unless
`reply` kept it open. Paths nobody added answer 404. The server runs in a daemon thread and ends with the block.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
import time
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import TracebackType

FEED = b"""<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0"><channel><title>The Gaffer Tape Gazette</title><link>https://gazette.example/</link>
<item><guid>gazette-1</guid><title>Sound mixers ratify a first contract</title>
<link>https://gazette.example/1</link></item></channel></rss>
"""


@dataclass(frozen=True, slots=True)
class Request:
    """What a client sent, and when."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]  # in order, names in lower case
    at: float  # time.monotonic() when its headers were complete
    connection: int  # which of the server's connections, from 1

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key == name.lower()), None)

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]


Behaviour = Callable[[Request, asyncio.StreamWriter], Awaitable[None]]


class LoopbackServer:
    """Listens on a free port of `address`; "0.0.0.0" answers on all of 127.0.0.0/8, one host each."""

    def __init__(self, address: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        self.address = address
        self.port = port
        self.connections = 0
        self.under_way = 0
        self.most_under_way = 0  # requests at once, from their headers to the end of the answer
        self.requests: list[Request] = []
        self._tls = tls
        self._behaviours: dict[str, Behaviour] = {}
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="loopback server")

    def __enter__(self) -> LoopbackServer:
        self._thread.start()
        self._ready.wait(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def add(self, path: str, behaviour: Behaviour, host: str = "") -> None:
        """Behave so at this path; for one Host header only when `host` is given."""
        self._behaviours[host + path] = behaviour

    def url(self, path: str = "/", host: str = "") -> str:
        shown = host or ("127.0.0.1" if self.address == "0.0.0.0" else self.address)
        shown = f"[{shown}]" if ":" in shown else shown
        return f"{'https' if self._tls else 'http'}://{shown}:{self.port}{path}"

    @property
    def pair(self) -> str:
        """The address and port as CRAFTWATCH_ALLOW_ADDRESSES names them."""
        return self.url("").partition("://")[2]

    @property
    def paths(self) -> list[str]:
        """The paths asked so far, in order, robots.txt left out."""
        return [request.path for request in self.requests if request.path != "/robots.txt"]

    @property
    def last(self) -> Request:
        return self.requests[-1]

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        self._stop = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        server = await asyncio.start_server(self._accept, self.address, self.port, ssl=self._tls, backlog=1024)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = self._loop.create_task(self._talk(reader, writer, self.connections))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connection: int) -> None:
        try:
            while request := await _read_request(reader, connection):
                self.requests.append(request)
                behaviour = self._behaviour_for(request)
                await self._answer(behaviour, request, writer)
                if not getattr(behaviour, "keeps_open", False):
                    break
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # the client gave up, as it should have
        finally:
            writer.transport.abort() if self._stop.is_set() else writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _answer(self, behaviour: Behaviour, request: Request, writer: asyncio.StreamWriter) -> None:
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            await behaviour(request, writer)
        finally:
            self.under_way -= 1

    def _behaviour_for(self, request: Request) -> Behaviour:
        host = (request.header("host") or "").rpartition(":")[0]
        return self._behaviours.get(host + request.path) or self._behaviours.get(request.path) or reply(404)


async def _read_request(reader: asyncio.StreamReader, connection: int) -> Request | None:
    try:
        start = await reader.readexactly(1)
        if not start.isalpha():  # TLS on a plain port
            return None
        head = (start + await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.removesuffix("\r\n\r\n").split("\r\n")
    method, target, _ = first.split(" ", 2)
    pairs = tuple((name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines))
    return Request(method, target, pairs, time.monotonic(), connection)


def reply(status: int = 200, body: bytes = b"", **headers: str) -> Behaviour:
    """A well-formed answer; `content_type="text/html"` becomes the header Content-Type."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    if "content-length" not in named and status != 304:
        head += f"content-length: {len(body)}\r\n"

    async def behave(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 {status} Any\r\n{head}\r\n".encode("latin-1") + body)
        await writer.drain()

    behave.keeps_open = True  # type: ignore[attr-defined]
    return behave


def feed(body: bytes = FEED, **headers: str) -> Behaviour:
    return reply(200, body, content_type="application/rss+xml; charset=utf-8", **headers)


def redirect(location: str, status: int = 302) -> Behaviour:
    return reply(status, location=location)


def after(seconds: float, behaviour: Behaviour) -> Behaviour:
    """The behaviour, but later."""

    async def behave(request: Request, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(seconds)
        await behaviour(request, writer)

    behave.keeps_open = getattr(behaviour, "keeps_open", False)  # type: ignore[attr-defined]
    return behave


def in_turn(*behaviours: Behaviour) -> Behaviour:
    """The first behaviour first, then the next, then the last for ever."""
    waiting = list(behaviours)

    async def behave(request: Request, writer: asyncio.StreamWriter) -> None:
        await (waiting.pop(0) if len(waiting) > 1 else waiting[0])(request, writer)

    behave.keeps_open = all(getattr(each, "keeps_open", False) for each in behaviours)  # type: ignore[attr-defined]
    return behave


def raw(data: bytes) -> Behaviour:
    """Exactly these bytes, then the end of the connection."""

    async def behave(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()

    return behave


def stream(head: bytes, piece: bytes, every_seconds: float = 0.0) -> Behaviour:
    """A head and then the same piece again and again until the client leaves."""

    async def behave(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        while not writer.is_closing():
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(every_seconds)

    return behave


def silent() -> Behaviour:
    """Takes the request and never answers."""
    return stream(b"", b"", 0.05)


def slow_body() -> Behaviour:
    return stream(b"HTTP/1.1 200 OK\r\ncontent-type: application/rss+xml\r\ncontent-length: 100000\r\n\r\n", b"<", 0.05)


def large_slow_body() -> Behaviour:
    """So much at once that it must be taken for a real document, and then next to nothing."""
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/rss+xml\r\ncontent-length: 2000000\r\n\r\n"
    return stream(head + bytes(1_100_000), b"<", 0.05)


def slow_headers() -> Behaviour:
    return stream(b"HTTP/1.1 200 OK\r\n", b"x-more: 1\r\n", 0.05)


def endless_continue() -> Behaviour:
    return stream(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.05)


def endless_body() -> Behaviour:
    piece = b"<item>" + b"x" * 65_530
    return stream(b"HTTP/1.1 200 OK\r\ncontent-type: application/rss+xml\r\n\r\n", piece)


def gzip_bomb(megabytes: int = 1024) -> Behaviour:
    """A gzip body that inflates to so many megabytes of zeros, made without holding them."""
    return reply(body=zeros_gzipped(megabytes), content_encoding="gzip", content_type="application/rss+xml")


def zeros_gzipped(megabytes: int) -> bytes:
    # After a full flush every block stands alone, so one block repeated is a valid stream. Its checksum is not: a
    # reader that gets as far as that has already lost.
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff" + block * megabytes + b"\x03\x00" + bytes(8)
