"""Parsing where it can be killed, and what becomes of the workers."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import orjson
import psutil
import pytest

from db.shapes import Failure, FeedAdvice, Source
from scraper.clean import to_drafts
from scraper.parse import parse_feed
from scraper.parsing.errors import ParseError
from scraper.parsing.workers import ParserPool, parse_document_lines

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
SOURCE = Source("a", "A", "https://a.example/", "https://a.example/feed", "trade", "general", "US", "en")
DATA = Path(__file__).parents[2] / "data"
GOOD = (DATA / "wordpress.xml").read_bytes()
# Well over a minute in feedparser: a million attributes in tags too short to be cut.
ENDLESS = b'<rss version="2.0">' + b"<a " + b" ".join(b"a%d='1'" % n for n in range(1_900)) + b"/>"
ENDLESS = ENDLESS * 500 + b"<channel><item><title>t</title></item></channel>"


def workers() -> list[psutil.Process]:
    return [
        child
        for child in psutil.Process().children()
        if child.status() != psutil.STATUS_ZOMBIE and "scraper.parsing.worker" in child.cmdline()
    ]


def test_a_worker_gives_what_parsing_here_would():
    async def run():
        async with ParserPool(1) as pool:
            return await pool.parse(GOOD, "application/rss+xml", SOURCE.feed_url, SOURCE, NOW)

    items = asyncio.run(run())
    feed = parse_feed(GOOD, "application/rss+xml", SOURCE.feed_url)
    assert items.drafts == to_drafts(feed, SOURCE, NOW)
    assert items.advice == feed.advice != FeedAdvice()
    assert (items.entries, items.format, items.title) == (2, "rss20", "The Backlot Ledger")


def test_a_named_failure_comes_through():
    async def run():
        async with ParserPool(1) as pool:
            await pool.parse(b"<html></html>", "text/html", SOURCE.feed_url, SOURCE, NOW)

    with pytest.raises(ParseError) as raised:
        asyncio.run(run())
    assert raised.value.reason is Failure.HTML_NOT_FEED


def test_a_document_past_the_time_limit_is_given_up_and_the_next_is_parsed():
    async def run():
        async with ParserPool(1, time_limit=1) as pool:
            with pytest.raises(ParseError) as raised:
                await pool.parse(ENDLESS, "", SOURCE.feed_url, SOURCE, NOW)
            return raised.value.reason, await pool.parse(GOOD, "", SOURCE.feed_url, SOURCE, NOW)

    reason, items = asyncio.run(run())
    assert reason is Failure.PARSE_TIMEOUT
    assert items.drafts


def test_a_document_past_the_memory_limit_is_given_up_and_the_next_is_parsed():
    async def run():
        async with ParserPool(1, memory_limit=150 * 1024 * 1024) as pool:
            with pytest.raises(ParseError) as raised:
                await pool.parse(b"<rss>" + b"x" * 60_000_000, "", SOURCE.feed_url, SOURCE, NOW)
            return raised.value, await pool.parse(GOOD, "", SOURCE.feed_url, SOURCE, NOW)

    error, items = asyncio.run(run())
    assert error.reason is Failure.PARSE_FAILED
    assert "memory" in error.detail
    assert items.drafts


def test_a_worker_that_is_killed_costs_one_document():
    async def run():
        async with ParserPool(1, time_limit=5) as pool:
            await pool.parse(GOOD, "", SOURCE.feed_url, SOURCE, NOW)
            os.kill(workers()[0].pid, signal.SIGKILL)
            with pytest.raises(ParseError) as raised:
                await pool.parse(GOOD, "", SOURCE.feed_url, SOURCE, NOW)
            return raised.value.reason, await pool.parse(GOOD, "", SOURCE.feed_url, SOURCE, NOW)

    reason, items = asyncio.run(run())
    assert reason is Failure.PARSE_FAILED
    assert items.drafts


def test_no_more_workers_than_the_pool_is_large():
    async def run():
        async with ParserPool(2) as pool:
            await asyncio.gather(*(pool.parse(GOOD, "", SOURCE.feed_url, SOURCE, NOW) for _ in range(12)))
            return len(workers())

    assert asyncio.run(run()) <= 2


def test_a_few_documents_are_left_to_one_worker():
    async def run():
        async with ParserPool(2) as pool:
            await asyncio.gather(*(pool.parse(GOOD, "", SOURCE.feed_url, SOURCE, NOW) for _ in range(3)))
            return len(workers())

    assert asyncio.run(run()) == 1


def test_a_document_that_takes_long_does_not_hold_up_the_others():
    async def run():
        async with ParserPool(2, time_limit=30) as pool:
            endless = asyncio.create_task(pool.parse(ENDLESS, "", SOURCE.feed_url, SOURCE, NOW))
            others = (pool.parse(GOOD, "", SOURCE.feed_url, SOURCE, NOW) for _ in range(3))
            items = await asyncio.wait_for(asyncio.gather(*others), 10)
            still_busy = not endless.done()
            endless.cancel()
            return [bool(each.drafts) for each in items], still_busy, len(workers())

    assert asyncio.run(run()) == ([True] * 3, True, 2)


def test_a_worker_goes_on_to_the_next_usual_document():
    assert len(workers_after(GOOD, GOOD)) == 1


def test_a_worker_that_a_document_made_large_retires():
    large = GOOD.replace(b"</channel>", b"<!-- " + b"x" * 50_000_000 + b" --></channel>")
    assert workers_after(large) == set()


def test_a_worker_of_a_large_parent_does_not():
    large = b"x" * 200_000_000
    assert len(workers_after(GOOD, GOOD)) == 1, len(large)


def workers_after(*documents: bytes) -> set[int]:
    """The process ids of the workers that were idle after one of these, parsed one after the other."""
    seen: set[int] = set()

    async def run():
        async with ParserPool(1) as pool:
            for document in documents:
                assert (await pool.parse(document, "", SOURCE.feed_url, SOURCE, NOW)).drafts
                seen.update(worker.pid for worker in workers())

    asyncio.run(run())
    return seen


def test_a_pool_that_is_not_used_starts_nothing():
    async def run():
        async with ParserPool(2):
            return workers()

    assert asyncio.run(run()) == []


def test_a_cancelled_parse_leaves_no_worker_and_a_pool_that_works():
    async def run():
        async with ParserPool(1, time_limit=30) as pool:
            task = asyncio.create_task(pool.parse(ENDLESS, "", SOURCE.feed_url, SOURCE, NOW))
            while not workers():
                await asyncio.sleep(0.01)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            left = workers()
            return left, await pool.parse(GOOD, "", SOURCE.feed_url, SOURCE, NOW)

    left, items = asyncio.run(run())
    assert left == []
    assert items.drafts


def test_a_closed_pool_leaves_no_worker():
    async def run():
        async with ParserPool(2) as pool:
            await asyncio.gather(*(pool.parse(GOOD, "", SOURCE.feed_url, SOURCE, NOW) for _ in range(4)))

    asyncio.run(run())
    assert workers() == []


PARENT = """
import asyncio, os, sys
from datetime import UTC, datetime
from db.shapes import Source
from scraper.parsing.workers import ParserPool

