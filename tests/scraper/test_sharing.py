"""Scrapers that share a PostgreSQL database: each source is asked by one of them, and none is forgotten."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import ProgrammingError

from db.engine import open_engine
from db.leases import Leases, running_leases, take_turn
from db.lock import AlreadyRunning
from scraper.run import Run
from scraper.sharing import Shared
from tests.db.factory import NOW
from tests.newsroom import Newsroom
from tests.server import Behaviour, LoopbackServer, Request, feed, reply

HOSTS = ("127.0.1.1", "127.0.1.2", "127.0.1.3")


@pytest.fixture
def engine(postgresql_database_url: str) -> Iterator[Engine]:
    engine = open_engine(postgresql_database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def server() -> Iterator[LoopbackServer]:
    with LoopbackServer("0.0.0.0") as server:
        server.add("/feed", feed())
        yield server


@pytest.fixture
def room(server: LoopbackServer, postgresql_database_url: str) -> Newsroom:
    """A source on each of three hosts, asked one after the other."""
    allowed = ",".join(f"{host}:{server.port}" for host in HOSTS)
    room = Newsroom(server, postgresql_database_url, allow_addresses=allowed, concurrency=1)
    for host in HOSTS:
        room.watch("/feed", host=host)
    return room


def hosts_asked(requests: list[Request]) -> list[str]:
    return [(request.header("host") or "").partition(":")[0] for request in requests]


def and_meanwhile(work: Callable[[], object], then: Behaviour | None = None) -> Behaviour:
    """Do something at the first request, as another scraper would, and answer."""
    waiting = [work]

    async def behave(request: Request, writer: asyncio.StreamWriter) -> None:
        while waiting:
            await asyncio.to_thread(waiting.pop())
        await (then or feed())(request, writer)

    return behave


def execute(engine: Engine, statement: str, **values: object) -> None:
    with engine.begin() as connection:
        connection.execute(text(statement), values)


def test_a_site_that_another_scraper_has_is_left_to_it(room: Newsroom, engine: Engine) -> None:
    Leases(engine, 60).claim([HOSTS[0]])
    assert hosts_asked(room.run_at()) == list(HOSTS[1:])


def test_what_was_left_to_another_is_counted(room: Newsroom, engine: Engine) -> None:
    Leases(engine, 60).claim([HOSTS[0]])
    room.run_at()
    assert room.report.elsewhere == 1


def test_a_run_for_which_others_left_nothing_says_so(room: Newsroom, engine: Engine) -> None:
    Leases(engine, 60).claim(HOSTS)
    with pytest.raises(AlreadyRunning, match="asking all of these"):
        room.run_at()


def test_a_dead_scraper_s_sources_are_asked_when_its_leases_have_run_out(room: Newsroom, engine: Engine) -> None:
    Leases(engine, 60).claim(HOSTS)
    execute(engine, "UPDATE site_lease SET until = until - 61")
    assert hosts_asked(room.run_at()) == list(HOSTS)


@pytest.mark.parametrize("everything", [True, False])
def test_what_another_asked_since_the_run_began_is_not_asked(room: Newsroom, engine: Engine, everything: bool) -> None:
    asked = "UPDATE source_state SET last_checked_at = :now WHERE source_id = :id"
    source_id = room.sources[1].id
    work = lambda: execute(engine, asked, now=int(NOW.timestamp()), id=source_id)  # noqa: E731
    room.server.add("/feed", and_meanwhile(work), HOSTS[0])
    assert hosts_asked(room.run_at(everything=everything)) == [HOSTS[0], HOSTS[2]]


def test_a_pause_that_another_was_told_is_obeyed(room: Newsroom, engine: Engine) -> None:
    room.watch("/other", host=HOSTS[1])
    told = (
        "UPDATE source_state SET last_failure_reason = 'rate_limited', failures = 1, last_failure_at = :now, "
        "last_checked_at = :now, paused_until = :now + 3600 WHERE source_id = :id"
    )
    source_id = room.sources[-1].id
    work = lambda: execute(engine, told, now=int(NOW.timestamp()), id=source_id)  # noqa: E731
    room.server.add("/feed", and_meanwhile(work), HOSTS[0])
    assert hosts_asked(room.run_at()) == [HOSTS[0], HOSTS[2]]


def test_a_source_that_was_named_is_asked_in_a_pause(room: Newsroom) -> None:
    room.server.add("/feed", reply(429), HOSTS[0])
    room.run_at()
    assert hosts_asked(room.run_at(timedelta(minutes=1), room.sources[0].id)) == [HOSTS[0]]


@pytest.fixture
def frozen(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Set: a scraper that was at work has been frozen for so long that its leases have run out."""
    frozen = threading.Event()
    late = lambda: 10_000.0 * frozen.is_set()  # noqa: E731
    monkeypatch.setattr("scraper.run.Leases", lambda engine, seconds: Leases(engine, seconds, late))
    return frozen


