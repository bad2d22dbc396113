"""The whole scraper on a server and a clock of our own: what was sent, when, and what became of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from db.engine import open_engine
from db.migrations import migrate
from db.shapes import Source, SourceMemory
from db.watch import load_memories
from scraper.run import Run
from scraper.scrape import RunReport
from tests.db.factory import NOW, make_source
from tests.fetching import settings_for
from tests.server import LoopbackServer, Request


class Newsroom:
    """Sources on a server, a database on disk, and runs at moments of a clock that only we move.

    Every run has an engine and a Run of its own, as under cron: what one run knows of another is in the database.
    """

    def __init__(self, server: LoopbackServer, url: str, **settings: object) -> None:
        self.server = server
        self.url = url
        self.settings = settings_for(server, **settings)
        self.sources: list[Source] = []
        self.clock = NOW
        self.report = RunReport()

    def watch(self, *paths: str, host: str = "", **changes: object) -> None:
        """A source for each path, named like it."""
        for path in paths:
            name = f"{host}{path}".strip("/").replace(".", "-").replace("/", "-")
            self.sources.append(make_source(name, **{"feed_url": self.server.url(path, host), **changes}))

    def run_at(self, after: timedelta = timedelta(), *source_ids: str, everything: bool = False) -> list[Request]:
        """The requests that a run so long after NOW sent, robots.txt left out; its report is in `report`."""
        self.clock = NOW + after
        before = len(self.server.requests)
        engine = open_engine(self.url)
        run = Run(engine, self.settings, tuple(self.sources), now=lambda: self.clock)
        try:
            self.report = run.once(source_ids, everything=everything)
        finally:
            engine.dispose()
        return [request for request in self.server.requests[before:] if request.path != "/robots.txt"]

    def paths_at(self, after: timedelta, **options: bool) -> list[str]:
        return sorted(request.path for request in self.run_at(after, **options))

    def memory(self, source_id: str) -> SourceMemory:
        engine = open_engine(self.url)
        memory = load_memories(engine)[source_id]
        engine.dispose()
        return memory

    def wait_of(self, source_id: str) -> timedelta:
        """From the last run to the source's next check."""
        next_check_at = self.memory(source_id).next_check_at
        assert next_check_at is not None
        return next_check_at - self.clock


@contextmanager
def open_newsroom(folder: Path, address: str = "127.0.0.1", **settings: object) -> Iterator[Newsroom]:
    """A newsroom with an empty SQLite database in `folder`."""
    url = f"sqlite:///{folder / 'newsroom.db'}"
    engine = open_engine(url)
    migrate(engine)
    engine.dispose()
    with LoopbackServer(address) as server:
        yield Newsroom(server, url, **settings)
