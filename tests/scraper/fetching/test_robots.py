"""robots.txt: what it says to us, when it is asked for, and what its absence or silence means (RFC 9309)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from db.shapes import Failure
from scraper.fetch import Fetched, Fetcher
from scraper.fetching.pacing import HostPacer
from scraper.fetching.robots import MAX_ROBOTS_BYTES, RobotsRecord, RobotsRules, origin_of, our_lines
from tests.fetching import failure, fetch, fetch_all, fetched, settings_for
from tests.server import (
    Behaviour,
    LoopbackServer,
    endless_body,
    feed,
    gzip_bomb,
    in_turn,
    raw,
    redirect,
    reply,
    silent,
    slow_body,
)

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DISALLOW = b"User-agent: *\nDisallow: /\n"


@pytest.fixture
def server() -> Iterator[LoopbackServer]:
    with LoopbackServer() as server:
        server.add("/feed", feed())
        yield server


def rules(text: str) -> RobotsRules:
    return RobotsRules(our_lines(text.encode()))


def now() -> datetime:
    return NOW


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("", True),
        ("User-agent: *\nDisallow: /", False),
        ("User-agent: *\nDisallow:", True),
        ("User-agent: *\nDisallow: /private/", True),
        ("User-agent: *\nDisallow: /*/feed$", True),
        ("User-agent: *\nDisallow: /*feed", False),
        ("User-agent: *\nDisallow: /\nAllow: /feed", True),
        ("User-agent: craftwatch\nDisallow: /", False),
        ("user-agent: CraftWatch/9.9\ndisallow: /", False),
        ("User-agent: *\nDisallow: /\n\nUser-agent: craftwatch\nAllow: /", True),
        ("User-agent: *\nAllow: /\n\nUser-agent: craftwatch\nDisallow: /feed", False),
        ("User-agent: GPTBot\nUser-agent: craftwatch\nDisallow: /", False),
        ("User-agent: craftwatch\nUser-agent: GPTBot\nDisallow: /", False),
        ("User-agent: GPTBot\nUser-agent: CCBot\nDisallow: /", True),
        ("User-agent: craft\nDisallow: /", True),
        ("User-agent: craftwatcher\nDisallow: /", True),
        ("\ufeffUser-agent: *\nDisallow: /", False),
        ("User-agent: * # everyone\r\nDisallow: / # everything\r\n", False),
        ("<html><body>User-agent: * Disallow: /</body></html>", True),
    ],
)
def test_a_feed_is_allowed_or_not(text: str, allowed: bool) -> None:
    assert rules(text).allowed("https://gazette.example/feed") is allowed


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("User-agent: *\nCrawl-delay: 10", 10.0),
        ("User-agent: *\nCrawl-delay: 10\n\nUser-agent: craftwatch\nCrawl-delay: 1.5", 1.5),
        ("User-agent: GPTBot\nCrawl-delay: 10", None),
        ("User-agent: *\nCrawl-delay: soon", None),
    ],
)
def test_a_crawl_delay_is_read(text: str, seconds: float | None) -> None:
    assert rules(text).crawl_delay_seconds() == seconds


def test_rules_beyond_the_first_500_kib_are_not_read() -> None:
    assert our_lines(b"#" * MAX_ROBOTS_BYTES + b"\n" + DISALLOW) == ""


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"User-agent: bot{i}\n" for i in range(15_000)) + "Disallow: /x\n" * 15_000,
        "User-agent: *\nDisallow: /" + "*a" * 100_000 + "b$\n",
        "User-agent: *\n" + "".join(f"Disallow: /*{i}$\n" for i in range(10_000)),
    ],
)
def test_a_hostile_robots_txt_is_read_in_little_time(text: str) -> None:
    began = time.process_time()
    assert rules(text).allowed("https://gazette.example/" + "a" * 2000)
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://Gazette.example/feed?x=1", "https://gazette.example"),
        ("http://user:pa55@gazette.example:8080/", "http://gazette.example:8080"),
        ("http://[::1]:9000/feed", "http://[::1]:9000"),
    ],
)
def test_an_origin_is_scheme_host_and_port(url: str, origin: str) -> None:
    assert origin_of(url) == origin


@pytest.mark.parametrize(
    "behaviour",
    [
        reply(404),
        reply(401),
        reply(403),
        reply(410),
        reply(200, b""),
        reply(204),
        redirect("/robots.txt"),
        reply(200, b"\xff\xfe\x00 not text at all"),
        reply(200, b"User-agent: *\nAllow: /\n" + b"#" * MAX_ROBOTS_BYTES * 2 + b"\n" + DISALLOW),
        endless_body(),
    ],
)
def test_a_robots_txt_that_forbids_nothing_allows(server: LoopbackServer, behaviour: Behaviour) -> None:
    server.add("/robots.txt", behaviour)
    assert fetched(server.url("/feed"), settings_for(server, robots=True)).status == 200


@pytest.mark.parametrize(
    "behaviour",
    [
        reply(200, DISALLOW),
        reply(200, DISALLOW + b"#" * MAX_ROBOTS_BYTES * 2),
        redirect("/other.txt", 301),
        in_turn(redirect("/robots.txt?2"), redirect("/robots.txt?3"), redirect("/other.txt")),
    ],
)
def test_a_robots_txt_that_disallows_keeps_us_out(server: LoopbackServer, behaviour: Behaviour) -> None:
    server.add("/robots.txt", behaviour)
    server.add("/other.txt", reply(200, DISALLOW))
    assert failure(server.url("/feed"), settings_for(server, robots=True)).reason is Failure.BLOCKED
    assert "/feed" not in server.paths


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (reply(500), Failure.HTTP_5XX),
        (reply(503), Failure.HTTP_5XX),
        (reply(429), Failure.RATE_LIMITED),
        (silent(), Failure.TIMEOUT),
        (slow_body(), Failure.TIMEOUT),
        (raw(b""), Failure.CONNECT),
        (raw(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nUser-agent"), Failure.TRUNCATED),
        (redirect("http://127.0.0.1:1/robots.txt"), Failure.REFUSED_ADDRESS),
    ],
)
def test_a_robots_txt_that_cannot_be_had_keeps_us_out_for_now(
    server: LoopbackServer, behaviour: Behaviour, reason: Failure
) -> None:
    server.add("/robots.txt", behaviour)
    error = failure(server.url("/feed"), settings_for(server, robots=True, fetch_timeout_seconds=0.6))
    assert error.reason is reason
    assert "robots.txt" in error.detail
    assert server.paths == []


def test_a_bomb_for_robots_txt_is_cut_and_allows(server: LoopbackServer) -> None:
    server.add("/robots.txt", gzip_bomb())
    assert fetched(server.url("/feed"), settings_for(server, robots=True)).status == 200


def test_a_retry_after_on_robots_txt_reaches_the_caller(server: LoopbackServer) -> None:
    server.add("/robots.txt", reply(503, retry_after="120"))
    error = failure(server.url("/feed"), settings_for(server, robots=True))
    assert error.retry_after == timedelta(seconds=120)


def test_robots_txt_is_asked_once_for_many_feeds_of_an_origin(server: LoopbackServer) -> None:
    outcomes = fetch_all([server.url("/feed")] * 10, settings_for(server, robots=True))
    assert all(isinstance(outcome, Fetched) for outcome in outcomes)
    assert sum(request.path == "/robots.txt" for request in server.requests) == 1


def test_a_failing_robots_txt_is_asked_once_for_many_feeds_of_an_origin(server: LoopbackServer) -> None:
    server.add("/robots.txt", reply(500))
    fetch_all([server.url("/feed")] * 10, settings_for(server, robots=True))
    assert sum(request.path == "/robots.txt" for request in server.requests) == 1


def test_robots_txt_of_a_redirects_target_is_obeyed_too(server: LoopbackServer) -> None:
    with LoopbackServer("127.0.0.2") as other:
        other.add("/robots.txt", reply(200, DISALLOW))
        other.add("/feed", feed())
        server.add("/moved", redirect(other.url("/feed")))
        error = failure(server.url("/moved"), settings_for(server, other, robots=True))
        assert error.reason is Failure.BLOCKED
        assert other.paths == []


def test_no_password_is_sent_for_robots_txt(server: LoopbackServer) -> None:
    fetched(server.url("/feed").replace("//", "//user:pa55@"), settings_for(server, robots=True))
    assert [request.header("authorization") is None for request in server.requests] == [True, False]


def known(server: LoopbackServer, text: str | None, age: timedelta, down: timedelta | None = None) -> dict[str, Any]:
    origin = origin_of(server.url())
    had = None if text is None else NOW - age
    record = RobotsRecord(origin, text, had, None if down is None else NOW - down)
    return {"robots_known": {origin: record}, "clock": now}


def test_a_copy_younger_than_a_day_is_used_without_asking(server: LoopbackServer) -> None:
    parts = known(server, "User-agent: *\nDisallow: /", 23 * HOUR)
    error = failure(server.url("/feed"), settings_for(server, robots=True), **parts)
    assert error.reason is Failure.BLOCKED
    assert server.requests == []


@pytest.mark.parametrize("age", [25 * HOUR, -25 * HOUR])
def test_a_copy_older_than_a_day_is_asked_for_again(server: LoopbackServer, age: timedelta) -> None:
    parts = known(server, "User-agent: *\nDisallow: /", age)
    assert isinstance(fetch(server.url("/feed"), settings_for(server, robots=True), **parts), Fetched)


def test_an_old_copy_is_used_while_robots_txt_cannot_be_had(server: LoopbackServer) -> None:
    server.add("/robots.txt", reply(500))
    parts = known(server, "User-agent: *\nAllow: /", 48 * HOUR)
    assert isinstance(fetch(server.url("/feed"), settings_for(server, robots=True), **parts), Fetched)


@pytest.mark.parametrize(("down", "waits"), [(23 * HOUR, True), (24 * HOUR, False)])
def test_an_unreachable_robots_txt_keeps_us_out_for_a_day_at_most(
    server: LoopbackServer, down: timedelta, waits: bool
) -> None:
    server.add("/robots.txt", reply(500))
    outcome = fetch_all([server.url("/feed")], settings_for(server, robots=True), **known(server, None, HOUR, down))
    assert isinstance(outcome[0], Fetched) is not waits


def test_waiting_for_the_hosts_turn_is_not_counted_for_robots_txt_either(server: LoopbackServer) -> None:
    class Crowd(HostPacer):
        """A host for which many others wait."""

        @asynccontextmanager
        async def turn(self, host: str) -> AsyncIterator[None]:
            await asyncio.sleep(0.5)
            yield

    settings = settings_for(server, robots=True, fetch_timeout_seconds=0.45)
    assert isinstance(fetch(server.url("/feed"), settings, pacer=Crowd(0)), Fetched)


def test_what_was_learnt_can_be_handed_to_the_next_run(server: LoopbackServer) -> None:
    async def learn() -> dict[str, RobotsRecord]:
        async with Fetcher(settings_for(server, robots=True), clock=now) as fetcher:
            await fetcher.fetch(server.url("/feed"))
            return fetcher.robots_records()

    server.add("/robots.txt", reply(200, b"User-agent: GPTBot\nDisallow: /\n\nUser-agent: *\nDisallow: /x\n"))
    origin = origin_of(server.url())
    text = "User-agent: another\nDisallow: /\nUser-agent: *\nDisallow: /x"
    assert asyncio.run(learn()) == {origin: RobotsRecord(origin, text, NOW)}