async def main():
    pool = ParserPool(1, time_limit=float(sys.argv[1]))
    source = Source("a", "A", "https://a.example/", "https://a.example/feed", "trade", "general", "US", "en")
    await pool.parse(b'<rss version="2.0"><channel><item><title>t</title></item></channel></rss>', "", "", source,
                     datetime.now(UTC))
    print(pool._idle[0].pid, flush=True)
    if len(sys.argv) > 2:
        await pool.parse(open(sys.argv[2], "rb").read(), "", "", source, datetime.now(UTC))
    await asyncio.sleep(60)

asyncio.run(main())
"""


def orphan_of_a_killed_parent(*arguments: str) -> psutil.Process:
    parent = subprocess.Popen([sys.executable, "-c", PARENT, *arguments], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    with parent, parent.stdout:
        orphan = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    return orphan


def is_gone(process: psutil.Process, seconds: float) -> bool:
    try:
        process.wait(seconds)
    except psutil.TimeoutExpired:
        return False
    return True


def test_an_idle_worker_ends_with_its_parent():
    assert is_gone(orphan_of_a_killed_parent("10"), 5)


def test_a_busy_worker_ends_soon_after_its_parent(tmp_path):
    endless = tmp_path / "endless.xml"
    endless.write_bytes(ENDLESS)
    assert is_gone(orphan_of_a_killed_parent("1", str(endless)), 8)


def test_a_worker_loads_neither_web_client_nor_database():
    loaded = subprocess.run(
        [sys.executable, "-c", "import scraper.parsing.worker, sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert not {"asyncio", "httpx", "sqlalchemy", "sqlmodel", "fastapi", "bs4", "feedparser"} & set(loaded)


def test_a_worker_is_ready_within_a_second():
    async def run():
        started = time.perf_counter()
        async with ParserPool(1) as pool:
            await pool.parse(GOOD, "", SOURCE.feed_url, SOURCE, NOW)
        return time.perf_counter() - started

    assert min(asyncio.run(run()) for _ in range(3)) < 1


def test_a_document_as_lines_is_plain_text_with_dates_in_utc():
    first = orjson.loads(parse_document_lines(GOOD)[0])
    assert first == {
        "id": "https://backlot.example/?p=4021",
        "title": "Lantern Pictures to Cut 120 Jobs in ‘Painful’ Restructuring",
        "link": "https://backlot.example/2026/11/lantern-cuts-120/",
        "published": "2026-11-24T17:00:00Z",
        "updated": None,
        "summary": "The studio told staff on Tuesday that a tenth of the company will go by spring. “This is not about "
        "the work,” a memo said […] The post Lantern Pictures to Cut 120 Jobs appeared first on The Backlot Ledger.",
        "authors": ["Ines Okafor"],
        "categories": ["Film", "Jobs & Labor"],
    }


def test_lines_of_no_feed_are_a_named_failure():
    with pytest.raises(ParseError) as raised:
        parse_document_lines(b"<html></html>")
    assert raised.value.reason is Failure.HTML_NOT_FEED
