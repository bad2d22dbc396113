"""Turns: how far apart and how many at once, on a clock of our own."""

from __future__ import annotations

import asyncio

import pytest

from scraper.fetching.pacing import CONNECTIONS_PER_HOST, HostPacer, site_of


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        until = self.now + seconds
        await asyncio.sleep(0)
        self.now = max(self.now, until)


def starts(hosts: list[str], interval: float = 2.0, chance: float = 0.0, crawl_delay: float = 0.0) -> list[float]:
    """Seconds after which each of these turns, wished for at once, began."""
    clock = Clock()
    pacer = HostPacer(interval, clock, clock.sleep, lambda: chance)
    pacer.respect_crawl_delay(hosts[0], crawl_delay)
    began: list[float] = []

    async def visit(host: str) -> None:
        async with pacer.turn(host):
            began.append(clock.now - 1000.0)

    async def visit_all() -> None:
        await asyncio.gather(*(visit(host) for host in hosts))

    asyncio.run(visit_all())
    return began


def test_turns_of_one_host_are_an_interval_apart() -> None:
    assert starts(["a.example"] * 4) == [0, 2, 4, 6]


def test_a_host_is_one_host_in_any_case() -> None:
    assert starts(["a.example", "A.Example"]) == [0, 2]


def test_turns_of_different_hosts_do_not_wait_for_each_other() -> None:
    assert starts(["a.example", "b.example", "c.example"]) == [0, 0, 0]


def test_jitter_lengthens_the_interval_by_a_quarter_at_most() -> None:
    assert starts(["a.example"] * 3, chance=1.0) == [0, 2.5, 5]


@pytest.mark.parametrize(("delay", "expected"), [(1.0, 2.0), (10.0, 10.0), (86_400.0, 30.0)])
def test_a_longer_crawl_delay_is_respected_up_to_half_a_minute(delay: float, expected: float) -> None:
    assert starts(["a.example"] * 2, crawl_delay=delay)[1] == expected


def test_a_turn_waited_for_long_enough_begins_at_once() -> None:
    clock = Clock()
    pacer = HostPacer(2.0, clock, clock.sleep, lambda: 0.0)

    async def twice() -> float:
        async with pacer.turn("a.example"):
            pass
        clock.now += 60
        async with pacer.turn("a.example"):
            return clock.now

    assert asyncio.run(twice()) == 1060


def test_a_host_has_two_turns_at_once_at_most() -> None:
    pacer = HostPacer(0.0)
    inside = most = 0

    async def visit() -> None:
        nonlocal inside, most
        async with pacer.turn("a.example"):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    async def visit_all() -> None:
        await asyncio.gather(*(visit() for _ in range(20)))

    asyncio.run(visit_all())
    assert most == CONNECTIONS_PER_HOST == 2


@pytest.mark.parametrize(
    ("host", "site"),
    [
        ("News.Example", "news.example"),
        ("one.tumblr.com", "tumblr.com"),
        ("two.three.substack.com", "substack.com"),
        ("nottumblr.com", "nottumblr.com"),
        ("one.example", "one.example"),
    ],
)
def test_the_hosts_of_a_platform_are_one_site(host: str, site: str) -> None:
    assert site_of(host) == site


def test_a_turn_waits_for_others_who_ask_the_same_host() -> None:
    clock = Clock()
    asked: list[tuple[str, float]] = []

    async def reserve(site: str, spacing_seconds: float) -> float:
        asked.append((site, spacing_seconds))
        return 7.0

    async def visit() -> float:
        async with HostPacer(2.0, clock, clock.sleep, lambda: 0.0, reserve).turn("a.substack.com"):
            return clock.now - 1000.0

    assert (asyncio.run(visit()), asked) == (7.0, [("substack.com", 2.0)])


def test_turns_that_need_no_pause_are_not_asked_for() -> None:
    async def reserve(site: str, spacing_seconds: float) -> float:
        raise AssertionError("asked")

    async def visit() -> None:
        async with HostPacer(0.0, reserve=reserve).turn("a.example"):
            pass

    asyncio.run(visit())
