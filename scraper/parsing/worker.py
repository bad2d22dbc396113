"""The process that parses: asked by scraper.parsing.workers through its pipes, within limits of time and memory."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, BinaryIO

import orjson

from db.shapes import Failure, Selectors, Source
from scraper.clean import to_drafts
from scraper.parse import parse_feed
from scraper.parsing.documents import find_page_links, find_sitemaps, parse_document
from scraper.parsing.errors import ParseError
from scraper.parsing.exchange import LENGTHS, OUT_OF_MEMORY, REPLY, FeedItems, write_failure, write_items
from scraper.parsing.lines import entry_lines

_RETIRE_BYTES = 96 * 1024 * 1024  # resident; one that has seen usual feeds only stays below half of it


def _work(requests: BinaryIO, replies: BinaryIO) -> None:
    """Answer requests until the pipe closes."""
    while len(lengths := requests.read(LENGTHS.size)) == LENGTHS.size:
        header_length, body_length = LENGTHS.unpack(lengths)
        header = orjson.loads(requests.read(header_length))
        body = requests.read(body_length)
        _set_alarm(header["seconds"] + 1)  # ends the process even inside a library, even when its parent is gone
        reply = _answer(header, body)
        _set_alarm(0)
        replies.write(REPLY.pack(len(reply), _has_grown()) + reply)
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
        return write_failure(error)
    except MemoryError:
        raise
    except Exception as error:  # of cleaning, say: it costs this document, and its name is told
        return write_failure(ParseError(Failure.PARSE_FAILED, f"{type(error).__name__}: {error}"[:300]))


def _items(header: Mapping[str, Any], document: tuple[bytes, str, str]) -> bytes:
    source = _read_source(header["source"])
    feed = parse_document(*document, source)
    now = datetime.fromisoformat(header["now"]).astimezone(UTC)
    drafts = to_drafts(feed, source, now)
    return write_items(FeedItems(feed.format, feed.title, len(feed.entries), drafts, feed.advice))


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
        sys.exit(OUT_OF_MEMORY)
    except BrokenPipeError:
        sys.exit(0)


if __name__ == "__main__":
    _main()
