"""Saving together what waits at the same time."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest
from sqlalchemy import Engine, text

from db.store import Checked, Counts, Store
from db.watch import sync_sources
from scraper.saving import TOGETHER, Brought, Saver
from tests.db.factory import NOW, make_check, make_draft, make_memory, make_source, make_tagging

SOURCES = [make_source(f"paper-{number}") for number in range(2 * TOGETHER + 5)]


class Watched(Store):
    """Remembers which sources were saved together."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine, dict)
        self.together: list[list[str]] = []

    def save_checks(self, checks: Any, *, now: Any) -> list[Counts]:
        self.together.append([each.source.id for each in checks])
        return super().save_checks(checks, now=now)


class Tagger:
    def tag(self, title: str, summary: str, **about: object) -> Any:
        return make_tagging()


@pytest.fixture
def store(engine: Engine) -> Watched:
    sync_sources(engine, SOURCES)
    return Watched(engine)


async def write(work: Callable[[], Any]) -> Any:
    """As slow as a thread: others come meanwhile."""
    await asyncio.sleep(0)
    return work()


def brought(number: int, *entries: str) -> Brought:
    source = SOURCES[number]
    return Brought(source, make_memory(source.id), make_check(), [make_draft(entry) for entry in entries])


def saver_of(store: Store) -> Saver:
    return Saver(store, Tagger, lambda: NOW, write)


def test_what_waits_at_the_same_time_is_saved_together_up_to_a_bound(store: Watched) -> None:
    async def save() -> list[Counts]:
        saver = saver_of(store)
        return await asyncio.gather(*(saver.save(brought(n, *"abc"[: n % 3])) for n in range(len(SOURCES))))

    counts = asyncio.run(save())
    assert [len(each) for each in store.together] == [TOGETHER, TOGETHER, 5]
    assert sorted(itertools.chain.from_iterable(store.together)) == sorted(source.id for source in SOURCES)
    # The first who has an item has it new, and the others the same one.
    assert counts[:3] == [Counts(), Counts(new=1), Counts(new=1, unchanged=1)]
    assert counts[4:6] == [Counts(unchanged=1), Counts(unchanged=2)]
    with store.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM fetch_log")) == len(SOURCES)
        assert connection.scalar(text("SELECT value FROM counter WHERE name = 'data_version'")) == 3


def test_one_alone_waits_for_nobody(store: Watched) -> None:
    counts = asyncio.run(saver_of(store).save(brought(0, "a")))
    assert (counts, store.together) == (Counts(new=1), [["paper-0"]])


def test_who_comes_soon_after_a_save_is_saved_with_those_who_follow(store: Watched) -> None:
    async def save() -> None:
        saver = saver_of(store)
        await saver.save(brought(0, "a"))
        soon = asyncio.create_task(saver.save(brought(1, "b")))
        await asyncio.sleep(0.01)
        await asyncio.gather(soon, saver.save(brought(2, "c")))

    with mock.patch("scraper.saving.PAUSE_SECONDS", 2):
        asyncio.run(save())
    assert store.together == [["paper-0"], ["paper-1", "paper-2"]]


def test_where_nobody_else_can_come_nobody_waits(store: Watched) -> None:
    async def save() -> None:
        saver = Saver(store, Tagger, lambda: NOW, write, together=1)
        async with asyncio.timeout(60):
            for number in range(10):
                await saver.save(brought(number))

    with mock.patch("scraper.saving.PAUSE_SECONDS", 1_000):
        asyncio.run(save())
    assert [len(each) for each in store.together] == [1] * 10


def test_one_that_is_given_up_while_it_waits_costs_the_others_nothing(store: Watched) -> None:
    async def save() -> list[Counts]:
        saver = saver_of(store)
        tasks = [asyncio.create_task(saver.save(brought(n, f"{n}"))) for n in range(3)]
        await asyncio.sleep(0)
        tasks[1].cancel()
        return [await task for task in (tasks[0], tasks[2])]

    assert asyncio.run(save()) == [Counts(new=1), Counts(new=1)]


def test_who_comes_after_many_that_were_given_up_is_saved(store: Watched) -> None:
    async def save() -> Counts:
        saver = saver_of(store)
        tasks = [asyncio.create_task(saver.save(brought(n, f"{n}"))) for n in range(TOGETHER + 5)]
        await asyncio.sleep(0)
        for task in tasks[1:-1]:
            task.cancel()
        await tasks[0]
        return await tasks[-1]

    assert asyncio.run(save()) == Counts(new=1)
    assert [len(each) for each in store.together] == [TOGETHER, 1]


def test_a_failure_is_told_to_all_and_nothing_is_tried_after_it(
    store: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[int] = []

    def fail(self: Store, checks: list[Checked], *, now: Any) -> list[Counts]:
        tried.append(len(checks))
        raise OSError("disk full")

    monkeypatch.setattr(Watched, "save_checks", fail)

    async def save() -> list[Counts | BaseException]:
        saver = saver_of(store)
        return await asyncio.gather(*(saver.save(brought(n)) for n in range(TOGETHER + 3)), return_exceptions=True)

    assert [type(each) for each in asyncio.run(save())] == [OSError] * (TOGETHER + 3)
    assert tried == [TOGETHER]
