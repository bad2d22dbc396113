"""Parsing where it can be killed: worker processes with a time and a memory limit.

    ParserPool.parse ── JSON line, then the body ──► python -m scraper.parsing.workers ──► parse_document ─► to_drafts
                     ◄──────── reply (JSON) ───────┘

A document that hangs or swells costs its source this run: its worker is killed and the next document gets a new one.
A worker that a document made large retires after answering, for Python rarely gives memory back.
A worker ends when its pipe closes, and in any case with its alarm, so that none outlives its parent for long.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import os
import signal
import struct
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, BinaryIO, Self

import orjson

from db.shapes import DateQuality, Failure, FeedAdvice, ItemDraft, Selectors, Source
from scraper.clean import to_drafts
from scraper.parse import ParseError, parse_feed
from scraper.parsing.documents import find_page_links, find_sitemaps, parse_document
from scraper.parsing.lines import entry_lines
from scraper.parsing.links import PageLinks

TIME_LIMIT_SECONDS = 10.0
MEMORY_LIMIT_BYTES = 512 * 1024 * 1024
_MAX_REPLY = 64 * 1024 * 1024
_LENGTHS = struct.Struct("!II")  # of a request: header, body
_REPLY = struct.Struct("!I?")  # length of the reply, whether its worker retires
_RETIRE_BYTES = 96 * 1024 * 1024  # resident; one that has seen usual feeds only stays below half of it


@dataclass(frozen=True, slots=True)
class FeedItems:
    """What a document gave: its drafts, its advice, and how many of its `entries` there were before cleaning."""

    format: str
    title: str
    entries: int
    drafts: list[ItemDraft]
    advice: FeedAdvice


class ParserPool:
    """At most `size` worker processes, started when first needed; use as an async context manager, or `close()` it."""

    def __init__(
        self, size: int = 2, time_limit: float = TIME_LIMIT_SECONDS, memory_limit: int = MEMORY_LIMIT_BYTES
    ) -> None:
        self._time_limit = time_limit
        self._memory_limit = memory_limit
        self._slots = asyncio.Semaphore(size)
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
        return _read_items(await self._ask("items", body, content_type, url, dataclasses.asdict(source), now))

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
        source: dict[str, Any] | None = None,
        now: datetime | None = None,
    ) -> dict[str, Any]:
        document = {"content_type": content_type, "url": url}
        request = document | {"wanted": wanted, "seconds": self._time_limit, "source": source, "now": now}
        async with self._slots:
            reply: dict[str, Any] = orjson.loads(await self._exchange(orjson.dumps(request), body))
        if "failure" in reply:
            raise ParseError(Failure(reply["failure"]), reply["detail"])
        return reply

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
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",  # the current directory may hold a "scraper" of its own
            "-m",
            "scraper.parsing.workers",
            str(self._memory_limit),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )


def parse_document_lines(body: bytes, content_type: str = "", url: str = "") -> list[bytes]:
    """The entries of one document as JSON lines, parsed within a worker's limits; raises ParseError."""

    async def parse() -> list[dict[str, Any]]:
        async with ParserPool(1) as pool:
            return await pool.parse_lines(body, content_type, url)

    return [orjson.dumps(line) for line in asyncio.run(parse())]


async def _exchange(worker: asyncio.subprocess.Process, header: bytes, body: bytes) -> tuple[bytes, bool]:
    assert worker.stdin is not None
    assert worker.stdout is not None
    worker.stdin.writelines((_LENGTHS.pack(len(header), len(body)), header, body))
    await worker.stdin.drain()
    length, retires = _REPLY.unpack(await worker.stdout.readexactly(_REPLY.size))
    if length > _MAX_REPLY:
        raise ValueError("a reply longer than any document can give")
    return await worker.stdout.readexactly(length), retires


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
    if code == _OUT_OF_MEMORY:
        return "the parser ran out of memory"
    return f"the parser died (exit code {code})"


# The reply


def _write_reply(items: FeedItems) -> bytes:
    reply = {name: getattr(items, name) for name in ("format", "title", "entries", "drafts")}
    advice = dataclasses.asdict(items.advice) | {
        "skip_hours": sorted(items.advice.skip_hours),
        "skip_days": sorted(items.advice.skip_days),
    }
    return orjson.dumps(reply | {"advice": advice})


def _write_failure(error: ParseError) -> bytes:
    detail = error.detail.encode("utf-8", "replace").decode()
    return orjson.dumps({"failure": error.reason, "detail": detail})


