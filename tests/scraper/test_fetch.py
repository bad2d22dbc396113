"""Fetching: what is sent, what comes back, and by what name everything else fails."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import ipaddress
import itertools
import logging
import os
import random
import re
import socket
import ssl
import subprocess
import sys
import time
import traceback
import warnings
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import respx

from db.shapes import Failure
from scraper.fetch import Fetched, Fetcher, FetchError, Freshness, NotModified, Validators, user_agent
from scraper.fetching.decode import Body
from tests.fetching import failure, fetch, fetch_all, fetched, settings_for
from tests.server import (
    FEED,
    Behaviour,
    LoopbackServer,
    after,
    endless_body,
    endless_continue,
    feed,
    gzip_bomb,
    in_turn,
    large_slow_body,
    raw,
    redirect,
    reply,
    silent,
    slow_body,
    slow_headers,
    stream,
    zeros_gzipped,
)

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
ROOT = Path(__file__).parents[2]
TLS = ROOT / "tests" / "data" / "tls"


@pytest.fixture
def server() -> Iterator[LoopbackServer]:
    with LoopbackServer() as server:
        server.add("/feed", feed())
        yield server


def serve(server: LoopbackServer, behaviour: Behaviour) -> str:
    server.add("/it", behaviour)
    return server.url("/it")


# What comes back


def test_a_document_comes_whole_and_with_its_particulars(server: LoopbackServer) -> None:
    url = serve(server, feed(etag='W/"7"', last_modified="then", cache_control="max-age=600", retry_after="60"))
    found = fetched(url, settings_for(server))
    assert found.body == FEED
    assert (found.url_final, found.status) == (url, 200)
    assert (found.content_type, found.charset) == ("application/rss+xml", "utf-8")
    assert found.validators == Validators('W/"7"', "then")
    assert found.freshness == Freshness(max_age_seconds=600, retry_after_seconds=60)
    assert found.body_hash == hashlib.sha256(FEED).hexdigest()
    assert found.bytes_on_wire == len(FEED)
    assert found.permanent_redirect_to is None
    assert 0 < found.duration_seconds < 5


@pytest.mark.parametrize(
    ("coding", "sent"),
    [
        pytest.param("gzip", gzip.compress(FEED), id="gzip"),
        pytest.param("x-gzip", gzip.compress(FEED[:99]) + gzip.compress(FEED[99:]), id="two members"),
        pytest.param("gzip", gzip.compress(FEED) + b"junk", id="junk after it"),
        pytest.param("deflate", zlib.compress(FEED), id="deflate"),
        pytest.param("identity", FEED, id="identity"),
    ],
)
def test_one_coding_is_undone(server: LoopbackServer, coding: str, sent: bytes) -> None:
    found = fetched(serve(server, reply(body=sent, content_encoding=coding)), settings_for(server))
    assert found.body == FEED
    assert found.bytes_on_wire == len(sent)


def test_a_304_keeps_the_validators_it_does_not_name_and_brings_freshness(server: LoopbackServer) -> None:
    url = serve(server, reply(304, etag='"2"', cache_control="max-age=43200"))
    found = fetch(url, settings_for(server), Validators('"1"', "then"))
    assert isinstance(found, NotModified)
    assert found.validators == Validators('"2"', "then")
    assert found.freshness == Freshness(max_age_seconds=43_200)


def test_a_new_document_under_the_old_etag_is_a_document(server: LoopbackServer) -> None:
    assert fetched(serve(server, feed(etag='"1"')), settings_for(server), Validators('"1"')).body == FEED


def test_a_304_that_nothing_was_asked_for_is_empty(server: LoopbackServer) -> None:
    assert failure(serve(server, reply(304)), settings_for(server)).reason is Failure.EMPTY


# What is sent


def test_we_say_who_we_are_and_what_we_read(server: LoopbackServer) -> None:
    fetched(server.url("/feed"), settings_for(server, contact="https://craftwatch.example/bot"))
    sent = dict(server.last.headers)
    assert re.fullmatch(r"craftwatch/\d\S* \(\+https://craftwatch\.example/bot\)", sent["user-agent"])
    assert sent["accept"].startswith("application/atom+xml, application/rss+xml, application/feed+json")
    assert sent["accept-encoding"] == "gzip, deflate"


def test_nothing_else_is_sent(server: LoopbackServer) -> None:
    fetched(server.url("/feed"), settings_for(server))
    assert {name for name, _ in server.last.headers} == {
        "host",
        "user-agent",
        "accept",
        "accept-encoding",
    }


def test_without_a_contact_the_name_stands_alone() -> None:
    assert re.fullmatch(r"craftwatch/\d\S*", user_agent())


@pytest.mark.parametrize("etag", ['"abc"', 'W/"a:b/c=="', "unquoted"])
def test_validators_are_sent_back_byte_for_byte(server: LoopbackServer, etag: str) -> None:
    date = "Tue, 24 Nov 2026 11:00:00 GMT"
    server.add("/feed", feed(etag=etag, last_modified=date))
    first = fetched(server.url("/feed"), settings_for(server))
    fetched(server.url("/feed"), settings_for(server), first.validators)
    assert server.last.header("if-none-match") == etag
    assert server.last.header("if-modified-since") == date


def test_without_validators_nothing_is_conditional(server: LoopbackServer) -> None:
    fetched(server.url("/feed"), settings_for(server))
    assert server.last.header("if-none-match") is server.last.header("if-modified-since") is None


@pytest.mark.parametrize("etag", ['"\xe9"', '"' + "x" * 8192 + '"'])
def test_an_odd_etag_is_not_kept(server: LoopbackServer, etag: str) -> None:
    assert fetched(serve(server, feed(etag=etag)), settings_for(server)).validators == Validators()


def test_no_cookie_is_kept(server: LoopbackServer) -> None:
    server.add("/feed", feed(set_cookie="visitor=1; Path=/"))
    server.add("/moved", reply(302, location="/feed", set_cookie="moved=1; Path=/"))
    fetch_all([server.url("/moved"), server.url("/feed")], settings_for(server))
    assert [request.header("cookie") for request in server.requests] == [None] * 3


def test_no_referer_is_sent_after_a_redirect(server: LoopbackServer) -> None:
    server.add("/moved", redirect("/feed"))
    fetched(server.url("/moved"), settings_for(server))
    assert server.last.header("referer") is None


def test_the_name_of_the_host_is_sent_and_not_the_address_dialled(server: LoopbackServer) -> None:
    fetched(f"http://localhost:{server.port}/feed", settings_for(server))
    assert server.last.header("host") == f"localhost:{server.port}"


def test_proxies_of_the_environment_are_not_asked(server: LoopbackServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert fetched(server.url("/feed"), settings_for(server)).status == 200


def test_a_connection_is_used_again(server: LoopbackServer) -> None:
    fetched(server.url("/feed"), settings_for(server, robots=True))
    assert [request.connection for request in server.requests] == [1, 1]


def test_a_request_on_an_old_connection_that_was_just_closed_is_sent_again(server: LoopbackServer) -> None:
    server.add("/feed", in_turn(raw(b""), feed()))
    assert fetched(server.url("/feed"), settings_for(server, robots=True)).body == FEED
    assert [request.connection for request in server.requests] == [1, 1, 2]


def test_a_request_on_a_new_connection_is_not_sent_again(server: LoopbackServer) -> None:
    server.add("/feed", in_turn(raw(b""), feed()))
    assert failure(server.url("/feed"), settings_for(server)).reason is Failure.CONNECT
    assert len(server.requests) == 1


def test_a_request_whose_answer_was_cut_is_not_sent_again(server: LoopbackServer) -> None:
    server.add("/feed", in_turn(raw(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n<"), feed()))
    assert failure(server.url("/feed"), settings_for(server, robots=True)).reason is Failure.TRUNCATED


# Credentials


def test_userinfo_is_sent_to_its_own_origin(server: LoopbackServer) -> None:
    fetched(server.url("/feed").replace("//", "//reader:s%40fe@"), settings_for(server))
    assert server.last.header("authorization") == "Basic cmVhZGVyOnNAZmU="


def test_userinfo_is_kept_on_a_redirect_within_the_origin(server: LoopbackServer) -> None:
    server.add("/moved", redirect(server.url("/feed")))
    fetched(server.url("/moved").replace("//", "//reader:safe@"), settings_for(server))
    assert [request.header("authorization") is not None for request in server.requests] == [True, True]


def test_userinfo_does_not_leave_its_origin(server: LoopbackServer) -> None:
    with LoopbackServer() as other:
        other.add("/feed", feed())
        server.add("/moved", redirect(other.url("/feed")))
        fetched(server.url("/moved").replace("//", "//reader:safe@"), settings_for(server, other))
        assert other.last.header("authorization") is None


def test_userinfo_in_a_redirect_is_not_used(server: LoopbackServer) -> None:
    server.add("/moved", redirect(server.url("/feed").replace("//", "//evil:evil@")))
    fetched(server.url("/moved"), settings_for(server))
    assert server.last.header("authorization") is None


def test_userinfo_is_in_no_outcome(server: LoopbackServer) -> None:
    server.add("/moved", redirect("/feed", 301))
    found = fetched(server.url("/moved").replace("//", "//reader:pa55word@"), settings_for(server))
    assert "pa55word" not in repr(found)
    assert found.permanent_redirect_to is None


@pytest.mark.parametrize(
    "rest", ["{pair}/missing", "no.invalid/", "10.0.0.1/", "[broken/", "{pair}/away", "{pair}/bad"]
)
def test_userinfo_is_in_no_error_and_no_log(
    server: LoopbackServer, caplog: pytest.LogCaptureFixture, rest: str
) -> None:
    caplog.set_level(logging.INFO)
    server.add("/away", redirect("ftp://reader:pa55word@files.example/"))
    server.add("/bad", redirect("http://reader:pa55word@[broken"))
    error = failure("http://reader:pa55word@" + rest.format(pair=server.pair), settings_for(server))
    assert "pa55word" not in f"{error} {error.detail} {error!r} {caplog.text}"


# Redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed(server: LoopbackServer, status: int) -> None:
    server.add("/moved", redirect("/feed", status))
    assert fetched(server.url("/moved"), settings_for(server)).url_final == server.url("/feed")


def chain(server: LoopbackServer, *statuses: int) -> str:
    """/0 redirects to /1 with the first status, and so on; the last leads to a feed."""
    for number, status in enumerate(statuses):
        server.add(f"/{number}", redirect(f"/{number + 1}", status))
    server.add(f"/{len(statuses)}", feed())
    return server.url("/0")


@pytest.mark.parametrize(
    ("statuses", "moved_to"),
    [
        ((301,), "/1"),
        ((308,), "/1"),
        ((301, 308), "/2"),
        ((301, 302), "/1"),
        ((302,), None),
        ((303,), None),
        ((307,), None),
        ((302, 301), None),
    ],
)
def test_only_permanent_redirects_move_a_source(
    server: LoopbackServer, statuses: tuple[int, ...], moved_to: str | None
) -> None:
    found = fetched(chain(server, *statuses), settings_for(server))
    assert found.permanent_redirect_to == (moved_to and server.url(moved_to))


def test_a_source_that_moved_and_has_nothing_new_says_so(server: LoopbackServer) -> None:
    server.add("/moved", redirect("/it", 301))
    serve(server, reply(304))
    found = fetch(server.url("/moved"), settings_for(server), Validators('"1"'))
    assert isinstance(found, NotModified)
    assert found.permanent_redirect_to == server.url("/it")


def test_five_redirects_are_followed(server: LoopbackServer) -> None:
    assert fetched(chain(server, *[302] * 5), settings_for(server)).url_final == server.url("/5")


def test_a_sixth_redirect_is_not_followed(server: LoopbackServer) -> None:
    error = failure(chain(server, *[302] * 6), settings_for(server))
    assert (error.reason, error.detail) == (Failure.HTTP_4XX, "more than 5 redirects")
    assert server.paths == ["/0", "/1", "/2", "/3", "/4", "/5"]


def test_a_circle_is_left_at_once(server: LoopbackServer) -> None:
    server.add("/a", redirect("/b"))
    server.add("/b", redirect("/a"))
    assert failure(server.url("/a"), settings_for(server)).reason is Failure.HTTP_4XX
    assert server.paths == ["/a", "/b"]


@pytest.mark.parametrize(
    "location",
    ["file:///etc/passwd", "ftp://files.example/feed", "data:text/xml,<rss/>", "javascript:alert(1)", "//[",
     "http://①②⑦.0.0.1/", "http://1.1.1.1:99999/", "http://1.1.1.1:0/", "http://xn--a/", "http://xn--/"],
)  # fmt: skip
def test_a_redirect_to_anything_but_http_is_refused(server: LoopbackServer, location: str) -> None:
    url = serve(server, raw(f"HTTP/1.1 302 Found\r\nlocation: {location}\r\n\r\n".encode()))
    assert failure(url, settings_for(server)).reason is Failure.REFUSED_ADDRESS
    assert len(server.requests) == 1


def test_a_redirect_to_nowhere_has_a_name(server: LoopbackServer) -> None:
    assert failure(serve(server, reply(302)), settings_for(server)).reason is Failure.HTTP_4XX


# The time it may take


@pytest.mark.parametrize("behaviour", [slow_body(), slow_headers(), endless_continue(), silent()])
def test_every_fetch_ends_within_its_time(server: LoopbackServer, behaviour: Behaviour) -> None:
    began = time.monotonic()
    error = failure(serve(server, behaviour), settings_for(server, fetch_timeout_seconds=0.3))
    assert error.reason is Failure.TIMEOUT
    assert time.monotonic() - began < 1.3


def test_redirects_do_not_get_time_of_their_own(server: LoopbackServer) -> None:
    for number in range(5):
        server.add(f"/{number}", after(0.2, redirect(f"/{number + 1}")))
    error = failure(server.url("/0"), settings_for(server, fetch_timeout_seconds=0.5))
    assert error.reason is Failure.TIMEOUT
    assert len(server.requests) == 3


def test_a_resolver_that_hangs_costs_no_more_than_the_time(server: LoopbackServer) -> None:
    async def hang(host: str, port: int) -> list[object]:
        await asyncio.Event().wait()
        return []

    error = failure("http://slow.example/", settings_for(server, fetch_timeout_seconds=0.2), resolve=hang)
    assert error.reason is Failure.TIMEOUT


def test_waiting_for_the_hosts_turn_is_not_counted(server: LoopbackServer) -> None:
    settings = settings_for(server, host_interval_seconds=0.3, fetch_timeout_seconds=0.5)
    outcomes = fetch_all([server.url("/feed")] * 4, settings)
    assert [type(outcome) for outcome in outcomes] == [Fetched] * 4
    assert max(outcome.duration_seconds for outcome in outcomes if isinstance(outcome, Fetched)) < 0.3


# Turns


def test_requests_to_one_host_are_spaced(server: LoopbackServer) -> None:
    server.add("/moved", redirect("/feed"))
    fetch_all([server.url("/moved"), server.url("/feed")], settings_for(server, host_interval_seconds=0.15))
    times = [request.at for request in server.requests]
    # What the server sees may be off by the time a connection takes.
    assert all(later - earlier > 0.12 for earlier, later in itertools.pairwise(times))


def test_a_host_sees_two_requests_at_once_at_most(server: LoopbackServer) -> None:
    server.add("/busy", after(0.02, feed()))
    outcomes = fetch_all([server.url("/busy")] * 20, settings_for(server))
    assert [type(outcome) for outcome in outcomes] == [Fetched] * 20
    assert server.most_under_way == 2


def test_hosts_do_not_wait_for_each_other() -> None:
    with LoopbackServer("0.0.0.0") as server:
        server.add("/feed", feed())
        hosts = [f"127.0.1.{n}" for n in range(1, 40)]
        allowed = ",".join(f"{host}:{server.port}" for host in hosts)
        settings = settings_for(server, allow_addresses=allowed, host_interval_seconds=60)
        outcomes = fetch_all([server.url("/feed", host) for host in hosts], settings)
        assert [type(outcome) for outcome in outcomes] == [Fetched] * len(hosts)


def test_no_more_requests_are_under_way_than_set() -> None:
    with LoopbackServer("0.0.0.0") as server:
        server.add("/busy", after(0.02, feed()))
        hosts = [f"127.0.1.{n}" for n in range(1, 20)]
        allowed = ",".join(f"{host}:{server.port}" for host in hosts)
        fetch_all([server.url("/busy", host) for host in hosts], settings_for(allow_addresses=allowed, concurrency=3))
        assert server.most_under_way == 3


def test_a_crawl_delay_spaces_the_requests(server: LoopbackServer) -> None:
    server.add("/robots.txt", reply(200, b"User-agent: *\nCrawl-delay: 0.3\n"))
    fetch_all([server.url("/feed")] * 2, settings_for(server, robots=True))
    _, first, second = (request.at for request in server.requests)
    assert second - first > 0.25


# Bodies


@pytest.mark.parametrize(
    "behaviour",
    [
        endless_body(),
        gzip_bomb(),
        reply(body=zlib.compress(bytes(20_000_000)), content_encoding="deflate"),
        reply(body=gzip.compress(zeros_gzipped(1)), content_encoding="gzip, gzip"),
        reply(body=b"", content_length="15000001"),
        raw(b"HTTP/1.1 200 OK\r\n\r\n" + bytes(15_000_001)),
        stream(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n" + gzip.compress(FEED), bytes(65_536)),
    ],
)
def test_a_body_over_the_limit_is_too_large(server: LoopbackServer, behaviour: Behaviour) -> None:
    assert failure(serve(server, behaviour), settings_for(server)).reason is Failure.TOO_LARGE


def test_a_body_that_is_said_to_be_too_large_is_not_read(server: LoopbackServer) -> None:
    url = serve(server, stream(b"HTTP/1.1 200 OK\r\ncontent-length: 15000001\r\n\r\n", b"", 0.05))
    assert failure(url, settings_for(server)).reason is Failure.TOO_LARGE


def test_large_bodies_that_come_slowly_keep_no_room_from_others() -> None:
    with LoopbackServer("0.0.0.0") as server:
        server.add("/slow", large_slow_body())
        server.add("/large", reply(body=bytes(5_000_000)))
        slow = [f"127.0.1.{n}" for n in range(1, 13)]
        allowed = ",".join(f"{host}:{server.port}" for host in (*slow, "127.0.2.1"))

        async def first_answer() -> int:
            async with Fetcher(settings_for(allow_addresses=allowed)) as fetcher:
                dripping = [asyncio.ensure_future(fetcher.fetch(server.url("/slow", host))) for host in slow]
                while server.most_under_way < len(slow):
                    await asyncio.sleep(0)
                large = await fetcher.fetch(server.url("/large", "127.0.2.1"))
                assert not any(each.done() for each in dripping)
                for each in dripping:
                    each.cancel()
                await asyncio.gather(*dripping, return_exceptions=True)
                return len(large.body) if isinstance(large, Fetched) else 0

        assert asyncio.run(first_answer()) == 5_000_000


def test_a_body_as_large_as_the_limit_is_taken(server: LoopbackServer) -> None:
    assert len(fetched(serve(server, reply(body=bytes(1000))), settings_for(server, max_body_bytes=1000)).body) == 1000


@pytest.mark.parametrize(
    "behaviour", [gzip_bomb(), reply(body=gzip.compress(bytes(15_000_000)) * 2, content_encoding="gzip")]
)
def test_the_loop_is_not_held_up_by_a_bomb(server: LoopbackServer, behaviour: Behaviour) -> None:
    async def longest_pause() -> float:
        async with Fetcher(settings_for(server)) as fetcher:
            asking = asyncio.ensure_future(fetcher.fetch(serve(server, behaviour)))
            pauses = [0.0]
            while not asking.done():
                before = time.thread_time()  # of this thread only: a busy machine must not fail the test
                await asyncio.sleep(0)
                pauses.append(time.thread_time() - before)
            assert isinstance(asking.exception(), FetchError)
            return max(pauses)

    assert asyncio.run(longest_pause()) < 0.1


@pytest.mark.parametrize(
    "behaviour",
    [
        raw(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n<rss>"),
        raw(b"HTTP/1.0 200 OK\r\ncontent-length: 100\r\n\r\n<rss>"),
        raw(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n<rss>\r\n"),
        raw(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"),
        raw(b"HTTP/1.0 200 OK\r\ncontent-encoding: gzip\r\n\r\n" + gzip.compress(FEED)[:-20]),
        reply(body=gzip.compress(FEED)[:-1], content_encoding="gzip"),
        reply(body=zlib.compress(FEED)[:-1], content_encoding="deflate"),
        reply(206, b"<rss>"),
    ],
)
def test_a_body_cut_short_is_truncated(server: LoopbackServer, behaviour: Behaviour) -> None:
    assert failure(serve(server, behaviour), settings_for(server)).reason is Failure.TRUNCATED


@pytest.mark.parametrize("coding", ["br", "zstd", "compress", "x" * 5000])
def test_a_coding_we_did_not_ask_for_is_not_a_feed(server: LoopbackServer, coding: str) -> None:
    assert (
        failure(serve(server, reply(body=b"x", content_encoding=coding)), settings_for(server)).reason
        is Failure.NOT_A_FEED
    )


MEASURE = """
import asyncio, sys
from scraper.fetch import Fetcher
from scraper.settings import load_settings

