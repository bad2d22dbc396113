"""The numbers of a running craftwatch, for Prometheus, on a port of their own.

    archive ──► ArchiveNumbers.refresh ──┐
    checks logged since ──► Histogram ───┼─► registry ─► GET /metrics on CRAFTWATCH_METRICS_PORT
    Meter, MeteredArchive: what we do ───┘

What the scraper does is read from the database, so it is told whoever scrapes, this process or cron. Imported only
where the port is set.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager

from prometheus_client import CollectorRegistry, Counter, Histogram, Metric, ProcessCollector, make_asgi_app
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.answers import PROGRAM
from api.dependencies import Context
from api.health import HEALTH_WORDS
from db.archive import TIE_BITS, Archive, Moment, Moved, NotInMemory, Snapshot
from db.checks import checks_after, last_check_id
from db.errors import DatabaseError
from db.filters import Filter
from db.queries import count_items, newest_id
from db.sets import SetKeeper
from db.shapes import Failure
from db.sources import SourceHealth, health_of, load_sources, newest_items
from db.types import to_epoch

KEPT_SECONDS = 5.0  # several Prometheis ask at once, the database is asked once
NEVER = float("inf")
ANSWER_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
CHECK_SECONDS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60)
OTHER = "other"  # an address that we do not have


class MeteredArchive(Archive):
    """Times what is read for answers."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.keeper = SetKeeper(self.unmetered)  # making the sets is no answer
        self.seconds = Histogram(
            "craftwatch_read_seconds",
            "What one answer reads of the database, and putting it together.",
            buckets=ANSWER_SECONDS,
            registry=None,
        )

    @contextmanager
    def snapshot(self, at: Moment | None = None, *, in_memory: bool = False) -> Iterator[Snapshot]:
        with super().snapshot(at, in_memory=in_memory) as snapshot:
            started: float | None = time.perf_counter()
            try:
                yield snapshot
            except (Moved, NotInMemory):  # the answer is begun again, and counts then
                started = None
                raise
            finally:
                if started is not None:
                    self.seconds.observe(time.perf_counter() - started)

    def unmetered(self) -> AbstractContextManager[Snapshot]:
        return super().snapshot()


