"""Never more than a publisher's server should bear: how close and how many our requests to one host may be."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

CONNECTIONS_PER_HOST = 2
MAX_CRAWL_DELAY_SECONDS = 30.0
JITTER = 0.25
# Their many hosts are one server to those who ask, and one limit.
PLATFORMS = ("blogspot.com", "livejournal.com", "medium.com", "substack.com", "tumblr.com", "wordpress.com")

# How others who ask the same hosts are kept apart from us: site, spacing in seconds → seconds until our turn.
Reserve = Callable[[str, float], Awaitable[float]]


def site_of(host: str) -> str:
    """The name under which a server counts what we ask of it: the host itself, or the platform that it belongs to."""
    host = host.lower()
    return next((platform for platform in PLATFORMS if host.endswith(f".{platform}")), host)


@dataclass(slots=True)
class _Lane:
    interval_seconds: float
    next_start: float = 0.0
    seats: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(CONNECTIONS_PER_HOST))


class HostPacer:
    """Turns for each host: starts are `interval_seconds` apart, plus up to a quarter of jitter, two at once at most.

    `reserve` is asked for every turn as well where others ask the same hosts.
    """

    def __init__(
        self,
        interval_seconds: float,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        chance: Callable[[], float] = random.random,
        reserve: Reserve | None = None,
    ) -> None:
        self._interval_seconds = interval_seconds
        self._monotonic = monotonic
        self._sleep = sleep
        self._chance = chance
        self._reserve = reserve
        self._lanes: dict[str, _Lane] = {}

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[None]:
        """Wait until the host may be asked; keep its seat while the block runs."""
        lane = self._lane(host)
        async with lane.seats:
            start = await self._next_start(host, lane)
            if start > (now := self._monotonic()):
                await self._sleep(start - now)
            yield

    async def _next_start(self, host: str, lane: _Lane) -> float:
        start = max(self._monotonic(), lane.next_start)
        spacing = lane.interval_seconds * (1 + JITTER * self._chance())
        lane.next_start = start + spacing
        if self._reserve is not None and spacing:
            wait = await self._reserve(site_of(host), spacing)
            start = max(start, self._monotonic() + wait)
            lane.next_start = max(lane.next_start, start + spacing)
        return start

    def respect_crawl_delay(self, host: str, seconds: float) -> None:
        """Space this host's turns by its robots.txt's Crawl-delay where that is longer, up to half a minute."""
        lane = self._lane(host)
        lane.interval_seconds = max(lane.interval_seconds, min(seconds, MAX_CRAWL_DELAY_SECONDS))

    def _lane(self, host: str) -> _Lane:
        return self._lanes.setdefault(site_of(host), _Lane(self._interval_seconds))
