"""What every endpoint leans on: settings, vocabulary, the archive, what is kept between requests, and `read`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar

from anyio import CapacityLimiter, to_thread
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection

from api.cache import Answers, Fragments, Queries
from api.moments import LAG_SECONDS, Moments
from api.names import Names, make_names
from api.settings import ApiSettings
from db.archive import Archive, Moment, Moved, NotInMemory, Snapshot
from db.coverage import Checks
from db.recent import Newest
from db.sets import Changed
from db.sources import load_source_names
from db.steps import Steps, at_once
from db.vocabulary import Vocabulary

NAMES_FOR_SECONDS = 30  # a source renamed in its file shows after as long
BIT_SECONDS = 0.0002  # as long as a request takes
PAUSE_SECONDS = 0.001  # between two bits that nobody waits for
TRIES = 3  # to be done with a moment before others are at a newer one
T = TypeVar("T")


class Context:
    """One per application."""

    def __init__(
        self, settings: ApiSettings, vocabulary: Vocabulary, now: Callable[[], datetime], lag: float = LAG_SECONDS
    ) -> None:
        self.settings = settings
        self.vocabulary = vocabulary
        self.now = now
        self.archive = Archive(settings.database_url)
        self.fragments = Fragments()
        self.queries = Queries()
        self.newest = Newest()
        self.checks = Checks()
        self.answers = Answers(settings.answer_cache_mb * 1_000_000)
        self._moments = Moments(self._take_up, lag)
        self._names: tuple[int, float, Names] | None = None  # how many terms there were, when made

    async def read(self, work: Callable[[Snapshot], T], *, heavy: bool = False) -> T:
        """Run `work` on a snapshot: the one place that decides where reads run. `work` may be begun more than once.

        A page that is in memory is found faster than a thread is woken, so it is read right here, and on SQLite also
        one that is not; what may take long, and all that waits for a server, runs in a thread.
        """
        if heavy:
            return await run_in_threadpool(self.read_now, work)
        moment = await self._moments.newest()
        try:
            return self._read_at(moment, work, in_memory=not self.archive.is_sqlite)
        except NotInMemory:
            return await run_in_threadpool(self._read_at, moment, work)

    def _read_at(self, moment: Moment, work: Callable[[Snapshot], T], *, in_memory: bool = False) -> T:
        """Of this moment where that can still be read, else of the newest."""
        try:
            with self.archive.snapshot(moment, in_memory=in_memory) as snapshot:
                return work(snapshot)
        except Moved:
            return self.read_now(work)

    async def _take_up(self, threads: CapacityLimiter) -> Moment:
        """The newest moment, when all that many requests would first have to find out of it is in memory.

        Bit by bit, with a look at the requests in between: a thread that computes would make them wait for longer.
        """
        keeper = self.archive.keeper
        for _ in range(TRIES):
            if self.archive.is_sqlite:
                moment, changed = await self._bit_by_bit(self._look())
            else:
                moment, changed = await to_thread.run_sync(at_once, self._look(), limiter=threads)
            if changed is not None:
                await self._bit_by_bit(keeper.follow(changed))
                await self._bit_by_bit(self.archive.refresh())
            if keeper.pin(moment.version):
                break  # else a request that asked the database was told of a newer one meanwhile
        if keeper.is_long:  # a task that nobody holds may be collected as garbage
            self._ordering = asyncio.create_task(self._bit_by_bit(keeper.put_in_order(), in_time=False))
        return moment

    async def _bit_by_bit(self, steps: Steps[T], *, in_time: bool = True) -> T:
        """Quickly where a request waits for it (`in_time`), else with time for those that do not."""
        try:
            while True:
                end = time.perf_counter() + BIT_SECONDS
                try:
                    next(steps)
                    while time.perf_counter() < end:
                        next(steps)
                except StopIteration as done:
                    result: T = done.value
                    return result
                await asyncio.sleep(0 if in_time and self._moments.is_awaited else PAUSE_SECONDS)
        finally:
            steps.close()  # when it is given up: what it holds is for others

    def _look(self) -> Steps[tuple[Moment, Changed | None]]:
        """The newest moment, its terms learnt, and what changed up to it: all that the database is asked for it."""
        with Archive.snapshot(self.archive) as snapshot:  # which is no answer, for those who time answers
            snapshot.take_time()  # much may have changed, and on SQLite requests are answered between the steps
            snapshot.term_ids()
            changed = (yield from self.archive.keeper.changed(snapshot)) if snapshot.has_sets() else None
            return snapshot.moment, changed

    def read_now(self, work: Callable[[Snapshot], T]) -> T:
        with self.archive.snapshot() as snapshot:
            return work(snapshot)

    def names(self, snapshot: Snapshot) -> Names:
        """All names that filters may use: terms as of this snapshot, sources as of NAMES_FOR_SECONDS ago at most.

        Made anew with every save, they would take more time than the answers.
        """
        moment, filed = time.monotonic(), snapshot.term_ids()
        if self._names:
            terms, made, names = self._names
            if terms == len(filed) and moment - made < NAMES_FOR_SECONDS:
                return names
        names = make_names(self.vocabulary, load_source_names(snapshot), filed)
        held = self._names[2] if self._names else None
        since = held.since if held and held.fingerprint == names.fingerprint else int(self.now().timestamp())
        names = replace(names, since=since)
        self._names = (len(filed), moment, names)
        return names

    def moment(self) -> datetime:
        return self.now()

    def url(self, path: str, query: str = "") -> str:
        """A public address; never made from what the request says of its host."""
        return join_url(self.settings.public_url, path, query)


def join_url(public_url: str, path: str, query: str = "") -> str:
    return f"{public_url}{path}{'?' if query else ''}{query}"


def context_of(connection: HTTPConnection) -> Context:
    context: Context = connection.app.state.context
    return context


def utc_now() -> datetime:
    return datetime.now(UTC)
