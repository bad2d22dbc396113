"""One HTTP exchange with a publisher: validators in; a document, "not modified" or a named failure out.

    fetch(url, validators)
      ├─ robots.txt of the origin        once per origin and day                       robots.py
      ├─ the host's turn                 not counted by the deadline                   pacing.py
      ├─ connection                      checked addresses only, TLS verified          dial.py, addresses.py
      ├─ answer                          named when it is of no use                    answers.py
      ├─ redirect? again, from the top   five at most
      └─ body                            counted on the wire and decoded, in steps     decode.py, room.py

Everything a fetch can raise:

    FetchError                 `reason` is one of db.shapes.Failure:
      refused_address            not a public address, or not http(s)            (RFC 6890; no connection is made)
      dns, connect, tls          no conversation came about
      timeout                    the total deadline passed
      blocked                    403, or robots.txt disallows us
      challenge                  a check or paywall for programs
      gone, rate_limited         410; 429
      http_4xx, http_5xx         any other error status; http_4xx also for redirects that lead nowhere
      too_large, truncated       the body
      not_a_feed, empty          the body: a coding we did not ask for; none at all
"""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from types import TracebackType

import httpcore
import httpx

from db.shapes import Failure
from scraper.fetching.answers import (
    REDIRECTS,
    Freshness,
    Validators,
    content_codings_of,
    failure_of,
    freshness_of,
    media_type_of,
    retry_after_of,
    validators_of,
)
from scraper.fetching.conversation import CLOSED, CONVERSATION_ERRORS, Stage, conversation_failure
from scraper.fetching.deadline import Deadline
from scraper.fetching.decode import CODINGS, Body, BodyDamaged, BodyTooLarge
from scraper.fetching.dial import AddressGuard, NameNotFound, Resolve, resolve_host
from scraper.fetching.errors import FetchError
from scraper.fetching.pacing import HostPacer
from scraper.fetching.robots import MAX_ROBOTS_BYTES, RobotsCache, RobotsRecord, RobotsUnreachable, origin_of
from scraper.fetching.room import Room
from scraper.fetching.route import Route, port_of
from scraper.fetching.transport import GuardedTransport
from scraper.settings import ScraperSettings

__all__ = [
    "FEED_TYPES",
    "PAGE_TYPES",
    "FetchError",
    "Fetched",
    "Fetcher",
    "Freshness",
    "NotModified",
    "Validators",
    "accepted_types",
    "user_agent",
]

FEED_TYPES = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, "
    "application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, */*;q=0.1"
)
PAGE_TYPES = "text/html, application/xhtml+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.1"

ROBOTS_PART = 1 / 3  # of the time for a fetch, so that the rest is left for the document
MAX_LINK_HEADER = 8_192
ERROR_PAGE_BYTES = 65_536
ERROR_PAGE_SECONDS = 3.0
NO_VALIDATORS = Validators()


@dataclass(frozen=True, slots=True)
class Fetched:
    """A document, complete and decoded. Store its validators only after it has been parsed."""

    url_final: str  # after redirects, without userinfo: what relative links in the document are relative to
    status: int
    body: bytes
    content_type: str  # media type, lower case; "" when not stated
    charset: str | None  # of the Content-Type header
    validators: Validators
    body_hash: str  # SHA-256 of `body`, hexadecimal: equal hash, equal document, whatever the validators say
    freshness: Freshness
    permanent_redirect_to: str | None  # where 301 and 308 alone have led; None when nowhere, or with userinfo at stake
    bytes_on_wire: int  # of the body, before decoding
    duration_seconds: float  # without waiting for the host's turn
    link_header: str = ""  # RFC 8288; its start, "" when there is none

    @property
    def declared_type(self) -> str:
        """The media type with the charset, as the header had them."""
        return f"{self.content_type}; charset={self.charset}" if self.charset else self.content_type


@dataclass(frozen=True, slots=True)
class NotModified:
    """The document is the one we have. Store these validators and obey this freshness (RFC 9111 §4.3.4)."""

    validators: Validators
    freshness: Freshness
    url_final: str
    permanent_redirect_to: str | None
    duration_seconds: float


def accepted_types(source_format: str) -> str:
    """The Accept header for what a source serves."""
    return PAGE_TYPES if source_format == "page" else FEED_TYPES


def user_agent(contact: str = "") -> str:
    """How we introduce ourselves: name, version and, where set, whom to write to."""
    name = f"craftwatch/{version('craftwatch')}"
    return f"{name} (+{contact})" if contact else name


