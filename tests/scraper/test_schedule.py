"""When a source is asked again."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from db.shapes import Failure, FeedAdvice, SourceMemory
from scraper.schedule import (
    MAX_INTERVAL,
    Answer,
    after_check,
    current_feed_url,
    is_due,
    may_send_validators,
    pause_asked,
    paused_until,
    rhythm,
)
from tests.db.factory import make_memory, make_source

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)  # a Friday
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LEDGER = make_source("ledger")


class NoChance(random.Random):
    """No jitter: the earliest moment that the rules allow."""

    def random(self) -> float:
        return 0.0


def good(**changes: Any) -> Answer:
    return Answer(**{"full": True, "etag": '"1"', "body_hash": "h", "advice": FeedAdvice(), **changes})


def failed(reason: Failure, **changes: Any) -> Answer:
    return Answer(reason=reason, **changes)


def wait_after(*answers: Answer, memory: SourceMemory | None = None, now: datetime = NOW) -> timedelta:
    memory = memory or make_memory()
    for answer in answers:
        memory = after_check(memory, answer, now, NoChance())
    assert memory.next_check_at is not None
    return memory.next_check_at - now


@pytest.mark.parametrize(
    ("answer", "wait"),
    [
        (good(), HOUR),
        (good(etag=None), DAY),
        (good(etag=None, last_modified="Fri, 20 Nov 2026 11:00:00 GMT"), HOUR),
        (good(max_age=timedelta(minutes=5)), HOUR),
        (good(etag=None, max_age=timedelta(minutes=5)), DAY),
        (good(etag=None, advice=FeedAdvice(ttl_minutes=120)), 2 * HOUR),
        (good(max_age=3 * HOUR), 3 * HOUR),
        (good(advice=FeedAdvice(ttl_minutes=240)), 4 * HOUR),
        (good(advice=FeedAdvice(update_minutes=720.0)), 12 * HOUR),
        (good(max_age=2 * HOUR, advice=FeedAdvice(ttl_minutes=300)), 5 * HOUR),
        (good(max_age=400 * DAY), MAX_INTERVAL),
        (good(published=[NOW - n * 12 * HOUR for n in range(10)]), 6 * HOUR),
        (good(published=[NOW - n * timedelta(minutes=5) for n in range(10)]), HOUR),
        (good(published=[NOW - n * 30 * DAY for n in range(10)]), DAY),
    ],
)
def test_a_source_is_asked_again_when_it_asks_for_or_as_its_rhythm_tells(answer: Answer, wait: timedelta) -> None:
    assert wait_after(answer) == wait


def test_what_a_source_asked_for_holds_after_not_modified() -> None:
    unchanged = Answer(etag='"1"', max_age=6 * HOUR)
    assert wait_after(good(advice=FeedAdvice(ttl_minutes=300)), unchanged) == 6 * HOUR
    assert wait_after(good(advice=FeedAdvice(ttl_minutes=300)), replace(unchanged, max_age=None)) == 5 * HOUR
    assert wait_after(good(max_age=4 * HOUR), replace(unchanged, max_age=None)) == 4 * HOUR


def test_a_document_that_no_longer_asks_for_an_interval_is_believed() -> None:
    assert wait_after(good(max_age=4 * HOUR), good()) == HOUR


def test_an_hour_is_never_less_than_an_hour() -> None:
    assert wait_after(good(), now=NOW + timedelta(microseconds=900_000)) >= HOUR


def test_jitter_only_ever_adds() -> None:
    for seed in range(50):
        memory = after_check(make_memory(), good(), NOW, random.Random(seed))
        assert memory.next_check_at is not None
        assert HOUR <= memory.next_check_at - NOW <= 1.1 * HOUR


@pytest.mark.parametrize(
    ("reason", "waits"),
    [
        (Failure.DNS, [2 * DAY, 4 * DAY, 7 * DAY, 7 * DAY]),
        (Failure.HTTP_4XX, [2 * DAY, 4 * DAY, 7 * DAY, 7 * DAY]),
    ],
)
def test_a_source_that_fails_is_asked_less_and_less(reason: Failure, waits: list[timedelta]) -> None:
    answers = [failed(reason)] * len(waits)
    assert [wait_after(*answers[: n + 1]) for n in range(len(waits))] == waits


def test_a_passing_fault_slows_down_less() -> None:
    memory = after_check(make_memory(), good(), NOW, NoChance())
    assert wait_after(failed(Failure.TIMEOUT), memory=memory) < wait_after(failed(Failure.DNS), memory=memory)


@pytest.mark.parametrize(
    ("asked", "wait"),
    [
        (5 * DAY, 5 * DAY),
        (400 * DAY, 31 * DAY),
    ],
)
def test_retry_after_is_obeyed_within_limits(asked: timedelta, wait: timedelta) -> None:
    memory = after_check(make_memory(), good(), NOW, NoChance())
    assert wait_after(failed(Failure.RATE_LIMITED, retry_after=asked), memory=memory) == wait


@pytest.mark.parametrize("asked", [timedelta(seconds=-5), timedelta(minutes=20), None])
def test_a_short_retry_after_never_makes_a_source_be_asked_sooner(asked: timedelta | None) -> None:
    daily = after_check(make_memory(), good(max_age=DAY), NOW, NoChance())
    assert wait_after(failed(Failure.RATE_LIMITED, retry_after=asked), memory=daily) >= DAY


def test_never_before_retry_after_of_a_503() -> None:
    memory = after_check(make_memory(), good(), NOW, NoChance())
    assert wait_after(failed(Failure.HTTP_5XX, retry_after=30 * HOUR), memory=memory) == 30 * HOUR


def test_a_failure_keeps_the_validators() -> None:
    memory = after_check(make_memory(), good(), NOW, NoChance())
    assert after_check(memory, failed(Failure.HTTP_5XX), NOW, NoChance()).etag == '"1"'


def test_success_forgets_the_failures() -> None:
    memory = after_check(make_memory(failures=4), good(), NOW, NoChance())
    assert memory.failures == 0


def test_a_source_that_is_gone_is_not_asked_again() -> None:
    memory = after_check(make_memory(), failed(Failure.GONE), NOW, NoChance())
    assert (memory.stopped_at, is_due(LEDGER, memory, NOW + 999 * DAY)) == (NOW, False)


def test_a_source_that_is_gone_from_where_it_moved_to_is_asked_at_its_own_address() -> None:
    memory = after_check(moved(5, 4 * DAY), failed(Failure.GONE), NOW + 40 * DAY, NoChance())
    assert current_feed_url(LEDGER, memory) == LEDGER.feed_url
    assert is_due(LEDGER, memory, NOW + 80 * DAY)
    memory = after_check(memory, failed(Failure.GONE), NOW + 80 * DAY, NoChance())
    assert not is_due(LEDGER, memory, NOW + 999 * DAY)


def test_a_source_that_came_back_is_asked_again() -> None:
    memory = after_check(make_memory(), failed(Failure.GONE), NOW, NoChance())
    assert is_due(LEDGER, after_check(memory, good(), NOW + DAY, NoChance()), NOW + 3 * DAY)


@pytest.mark.parametrize(
    ("advice", "expected"),
    [
        (FeedAdvice(skip_hours=frozenset({13, 14})), NOW + 3 * HOUR),
        (FeedAdvice(skip_days=frozenset({4, 5})), datetime(2026, 11, 22, 0, 0, tzinfo=UTC)),
        (FeedAdvice(skip_hours=frozenset(range(24))), NOW + HOUR),
    ],
)
def test_skipped_hours_and_days_are_skipped(advice: FeedAdvice, expected: datetime) -> None:
    assert after_check(make_memory(), good(advice=advice), NOW, NoChance()).next_check_at == expected


@pytest.mark.parametrize(
    ("next_check_at", "due"),
    [
        (None, True),
        (NOW, True),
        (NOW + timedelta(seconds=1), False),
        (NOW + 7 * DAY, False),
        (NOW + 3650 * DAY, True),  # the clock was ten years ahead when this was written
    ],
)
def test_a_source_is_due_at_its_time(next_check_at: datetime | None, due: bool) -> None:
    assert is_due(LEDGER, make_memory(next_check_at=next_check_at), NOW) is due


@pytest.mark.parametrize("ahead", [3650 * DAY, 60 * DAY, -3650 * DAY])
@pytest.mark.parametrize("answer", [good(), failed(Failure.DNS), failed(Failure.RATE_LIMITED, retry_after=31 * DAY)])
def test_no_source_sleeps_longer_than_its_longest_interval_once_the_clock_is_right(
    answer: Answer, ahead: timedelta
) -> None:
    memory = after_check(make_memory(last_full_at=NOW), answer, NOW + ahead, random.Random(1))
    longest = 42 * DAY if answer.retry_after else 15 * DAY
    assert is_due(LEDGER, memory, NOW) or is_due(LEDGER, memory, NOW + longest)


def test_a_pause_of_a_month_holds_with_its_jitter() -> None:
    asked = failed(Failure.RATE_LIMITED, retry_after=31 * DAY)
    for seed in range(20):
        memory = after_check(make_memory(), asked, NOW, random.Random(seed))
        assert not is_due(LEDGER, memory, NOW + 31 * DAY - HOUR)


@pytest.mark.parametrize(
    ("answer", "pause"),
    [
        (failed(Failure.RATE_LIMITED, retry_after=5 * HOUR), 5 * HOUR),
        (failed(Failure.HTTP_5XX, retry_after=90 * HOUR), 90 * HOUR),
        (failed(Failure.HTTP_5XX), None),
        (failed(Failure.DNS), None),
        (good(max_age=5 * HOUR), None),
    ],
)
def test_a_pause_that_was_asked_for_is_the_hosts(answer: Answer, pause: timedelta | None) -> None:
    memory = after_check(make_memory(), answer, NOW, NoChance())
    assert paused_until(memory, NOW) == (None if pause is None else NOW + pause)


def test_a_429_without_a_time_pauses_the_host_for_an_hour() -> None:
    memory = after_check(make_memory(failures=9), failed(Failure.RATE_LIMITED), NOW, NoChance())
    assert paused_until(memory, NOW) == pause_asked(failed(Failure.RATE_LIMITED), NOW) == NOW + HOUR


@pytest.mark.parametrize(
    ("answer", "pause"),
    [
        (failed(Failure.HTTP_5XX, retry_after=2 * HOUR), 2 * HOUR),
        (failed(Failure.HTTP_5XX, retry_after=timedelta(seconds=1)), timedelta(minutes=1)),
        (failed(Failure.RATE_LIMITED, retry_after=timedelta(seconds=1)), HOUR),
        (failed(Failure.RATE_LIMITED, retry_after=90 * DAY), 31 * DAY),
        (failed(Failure.HTTP_5XX), None),
        (good(), None),
    ],
)
def test_a_pause_is_what_was_asked_for_within_limits(answer: Answer, pause: timedelta | None) -> None:
    assert pause_asked(answer, NOW) == (None if pause is None else NOW + pause)


@pytest.mark.parametrize("off_by", [timedelta(), -3650 * DAY])
def test_a_pause_that_is_over_or_absurd_is_none(off_by: timedelta) -> None:
    memory = make_memory(failures=1, paused_until=NOW - off_by)
    assert paused_until(memory, NOW) is None


def test_a_disabled_source_is_never_due() -> None:
    assert is_due(make_source(enabled=False), make_memory(), NOW) is False


@pytest.mark.parametrize(
    ("last_full_at", "conditional"),
    [(None, False), (NOW - DAY, True), (NOW - 7 * DAY, False), (NOW + 3650 * DAY, False)],
)
def test_validators_rest_once_a_week(last_full_at: datetime | None, conditional: bool) -> None:
    assert may_send_validators(make_memory(last_full_at=last_full_at), NOW) is conditional


def moved(times: int, every: timedelta, to: str = "https://new.example/feed") -> SourceMemory:
    memory = make_memory()
    for n in range(times):
        memory = after_check(memory, good(moved_to=to), NOW + n * every, NoChance())
    return memory


@pytest.mark.parametrize(
    ("memory", "address"),
    [
        (moved(5, 4 * DAY), "https://new.example/feed"),
        (moved(5, HOUR), LEDGER.feed_url),  # agreed often, but not for long
        (moved(3, 9 * DAY), LEDGER.feed_url),  # for long, but not often
    ],
)
def test_a_permanent_redirect_is_believed_after_it_agreed_often_and_long(memory: SourceMemory, address: str) -> None:
    assert current_feed_url(LEDGER, memory) == address


def test_a_move_holds_when_the_new_address_answers_itself() -> None:
    memory = after_check(moved(5, 4 * DAY), good(), NOW + 30 * DAY, NoChance())
    assert current_feed_url(LEDGER, memory) == "https://new.example/feed"


def test_a_move_to_where_nothing_is_any_more_is_taken_back() -> None:
    memory = moved(5, 4 * DAY)
    for _ in range(3):
        memory = after_check(memory, failed(Failure.HTTP_4XX), NOW + 40 * DAY, NoChance())
    assert current_feed_url(LEDGER, memory) == LEDGER.feed_url
    assert current_feed_url(LEDGER, after_check(memory, good(), NOW + 50 * DAY, NoChance())) == LEDGER.feed_url


def test_a_move_seen_while_the_clock_was_ahead_is_believed_in_the_end() -> None:
    memory = after_check(make_memory(), good(moved_to="https://new.example/"), NOW + 3650 * DAY, NoChance())
    for n in range(6):
        memory = after_check(memory, good(moved_to="https://new.example/"), NOW + n * 4 * DAY, NoChance())
    assert current_feed_url(LEDGER, memory) == "https://new.example/"


def test_a_redirect_that_ends_too_soon_is_forgotten() -> None:
    memory = after_check(moved(3, DAY), good(), NOW + 9 * DAY, NoChance())
    assert (memory.moved_to, memory.moved_count) == (None, 0)


def test_a_rhythm_needs_three_dated_entries() -> None:
    assert rhythm([NOW, NOW - HOUR]) is None
