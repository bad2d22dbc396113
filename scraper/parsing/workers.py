"""Parsing where it can be killed: worker processes with a time and a memory limit.

    ParserPool.parse ── JSON line, then the body ──► python -m scraper.parsing.worker ──► parse_document ─► to_drafts
                     ◄──────── reply (JSON) ───────┘

A document that hangs or swells costs its source this run: its worker is killed and the next document gets a new one.
A worker that a document made large retires after answering, for Python rarely gives memory back.
A worker ends when its pipe closes, and in any case with its alarm, so that none outlives its parent for long.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from datetime import datetime
from types import TracebackType
from typing import Any, Self

import orjson

from db.shapes import Failure, Source
from scraper.parsing.errors import ParseError
from scraper.parsing.exchange import LENGTHS, MAX_REPLY, OUT_OF_MEMORY, REPLY, FeedItems, read_items
from scraper.parsing.links import PageLinks

__all__ = ["FeedItems", "ParserPool", "parse_document_lines"]

TIME_LIMIT_SECONDS = 10.0
MEMORY_LIMIT_BYTES = 512 * 1024 * 1024
PATIENCE_SECONDS = 1.0  # starting a worker takes as long as parsing a dozen feeds
_PIPE_BYTES = 1 << 20  # as much as Linux gives anybody: most documents go through in one piece


class ParserPool:
    """At most `size` worker processes; use as an async context manager, or `close()` it.

    The first is started for the first document, another when a document has waited PATIENCE_SECONDS for a free one.
    """

    def __init__(
        self, size: int = 2, time_limit: float = TIME_LIMIT_SECONDS, memory_limit: int = MEMORY_LIMIT_BYTES
    ) -> None:
        self._time_limit = time_limit
        self._memory_limit = memory_limit
        self._size = size
        self._width = 1  # workers that there may be by now
        self._slots = asyncio.Semaphore(self._width)
        self._idle: list[asyncio.subprocess.Process] = []
        self._busy: set[asyncio.subprocess.Process] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def parse(self, body: bytes, content_type: str, url: str, source: Source, now: datetime) -> FeedItems:
        """The drafts and the advice of one document, within the limits of time (from when a worker is free) and memory.

        Raises ParseError: as parse_feed does, PARSE_TIMEOUT past the time limit, PARSE_FAILED when the worker died.
        """
        return read_items(await self._ask("items", body, content_type, url, source, now))

    async def parse_lines(self, body: bytes, content_type: str = "", url: str = "") -> list[dict[str, Any]]:
        """The entries of one document as `entry_lines` gives them; limits and errors as of `parse`."""
        lines: list[dict[str, Any]] = (await self._ask("lines", body, content_type, url))["lines"]
        return lines

    async def find_page_links(self, body: bytes, content_type: str, url: str) -> PageLinks:
        """The feeds that a web page declares; limits and errors as of `parse`."""
        links = (await self._ask("links", body, content_type, url))["links"]
        return PageLinks(links["title"], links["language"], tuple(links["feeds"]))

    async def find_sitemaps(self, body: bytes, content_type: str, url: str) -> tuple[str, ...]:
        """The sitemaps that an index of sitemaps names; limits and errors as of `parse`."""
        return tuple((await self._ask("sitemaps", body, content_type, url))["sitemaps"])

    async def close(self) -> None:
        """End every worker."""
        workers = [*self._idle, *self._busy]
        self._idle.clear()
        self._busy.clear()
        await asyncio.gather(*(_end(worker) for worker in workers))

    async def _ask(
        self,
        wanted: str,
        body: bytes,
        content_type: str,
        url: str,
        source: Source | None = None,
        now: datetime | None = None,
    ) -> dict[str, Any]:
        document = {"content_type": content_type, "url": url}
        request = document | {"wanted": wanted, "seconds": self._time_limit, "source": source, "now": now}
        await self._take_slot()
        try:
            reply: dict[str, Any] = orjson.loads(await self._exchange(orjson.dumps(request), body))
        finally:
            self._slots.release()
        if "failure" in reply:
            raise ParseError(Failure(reply["failure"]), reply["detail"])
        return reply

    async def _take_slot(self) -> None:
        while self._width < self._size:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PATIENCE_SECONDS):
                    await self._slots.acquire()
                return
            if self._width < self._size:  # others waited as long
                self._width += 1
                return
        await self._slots.acquire()

    async def _exchange(self, header: bytes, body: bytes) -> bytes:
        worker = self._idle.pop() if self._idle else await self._start()
        self._busy.add(worker)
        is_fit = False
        try:
            async with asyncio.timeout(self._time_limit):
                reply, retires = await _exchange(worker, header, body)
            is_fit = not retires
        except TimeoutError:
            raise ParseError(Failure.PARSE_TIMEOUT, f"not parsed within {self._time_limit:g} seconds") from None
        except (EOFError, OSError, ValueError):
            raise ParseError(Failure.PARSE_FAILED, await _death(worker)) from None
        finally:  # also when cancelled: a worker in the middle of a document is of no use to the next
            self._busy.discard(worker)
            if is_fit:
                self._idle.append(worker)
            else:
                await _end(worker)
        return reply

    async def _start(self) -> asyncio.subprocess.Process:
        worker = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",  # the current directory may hold a "scraper" of its own
            "-m",
            "scraper.parsing.worker",
            str(self._memory_limit),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        _widen(worker.stdin)
        return worker


def parse_document_lines(body: bytes, content_type: str = "", url: str = "") -> list[bytes]:
    """The entries of one document as JSON lines, parsed within a worker's limits; raises ParseError."""

    async def parse() -> list[dict[str, Any]]:
        async with ParserPool(1) as pool:
            return await pool.parse_lines(body, content_type, url)

    return [orjson.dumps(line) for line in asyncio.run(parse())]


async def _exchange(worker: asyncio.subprocess.Process, header: bytes, body: bytes) -> tuple[bytes, bool]:
    assert worker.stdin is not None
    assert worker.stdout is not None
    worker.stdin.writelines((LENGTHS.pack(len(header), len(body)), header, body))
    await worker.stdin.drain()
    length, retires = REPLY.unpack(await worker.stdout.readexactly(REPLY.size))
    if length > MAX_REPLY:
        raise ValueError("a reply longer than any document can give")
    return await worker.stdout.readexactly(length), retires


def _widen(stream: asyncio.StreamWriter | None) -> None:
    """Let more through its pipe at once, where the system can: both sides are woken less often."""
    if sys.platform == "linux" and stream is not None:
        import fcntl

        with contextlib.suppress(OSError):  # one user may have so much of it only
            fcntl.fcntl(stream.get_extra_info("pipe"), fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


async def _end(worker: asyncio.subprocess.Process) -> None:
    """Kill and reap; shielded, so that a cancelled run leaves no process behind."""
    with contextlib.suppress(ProcessLookupError):
        worker.kill()
    if worker.stdin is not None:
        worker.stdin.close()
    await asyncio.shield(worker.wait())


async def _death(worker: asyncio.subprocess.Process) -> str:
    """How a worker that closed its pipe ended."""
    try:
        async with asyncio.timeout(1):
            code = await worker.wait()
    except TimeoutError:
        return "the parser stopped answering"
    if code == OUT_OF_MEMORY:
        return "the parser ran out of memory"
    return f"the parser died (exit code {code})"
