"""No document hangs, swells or breaks more than its own source's run."""

from __future__ import annotations

import asyncio
import os
import time
from datetime import UTC, datetime

import pytest

from db.shapes import ItemDraft, Source
from scraper.parse import ParseError
from scraper.plaintext import tidy
from scraper.urls import canonical_url
from scraper.workers import FeedItems, ParserPool
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


async def outcome(pool: ParserPool, body: bytes) -> FeedItems | ParseError:
    try:
        return await pool.parse(body, "", SOURCE.feed_url, SOURCE, NOW)
    except ParseError as error:
        return error


def test_there_are_enough_hostile_documents():
    assert len(DOCUMENTS) >= 60


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_hostile_document_ends_in_time_and_leaves_the_next_unharmed(name):
    body = DOCUMENTS[name]()

    async def run() -> tuple[float, FeedItems | ParseError, FeedItems | ParseError]:
        async with ParserPool(1, time_limit=TIME_LIMIT) as pool:
            started = time.monotonic()
            first = await outcome(pool, body)
            return time.monotonic() - started, first, await outcome(pool, rss(""))

    seconds, first, second = asyncio.run(run())
    assert seconds <= TIME_LIMIT + 1
    assert isinstance(second, FeedItems)
    assert isinstance(first, ParseError) or all(map(is_clean, first.drafts))
