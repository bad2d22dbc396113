"""One run: which sources are due, then fetch → parse → clean → tag → save for each. The only file that knows all steps.

A source that fails costs itself this run and nothing else. One whose host asks for a pause costs that host's other
sources this run too: they are put off. A database that fails ends the run, unless it comes back within half a minute:
what was saved is kept, and the next run takes up where this one stopped.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeVar

from db.reconnect import outlasting
from db.shapes import UNREACHED, Failure, FeedAdvice, ItemDraft, Source, SourceMemory
from db.store import Counts, Store
from db.watch import Check, postpone
from scraper.fetch import FEED_TYPES, Fetched, FetchError, NotModified, accepted_types
from scraper.fetching.answers import Freshness, Validators
from scraper.parsing.errors import ParseError
from scraper.parsing.workers import ParserPool
from scraper.saving import TOGETHER, Brought, Saver, Tags
from scraper.schedule import Answer, after_check, current_feed_url, may_send_validators, pause_asked
from scraper.sharing import Alone, site_of_source
from scraper.stopping import STEP_SECONDS, Stop

log = logging.getLogger("craftwatch.scrape")

STOPPING_SECONDS = 15.0  # for the sources under way when the run is asked to end

T = TypeVar("T")


class Fetches(Protocol):
    """What a run needs of a fetcher."""

    async def fetch(
        self, url: str, validators: Validators | None = None, accept: str = FEED_TYPES
    ) -> Fetched | NotModified:
        """Raises FetchError."""


@dataclass(frozen=True, slots=True)
class SourceReport:
    """What a run brought from one source."""

    source_id: str
    outcome: str  # "ok", "not_modified", "failed" or "postponed" (not asked: its host wants a pause)
    counts: Counts = field(default_factory=Counts)
    reason: Failure | None = None
    detail: str | None = None
    bytes: int = 0
    seconds: float = 0.0


@dataclass
class RunReport:
    """What a run brought in all."""

    sources: list[SourceReport] = field(default_factory=list)
    seconds: float = 0.0
    pauses: dict[str, datetime] = field(default_factory=dict)  # site → until when it wants to be left alone
    elsewhere: int = 0  # how many sources another scraper has

    @property
    def failures(self) -> Counter[str]:
        """Reason → how many sources failed for it, most frequent first."""
        return Counter(report.reason.value for report in self.sources if report.reason is not None)

    @property
    def counts(self) -> Counts:
        each = [report.counts for report in self.sources]
        return Counts(sum(c.new for c in each), sum(c.changed for c in each), sum(c.unchanged for c in each))

    @property
    def exit_code(self) -> int:
        """0 all fine, 1 some sources failed, 2 none could be reached; 0 as well when none was due or all put off."""
        return 2 if self.is_outage else 1 if self.failures else 0

    @property
    def is_outage(self) -> bool:
        """Whether no server answered of all that were asked, and they were more than one: a network fails, not they."""
        asked = [report for report in self.sources if report.outcome != "postponed"]
        return len(asked) > 1 and all(report.reason in UNREACHED for report in asked)


@dataclass(frozen=True)
class Scraper:
    """The parts of a run. `now` gives the moment in UTC, `concurrency` bounds the sources under way at once.

    `on_reconnect` is called when a database that was gone is back, before anything is written.
    """

    fetcher: Fetches
    parsers: ParserPool
    tagger: Callable[[], Tags]  # asked when there is something to tag
    store: Store
    concurrency: int = 32
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    chance: random.Random = field(default_factory=random.Random)
    on_reconnect: Callable[[], None] = lambda: None
    stop: Stop = field(default_factory=Stop)
    sharing: Alone = field(default_factory=Alone)

    async def run(
        self,
        sources: Sequence[tuple[Source, SourceMemory]],
        on_done: Callable[[SourceReport], None] = lambda report: None,
        pauses: Mapping[str, datetime] | None = None,
    ) -> RunReport:
        """Check every one of these sources once. What the database raises ends the run and is raised.

        Asked to stop, it begins no other source and gives those under way STOPPING_SECONDS; what was not asked is not
        in the report, and due as before.
        `pauses` (site → until when it wants to be left alone) is what earlier runs were told.
        """
        started = time.monotonic()
        report = RunReport(pauses=dict(pauses or {}))
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="save") as writer:
            round_ = _Round(self, writer, report, on_done, asyncio.Semaphore(self.concurrency))
            try:
                async with asyncio.TaskGroup() as group:
                    places = asyncio.Semaphore(self.concurrency if self.sharing.with_others else max(1, len(sources)))
                    sites = {
                        group.create_task(round_.visit_site(site, there, places))
                        for site, there in _by_site(sources).items()
                    }
                    group.create_task(_end_in_time(sites, self.stop))
            except ExceptionGroup as failed:
                raise _first_of(failed) from failed
        report.seconds = time.monotonic() - started
        return report


def _by_site(sources: Sequence[tuple[Source, SourceMemory]]) -> dict[str, list[tuple[Source, SourceMemory]]]:
    """Sites in the order of their first source."""
    found: defaultdict[str, list[tuple[Source, SourceMemory]]] = defaultdict(list)
    for source, memory in sources:
        found[site_of_source(source, memory)].append((source, memory))
    return found


async def _end_in_time(sites: Set[asyncio.Task[None]], stop: Stop) -> None:
    """Wait for all of these; once asked to stop, cancel what is left after STOPPING_SECONDS."""
    while sites and not stop.asked:
        _, sites = await asyncio.wait(sites, timeout=STEP_SECONDS)
    if sites:
        _, sites = await asyncio.wait(sites, timeout=STOPPING_SECONDS)
    for site in sites:
        site.cancel()


def _first_of(failed: BaseExceptionGroup[BaseException]) -> BaseException:
    """What was raised in the group, or in a group within it."""
    first = failed.exceptions[0]
    return _first_of(first) if isinstance(first, BaseExceptionGroup) else first


@dataclass
class _Round:
    """What the visits of one run share."""

    scraper: Scraper
    writer: ThreadPoolExecutor
    report: RunReport
    on_done: Callable[[SourceReport], None]
    seats: asyncio.Semaphore
    lanes: defaultdict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))  # by site
    saver: Saver = field(init=False)

    def __post_init__(self) -> None:
        together = min(TOGETHER, self.scraper.concurrency)
        self.saver = Saver(self.scraper.store, self.scraper.tagger, self.scraper.now, self.write, together)

    async def visit_site(
        self, site: str, wanted: Sequence[tuple[Source, SourceMemory]], places: asyncio.Semaphore
    ) -> None:
        """No site is claimed before there is a place for it, so that the others find work as well."""
        async with places:
            if self.scraper.stop.asked:
                return
            sharing = self.scraper.sharing
            claim = await sharing.claim(site, wanted, self.write)
            if claim is None:
                self.report.elsewhere += len(wanted)
                return
            if claim.pause is not None:
                self.report.pauses[site] = claim.pause
            async with asyncio.TaskGroup() as group:
                for source, memory in claim.sources:
                    group.create_task(self._visit(source, memory))
            await sharing.release(site, self.write)

    async def _visit(self, source: Source, memory: SourceMemory) -> None:
        done = await _Visit(self, source, memory).run()
        if done is not None:
            self.report.sources.append(done)
            self.on_done(done)

    async def write(self, work: Callable[[], T]) -> T:
        """Off the event loop: a database that makes us wait must not make the other sources' deadlines pass."""
        loop, scraper = asyncio.get_running_loop(), self.scraper
        return await loop.run_in_executor(
            self.writer, lambda: outlasting(scraper.store.engine, work, on_reconnect=scraper.on_reconnect)
        )


