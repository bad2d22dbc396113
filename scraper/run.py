"""A run put together from the settings: one pass over the sources that are due, or one pass after another."""

from __future__ import annotations

import asyncio
import difflib
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import platformdirs
from sqlalchemy import Engine

from db.lock import RunLock, run_lock
from db.migrations import check_schema
from db.reconnect import outlasting
from db.shapes import Source, SourceMemory
from db.store import Store
from db.vocabulary import load_vocabulary
from db.watch import load_memories, load_robots, save_robots, sync_sources
from scraper.fetch import Fetcher
from scraper.offline import OfflineFetcher
from scraper.pacing import site_of
from scraper.robots import RobotsRecord
from scraper.schedule import current_feed_url, is_due, paused_until
from scraper.scrape import Fetches, RunReport, Scraper, SourceReport
from scraper.settings import ScraperSettings
from scraper.sources import SourcesError, load_sources
from scraper.tag import Tagger
from scraper.workers import ParserPool

LONGEST_SLEEP_SECONDS = 60.0


@dataclass(frozen=True)
class Run:
    """Sources, settings and a database. `documents` (feed URL → bytes) stand in for the network when given."""

    engine: Engine
    settings: ScraperSettings
    sources: tuple[Source, ...]
    documents: Mapping[str, bytes] | None = None

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
        the sources of a host that wants a pause. Raises AlreadyRunning, DatabaseError, SourcesError (an unknown name).
        """
        check_schema(self.engine)
        with run_lock(self.engine) as lock:
            sync_sources(self.engine, self.sources)
            remembered = self._remembered(load_memories(self.engine))
            chosen = self._choose(remembered, source_ids, everything)
            pauses = {} if source_ids else site_pauses(remembered, datetime.now(UTC))
            on_start(len(chosen))
            return asyncio.run(self._scrape(chosen, pauses, on_done, lock)) if chosen else RunReport()

    def seconds_until_due(self) -> float:
        """0 when a source is due; else how long until the next one is, a minute at most."""
        now = datetime.now(UTC)
        memories = load_memories(self.engine)
        if any(is_due(source, memory, now) for source, memory in self._remembered(memories)):
            return 0.0
        moments = [m.next_check_at for m in memories.values() if m.next_check_at is not None]
        wait = min(((moment - now).total_seconds() for moment in moments), default=LONGEST_SLEEP_SECONDS)
        return min(max(wait, 1.0), LONGEST_SLEEP_SECONDS)

    def _choose(
        self, remembered: Sequence[tuple[Source, SourceMemory]], source_ids: Sequence[str], everything: bool
    ) -> list[tuple[Source, SourceMemory]]:
        if source_ids:
            by_id = {source.id: (source, memory) for source, memory in remembered}
            return [by_id[known_source(source_id, by_id)] for source_id in dict.fromkeys(source_ids)]
        if everything:
            return [(source, memory) for source, memory in remembered if source.enabled and memory.stopped_at is None]
        now = datetime.now(UTC)
        return [(source, memory) for source, memory in remembered if is_due(source, memory, now)]

    def _remembered(self, memories: Mapping[str, SourceMemory]) -> list[tuple[Source, SourceMemory]]:
        return [(source, memories.get(source.id, SourceMemory(source.id))) for source in self.sources]

    async def _scrape(
        self,
        chosen: Sequence[tuple[Source, SourceMemory]],
        pauses: Mapping[str, datetime],
        on_done: Callable[[SourceReport], None],
        lock: RunLock,
    ) -> RunReport:
        vocabulary = load_vocabulary()
        departments = {craft.id: craft.department for craft in vocabulary.crafts.values()}

        async def scrape_with(fetcher: Fetches) -> RunReport:
            async with ParserPool() as parsers:
                scraper = Scraper(
                    fetcher,
                    parsers,
                    Tagger(vocabulary),
                    Store(self.engine, departments),
                    concurrency=self.settings.concurrency,
                    on_reconnect=lock.renew,
                )
                return await scraper.run(chosen, on_done, pauses)

        if self.documents is not None:
            return await scrape_with(OfflineFetcher(self.documents))
        known = {row["origin"]: RobotsRecord(**row) for row in load_robots(self.engine)}
        async with Fetcher(self.settings, robots_known=known) as fetcher:
            report = await scrape_with(fetcher)
        learnt = [asdict(record) for origin, record in fetcher.robots_records().items() if record != known.get(origin)]
        outlasting(self.engine, lambda: save_robots(self.engine, learnt), on_reconnect=lock.renew)
        return report


def site_pauses(remembered: Sequence[tuple[Source, SourceMemory]], now: datetime) -> dict[str, datetime]:
    """Site → until when it wants to be left alone."""
    pauses: dict[str, datetime] = {}
    for source, memory in remembered:
        if (until := paused_until(memory, now)) is not None:
            site = site_of(urlsplit(current_feed_url(source, memory)).hostname or "")
            pauses[site] = max(until, pauses.get(site, until))
    return pauses


def sample_database() -> None:
    """Point this process and its children at a database for the sample alone, emptied so that its dates are new."""
    path = Path(platformdirs.user_data_dir("craftwatch", appauthor=False)) / "sample.db"
    for file in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
        file.unlink(missing_ok=True)
    os.environ["CRAFTWATCH_DATABASE_URL"] = f"sqlite:///{path}"


def watch(run: Run, *, sleep: Callable[[float], Any] = time.sleep) -> None:
    """Ask each source whenever it is due, until the process that started us is gone."""
    parent = os.getppid()
    while os.getppid() == parent:
        wait = run.seconds_until_due()
        if wait:
            sleep(wait)
        else:
            run.once()


def known_source(source_id: str, known: Mapping[str, object]) -> str:
    """The id itself. Raises SourcesError, with the nearest ids, for one that is not known."""
    if source_id in known:
        return source_id
    near = difflib.get_close_matches(source_id, known, n=3)
    hint = f" Did you mean {' or '.join(near)}?" if near else " `craftwatch sources` lists them."
    raise SourcesError(f"There is no source {source_id!r}.{hint}")