@pytest.mark.parametrize(("holder", "asked"), [("another", ["/feed"]), (None, ["/feed", "/second"])])
def test_a_scraper_that_was_frozen_goes_on_where_nobody_took_its_site(
    room: Newsroom, engine: Engine, frozen: threading.Event, holder: str | None, asked: list[str]
) -> None:
    room.sources[1:] = []
    room.watch("/second", host=HOSTS[0])

    def be_frozen() -> None:
        execute(engine, "UPDATE site_lease SET holder = coalesce(:holder, holder)", holder=holder)
        frozen.set()

    room.server.add("/feed", and_meanwhile(be_frozen), HOSTS[0])
    room.server.add("/second", feed())
    assert [request.path for request in room.run_at()] == asked


def test_a_run_keeps_no_lease(room: Newsroom, engine: Engine) -> None:
    room.run_at()
    assert running_leases(engine) == {}


def test_a_run_that_fails_keeps_no_lease(room: Newsroom, engine: Engine) -> None:
    break_it = lambda: execute(engine, "ALTER TABLE fetch_log RENAME TO gone")  # noqa: E731
    room.server.add("/feed", and_meanwhile(break_it), HOSTS[0])
    with pytest.raises(ProgrammingError, match="fetch_log"):
        room.run_at()
    assert running_leases(engine) == {}


def test_runs_at_the_same_time_ask_every_source_once(room: Newsroom, postgresql_database_url: str) -> None:
    def run(_: int) -> int:
        engine = open_engine(postgresql_database_url)
        try:
            return len(Run(engine, room.settings, tuple(room.sources), now=lambda: NOW).once().sources)
        except AlreadyRunning:
            return 0
        finally:
            engine.dispose()

    with ThreadPoolExecutor(3) as threads:
        asked = list(threads.map(run, range(3)))
    assert (sum(asked), sorted(hosts_asked(room.server.requests))) == (3, list(HOSTS))


def test_a_watch_waits_for_the_leases_of_others(room: Newsroom, engine: Engine) -> None:
    room.sources[1:] = []
    run = Run(engine, room.settings, tuple(room.sources), now=lambda: NOW)
    assert run.seconds_until_due() == 0
    Leases(engine, 20).claim([HOSTS[0]])
    assert run.seconds_until_due() == pytest.approx(20, abs=5)


def test_the_pause_between_two_requests_holds_from_one_scraper_to_the_next(engine: Engine) -> None:
    async def turn() -> float:
        shared = sharing(engine)
        async with shared.kept():
            return await shared.turn("a.example", 600)

    assert [asyncio.run(turn()), asyncio.run(turn())] == pytest.approx([0, 600], abs=5)


def test_without_a_database_our_own_pace_has_to_do(engine: Engine) -> None:
    async def turn() -> float:
        shared = sharing(engine)
        async with shared.kept():
            return await shared.turn("a.example", 600)

    take_turn(engine, "a.example", 600)
    execute(engine, "ALTER TABLE site_lease RENAME TO gone")
    assert asyncio.run(turn()) == 0


def sharing(engine: Engine) -> Shared:
    return Shared(engine, Leases(engine, 60), [], lambda source, before, memory: True, lambda: NOW)