class _Visit:
    """One check of one source."""

    def __init__(self, round_: _Round, source: Source, memory: SourceMemory) -> None:
        self.round = round_
        self.scraper = round_.scraper
        self.source = source
        self.memory = memory
        self.url = current_feed_url(source, memory)
        self.site = site_of_source(source, memory)

    async def run(self) -> SourceReport | None:
        """None: not begun, for the run was asked to stop, or another scraper has the site."""
        async with AsyncExitStack() as seat:
            # One source of a site at a time, so that a pause it asks for holds for the next; and who waits for a site
            # keeps no seat from the others.
            async with self.round.lanes[self.site]:
                await seat.enter_async_context(self.round.seats)
                if self.scraper.stop.asked or not await self.scraper.sharing.holds(self.site):
                    return None
                self.started_at = self.scraper.now()
                self.clock = time.monotonic()
                if (until := self.round.report.pauses.get(self.site)) is not None and until > self.started_at:
                    return await self._postpone(until)
                answer = await self._ask()
            report = await self._conclude(answer)
        _log(report)
        return report

    async def _ask(self) -> Fetched | NotModified | FetchError:
        try:
            return await self.scraper.fetcher.fetch(self.url, self._validators(), accepted_types(self.source.format))
        except FetchError as error:
            if (until := pause_asked(_answer_failed(error), self.scraper.now())) is not None:
                self.round.report.pauses[self.site] = until
            return error

    async def _conclude(self, answer: Fetched | NotModified | FetchError) -> SourceReport:
        if isinstance(answer, FetchError):
            return await self._save("failed", _answer_failed(answer), answer.status)
        if isinstance(answer, NotModified):
            return await self._save("not_modified", _answer_304(answer), 304)
        if answer.body_hash == self.memory.body_hash:
            return await self._save("not_modified", _answer_200(answer), answer.status, answer.bytes_on_wire)
        try:
            return await self._take_in(answer)
        except ParseError as error:
            return await self._save("failed", _answer_failed(error), answer.status, answer.bytes_on_wire)

    async def _postpone(self, until: datetime) -> SourceReport:
        reason = f"{self.site} asked for a pause"
        await self.round.write(lambda: postpone(self.scraper.store.engine, [self.source.id], until, reason))
        return SourceReport(self.source.id, "postponed", detail=f"{reason} until {until:%Y-%m-%d %H:%M} UTC")

    async def _take_in(self, fetched: Fetched) -> SourceReport:
        now = self.scraper.now()
        document = await self.scraper.parsers.parse(
            fetched.body, fetched.declared_type, fetched.url_final, self.source, now
        )
        answer = _answer_200(fetched, document.advice, [draft.published_at for draft in document.drafts])
        return await self._save("ok", answer, fetched.status, fetched.bytes_on_wire, document.drafts)

    async def _save(
        self,
        outcome: str,
        answer: Answer,
        status: int | None,
        bytes_on_wire: int = 0,
        drafts: Sequence[ItemDraft] = (),
    ) -> SourceReport:
        now = self.scraper.now()
        memory = after_check(self.memory, answer, now, self.scraper.chance)
        elapsed = time.monotonic() - self.clock
        check = Check(
            started_at=self.started_at,
            duration_ms=round(elapsed * 1000),
            outcome=outcome,
            reason=answer.reason,
            detail=answer.detail,
            http_status=status,
            bytes=bytes_on_wire,
        )
        counts = await self.round.saver.save(Brought(self.source, memory, check, drafts))
        return SourceReport(self.source.id, outcome, counts, answer.reason, answer.detail, bytes_on_wire, elapsed)

    def _validators(self) -> Validators | None:
        if not may_send_validators(self.memory, self.scraper.now()):
            return None
        return Validators(self.memory.etag, self.memory.last_modified)


