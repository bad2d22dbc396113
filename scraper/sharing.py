"""How a run shares its work with other scrapers: not at all on SQLite, by leases on sites on PostgreSQL.

    run ── claim(site) ──► ours: its sources, as others left them  ── ask, save ──► release(site)
                      └──► None: another scraper has the site, and asks its sources

One scraper has all the sources of a site, so what a run knows of a site (one source at a time, a pause it asked for)
holds for all machines. The pause between two requests holds by turns that the database gives out (db.leases).
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar
from urllib.parse import urlsplit

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from db.leases import Leases, take_turn
from db.shapes import Source, SourceMemory
from db.watch import load_memories
from scraper.fetching.pacing import site_of
from scraper.schedule import current_feed_url, paused_until

log = logging.getLogger("craftwatch.scrape")

BEATS_PER_LEASE = 3
THREADS = 4

Remembered = tuple[Source, SourceMemory]
Write = Callable[[Callable[[], Any]], Awaitable[Any]]  # does something to the database, and outlasts its restart
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Claim:
    """A site that is ours: which of the sources wanted are still to be asked, and until when it wants a pause."""

    sources: Sequence[Remembered]
    pause: datetime | None = None


class Alone:
    """Nobody else scrapes: every site is ours."""

    with_others = False

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """While the block runs, what is claimed stays ours."""
        yield

    async def claim(self, site: str, wanted: Sequence[Remembered], write: Write) -> Claim | None:
        """None: another scraper has it. Where the database is asked, it is by `write`."""
        return Claim(wanted)

    async def release(self, site: str, write: Write) -> None:
        """Others may have it."""

    async def holds(self, site: str) -> bool:
        """Whether a site that was ours still is."""
        return True


@dataclass
class Shared(Alone):
    """Others scrape too. Good while `kept` runs.

    `remembered`: all sources, wanted or not, for a pause may have been told to any of a site.
    `still_wanted` decides from what was remembered at the start of the run and what is remembered now. Pauses told to
    others are obeyed unless `named`.
    """

    with_others = True

    engine: Engine
    leases: Leases
    remembered: Sequence[Remembered]
    still_wanted: Callable[[Source, SourceMemory, SourceMemory], bool]
    now: Callable[[], datetime]
    named: bool = False
    _threads: ThreadPoolExecutor = field(init=False)

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Renew our leases while the block runs, then give all of them back."""
        with ThreadPoolExecutor(THREADS, thread_name_prefix="leases") as self._threads:
            beat = asyncio.create_task(self._beat())
            try:
                yield
            finally:
                beat.cancel()
                with suppress(DBAPIError):  # they run out by themselves
                    self.leases.release_all()

    async def claim(self, site: str, wanted: Sequence[Remembered], write: Write) -> Claim | None:
        claim: Claim | None = await write(lambda: self._claim(site, wanted))
        return claim

    async def release(self, site: str, write: Write) -> None:
        await write(lambda: self.leases.release([site]))

    async def holds(self, site: str) -> bool:
        if not self.leases.holds(site):
            await self._renew()  # late, perhaps in time: nobody may have taken it
        return self.leases.holds(site)

    async def turn(self, site: str, spacing_seconds: float) -> float:
        """Seconds until a site may be asked. A database that is away costs no check: then our own pace has to do."""
        try:
            return await self._in_thread(lambda: take_turn(self.engine, site, spacing_seconds))
        except DBAPIError:
            return 0.0

    def _claim(self, site: str, wanted: Sequence[Remembered]) -> Claim | None:
        if not self.leases.claim([site]):
            return None
        memories = load_memories(self.engine, self._sources_at[site])
        ours = [
            (source, memories[source.id])
            for source, before in wanted
            if site_of_source(source, memories[source.id]) == site  # it may have moved meanwhile
            and self.still_wanted(source, before, memories[source.id])
        ]
        return Claim(ours, None if self.named else self._pause(memories.values()))

    def _pause(self, memories: Iterable[SourceMemory]) -> datetime | None:
        pauses = (paused_until(memory, self.now()) for memory in memories)
        return max((until for until in pauses if until is not None), default=None)

    @cached_property
    def _sources_at(self) -> Mapping[str, list[str]]:
        """Site → ids of all sources there."""
        found = defaultdict(list)
        for source, memory in self.remembered:
            found[site_of_source(source, memory)].append(source.id)
        return found

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self.leases.seconds / BEATS_PER_LEASE)
            await self._renew()

    async def _renew(self) -> None:
        try:
            await self._in_thread(self.leases.renew)
        except DBAPIError as error:
            log.info("leases not renewed, tried again: %s", error.orig)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


def site_of_source(source: Source, memory: SourceMemory) -> str:
    return site_of(urlsplit(current_feed_url(source, memory)).hostname or "")