class ArchiveNumbers(Collector):
    """Gauges of the archive as it is now, and counters of the checks logged since we began."""

    def __init__(self, context: Context, archive: MeteredArchive, registry: CollectorRegistry) -> None:
        self._context, self._archive = context, archive
        self._lock = threading.Lock()
        self._made = -NEVER
        self._families: list[Metric] = []
        self._last_check: int | None = None
        self._seconds = Histogram(
            "craftwatch_fetch_seconds",
            "Checks of sources: waiting for a turn, fetching, parsing.",
            ["outcome"],
            buckets=CHECK_SECONDS,
            registry=registry,
        )
        self._failures = Counter("craftwatch_fetch_failures", "Checks that failed.", ["reason"], registry=registry)
        self._bytes = Counter("craftwatch_fetched_bytes", "Bytes fetched, as sent.", registry=registry)
        self._items = Counter("craftwatch_fetched_items", "Items saved.", ["kind"], registry=registry)
        registry.register(self)

    def collect(self) -> Iterable[Metric]:
        return self._families

    def refresh(self) -> None:
        """Look at the database, unless that was just done. Where it cannot be read, that is the number."""
        with self._lock:
            if time.monotonic() - self._made < KEPT_SECONDS:
                return
            up = _gauge("database_up", "1 where the database can be read.")
            try:
                with self._archive.unmetered() as snapshot:
                    self._families = [up, *self._of_archive(snapshot), *self._of_sources(snapshot)]
                    self._count_checks(snapshot)
                up.add_metric([], 1)
            except DatabaseError:
                self._families = [up]
                up.add_metric([], 0)
            self._made = time.monotonic()

    def _of_archive(self, snapshot: Snapshot) -> list[Metric]:
        info = _gauge("info", "Which program and rules these are.", "version", "rules_version")
        info.add_metric([PROGRAM, self._context.vocabulary.rules_version], 1)
        items = _gauge("items", "Items kept; tracked are those with a topic.", "tracked")
        tracked = count_items(snapshot, Filter()).items
        items.add_metric(["yes"], tracked)
        items.add_metric(["no"], count_items(snapshot, Filter(tracked=None)).items - tracked)
        newest = newest_id(snapshot, Filter(tracked=None))
        age = _gauge("newest_item_age_seconds", "Since the newest item was published.")
        age.add_metric([], NEVER if newest is None else self._since(newest >> TIE_BITS))
        version = _gauge("data_version", "Grows with every change that readers see.")
        version.add_metric([], snapshot.version)
        return [info, items, age, version]

    def _of_sources(self, snapshot: Snapshot) -> list[Metric]:
        sources, newest = load_sources(snapshot), newest_items(snapshot, "source")
        now = to_epoch(self._context.moment())
        health = {source.id: health_of(source, newest.get(source.id), now) for source in sources}
        states = _gauge("sources", "Sources by how they fare.", "health")
        for word in HEALTH_WORDS:
            states.add_metric([word], sum(each == word for each in health.values()))
        failing = [source for source in sources if health[source.id] == "failing"]
        reasons = _gauge("sources_failing", "Failing sources by why.", "reason")
        for reason in Failure:
            reasons.add_metric([reason.value], sum(source.last_failure_reason == reason.value for source in failing))
        asked = [source for source in sources if health[source.id] not in ("stopped", "disabled")]
        return [states, reasons, *self._of_checks(asked)]

    def _of_checks(self, asked: list[SourceHealth]) -> list[Metric]:
        success = _gauge("source_seconds_since_success", "Since each source was last read; +Inf: never.", "source")
        for source in asked:
            success.add_metric([source.id], self._since(source.last_success_at))
        last = _gauge("seconds_since_last_check", "Since any source was last asked: whether anything scrapes at all.")
        last.add_metric([], min((self._since(source.last_checked_at) for source in asked), default=NEVER))
        return [success, last]

    def _count_checks(self, snapshot: Snapshot) -> None:
        """Only what is new since the last look: the log is pruned, and a counter must not go back."""
        newest = last_check_id(snapshot)
        if self._last_check is None or newest < self._last_check:  # at first; after an older database was restored
            self._last_check = newest
        for check in checks_after(snapshot, self._last_check):
            self._seconds.labels(check.outcome).observe(check.duration_ms / 1000)
            if check.reason:
                self._failures.labels(check.reason).inc()
            self._bytes.inc(check.bytes)
            self._items.labels("new").inc(check.new)
            self._items.labels("changed").inc(check.changed)
            self._last_check = check.id

    def _since(self, moment: int | None) -> float:
        return NEVER if moment is None else to_epoch(self._context.moment()) - moment


class Meter:
    """ASGI middleware: counts and times requests, and answers those that come to the port of the numbers.

    A request is over, for the clock, when its answer begins: the rest depends on how fast the reader is.
    """

    def __init__(
        self, app: ASGIApp, routes: Iterable[BaseRoute], port: int, numbers: ArchiveNumbers, metrics: Metrics
    ) -> None:
        self._app, self._port, self._numbers, self._metrics = app, port, numbers, metrics
        self._routes = [route for route in routes if isinstance(route, Route)]
        self._plain = {route.path for route in self._routes if "{" not in route.path}
        self._tell = make_asgi_app(metrics.registry)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif (scope.get("server") or ("", None))[1] == self._port:
            await self._answer(scope, receive, send)
        else:
            await self._measure(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] != "/metrics":
            await PlainTextResponse("The numbers are at /metrics.\n", 404)(scope, receive, send)
            return
        await run_in_threadpool(self._numbers.refresh)
        await self._tell(scope, receive, send)

    async def _measure(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        route = self._route_of(scope["path"])

        async def send_measured(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._metrics.requests.labels(route, message["status"]).inc()
                self._metrics.seconds.labels(route).observe(time.perf_counter() - started)
            await send(message)

        await self._app(scope, receive, send_measured)

    def _route_of(self, path: str) -> str:
        """The address as documented: as many values as there are endpoints, whatever is asked."""
        if path in self._plain:
            return path
        return next((route.path for route in self._routes if route.path_regex.match(path)), OTHER)


class Metrics:
    """What is told of one application."""

    def __init__(self, archive: MeteredArchive) -> None:
        self.registry = CollectorRegistry()
        self.registry.register(archive.seconds)
        ProcessCollector(registry=self.registry)
        self.requests = Counter("craftwatch_requests", "Requests.", ["route", "status"], registry=self.registry)
        self.seconds = Histogram(
            "craftwatch_request_seconds",
            "From the request to the beginning of its answer.",
            ["route"],
            buckets=ANSWER_SECONDS,
            registry=self.registry,
        )


def _gauge(name: str, told: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"craftwatch_{name}", told, labels=labels)