def _read_items(answer: Mapping[str, Any]) -> FeedItems:
    advice = answer["advice"]
    return FeedItems(
        format=answer["format"],
        title=answer["title"],
        entries=answer["entries"],
        drafts=[_read_draft(draft) for draft in answer["drafts"]],
        advice=FeedAdvice(
            ttl_minutes=advice["ttl_minutes"],
            update_minutes=advice["update_minutes"],
            skip_hours=frozenset(advice["skip_hours"]),
            skip_days=frozenset(advice["skip_days"]),
        ),
    )


def _read_draft(fields: Mapping[str, Any]) -> ItemDraft:
    return ItemDraft(
        **{
            **fields,
            "authors": tuple(fields["authors"]),
            "categories": tuple(fields["categories"]),
            "published_at": datetime.fromisoformat(fields["published_at"]),
            "date_quality": DateQuality(fields["date_quality"]),
            "updated_at": datetime.fromisoformat(fields["updated_at"]) if fields["updated_at"] else None,
        }
    )


# The worker

_OUT_OF_MEMORY = 3


def _work(requests: BinaryIO, replies: BinaryIO) -> None:
    """Answer requests until the pipe closes."""
    while len(lengths := requests.read(_LENGTHS.size)) == _LENGTHS.size:
        header_length, body_length = _LENGTHS.unpack(lengths)
        header = orjson.loads(requests.read(header_length))
        body = requests.read(body_length)
        _set_alarm(header["seconds"] + 1)  # ends the process even inside a library, even when its parent is gone
        reply = _answer(header, body)
        _set_alarm(0)
        replies.write(_REPLY.pack(len(reply), _has_grown()) + reply)
        replies.flush()


def _answer(header: Mapping[str, Any], body: bytes) -> bytes:
    document, wanted = (body, header["content_type"], header["url"]), header["wanted"]
    try:
        if wanted == "lines":
            return orjson.dumps({"lines": entry_lines(parse_feed(*document))})
        if wanted == "links":
            return orjson.dumps({"links": find_page_links(*document)})
        if wanted == "sitemaps":
            return orjson.dumps({"sitemaps": find_sitemaps(*document)})
        return _items(header, document)
    except ParseError as error:
        return _write_failure(error)
    except MemoryError:
        raise
    except Exception as error:  # of cleaning, say: it costs this document, and its name is told
        return _write_failure(ParseError(Failure.PARSE_FAILED, f"{type(error).__name__}: {error}"[:300]))


def _items(header: Mapping[str, Any], document: tuple[bytes, str, str]) -> bytes:
    source = _read_source(header["source"])
    feed = parse_document(*document, source)
    now = datetime.fromisoformat(header["now"]).astimezone(UTC)
    drafts = to_drafts(feed, source, now)
    return _write_reply(FeedItems(feed.format, feed.title, len(feed.entries), drafts, feed.advice))


def _read_source(fields: Mapping[str, Any]) -> Source:
    selectors = fields["selectors"]
    return Source(**{**fields, "selectors": Selectors(**selectors) if selectors else None})


def _set_alarm(seconds: float) -> None:
    if sys.platform != "win32":
        signal.setitimer(signal.ITIMER_REAL, seconds)


def _has_grown() -> bool:
    """Whether we take up too much memory now. The peak that getrusage tells may be that of our parent."""
    try:
        with open("/proc/self/statm") as statm:
            pages = int(statm.read().split()[1])
    except (OSError, ValueError, IndexError):  # a system without proc(5)
        return False
    return pages * os.sysconf("SC_PAGE_SIZE") > _RETIRE_BYTES


def _limit_memory(limit: int) -> None:
    if sys.platform == "win32":
        return
    import resource

    for kind in (resource.RLIMIT_AS, resource.RLIMIT_DATA):
        with contextlib.suppress(ValueError, OSError):  # a system that does not know this limit still has the other
            resource.setrlimit(kind, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _main() -> None:
    for asking in (signal.SIGINT, signal.SIGTERM):  # the parent's to handle; the pipe closes when it ends
        signal.signal(asking, signal.SIG_IGN)
    _limit_memory(int(sys.argv[1]))
    try:
        _work(sys.stdin.buffer, sys.stdout.buffer)
    except MemoryError:
        sys.exit(_OUT_OF_MEMORY)
    except BrokenPipeError:
        sys.exit(0)


if __name__ == "__main__":
    _main()
