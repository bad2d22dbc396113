"""A run put together from the settings: one pass over the sources that are due, or one pass after another."""

from __future__ import annotations

import asyncio
import difflib
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

import platformdirs
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from db.engine import is_sqlite
from db.errors import DatabaseError, explain
from db.filing import Wholes
from db.leases import Leases, running_leases
from db.lock import AlreadyRunning, RunLock
from db.migrations import locked_archive
from db.reconnect import outlasting
from db.shapes import UNREACHED, Source, SourceMemory
from db.store import Store
from db.watch import load_memories, load_robots, pardon, postpone, save_robots, sync_sources
from scraper.fetch import Fetcher
from scraper.fetching.offline import OfflineFetcher
from scraper.fetching.pacing import HostPacer
from scraper.fetching.robots import RobotsRecord
from scraper.parsing.workers import ParserPool
from scraper.saving import Tags
from scraper.schedule import is_due, paused_until
from scraper.scrape import Fetches, RunReport, Scraper, SourceReport
from scraper.settings import ScraperSettings
from scraper.sharing import Alone, Shared, site_of_source
from scraper.sources import SourcesError, load_sources
from scraper.stopping import Stop

log = logging.getLogger("craftwatch.scrape")

LONGEST_SLEEP_SECONDS = 60.0
# Until sources are asked again of which none could be reached, the first time and after.
FIRST_PAUSE, OUTAGE_PAUSE = timedelta(minutes=10), timedelta(hours=1)


@dataclass(frozen=True)
class Run:
    """Sources, settings and a database. `documents` (feed URL → bytes) stand in for the network when given."""

    engine: Engine
    settings: ScraperSettings
    sources: tuple[Source, ...]
    documents: Mapping[str, bytes] | None = None
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    stop: Stop = field(default_factory=Stop)

    @classmethod
    def of_settings(cls, engine: Engine, settings: ScraperSettings) -> Run:
        """Raises SourcesError for a wrong sources file."""
        return cls(engine, settings, load_sources(settings.sources))

    @classmethod
    def of_sample(cls, engine: Engine, settings: ScraperSettings) -> Run:
        from scraper.sample import load_sample

        sources, documents = load_sample(datetime.now(UTC))
        return cls(engine, settings, sources, documents)

    def once(
        self,
        source_ids: Sequence[str] = (),
        *,
        everything: bool = False,
        on_start: Callable[[int], None] = lambda count: None,
        on_done: Callable[[SourceReport], None] = lambda report: None,
    ) -> RunReport:
        """Ask the named sources; or all enabled ones; or those that are due.

        A name is asked whatever else holds; `everything` leaves out what is gone (410) and, like a usual run, puts off
        the sources of a host that wants a pause. On PostgreSQL other runs may be under way: each asks what the others
        have not asked. Raises AlreadyRunning (they have all of it), DatabaseError, SourcesError (an unknown name).
        """
        with locked_archive(self.engine, shared=True) as lock:
            sync_sources(self.engine, self.sources)
            remembered = self._remembered(load_memories(self.engine))
            # Those that fail often take the longest: begun first, they end with the others.
            chosen = sorted(self._choose(remembered, source_ids, everything), key=lambda each: -each[1].failures)
            pauses = {} if source_ids else site_pauses(remembered, self.now())
            on_start(len(chosen))
            sharing = self._share(remembered, everything=everything, named=bool(source_ids))
            report = asyncio.run(self._scrape(chosen, pauses, on_done, lock, sharing)) if chosen else RunReport()
            if chosen and report.elsewhere == len(chosen):
                raise AlreadyRunning("Other scrapes are asking all of these sources.")
            if report.is_outage and not source_ids and not self.stop.asked:
                outlasting(self.engine, lambda: self._pardon(remembered, report), on_reconnect=lock.renew)
            self._postpone(remembered, {site: until for site, until in report.pauses.items() if site not in pauses})
            return report

    def seconds_until_due(self) -> float:
        """0 when a source is due that no other scraper has; else how long until the next one is, a minute at most."""
        now = self.now()
        watched = [
            (source, memory)
            for source, memory in self._remembered(load_memories(self.engine))
            if source.enabled and memory.stopped_at is None
        ]
        taken = {} if is_sqlite(self.engine) else running_leases(self.engine)
        waits = [
            max(self._seconds_until(source, memory, now), taken.get(site_of_source(source, memory), 0.0))
            for source, memory in watched
        ]
        wait = min(waits, default=LONGEST_SLEEP_SECONDS)
        return min(max(wait, 1.0), LONGEST_SLEEP_SECONDS) if wait else 0.0

    def _seconds_until(self, source: Source, memory: SourceMemory, now: datetime) -> float:
        if memory.next_check_at is None or is_due(source, memory, now):
            return 0.0
        return (memory.next_check_at - now).total_seconds()

    def _choose(
        self, remembered: Sequence[tuple[Source, SourceMemory]], source_ids: Sequence[str], everything: bool
    ) -> list[tuple[Source, SourceMemory]]:
        if source_ids:
            by_id = {source.id: (source, memory) for source, memory in remembered}
            return [by_id[known_source(source_id, by_id)] for source_id in dict.fromkeys(source_ids)]
        if everything:
            return [(source, memory) for source, memory in remembered if source.enabled and memory.stopped_at is None]
        now = self.now()
        return [(source, memory) for source, memory in remembered if is_due(source, memory, now)]

    def _remembered(self, memories: Mapping[str, SourceMemory]) -> list[tuple[Source, SourceMemory]]:
        return [(source, memories.get(source.id, SourceMemory(source.id))) for source in self.sources]

    def _postpone(self, remembered: Sequence[tuple[Source, SourceMemory]], pauses: Mapping[str, datetime]) -> None:
        """Also the sources that were not due: they may become so within the pause."""
        for site, until in pauses.items():
            there = [source.id for source, memory in remembered if site_of_source(source, memory) == site]
            postpone(self.engine, there, until, f"{site} asked for a pause")

    def _pardon(self, remembered: Sequence[tuple[Source, SourceMemory]], report: RunReport) -> None:
        """Where nobody answers, here or elsewhere, the fault is ours: it says nothing of the sources.

        Once they are asked again soon, then once an hour; those that failed before for long are left as they are.
        """
        unreached = {each.source_id for each in report.sources if each.reason in UNREACHED}
        asked = [(source, memory) for source, memory in remembered if source.id in unreached]
        answered = [memory.last_success_at for memory in load_memories(self.engine).values() if memory.last_success_at]
        lately = self.now() - OUTAGE_PAUSE
        if len({site_of_source(*each) for each in asked}) < 2 or max(answered, default=lately) > lately:
            return
        pause = OUTAGE_PAUSE if any(memory.failures for _, memory in asked) else FIRST_PAUSE
        pardoned = [source.id for source, memory in asked if memory.failures <= 1]
        pardon(self.engine, pardoned, self.now() + pause, "no source could be reached: the network may be down")

    def _share(self, remembered: Sequence[tuple[Source, SourceMemory]], *, everything: bool, named: bool) -> Alone:
        if is_sqlite(self.engine):
            return Alone()

        def still_wanted(source: Source, before: SourceMemory, memory: SourceMemory) -> bool:
            """Not when another scraper has asked it since this run began."""
            untouched = memory.last_checked_at == before.last_checked_at
            return named or (untouched and (everything or is_due(source, memory, self.now())))

        leases = Leases(self.engine, self.settings.lease_seconds)
        return Shared(self.engine, leases, remembered, still_wanted, self.now, named)

    async def _scrape(
        self,
        chosen: Sequence[tuple[Source, SourceMemory]],
        pauses: Mapping[str, datetime],
        on_done: Callable[[SourceReport], None],
        lock: RunLock,
        sharing: Alone,
    ) -> RunReport:
        async def scrape_with(fetcher: Fetches) -> RunReport:
            async with ParserPool() as parsers, sharing.kept():
                scraper = Scraper(
                    fetcher,
                    parsers,
                    _tagger,
                    Store(self.engine, _wholes),
                    # One after another, documents at hand give the same archive every time.
                    concurrency=1 if self.documents is not None else self.settings.concurrency,
                    now=self.now,
                    on_reconnect=lock.renew,
                    stop=self.stop,
                    sharing=sharing,
                )
                return await scraper.run(chosen, on_done, pauses)

        if self.documents is not None:
            return await scrape_with(OfflineFetcher(self.documents))
        known = {row["origin"]: RobotsRecord(**row) for row in load_robots(self.engine)}
        turns = sharing.turn if isinstance(sharing, Shared) else None
        pacer = HostPacer(self.settings.host_interval_seconds, reserve=turns)
        async with Fetcher(self.settings, robots_known=known, pacer=pacer, clock=self.now) as fetcher:
            report = await scrape_with(fetcher)
        learnt = [asdict(record) for origin, record in fetcher.robots_records().items() if record != known.get(origin)]
        outlasting(self.engine, lambda: save_robots(self.engine, learnt), on_reconnect=lock.renew)
        return report