def peak_kb():
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1])

async def main(warm_up, *urls):
    async with Fetcher(load_settings(robots=False, host_interval_seconds=0)) as fetcher:
        await fetcher.fetch(warm_up)
        before = peak_kb()
        errors = await asyncio.gather(*map(fetcher.fetch, urls), return_exceptions=True)
        print({error.reason.value for error in errors}, peak_kb() - before, sep=";")

asyncio.run(main(*sys.argv[1:]))
"""

needs_proc = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")


def peak_of_failing(server: LoopbackServer, hosts: list[str]) -> int:
    """Kilobytes that a process of its own needs for fetching /it from these hosts at once, all of it too large."""
    environment = {**os.environ, "CRAFTWATCH_ALLOW_ADDRESSES": ",".join(f"{host}:{server.port}" for host in hosts)}
    urls = [server.url("/feed", hosts[0]), *(server.url("/it", host) for host in hosts)]
    command = [sys.executable, "-c", MEASURE, *urls]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    reasons, kilobytes = done.stdout.split(";")
    assert reasons == "{'too_large'}"
    return int(kilobytes)


@needs_proc
@pytest.mark.parametrize(
    "behaviour",
    [
        gzip_bomb(),
        endless_body(),
        reply(body=gzip.compress(zeros_gzipped(1024)), content_encoding="gzip, gzip"),
        reply(body=zlib.compress(bytes(100_000_000)), content_encoding="deflate"),
    ],
)
def test_a_bomb_costs_32_mb_at_most(server: LoopbackServer, behaviour: Behaviour) -> None:
    serve(server, behaviour)
    assert peak_of_failing(server, ["127.0.0.1"]) <= 32_000


@needs_proc
def test_many_bodies_without_end_at_once_cost_as_much_as_a_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRAFTWATCH_MAX_BODY_BYTES", "8000000")
    with LoopbackServer("0.0.0.0") as server:
        server.add("/feed", feed())
        serve(server, endless_body())
        assert peak_of_failing(server, [f"127.0.1.{n}" for n in range(1, 17)]) <= 64_000


@pytest.mark.parametrize("behaviour", [endless_body(), reply(body=gzip.compress(FEED)[:-1], content_encoding="gzip")])
def test_an_error_that_is_kept_keeps_no_body(server: LoopbackServer, behaviour: Behaviour) -> None:
    error: BaseException | None = failure(serve(server, behaviour), settings_for(server))
    bodies = []
    while error is not None:
        frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
        bodies += [value for frame in frames for value in frame.f_locals.values() if isinstance(value, Body)]
        error = error.__context__
    assert {body.size for body in bodies} == {0}


def test_a_gzip_in_a_gzip_said_to_be_one_is_opened_once(server: LoopbackServer) -> None:
    inner = gzip.compress(FEED)
    assert (
        fetched(serve(server, reply(body=gzip.compress(inner), content_encoding="gzip")), settings_for(server)).body
        == inner
    )


# Answers that are of no use


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (reply(400), Failure.HTTP_4XX),
        (reply(401), Failure.HTTP_4XX),
        (reply(403), Failure.BLOCKED),
        (reply(404), Failure.HTTP_4XX),
        (reply(410), Failure.GONE),
        (reply(429), Failure.RATE_LIMITED),
        (reply(500), Failure.HTTP_5XX),
        (reply(503), Failure.HTTP_5XX),
        (reply(204), Failure.EMPTY),
        (reply(402, b'{"url": "https://tollbit.com"}'), Failure.CHALLENGE),
        (reply(403, b"<title>Just a moment...</title>", content_type="text/html"), Failure.CHALLENGE),
        (
            reply(503, gzip.compress(b"<script>_cf_chl_opt"), content_type="text/html", content_encoding="gzip"),
            Failure.CHALLENGE,
        ),
        (reply(403, cf_mitigated="challenge"), Failure.CHALLENGE),
        (redirect("http://tollbit.gazette.example/feed", 307), Failure.CHALLENGE),
        (raw(b"SSH-2.0-OpenSSH_9.2\r\n"), Failure.CONNECT),
        (raw(b""), Failure.CONNECT),
        (raw(b"HTTP/1.1 200 OK\r\n" + b"x: " + b"y" * 200_000 + b"\r\n\r\n"), Failure.CONNECT),
    ],
)  # fmt: skip
def test_a_useless_answer_has_its_name(server: LoopbackServer, behaviour: Behaviour, reason: Failure) -> None:
    assert failure(serve(server, behaviour), settings_for(server)).reason is reason


def test_an_error_carries_its_status(server: LoopbackServer) -> None:
    error = failure(server.url("/missing"), settings_for(server))
    assert (error.status, error.detail) == (404, "status 404")


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("text", ["120", "Tue, 24 Nov 2026 12:02:00 GMT"])
def test_retry_after_is_told(server: LoopbackServer, status: int, text: str) -> None:
    error = failure(serve(server, reply(status, retry_after=text)), settings_for(server), clock=lambda: NOW)
    assert error.retry_after == timedelta(minutes=2)


def test_an_error_page_that_never_ends_keeps_its_status(
    server: LoopbackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scraper.fetch.ERROR_PAGE_SECONDS", 0.1)
    url = serve(server, stream(b"HTTP/1.1 429 Slow\r\ncontent-type: text/html\r\nretry-after: 9\r\n\r\n", b"<p>", 0.02))
    error = failure(url, settings_for(server))
    assert (error.reason, error.retry_after) == (Failure.RATE_LIMITED, timedelta(seconds=9))


def test_a_page_is_a_document_to_us(server: LoopbackServer) -> None:
    found = fetched(serve(server, reply(body=b"<html>", content_type="text/html")), settings_for(server))
    assert found.content_type == "text/html"


def test_a_name_that_does_not_exist_is_dns(server: LoopbackServer) -> None:
    assert failure("http://feeds.invalid/", settings_for(server)).reason is Failure.DNS


def test_a_port_where_nobody_listens_is_connect(server: LoopbackServer) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        pair = f"127.0.0.1:{free.getsockname()[1]}"
    assert failure(f"http://{pair}/", settings_for(server, allow_addresses=pair)).reason is Failure.CONNECT


@pytest.mark.parametrize(
    "url",
    ["", "feed", "file:///etc/passwd", "ftp://files.example/", "http://", "http://[::1", "http:// /", "http://xn--a/"],
)
def test_an_address_that_is_not_http_is_refused(server: LoopbackServer, url: str) -> None:
    assert failure(url, settings_for(server)).reason is Failure.REFUSED_ADDRESS


ANSWERS = [
    b'HTTP/1.1 200 OK\r\netag: "a"\r\ncache-control: max-age=60\r\ncontent-length: 11\r\n\r\n<rss></rss>',
    b"HTTP/1.1 200 OK\r\ncontent-encoding: deflate\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-type: text/xml; charset=x\r\n\r\n" + gzip.compress(FEED),
    b"HTTP/1.1 302 Found\r\nlocation: http://user:pass@127.0.0.1:1/x?y#z\r\nset-cookie: a=b\r\n\r\n",
    b"HTTP/1.1 301 Moved\r\nlocation: //xn--bcher-kva.example:99/%zz\r\ncontent-length: 0\r\n\r\n",
    b"HTTP/1.1 503 No\r\nretry-after: Tue, 24 Nov 2026 13:00:00 GMT\r\ncontent-type: text/html\r\n\r\n<p>",
    b'HTTP/1.1 304 Same\r\netag: "b"\r\nexpires: Tue, 24 Nov 2026 13:00:00 GMT\r\n\r\n',
]


def mutated(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        here, there = chance.randrange(len(changed)), chance.randrange(len(changed))
        piece = bytes(changed[there : there + chance.randint(1, 30)])
        noise = chance.randbytes(chance.randint(1, 6))
        changed[here : here + chance.randint(0, 8)] = chance.choice([b"", piece, noise])
    return bytes(changed)


def test_no_answer_raises_anything_but_a_named_failure() -> None:
    chance = random.Random(2026)  # another seed finds other answers
    with LoopbackServer("0.0.0.0") as server:
        hosts = [f"127.0.3.{n}" for n in range(1, 251)]
        for host in hosts:
            server.add("/it", raw(mutated(chance.choice(ANSWERS), chance)), host)
        allowed = ",".join(f"{host}:{server.port}" for host in hosts)
        settings = settings_for(allow_addresses=allowed, fetch_timeout_seconds=5)
        outcomes = fetch_all([server.url("/it", host) for host in hosts], settings, resolve=resolve_inwards)
        assert {type(outcome) for outcome in outcomes} == {Fetched, FetchError}


def test_no_address_raises_anything_but_a_named_failure() -> None:
    chance = random.Random(2026)
    pieces = [
        "https",
        ":",
        "//",
        "/",
        "@",
        "[",
        "]",
        "%",
        "?",
        "#",
        "\\",
        "\0",
        "\r\n",
        " ",
        "é",
        "。",
        "①",
        "127.0.0.1",
    ]
    pieces += [
        "::1",
        "a.example",
        ".",
        "-",
        "xn--",
        "xn--a",
        "99999",
        ":80",
        ":-1",
        ":٣",
        "\ud800",
        "\u202e",
        "x" * 300,
    ]
    urls = ["http://" + "".join(chance.choices(pieces, k=chance.randint(0, 6))) for _ in range(2000)]
    outcomes = fetch_all(urls, settings_for(), resolve=resolve_inwards)
    assert {type(outcome) for outcome in outcomes} == {FetchError}


# TLS


def tls_server(certificate: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / f"{certificate}.pem", TLS / "server.key")
    return context


def trusting_our_authority() -> ssl.SSLContext:
    context = httpx.create_ssl_context(trust_env=False)
    context.load_verify_locations(TLS / "ca.pem")
    return context


def test_a_certificate_that_verifies_is_trusted() -> None:
    with LoopbackServer(tls=tls_server("good")) as server:
        server.add("/feed", feed())
        url = server.url("/feed", "localhost")
        assert fetched(url, settings_for(server), ssl_context=trusting_our_authority()).body == FEED


@pytest.mark.parametrize("certificate", ["self-signed", "expired", "other-host"])
def test_a_certificate_that_does_not_verify_is_refused(certificate: str) -> None:
    with LoopbackServer(tls=tls_server(certificate)) as server:
        error = failure(server.url("/feed", "localhost"), settings_for(server), ssl_context=trusting_our_authority())
        assert error.reason is Failure.TLS
        assert server.requests == []


def test_an_authority_we_do_not_know_is_refused() -> None:
    with LoopbackServer(tls=tls_server("good")) as server:
        assert failure(server.url("/feed", "localhost"), settings_for(server), ssl_context=None).reason is Failure.TLS


def test_tls_1_0_is_refused() -> None:
    context = tls_server("good")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with LoopbackServer(tls=context) as server:
        error = failure(server.url("/feed", "localhost"), settings_for(server), ssl_context=trusting_our_authority())
        assert error.reason is Failure.TLS


def test_plain_http_where_tls_is_expected_is_refused(server: LoopbackServer) -> None:
    server.add("/feed", feed())
    error = failure(server.url("/feed").replace("http:", "https:"), settings_for(server))
    assert error.reason is Failure.TLS
    assert server.requests == []


def test_a_source_asked_by_https_is_not_followed_to_http(server: LoopbackServer) -> None:
    with LoopbackServer(tls=tls_server("good")) as secure:
        secure.add("/moved", redirect(server.url("/feed"), 301))
        settings = settings_for(server, secure)
        error = failure(secure.url("/moved", "localhost"), settings, ssl_context=trusting_our_authority())
        assert error.reason is Failure.TLS
        assert server.requests == []


def test_a_source_asked_by_http_is_followed_to_https(server: LoopbackServer) -> None:
    with LoopbackServer(tls=tls_server("good")) as secure:
        secure.add("/feed", feed())
        server.add("/moved", redirect(secure.url("/feed", "localhost"), 301))
        found = fetched(server.url("/moved"), settings_for(server, secure), ssl_context=trusting_our_authority())
        assert found.permanent_redirect_to == secure.url("/feed", "localhost")


# Refused addresses: every spelling of "here", by every route

SPELLINGS = [
    "127.0.0.1", "127.0.0.2", "127.255.255.254", "127.1", "127.0.1", "0", "0.0.0.0", "0x0", "2130706433",
    "017700000001", "0x7f000001", "0x7F000001", "0x7f.1", "0x7f.0.0.1", "0x7f.0x0.0x0.0x1", "0177.0.0.1",
    "0177.1", "00000177.0.0.01", "127.0.0.1.", "127.1.", "127.0.0.01", "127。0。0。1", "127．0．0．1", "127｡0｡0｡1",
    "１２７.0.0.1", "①②⑦.⓪.⓪.①", "%31%32%37.0.0.1", "127%2e0%2e0%2e1", "localhost", "LOCALHOST", "localhost.",
    "user@127.0.0.1", "user:pass@localhost", "example.com@127.0.0.1", "[::1]", "[0:0:0:0:0:0:0:1]", "[::0001]",
    "[::]", "[::1%25lo]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:7f00:1]", "[::127.0.0.1]",
    "[64:ff9b::127.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b:1::127.0.0.1]", "[2002:7f00:1::]",
    "[2002:7f00:0001::1]", "[2001:0:7f00:1::]", "[fe80::1]", "[fe80::1%25lo]", "[fec0::1]", "[fd00::1]",
    "[ff02::1]", "[::ffff:0:127.0.0.1]", "10.0.0.1", "172.16.0.1", "192.168.0.1", "100.64.0.1", "169.254.169.254",
    "2852039166", "0xa9fea9fe", "[::ffff:169.254.169.254]", "[64:ff9b::a9fe:a9fe]", "198.18.0.1", "224.0.0.1",
    "255.255.255.255", "metadata.example", "rebound.example", "inside.example",
]  # fmt: skip


async def resolve_inwards(host: str, port: int) -> list[object]:
    """A name server in the pay of the enemy: every name leads here or to its neighbours."""
    inwards = {"metadata.example": ["169.254.169.254"], "rebound.example": ["127.0.0.1", "::1"]}
    return [ipaddress.ip_address(each) for each in inwards.get(host, ["::1", "127.0.0.1", "::ffff:10.0.0.1"])]


class Listener:
    """Counts connections to one port on every address of this machine, of both families where there are two."""

    def __enter__(self) -> Listener:
        both = socket.has_dualstack_ipv6()
        family = socket.AF_INET6 if both else socket.AF_INET
        self._socket = socket.create_server(("", 0), family=family, dualstack_ipv6=both, backlog=512)
        self._socket.setblocking(False)
        self.port = self._socket.getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def connections(self) -> int:
        count = 0
        while True:
            try:
                self._socket.accept()[0].close()
            except BlockingIOError:
                return count
            count += 1


def test_the_listener_counts_what_gets_through() -> None:
    with Listener() as listener:
        settings = settings_for(allow_addresses=f"127.0.0.1:{listener.port}", fetch_timeout_seconds=0.2)
        failure(f"http://127.0.0.1:{listener.port}/", settings)
        assert listener.connections() == 1


def test_there_are_enough_spellings() -> None:
    assert len(set(SPELLINGS)) >= 60


def refused(urls: list[str], server: LoopbackServer, robots: bool) -> list[object]:
    settings = settings_for(server, robots=robots, fetch_timeout_seconds=20)
    outcomes = fetch_all(urls, settings, resolve=resolve_inwards)
    return [outcome.reason if isinstance(outcome, FetchError) else outcome for outcome in outcomes]


def test_no_spelling_reaches_a_refused_address_as_the_first_url(server: LoopbackServer) -> None:
    with Listener() as listener:
        urls = [f"http://{spelling}:{listener.port}/feed" for spelling in SPELLINGS]
        assert refused(urls, server, robots=False) == [Failure.REFUSED_ADDRESS] * len(urls)
        assert listener.connections() == 0


def test_no_spelling_reaches_a_refused_address_by_a_redirect(server: LoopbackServer) -> None:
    with Listener() as listener:
        for number, spelling in enumerate(SPELLINGS):
            location = f"http://{spelling}:{listener.port}/feed".encode()
            server.add(f"/{number}", raw(b"HTTP/1.1 302 Found\r\nlocation: " + location + b"\r\n\r\n"))
        urls = [server.url(f"/{number}") for number in range(len(SPELLINGS))]
        assert refused(urls, server, robots=False) == [Failure.REFUSED_ADDRESS] * len(urls)
        assert listener.connections() == 0


def test_no_spelling_reaches_a_refused_address_by_robots_txt() -> None:
    with Listener() as listener, LoopbackServer("0.0.0.0") as server:
        hosts = [f"127.0.2.{number}" for number in range(1, len(SPELLINGS) + 1)]
        for host, spelling in zip(hosts, SPELLINGS, strict=True):
            location = f"http://{spelling}:{listener.port}/robots.txt".encode()
            server.add("/robots.txt", raw(b"HTTP/1.1 301 Moved\r\nlocation: " + location + b"\r\n\r\n"), host)
        allowed = ",".join(f"{host}:{server.port}" for host in hosts)
        settings = settings_for(server, allow_addresses=allowed, robots=True, fetch_timeout_seconds=20)
        outcomes = fetch_all([server.url("/feed", host) for host in hosts], settings, resolve=resolve_inwards)
        reasons = [outcome.reason if isinstance(outcome, FetchError) else outcome for outcome in outcomes]
        assert reasons == [Failure.REFUSED_ADDRESS] * len(hosts)
        assert len(server.requests) == len(hosts)
        assert listener.connections() == 0


def test_a_name_that_changes_its_answer_is_dialled_where_it_was_checked(server: LoopbackServer) -> None:
    answers = ["127.0.0.1", "10.0.0.1"]

    async def rebind(host: str, port: int) -> list[object]:
        return [ipaddress.ip_address(answers.pop(0))]

    assert fetched(f"http://rebound.example:{server.port}/feed", settings_for(server), resolve=rebind).body == FEED
    assert answers == ["10.0.0.1"]


# A proxy


def test_a_proxy_in_our_settings_is_asked(server: LoopbackServer) -> None:
    server.add("http://feeds.invalid/feed", feed())
    settings = settings_for(allow_addresses="", proxy=server.url(""))
    assert fetched("http://feeds.invalid/feed", settings).body == FEED


def test_a_proxys_credentials_go_to_the_proxy(server: LoopbackServer) -> None:
    server.add("http://feeds.invalid/feed", feed())
    settings = settings_for(allow_addresses="", proxy=server.url("").replace("//", "//user:pass@"))
    fetched("http://feeds.invalid/feed", settings)
    assert server.last.header("proxy-authorization") == "Basic dXNlcjpwYXNz"


@pytest.mark.parametrize("host", ["127.0.0.1", "0x7f.1", "[::1]", "169.254.169.254", "localhost"])
def test_a_proxy_is_not_asked_for_a_refused_address(server: LoopbackServer, host: str) -> None:
    error = failure(f"http://{host}:9/feed", settings_for(allow_addresses="", proxy=server.url("")))
    assert error.reason is Failure.REFUSED_ADDRESS
    assert server.requests == []


# By respx, as other tests may


@respx.mock
def test_the_client_can_be_mocked() -> None:
    route = respx.get("https://gazette.example/feed").respond(200, content=FEED, headers={"ETag": '"1"'})
    found = fetched("https://gazette.example/feed", settings_for())
    assert (found.body, found.validators) == (FEED, Validators('"1"'))
    assert route.calls.last.request.headers["accept-encoding"] == "gzip, deflate"
