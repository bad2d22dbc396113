"""When to ask a source again, and what to remember of the answer. Pure: the old state, the answer and the hour in."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from db.shapes import Failure, FeedAdvice, Source, SourceMemory

MIN_INTERVAL = timedelta(hours=1)  # for a source that answers conditional requests
UNCONDITIONAL_INTERVAL = timedelta(days=1)  # for one that gives no validators and no advice: every check is a full one
MAX_RHYTHM = timedelta(days=1)  # however quiet a source is, we look once a day
MAX_INTERVAL = timedelta(days=7)  # however long it fails, and whatever interval it publishes
MAX_RETRY_AFTER = timedelta(days=31)
MIN_RETRY_AFTER = timedelta(minutes=1)
FULL_CHECK_AFTER = timedelta(days=7)  # an ETag that lies hides items for a week at most
MOVE_COUNT, MOVE_TIME = 5, timedelta(days=14)  # permanent redirects that agree, before we believe them
JITTER = 0.1  # of the interval, added and never taken off
LONGEST_SKIP = timedelta(days=7)  # that skipDays and skipHours can add
GIVE_UP_MOVE = 3  # failures in a row at the address a source moved to, before we ask at its own address again
NOT_MOVED: dict[str, Any] = {"moved_to": None, "moved_count": 0, "moved_since": None}
ASKED_PAUSE = "the source asked for this pause (Retry-After)"

# A source that answers slowly or not at all today is likely well tomorrow: such a failure counts half.
SOFT_FAILURES = frozenset(
    {Failure.TIMEOUT, Failure.CONNECT, Failure.HTTP_5XX, Failure.TRUNCATED, Failure.RATE_LIMITED, Failure.EMPTY}
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What one check brought. `reason` None: it went well; `full`: a body came, rather than "not modified"."""

    reason: Failure | None = None
    detail: str | None = None
    full: bool = False
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None
    max_age: timedelta | None = None  # Cache-Control, else Expires
    retry_after: timedelta | None = None
    advice: FeedAdvice | None = None  # None when no document was parsed: what was known holds
    moved_to: str | None = None  # where a permanent redirect (301, 308) pointed
    published: Sequence[datetime] = ()  # of the entries of the document, to learn the source's rhythm


def is_due(source: Source, memory: SourceMemory, now: datetime) -> bool:
    """Whether to ask now. A time further off than we ever wait means that the clock was wrong: ask."""
    if not source.enabled or memory.stopped_at is not None:
        return False
    return memory.next_check_at is None or not now < memory.next_check_at <= now + _longest_wait(memory)


def pause_asked(answer: Answer, now: datetime) -> datetime | None:
    """Until when a source's host wants to be left alone by us, whatever we would ask it for; None: it did not say.

    A 429 counts the client and not the address asked, and Retry-After is said by the server: both hold for the host.
    """
    if answer.retry_after is None:
        return now + MIN_INTERVAL if answer.reason is Failure.RATE_LIMITED else None
    least = MIN_INTERVAL if answer.reason is Failure.RATE_LIMITED else MIN_RETRY_AFTER
    return now + min(max(answer.retry_after, least), MAX_RETRY_AFTER)


def paused_until(memory: SourceMemory, now: datetime) -> datetime | None:
    """What is left of a pause that an earlier run was asked for; None when the host may be asked."""
    until = memory.paused_until
    return until if until is not None and now < until <= now + MAX_RETRY_AFTER else None


def current_feed_url(source: Source, memory: SourceMemory) -> str:
    """The address to ask: where the source has moved for good, once its redirects have agreed for long enough."""
    return memory.moved_to if memory.moved_to and _has_moved(memory) else source.feed_url


def may_send_validators(memory: SourceMemory, now: datetime) -> bool:
    """False once a week, so that an ETag that never changes hides nothing for longer."""
    return memory.last_full_at is not None and abs(now - memory.last_full_at) < FULL_CHECK_AFTER


def after_check(memory: SourceMemory, answer: Answer, now: datetime, chance: random.Random) -> SourceMemory:
    """The state to keep after an answer."""
    remembered = _remember(memory, answer, now)
    if remembered.stopped_at is not None:
        return replace(remembered, next_check_at=None, next_check_reason="gone: not asked again")
    wait, reason = _wait(remembered, answer, now)
    moment = _whole_second(now + wait + wait * JITTER * chance.random())
    moment = _outside_skipped_hours(moment, remembered.advice or {})
    return replace(remembered, next_check_at=moment, next_check_reason=reason)


