"""The newest moment is read once for all who come at about the same time; none is answered of an older one."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Callable

import pytest
from anyio import to_thread
from fastapi.testclient import TestClient
from starlette.concurrency import run_in_threadpool

from api.dependencies import Context
from api.moments import LAG_SECONDS, Moments
from db.archive import Moment
from db.errors import DatabaseUnusable
from db.sets import Changed, TermSets
from db.steps import Steps
from tests.api.archive import Shelf


class Readings:
    """Moments numbered as they are read; each reading ends when `go_on` was called for it."""

    def __init__(self) -> None:
        self.begun = 0
        self._gate = threading.Semaphore(0)

    def read(self) -> Moment:
        self.begun += 1
        moment = Moment(self.begun, 0)
        assert self._gate.acquire(timeout=10)
        return moment

    def go_on(self, readings: int = 1) -> None:
        self._gate.release(readings)

    async def under_way(self, number: int) -> None:
        async with asyncio.timeout(10):
            while self.begun < number:
                await asyncio.sleep(0.001)


def counted() -> Callable[[], Moment]:
    numbers = itertools.count(1)
    return lambda: Moment(next(numbers), 0)


def moments_of(read: Callable[[], Moment], lag: float = LAG_SECONDS) -> Moments:
    """Taken up by a thread that reads."""
    return Moments(lambda threads: to_thread.run_sync(read, limiter=threads), lag)


def test_who_comes_during_a_reading_waits_for_the_next_which_all_of_them_share():
    async def scene() -> None:
        readings = Readings()
        moments = moments_of(readings.read, lag=0)
        first = asyncio.create_task(moments.newest())
        await readings.under_way(1)
        later = [asyncio.create_task(moments.newest()) for _ in range(3)]
        await asyncio.sleep(0.01)
        assert readings.begun == 1
        readings.go_on(2)
        assert (await first).version == 1
        assert [(await each).version for each in later] == [2, 2, 2]

    asyncio.run(scene())


def test_who_goes_away_ends_it_for_nobody_else():
    async def scene() -> None:
        readings = Readings()
        moments = moments_of(readings.read, lag=0)
        goes, stays = asyncio.create_task(moments.newest()), asyncio.create_task(moments.newest())
        await readings.under_way(1)
        goes.cancel()
        readings.go_on()
        assert (await stays).version == 1
        assert goes.cancelled()

    asyncio.run(scene())


def test_an_error_is_told_to_all_who_wait_and_not_remembered():
    answers = iter([DatabaseUnusable("away"), Moment(7, 0)])

    def read() -> Moment:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def scene() -> None:
        moments = moments_of(read, lag=0)
        with pytest.raises(DatabaseUnusable):
            await moments.newest()
        assert (await moments.newest()).version == 7

    asyncio.run(scene())


def test_a_moment_is_good_for_as_long_as_it_may_lag_behind():
    async def scene() -> None:
        moments = moments_of(counted(), lag=0.1)
        assert [each.version for each in await asyncio.gather(moments.newest(), moments.newest())] == [1, 1]
        assert (await moments.newest()).version == 1
        await asyncio.sleep(0.51)
        assert (await moments.newest()).version == 2

    asyncio.run(scene())


def test_its_age_counts_from_when_its_reading_began():
    async def scene() -> None:
        readings = Readings()
        moments = moments_of(readings.read, lag=0.1)
        first = asyncio.create_task(moments.newest())
        await asyncio.sleep(0.51)
        readings.go_on(2)
        assert (await first).version == 1
        assert (await moments.newest()).version == 2

    asyncio.run(scene())


def test_nobody_waits_while_a_newer_moment_is_taken_up_unless_the_known_one_is_too_old():
    async def scene() -> None:
        readings = Readings()
        moments = moments_of(readings.read, lag=0.4)
        readings.go_on()
        assert (await moments.newest()).version == 1
        await asyncio.sleep(0.42)
        assert (await moments.newest()).version == 1
        await readings.under_way(2)
        assert (await moments.newest()).version == 1
        assert readings.begun == 2
        await asyncio.sleep(0.45)  # older than two lags
        late = asyncio.create_task(moments.newest())
        await asyncio.sleep(0.01)
        assert not late.done()
        readings.go_on()
        assert (await late).version == 2

    asyncio.run(scene())


def test_it_does_not_wait_for_threads_that_answers_take():
    async def scene() -> None:
        done = threading.Event()
        async with asyncio.TaskGroup() as group:
            for _ in range(60):
                group.create_task(run_in_threadpool(done.wait, 10))
            await asyncio.sleep(0.05)
            async with asyncio.timeout(2):
                assert (await moments_of(counted(), lag=0).newest()).version == 1
            done.set()

    asyncio.run(scene())


def test_who_comes_while_the_first_is_read_waits_for_that_one():
    async def scene() -> None:
        readings = Readings()
        moments = moments_of(readings.read, lag=0.1)
        first = asyncio.create_task(moments.newest())
        await readings.under_way(1)
        second = asyncio.create_task(moments.newest())
        await asyncio.sleep(0.01)
        readings.go_on()
        assert ((await first).version, (await second).version, readings.begun) == (1, 1, 1)

    asyncio.run(scene())


def test_a_reading_that_hangs_hinders_nobody_for_long(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("api.moments.READ_LIMIT_SECONDS", 0.01)
    hangs = threading.Event()
    answers = iter([lambda: hangs.wait(10) and Moment(1, 0), lambda: Moment(2, 0)])

    async def scene() -> None:
        moments = moments_of(lambda: next(answers)())  # type: ignore[no-any-return, operator]
        first = asyncio.create_task(moments.newest())
        await asyncio.sleep(0.01)
        assert (await moments.newest()).version == 2
        assert not first.done()
        hangs.set()
        assert (await first).version == 1

    asyncio.run(scene())


def test_what_a_loop_left_unfinished_is_no_hindrance_to_the_next():
    readings = Readings()
    moments = moments_of(readings.read, lag=0)

    async def leave() -> None:
        first = asyncio.create_task(moments.newest())
        await readings.under_way(1)
        second = asyncio.create_task(moments.newest())
        await asyncio.sleep(0.01)
        readings.go_on(2)
        assert not first.done()
        assert not second.done()

    asyncio.run(leave())
    assert asyncio.run(moments.newest()).version == 2


def test_an_answer_is_of_the_newest_moment_though_it_changed_after_it_was_looked_up(
    shelf: Shelf, client: TestClient, monkeypatch: pytest.MonkeyPatch
):
    shelf.add("a", "ai", "voice-actor", "US")
    context: Context = client.app.state.context  # type: ignore[attr-defined]
    with context.archive.snapshot() as snapshot:
        before = snapshot.moment
    assert client.get("/v1/items").json()["total"] == 1
    shelf.add("b", "ai", "voice-actor", "US")

    async def just_before(moments: Moments) -> Moment:
        return before

    monkeypatch.setattr(Moments, "newest", just_before)
    answer = client.get("/v1/items?craft=voice-actor&min_confidence=0.5").json()  # which the sets do not tell
    assert (answer["total"], len(answer["data"]), answer["data_version"]) == (2, 2, before.version + 1)


def test_what_is_in_memory_is_answered_without_the_database(
    shelf: Shelf, client: TestClient, monkeypatch: pytest.MonkeyPatch
):
    shelf.add("a", "ai", "voice-actor", "US")
    context: Context = client.app.state.context  # type: ignore[attr-defined]
    first = client.get("/v1/items?craft=voice-actor")
    with context.archive.snapshot() as snapshot:
        moment = snapshot.moment

    async def known(moments: Moments) -> Moment:
        return moment

    monkeypatch.setattr(Moments, "newest", known)
    monkeypatch.setattr(context.archive, "take_connection", lambda: pytest.fail("it was asked"))
    for query in ("craft=voice-actor", "craft=voice-actor&limit=7"):
        again = client.get(f"/v1/items?{query}")
        assert (again.status_code, again.json()["data"]) == (200, first.json()["data"])


def test_what_is_done_bit_by_bit_leaves_time_for_others(client: TestClient, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("api.dependencies.BIT_SECONDS", 0)
    context: Context = client.app.state.context  # type: ignore[attr-defined]
    turns = itertools.count()
    seen: list[int] = []

    def steps() -> Steps[str]:
        for _ in range(5):
            seen.append(next(turns))
            yield
        return "done"

    async def scene() -> str:
        work = asyncio.create_task(context._bit_by_bit(steps()))
        while not work.done():
            next(turns)
            await asyncio.sleep(0)
        return await work

    assert asyncio.run(scene()) == "done"
    assert all(after - before > 1 for before, after in itertools.pairwise(seen))


def test_a_moment_that_brings_much_is_taken_up_in_many_steps(
    shelf: Shelf, client: TestClient, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("db.sets.STEP", 1)
    context: Context = client.app.state.context  # type: ignore[attr-defined]
    keeper, steps = context.archive.keeper, 0
    follow = keeper.follow

    def counted_follow(changed: Changed) -> Steps[TermSets | None]:
        nonlocal steps
        following = follow(changed)
        while True:
            try:
                next(following)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            steps += 1
            yield

    shelf.add("a", "ai", "voice-actor", "US")
    assert client.get("/v1/items?craft=voice-actor").json()["total"] == 1
    for number in range(30):
        shelf.add(f"item-{number}", "ai", "voice-actor", "US")
    monkeypatch.setattr(keeper, "follow", counted_follow)
    assert client.get("/v1/items?craft=voice-actor").json()["total"] == 31
    assert steps > 30


def test_what_is_given_up_lets_go_of_what_it_holds(client: TestClient):
    context: Context = client.app.state.context  # type: ignore[attr-defined]
    held: list[bool] = []

    def hold() -> Steps[None]:
        held.append(True)
        try:
            while True:
                yield
        finally:
            held.append(False)

    async def scene() -> asyncio.Task[None]:
        task = asyncio.create_task(context._bit_by_bit(hold()))
        await asyncio.sleep(0.01)
        return task  # which ends with the loop

    task = asyncio.run(scene())
    assert task.cancelled()
    assert held == [True, False]


def test_the_sets_of_the_known_moment_are_kept_whoever_asks_for_newer_ones(shelf: Shelf, client: TestClient):
    shelf.add("a", "ai")
    context: Context = client.app.state.context  # type: ignore[attr-defined]
    moment = asyncio.run(context._moments.newest())
    with context.archive.snapshot(moment) as known:
        assert known.sets() is not None
        known.matches["worked out"] = True
    for number in range(9):
        shelf.add(f"item-{number}", "ai")
        with context.archive.snapshot() as newer:
            assert newer.sets() is not None
        with context.archive.snapshot(moment) as known:
            assert known.sets() is not None
            assert known.matches["worked out"]


def test_items_behind_the_base_are_put_in_order_by_who_takes_up_the_next_moment(
    shelf: Shelf, client: TestClient, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("db.sets.SMALL", 3)
    threads = threading.active_count()
    keeper = client.app.state.context.archive.keeper  # type: ignore[attr-defined]
    shelf.add("first", "ai", "voice-actor", "US")
    assert client.get("/v1/items").json()["total"] == 1
    lengths = []
    for number in range(20):
        shelf.add(f"item-{number}", "ai", "voice-actor", "US")
        assert client.get("/v1/items?craft=voice-actor").json()["total"] == number + 2
        lengths.append(keeper._kept[-1].is_long)
    assert lengths.count(True) < 10
    assert threading.active_count() <= threads + 2
