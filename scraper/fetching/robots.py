"""robots.txt by RFC 9309: read once per origin and day, obeyed, and kept by the caller between runs."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from urllib.parse import urlsplit

from protego import Protego

AGENT = "craftwatch"  # our product token (RFC 9309 §2.2.1)
MAX_ROBOTS_BYTES = 512_000  # RFC 9309 §2.5: at least 500 KiB
VALID_FOR = timedelta(hours=24)  # RFC 9309 §2.4

_USER_AGENT_LINE = re.compile(r"\s*user[- ]?agent(?:\s*:|\s)\s*([^#]*)", re.IGNORECASE)
_PRODUCT_TOKEN = re.compile(r"[a-z_-]+", re.IGNORECASE)


class RobotsUnreachable(Exception):
    """robots.txt could not be had for a reason that forbids to go on (RFC 9309 §2.3.1.4); `cause` says why."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(str(cause))
        self.cause = cause


# Gets a robots.txt: its body, or None when the server says in some way that there is none. Raises RobotsUnreachable
# when the answer forbids to go on.
Read = Callable[[str], Awaitable[bytes | None]]


@dataclass(frozen=True, slots=True)
class RobotsRecord:
    """What is known of one origin's robots.txt; the caller stores it and hands it to the next run."""

    origin: str  # "https://example.com" or "https://example.com:8443"
    text: str | None  # the lines that concern us; "" when there is no robots.txt, None when none was ever had
    fetched_at: datetime | None  # when `text` was had
    unreachable_since: datetime | None = None  # None unless the last attempts failed


class RobotsRules:
    """What a robots.txt says to us."""

    def __init__(self, text: str) -> None:
        self._rules = Protego.parse(text)

    def allowed(self, url: str, user_agent: str = AGENT) -> bool:
        return bool(self._rules.can_fetch(url, user_agent))

    def crawl_delay_seconds(self, user_agent: str = AGENT) -> float | None:
        """Crawl-delay, which RFC 9309 does not know but publishers write; None when there is none."""
        delay = self._rules.crawl_delay(user_agent)
        return None if delay is None else float(delay)


def our_lines(body: bytes) -> str:
    """A robots.txt reduced to the groups that concern us, from its first 500 KiB.

    Groups of other agents become one nameless group: a document with thousands of agents over thousands of rules would
    cost their product. It also makes the match exact where Protego would take "craft" for us (RFC 9309 §2.2.1).
    """
    text = body[:MAX_ROBOTS_BYTES].decode("utf-8-sig", errors="replace")
    kept: list[str] = []
    for line in text.splitlines():
        agent = _USER_AGENT_LINE.match(line)
        line = f"User-agent: {_our_name_for(agent[1])}" if agent else line.strip()
        if line and not line.startswith("#") and not (agent and kept[-1:] == [line]):
            kept.append(line)
    return "\n".join(kept)


def origin_of(url: str) -> str:
    """Scheme, host and port of a URL, without userinfo."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}".lower()


class RobotsCache:
    """The rules of every origin met in this run, and what earlier runs knew."""

    def __init__(self, clock: Callable[[], datetime], known: Mapping[str, RobotsRecord] | None = None) -> None:
        self._clock = clock
        self._records = dict(known or {})
        self._locks: dict[str, asyncio.Lock] = {}
        self._tried: dict[str, Exception | None] = {}

    def records(self) -> dict[str, RobotsRecord]:
        """By origin: what to store for the next run."""
        return dict(self._records)

    def lock(self, origin: str) -> asyncio.Lock:
        """Held by the caller round `rules_for`, so that an origin is asked once however many sources it has."""
        return self._locks.setdefault(origin, asyncio.Lock())

    async def rules_for(self, origin: str, read: Read) -> RobotsRules:
        """The rules of an origin, read where no copy younger than a day is known.

        Raises RobotsUnreachable, for a day at most and only when no copy is known at all.
        """
        if origin not in self._tried and not self._is_fresh(self._records.get(origin)):
            self._tried[origin] = await self._refresh(origin, read)
        record = self._records.get(origin)
        if record is not None and record.text is not None:
            # A long one takes up to a second to read; in a thread, so that other fetches go on.
            return await asyncio.to_thread(_rules, record.text) if len(record.text) > 10_000 else _rules(record.text)
        cause = self._tried.get(origin)
        if cause is None or self._has_waited(record):
            return _rules("")
        raise RobotsUnreachable(cause)

    def _is_fresh(self, record: RobotsRecord | None) -> bool:
        return record is not None and record.fetched_at is not None and self._age(record.fetched_at) < VALID_FOR

    def _has_waited(self, record: RobotsRecord | None) -> bool:
        return (
            record is not None
            and record.unreachable_since is not None
            and self._age(record.unreachable_since) >= VALID_FOR
        )

    def _age(self, moment: datetime) -> timedelta:
        return abs(self._clock() - moment)  # a moment in the future is as stale as its distance: clocks are set wrong

    async def _refresh(self, origin: str, read: Read) -> Exception | None:
        try:
            body = await read(f"{origin}/robots.txt")
        except RobotsUnreachable as error:
            self._records[origin] = self._unreachable(origin)
            return error.cause
        self._records[origin] = RobotsRecord(origin, our_lines(body or b""), self._clock())
        return None

    def _unreachable(self, origin: str) -> RobotsRecord:
        old = self._records.get(origin) or RobotsRecord(origin, None, None)
        return RobotsRecord(origin, old.text, old.fetched_at, old.unreachable_since or self._clock())


@lru_cache(maxsize=256)
def _rules(text: str) -> RobotsRules:
    return RobotsRules(text)


def _our_name_for(agent: str) -> str:
    if agent.strip().startswith("*"):
        return "*"
    token = _PRODUCT_TOKEN.match(agent.strip())
    return AGENT if token and token[0].lower() == AGENT else "another"