# The rules take longer to load than a hundred unchanged feeds: they are imported when there is something new, and once.


@lru_cache(maxsize=1)
def _tagger() -> Tags:
    from scraper.tag import packaged_tagger

    return packaged_tagger()


def _wholes() -> Wholes:
    from db.vocabulary import load_vocabulary

    return load_vocabulary().wholes()


def site_pauses(remembered: Sequence[tuple[Source, SourceMemory]], now: datetime) -> dict[str, datetime]:
    """Site → until when it wants to be left alone."""
    pauses: dict[str, datetime] = {}
    for source, memory in remembered:
        if (until := paused_until(memory, now)) is not None:
            site = site_of_source(source, memory)
            pauses[site] = max(until, pauses.get(site, until))
    return pauses


def sample_database() -> None:
    """Point this process and its children at a database for the sample alone, emptied so that its dates are new."""
    path = Path(platformdirs.user_data_dir("craftwatch", appauthor=False)) / "sample.db"
    for file in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
        file.unlink(missing_ok=True)
    os.environ["CRAFTWATCH_DATABASE_URL"] = f"sqlite:///{path}"


def watch(run: Run) -> None:
    """Ask each source whenever it is due, until asked to stop.

    A database that cannot be used for a while, or that another run is using, is tried again after a minute; sources
    that another scraper has, when their leases would run out.
    """
    while not run.stop.asked:
        try:
            wait = run.seconds_until_due()
            if not wait:
                run.once()
        except AlreadyRunning as error:
            log.info("%s", error)
            wait = min(run.settings.lease_seconds, LONGEST_SLEEP_SECONDS)
        except (DatabaseError, DBAPIError) as error:
            log.error("%s", explain(error) if isinstance(error, DBAPIError) else error)
            wait = LONGEST_SLEEP_SECONDS
        run.stop.wait(wait)


def known_source(source_id: str, known: Mapping[str, object]) -> str:
    """The id itself. Raises SourcesError, with the nearest ids, for one that is not known."""
    if source_id in known:
        return source_id
    near = difflib.get_close_matches(source_id, known, n=3)
    hint = f" Did you mean {' or '.join(near)}?" if near else " `craftwatch sources` lists them."
    raise SourcesError(f"There is no source {source_id!r}.{hint}")
