"""No document hangs, swells or breaks more than its own source's run."""

from __future__ import annotations

import asyncio
import os
import time
from datetime import UTC, datetime
from typing import NamedTuple

import pytest

from db.shapes import ItemDraft, Source
from scraper.cleaning.plaintext import tidy
from scraper.cleaning.urls import canonical_url
from scraper.parsing.errors import ParseError
from scraper.parsing.workers import FeedItems, ParserPool
from tests.scraper.hostile import DOCUMENTS, rss

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
SOURCE = Source("a", "A", "https://a.example/", "https://a.example/feed", "trade", "general", "US", "en")
# A run allows ten seconds; the crawling documents below would take minutes, so that less shows the same.
TIME_LIMIT = float(os.environ.get("CRAFTWATCH_TEST_PARSE_SECONDS", "3"))


def is_clean(draft: ItemDraft) -> bool:
    texts = (draft.title, draft.summary, draft.entry_key, draft.item_key, *draft.authors, *draft.categories)
    return (
        all(text == tidy(text) for text in texts)
        and all("<script" not in text and "onerror=" not in text for text in (draft.title, draft.summary))
        and canonical_url(draft.url) == draft.url
        and len(draft.title) <= 500
        and len(draft.summary) <= 500
        and len(draft.entry_key) <= 200
        and len(draft.item_key) <= 200
        and datetime(1995, 1, 1, tzinfo=UTC) <= draft.published_at
    )


class Ending(NamedTuple):
    seconds: float
    first: FeedItems | ParseError
    second: FeedItems | ParseError  # of the good document after it


async def outcome(pool: ParserPool, body: bytes) -> FeedItems | ParseError:
    try:
        return await pool.parse(body, "", SOURCE.feed_url, SOURCE, NOW)
    except ParseError as error:
        return error


async def run(names: list[str], endings: dict[str, Ending]) -> None:
    """Each document, then a good one, in a pool of one worker."""
    async with ParserPool(1, time_limit=TIME_LIMIT) as pool:
        for name in names:
            body = DOCUMENTS[name]()
            started = time.monotonic()
            first = await outcome(pool, body)
            seconds = time.monotonic() - started
            endings[name] = Ending(seconds, first, await outcome(pool, rss("")))


@pytest.fixture(scope="module")
def endings() -> dict[str, Ending]:
    async def run_all() -> None:
        await asyncio.gather(*(run(names[half::2], endings) for half in (0, 1)))

    names = list(DOCUMENTS)
    endings: dict[str, Ending] = {}
    asyncio.run(run_all())
    return endings


def test_there_are_enough_hostile_documents():
    assert len(DOCUMENTS) >= 60


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_hostile_document_ends_in_time(endings, name):
    assert endings[name].seconds <= TIME_LIMIT + 1


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_hostile_document_gives_clean_drafts_or_a_named_failure(endings, name):
    first = endings[name].first
    assert isinstance(first, ParseError) or all(map(is_clean, first.drafts))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_hostile_document_leaves_the_next_unharmed(endings, name):
    assert isinstance(endings[name].second, FeedItems)


KEPT = [
    "attributes-50000", "attributes-on-item", "title-of-a-megabyte", "link-of-a-megabyte",
    "author-of-letters", "author-of-letters-malformed", "author-of-dots", "entity-bomb", "entity-with-backslash",
    "nul-bytes", "lone-surrogates", "surrogate-references", "references-out-of-range", "utf-16", "unknown-encoding",
    "rot13-declared", "wrong-charset", "broken-utf-8", "script-everywhere", "base64-broken", "dates-absurd",
]  # fmt: skip


@pytest.mark.parametrize("name", KEPT)
def test_a_hostile_entry_costs_the_others_nothing(endings, name):
    first = endings[name].first
    assert isinstance(first, FeedItems)
    assert "A good entry" in [draft.title for draft in first.drafts]