def rhythm(published: Sequence[datetime]) -> timedelta | None:
    """Half the median time between a source's newest entries; None when fewer than three are dated."""
    newest = sorted(published, reverse=True)[:20]
    gaps = sorted(later - earlier for later, earlier in pairwise(newest))
    if len(gaps) < 2:
        return None
    return min(max(gaps[len(gaps) // 2] / 2, MIN_INTERVAL), MAX_RHYTHM)


def _remember(memory: SourceMemory, answer: Answer, now: datetime) -> SourceMemory:
    if answer.reason is not None:
        failed = replace(
            memory,
            failures=memory.failures + 1,
            last_checked_at=now,
            last_failure_at=now,
            last_failure_reason=answer.reason.value,
            last_failure_detail=answer.detail,
            paused_until=pause_asked(answer, now),
        )
        if answer.reason is not Failure.GONE:
            return failed
        # Gone from where it had moved to: its own address has not been heard.
        return replace(failed, **NOT_MOVED) if _has_moved(memory) else replace(failed, stopped_at=now)
    kept: dict[str, Any] = {
        "failures": 0,
        "last_checked_at": now,
        "last_success_at": now,
        "stopped_at": None,
        "paused_until": None,
        "etag": answer.etag,
        "last_modified": answer.last_modified,
        **_moved(memory, answer, now),
    }
    if answer.full:
        kept |= {"body_hash": answer.body_hash, "last_full_at": now}
    if answer.full or answer.max_age is not None:  # what a 304 does not name stays as it was (RFC 9111 §3.2)
        kept["max_age_seconds"] = _seconds(answer.max_age)
    if answer.advice is not None:
        kept["advice"] = pack_advice(answer.advice, rhythm(answer.published))
    return replace(memory, **kept)


def _moved(memory: SourceMemory, answer: Answer, now: datetime) -> dict[str, Any]:
    if answer.moved_to is None:
        # Asked at the new address already, no redirect is seen: the move holds.
        return {} if _has_moved(memory) else NOT_MOVED
    if answer.moved_to == memory.moved_to:
        since = min(memory.moved_since or now, now)  # the clock may have been ahead
        return {"moved_count": memory.moved_count + 1, "moved_since": since}
    return {"moved_to": answer.moved_to, "moved_count": 1, "moved_since": now}


def _has_moved(memory: SourceMemory) -> bool:
    if memory.moved_since is None or memory.last_success_at is None or memory.failures >= GIVE_UP_MOVE:
        return False
    return memory.moved_count >= MOVE_COUNT and memory.last_success_at - memory.moved_since >= MOVE_TIME


def _longest_wait(memory: SourceMemory) -> timedelta:
    return (MAX_INTERVAL if memory.paused_until is None else MAX_RETRY_AFTER) * (1 + JITTER) + LONGEST_SKIP


def _wait(memory: SourceMemory, answer: Answer, now: datetime) -> tuple[timedelta, str]:
    usual, why = _usual_wait(memory)
    if answer.reason is None:
        return usual, why
    weight = memory.failures / 2 if answer.reason in SOFT_FAILURES else memory.failures
    wait = min(usual * 2 ** min(weight, 12), MAX_INTERVAL)
    why = f"{answer.reason.value}, {memory.failures} in a row"
    if memory.paused_until is not None and memory.paused_until - now >= wait:
        return memory.paused_until - now, f"{answer.reason.value}: {ASKED_PAUSE}"
    return wait, why


def _usual_wait(memory: SourceMemory) -> tuple[timedelta, str]:
    """The longest of what the source asks for; else its rhythm; else an hour.

    A day where each check is a full one, unless the source itself publishes an interval of an hour or more.
    """
    advice = memory.advice or {}
    asked = [
        (timedelta(seconds=memory.max_age_seconds or 0), "the source's max-age"),
        (timedelta(minutes=advice.get("ttl_minutes") or 0), "the feed's ttl"),
        (timedelta(minutes=advice.get("update_minutes") or 0), "the feed's sy:updatePeriod"),
    ]
    longest, why = max(asked)
    learnt = timedelta(seconds=advice.get("rhythm_seconds") or 0)
    conditional = bool(memory.etag or memory.last_modified)
    if longest >= max(learnt, MIN_INTERVAL):
        return min(longest, MAX_INTERVAL), why
    if not conditional and longest < MIN_INTERVAL:
        return UNCONDITIONAL_INTERVAL, "no validators: once a day"
    if learnt > MIN_INTERVAL:
        return learnt, "the source's rhythm"
    return MIN_INTERVAL, "hourly"


def _whole_second(moment: datetime) -> datetime:
    """Rounded up: an hour is never 59 minutes and some seconds."""
    return (moment + timedelta(microseconds=999_999)).replace(microsecond=0)


def _outside_skipped_hours(moment: datetime, advice: dict[str, Any]) -> datetime:
    """The first moment at or after this one that skipHours and skipDays leave open (RSS 2.0; GMT)."""
    hours, days = set(advice.get("skip_hours", ())), set(advice.get("skip_days", ()))
    if len(hours) >= 24 or len(days) >= 7:  # a document that closes every hour means none
        return moment
    while moment.hour in hours or moment.weekday() in days:
        moment = (moment + timedelta(hours=1)).replace(minute=0, second=0)
    return moment


def pack_advice(advice: FeedAdvice, learnt: timedelta | None) -> dict[str, Any]:
    return {
        "ttl_minutes": advice.ttl_minutes,
        "update_minutes": advice.update_minutes,
        "skip_hours": sorted(advice.skip_hours),
        "skip_days": sorted(advice.skip_days),
        "rhythm_seconds": _seconds(learnt),
    }


def _seconds(span: timedelta | None) -> int | None:
    return None if span is None else int(span.total_seconds())
