"""What one run does, from the fetcher's answers to the database."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from datetime import timedelta

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from db.shapes import Axis, Failure, Source, Tagging
from db.store import Counts, Store
from db.watch import load_memories, sync_sources
from scraper.fetch import FEED_TYPES, Fetched, FetchError, NotModified
from scraper.fetching.answers import Freshness, Validators
from scraper.fetching.offline import OfflineFetcher
from scraper.parsing.workers import ParserPool
from scraper.scrape import Fetches, RunReport, Scraper
from tests.db.factory import HOUR, NOW, WHOLES, make_source, make_tagging

LEDGER, GAZETTE = make_source("ledger"), make_source("gazette")


class ScriptedTagger:
    """Tags everything with one topic, and remembers what it was asked."""

    def __init__(self) -> None:
        self.titles: list[str] = []

    def tag(self, title: str, summary: str, **about: object) -> Tagging:
        self.titles.append(title)
        return make_tagging((Axis.TOPIC, "ai"))


def feed(*titles: str) -> bytes:
    items = "".join(
        f"<item><title>{title}</title><guid>{n}</guid><link>https://ledger.example/{n}</link></item>"
        for n, title in enumerate(titles)
    )
    return f'<rss version="2.0"><channel><title>T</title><ttl>120</ttl>{items}</channel></rss>'.encode()


class Asked:
    """An offline fetcher that remembers which validators it was sent."""

    def __init__(self, documents: Mapping[str, bytes], moved_to: str | None = None) -> None:
        self.fetcher = OfflineFetcher(documents)
        self.sent: list[Validators | None] = []

    async def fetch(
        self, url: str, validators: Validators | None = None, accept: str = FEED_TYPES
    ) -> Fetched | NotModified:
        self.sent.append(validators)
        return await self.fetcher.fetch(url, validators)


class Failing:
    def __init__(self, error: Exception) -> None:
        self.error = error

    async def fetch(
        self, url: str, validators: Validators | None = None, accept: str = FEED_TYPES
    ) -> Fetched | NotModified:
        raise self.error


@pytest.fixture
def store(engine: Engine) -> Store:
    sync_sources(engine, [LEDGER, GAZETTE])
    return Store(engine, lambda: WHOLES)


def run(
    store: Store,
    fetcher: Fetches,
    *sources: Source,
    tagger: ScriptedTagger | None = None,
    later: timedelta = timedelta(),
) -> RunReport:
    async def scrape() -> RunReport:
        memories = load_memories(store.engine)
        async with ParserPool(1) as parsers:
            scraper = Scraper(
                fetcher,
                parsers,
                lambda: tagger or ScriptedTagger(),
                store,
                now=lambda: NOW + later,
                chance=random.Random(1),
            )
            return await scraper.run([(source, memories[source.id]) for source in sources or (LEDGER,)])

    return asyncio.run(scrape())


def titles(store: Store) -> list[str]:
    with store.engine.connect() as connection:
        return list(connection.scalars(text("SELECT title FROM item ORDER BY title")))


def test_a_new_document_becomes_items(store: Store) -> None:
    report = run(store, OfflineFetcher({LEDGER.feed_url: feed("One", "Two")}))
    assert (report.counts, report.exit_code, titles(store)) == (Counts(new=2), 0, ["One", "Two"])


def test_a_second_run_sends_the_validators_and_adds_nothing(store: Store) -> None:
    fetcher = Asked({LEDGER.feed_url: feed("One")})
    run(store, fetcher)
    report = run(store, fetcher, later=2 * HOUR)
    assert fetcher.sent[0] is None or not fetcher.sent[0]
    assert fetcher.sent[1]
    assert [source.outcome for source in report.sources] == ["not_modified"]
    assert titles(store) == ["One"]


def test_only_entries_that_are_new_or_edited_are_tagged(store: Store) -> None:
    tagger = ScriptedTagger()
    run(store, OfflineFetcher({LEDGER.feed_url: feed("One", "Two")}))
    report = run(store, OfflineFetcher({LEDGER.feed_url: feed("One", "Two, edited", "Three")}), tagger=tagger)
    assert sorted(tagger.titles) == ["Three", "Two, edited"]
    assert report.counts == Counts(new=1, changed=1, unchanged=1)


def test_the_same_bytes_are_not_parsed_again(store: Store) -> None:
    run(store, OfflineFetcher({LEDGER.feed_url: feed("One")}))
    report = run(store, Asked({LEDGER.feed_url: feed("One")}), later=timedelta(days=8))  # a full check is due
    assert [source.outcome for source in report.sources] == ["not_modified"]


def test_one_failure_costs_the_others_nothing(store: Store) -> None:
    report = run(store, OfflineFetcher({LEDGER.feed_url: feed("One")}), LEDGER, GAZETTE)
    assert (report.exit_code, dict(report.failures), titles(store)) == (1, {"http_4xx": 1}, ["One"])


def test_a_run_in_which_nothing_could_be_fetched_says_so(store: Store) -> None:
    report = run(store, Failing(FetchError(Failure.DNS, "no such name")), LEDGER, GAZETTE)
    assert (report.exit_code, dict(report.failures)) == (2, {"dns": 2})


def test_a_failure_is_kept_with_its_reason_and_its_words(store: Store) -> None:
    run(store, Failing(FetchError(Failure.BLOCKED, "status 403", status=403)))
    memory = load_memories(store.engine)["ledger"]
    assert (memory.last_failure_reason, memory.last_failure_detail, memory.failures) == ("blocked", "status 403", 1)


def test_a_document_that_is_none_is_a_failure_and_keeps_no_validators(store: Store) -> None:
    report = run(store, OfflineFetcher({LEDGER.feed_url: b"<html><body>Please log in</body></html>"}))
    assert dict(report.failures) == {"html_not_feed": 1}
    assert load_memories(store.engine)["ledger"].etag is None


def test_what_the_document_advises_is_obeyed(store: Store) -> None:
    run(store, OfflineFetcher({LEDGER.feed_url: feed("One")}))
    memory = load_memories(store.engine)["ledger"]
    assert memory.next_check_at is not None
    assert memory.next_check_at - NOW >= 2 * HOUR
    assert memory.next_check_reason == "the feed's ttl"


def test_a_database_that_fails_ends_the_run(store: Store) -> None:
    with store.engine.begin() as connection:
        connection.execute(text("DROP TABLE fetch_log"))
    with pytest.raises(DBAPIError):
        run(store, OfflineFetcher({LEDGER.feed_url: feed("One")}))
    assert titles(store) == []


def test_not_modified_refreshes_validators_and_freshness(store: Store) -> None:
    class Fresh:
        async def fetch(self, url: str, validators: Validators | None = None, accept: str = FEED_TYPES) -> NotModified:
            return NotModified(Validators(etag='"new"'), Freshness(max_age_seconds=5 * 3600), url, None, 0.0)

    run(store, OfflineFetcher({LEDGER.feed_url: feed("One")}))
    run(store, Fresh(), later=HOUR)
    memory = load_memories(store.engine)["ledger"]
    assert (memory.etag, memory.max_age_seconds) == ('"new"', 5 * 3600)