def _answer_failed(error: FetchError | ParseError) -> Answer:
    return Answer(reason=error.reason, detail=error.detail, retry_after=getattr(error, "retry_after", None))


def _answer_304(answer: NotModified) -> Answer:
    return Answer(
        etag=answer.validators.etag,
        last_modified=answer.validators.last_modified,
        max_age=_max_age(answer.freshness),
        moved_to=answer.permanent_redirect_to,
    )


def _answer_200(answer: Fetched, advice: FeedAdvice | None = None, published: Sequence[datetime] = ()) -> Answer:
    return Answer(
        full=True,
        etag=answer.validators.etag,
        last_modified=answer.validators.last_modified,
        body_hash=answer.body_hash,
        max_age=_max_age(answer.freshness),
        advice=advice,
        moved_to=answer.permanent_redirect_to,
        published=published,
    )


def _max_age(freshness: Freshness) -> timedelta | None:
    seconds = freshness.max_age_seconds if freshness.max_age_seconds is not None else freshness.expires_seconds
    return None if seconds is None else timedelta(seconds=seconds)


def _log(report: SourceReport) -> None:
    if report.reason is not None:
        fields = {"source": report.source_id, "reason": report.reason.value, "seconds": round(report.seconds, 3)}
        log.warning("%s: %s (%s)", report.source_id, report.reason.value, report.detail, extra=fields)
        return
    counts = report.counts
    log.info(
        "%s: %s, %d new, %d changed, %d unchanged",
        report.source_id,
        report.outcome,
        counts.new,
        counts.changed,
        counts.unchanged,
        extra={"source": report.source_id, "outcome": report.outcome, "seconds": round(report.seconds, 3)},
    )
