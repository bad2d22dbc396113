"""The newest moment is read once for all who wait, and never so early that a request could be answered of the past."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

from api.dependencies import Context
from api.moments import Moments
from db.archive import Moment
from db.errors import DatabaseUnusable
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


def test_who_comes_during_a_reading_waits_for_the_next_which_all_of_them_share():
    async def scene() -> None:
        readings = Readings()
        moments = Moments(readings.read, waits=True)
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
        moments = Moments(readings.read, waits=True)
        goes, stays = asyncio.create_task(moments.newest()), asyncio.create_task(moments.newest())
        await readings.under_way(1)
        goes.cancel()
        readings.go_on()
        assert (await stays).version == 1
        assert goes.cancelled()

    asyncio.run(scene())


@pytest.mark.parametrize("waits", [True, False])
def test_an_error_is_told_to_all_who_wait_and_not_remembered(waits):
    answers = iter([DatabaseUnusable("away"), Moment(7, 0)])

    def read() -> Moment:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def scene() -> None:
        moments = Moments(read, waits=waits)
        with pytest.raises(DatabaseUnusable):
            await moments.newest()
        assert (await moments.newest()).version == 7

    asyncio.run(scene())


def test_requests_of_one_turn_of_the_loop_share_a_reading_and_those_of_the_next_have_their_own():
    async def scene() -> None:
        moments = Moments(counted(), waits=False)
        assert [each.version for each in await asyncio.gather(moments.newest(), moments.newest())] == [1, 1]
        await asyncio.sleep(0)
        assert (await moments.newest()).version == 2

    asyncio.run(scene())


def test_a_reading_that_hangs_hinders_nobody_for_long(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("api.moments.READ_LIMIT_SECONDS", 0.01)
    hangs = threading.Event()
    answers = iter([lambda: hangs.wait(10) and Moment(1, 0), lambda: Moment(2, 0)])

    async def scene() -> None:
        moments = Moments(lambda: next(answers)(), waits=True)  # type: ignore[no-any-return, operator]
        first = asyncio.create_task(moments.newest())
        await asyncio.sleep(0.01)
        assert (await moments.newest()).version == 2
        assert not first.done()
        hangs.set()
        assert (await first).version == 1

    asyncio.run(scene())


def test_what_a_loop_left_unfinished_is_no_hindrance_to_the_next():
    readings = Readings()
    moments = Moments(readings.read, waits=True)

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
    before = context.archive.moment()
    assert client.get("/v1/items").json()["total"] == 1
    shelf.add("b", "ai", "voice-actor", "US")

    async def just_before(moments: Moments) -> Moment:
        return before

    monkeypatch.setattr(Moments, "newest", just_before)
    answer = client.get("/v1/items?craft=voice-actor").json()
    assert (answer["total"], len(answer["data"]), answer["data_version"]) == (2, 2, before.version + 1)


def test_what_is_in_memory_is_answered_without_the_database(
    shelf: Shelf, client: TestClient, monkeypatch: pytest.MonkeyPatch
):
    shelf.add("a", "ai", "voice-actor", "US")
    context: Context = client.app.state.context  # type: ignore[attr-defined]
    first = client.get("/v1/items?craft=voice-actor")
    moment = context.archive.moment()

    async def known(moments: Moments) -> Moment:
        return moment

    monkeypatch.setattr(Moments, "newest", known)
    monkeypatch.setattr(context.archive, "take_connection", lambda: pytest.fail("it was asked"))
    for query in ("craft=voice-actor", "craft=voice-actor&limit=7"):
        again = client.get(f"/v1/items?{query}")
        assert (again.status_code, again.json()["data"]) == (200, first.json()["data"])