class Fetcher:
    """Asks publishers, politely and within bounds. An async context manager; one per run.

    `robots_known` is what `robots_records()` gave at the end of the last run. `pacer`, `resolve`, `ssl_context`,
    `network` and `clock` are for tests.
    """

    def __init__(
        self,
        settings: ScraperSettings,
        *,
        robots_known: Mapping[str, RobotsRecord] | None = None,
        pacer: HostPacer | None = None,
        resolve: Resolve = resolve_host,
        ssl_context: ssl.SSLContext | None = None,
        network: httpcore.AsyncNetworkBackend | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._pacer = pacer or HostPacer(settings.host_interval_seconds)
        self._seats = asyncio.Semaphore(settings.concurrency)
        self._room = Room()
        self._guard = AddressGuard(settings.allow_addresses, resolve)
        self._robots = RobotsCache(clock, robots_known)
        # httpx's client would add redirects, cookies and time limits of its own: all of them things to switch off here.
        self._transport = GuardedTransport(settings, self._guard, ssl_context, network)
        self._headers = {"User-Agent": user_agent(settings.contact), "Accept-Encoding": "gzip, deflate"}

    async def __aenter__(self) -> Fetcher:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._transport.aclose()

    def robots_records(self) -> dict[str, RobotsRecord]:
        """What is now known of each origin's robots.txt, for the next run's `robots_known`."""
        return self._robots.records()

    async def fetch(
        self, url: str, validators: Validators | None = None, accept: str = FEED_TYPES
    ) -> Fetched | NotModified:
        """GET a document, conditionally when there are validators. Raises FetchError and nothing else.

        Userinfo in `url` is sent as Basic authentication to the URL's own origin only.
        """
        asked = validators or NO_VALIDATORS
        async with self._deadline() as deadline:
            route = Route.begin(url)
            while True:
                await self._obey_robots(route.url, deadline)
                reply = await self._exchange(route, {"Accept": accept, **asked.as_headers()}, deadline)
                if reply.status not in REDIRECTS:
                    return self._conclude(reply, route, asked, deadline.spent_seconds())
                route = route.redirected(reply.status, reply.location)

    @asynccontextmanager
    async def _deadline(self, part: float = 1.0, whole: Deadline | None = None) -> AsyncIterator[Deadline]:
        seconds = part * self._settings.fetch_timeout_seconds
        try:
            async with asyncio.timeout(seconds) as timeout:
                yield Deadline(timeout, seconds, whole)
        except TimeoutError:
            raise FetchError(Failure.TIMEOUT, f"not finished within {seconds:g} s") from None

    def _conclude(self, reply: _Reply, route: Route, asked: Validators, seconds: float) -> Fetched | NotModified:
        now = self._clock()
        freshness = freshness_of(reply.headers, now)
        if reply.status == 304 and asked.as_headers():
            refreshed = asked.refreshed_from(reply.headers)
            return NotModified(refreshed, freshness, str(route.url), route.permanent_redirect_to, seconds)
        if reply.status == 304:
            raise FetchError(Failure.EMPTY, "status 304, though nothing was asked conditionally", status=304)
        if failure := failure_of(reply.status, reply.headers, reply.body):
            reason, detail = failure
            raise FetchError(reason, detail, retry_after_of(reply.headers, now), reply.status)
        content_type, charset = media_type_of(reply.headers)
        return Fetched(
            url_final=str(route.url),
            status=reply.status,
            body=reply.body,
            content_type=content_type,
            charset=charset,
            validators=validators_of(reply.headers),
            body_hash=hashlib.sha256(reply.body).hexdigest(),
            freshness=freshness,
            permanent_redirect_to=route.permanent_redirect_to,
            bytes_on_wire=reply.bytes_on_wire,
            duration_seconds=seconds,
            link_header=reply.headers.get("link", "")[:MAX_LINK_HEADER],
        )

    async def _obey_robots(self, url: httpx.URL, deadline: Deadline) -> None:
        if not self._settings.robots:
            return
        origin = origin_of(str(url))
        async with AsyncExitStack() as stack:
            with deadline.stopped():  # another fetch may be reading it for us
                await stack.enter_async_context(self._robots.lock(origin))
            try:
                rules = await self._robots.rules_for(origin, partial(self._read_robots, whole=deadline))
            except RobotsUnreachable as error:
                raise _robots_failure(origin, error.cause) from None
        if (delay := rules.crawl_delay_seconds()) is not None:
            self._pacer.respect_crawl_delay(url.host, delay)
        if not rules.allowed(str(url)):
            raise FetchError(Failure.BLOCKED, f"{origin}/robots.txt asks us not to read this address")

    async def _read_robots(self, url: str, whole: Deadline) -> bytes | None:
        """The start of a robots.txt; None for "there is none" (RFC 9309 §2.3.1.2, §2.3.1.3)."""
        try:
            async with self._deadline(ROBOTS_PART, whole) as deadline:
                route = Route.begin(url)
                while True:
                    reply = await self._exchange(
                        route, {"Accept": "text/plain, */*;q=0.1"}, deadline, cut_at=MAX_ROBOTS_BYTES
                    )
                    if reply.status not in REDIRECTS:
                        break
                    route = route.redirected(reply.status, reply.location)
        except FetchError as error:
            if error.reason is Failure.HTTP_4XX:  # redirects without end: as if there were none
                return None
            raise RobotsUnreachable(error) from error
        if 200 <= reply.status < 300:
            return reply.body
        if reply.status >= 500 or reply.status == 429:
            reason = Failure.RATE_LIMITED if reply.status == 429 else Failure.HTTP_5XX
            wish = retry_after_of(reply.headers, self._clock())
            raise RobotsUnreachable(FetchError(reason, f"status {reply.status}", wish, reply.status))
        return None

    async def _exchange(
        self, route: Route, headers: dict[str, str], deadline: Deadline, cut_at: int | None = None
    ) -> _Reply:
        """One request and its answer; the body is read where it can matter. `cut_at`: take so much and stop."""
        async with self._turn(route.url.host, deadline):
            stage = Stage()
            try:
                await self._check_before_proxy(route.url)
                try:
                    return await self._ask(route, headers, stage, cut_at)
                except CLOSED:
                    if not stage.on_old_connection:
                        raise
                    stage = Stage()  # closed while we thought it open: a GET may be sent again (RFC 9112 §9.3.1)
                    return await self._ask(route, headers, stage, cut_at)
            except CONVERSATION_ERRORS as error:
                raise conversation_failure(error, stage) from error

    async def _ask(self, route: Route, headers: dict[str, str], stage: Stage, cut_at: int | None) -> _Reply:
        headers = {**self._headers, **headers, **route.authorization()}
        response = await self._transport.handle_async_request(
            httpx.Request("GET", route.url, headers=headers, extensions={"trace": stage})
        )
        try:
            return await self._receive(response, cut_at)
        finally:
            await response.aclose()

    @asynccontextmanager
    async def _turn(self, host: str, deadline: Deadline) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            with deadline.stopped():
                await stack.enter_async_context(self._pacer.turn(host))
                await stack.enter_async_context(self._seats)
            yield

    async def _check_before_proxy(self, url: httpx.URL) -> None:
        """A proxy dials for us: all that can be checked is the name, and where it leads from here."""
        if self._settings.proxy is not None:
            with suppress(NameNotFound):  # the proxy may know it
                await self._guard.addresses_for(url.raw_host.decode("ascii"), port_of(url))

    async def _receive(self, response: httpx.Response, cut_at: int | None) -> _Reply:
        reply = _Reply(response.status_code, response.headers, _location_of(response))
        if reply.status == 304 or reply.status in REDIRECTS:
            return reply
        if not 200 <= reply.status < 300:
            return await _receive_error_page(response, reply)
        body = Body(_coding_of(response), cut_at or self._settings.max_body_bytes)
        try:
            if cut_at is None and _stated_length(response) > body.max_bytes:
                raise BodyTooLarge
            reply.body = await self._receive_document(response, reply, body)
        except BodyTooLarge:
            if cut_at is None:
                detail = f"more than {self._settings.max_body_bytes:,} bytes"
                raise FetchError(Failure.TOO_LARGE, detail, status=reply.status) from None
            reply.body = body.so_far()
        except BodyDamaged as error:
            raise FetchError(Failure.TRUNCATED, str(error), status=reply.status) from error
        finally:
            body.discard()  # an error that the caller keeps must not keep it
        return reply

    async def _receive_document(self, response: httpx.Response, reply: _Reply, body: Body) -> bytes:
        with self._room.place() as place:
            async for data in response.aiter_raw():
                reply.bytes_on_wire += len(data)
                for size in body.adding(data):
                    await place.grow(size)
                if reply.bytes_on_wire > body.max_bytes:
                    raise BodyTooLarge
            return body.finish()


@dataclass(slots=True)
class _Reply:
    status: int
    headers: httpx.Headers
    location: str
    body: bytes = b""
    bytes_on_wire: int = 0


def _robots_failure(origin: str, cause: Exception) -> FetchError:
    if not isinstance(cause, FetchError):
        raise cause
    return FetchError(cause.reason, f"{cause.detail} (asking {origin}/robots.txt)", cause.retry_after, cause.status)


async def _receive_error_page(response: httpx.Response, reply: _Reply) -> _Reply:
    """As much of an error's page as shows who wrote it; a short one to its end, which keeps the connection usable.
    Whatever goes wrong here, the status stands."""
    coding = next(iter(content_codings_of(response.headers)), "identity")
    body = Body(coding if coding in CODINGS else "identity", ERROR_PAGE_BYTES)
    try:
        async with asyncio.timeout(ERROR_PAGE_SECONDS):
            async for data in response.aiter_raw():
                body.add(data)
    except (BodyTooLarge, BodyDamaged, TimeoutError, *CONVERSATION_ERRORS):
        pass
    reply.body = body.so_far()
    return reply


def _coding_of(response: httpx.Response) -> str:
    """The one coding to undo. More than one is how bombs are built (a gzip in a gzip); we asked for one."""
    codings = content_codings_of(response.headers) or ["identity"]
    if len(codings) > 1:
        raise FetchError(Failure.TOO_LARGE, "compressed more than once", status=response.status_code)
    if codings[0] not in CODINGS:
        raise FetchError(
            Failure.NOT_A_FEED, f"sent as {codings[0][:40]!r}, which we did not ask for", status=response.status_code
        )
    return codings[0]


def _location_of(response: httpx.Response) -> str:
    aside: bytes | None = response.extensions.get("location")
    named: str = response.headers.get("location", "")
    return aside.decode("utf-8", errors="replace") if aside else named


def _stated_length(response: httpx.Response) -> int:
    text = response.headers.get("content-length", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
