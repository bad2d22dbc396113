"""Feeds as publishers served them, from beside the project: other people's words, so that none of them is in it."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from db.shapes import DateQuality, ParsedFeed, Source
from scraper.clean import to_drafts
from scraper.cleaning.plaintext import tidy
from scraper.cleaning.urls import canonical_url
from scraper.parse import parse_feed

SHARED = Path(os.environ.get("CRAFTWATCH_SHARED") or Path(__file__).parents[2].parent / "shared")
RECORDED = sorted((SHARED / "feeds").glob("*.xml"))
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
SOURCE = Source("a", "A", "https://a.example/", "https://a.example/feed", "trade", "general", "US", "en")

pytestmark = pytest.mark.skipif(not RECORDED, reason="no recorded feeds in ../shared or CRAFTWATCH_SHARED")


@cache
def parsed(path: Path) -> ParsedFeed:
    return parse_feed(path.read_bytes(), "", SOURCE.feed_url)


@pytest.fixture(params=RECORDED, ids=lambda path: path.stem)
def feed(request):
    return parsed(request.param)


@pytest.fixture
def drafts(feed):
    return to_drafts(feed, SOURCE, NOW)


def test_every_entry_becomes_a_draft(feed, drafts):
    assert len(drafts) == len(feed.entries) > 0


def test_every_entry_has_a_key_of_its_own(drafts):
    assert len({draft.entry_key for draft in drafts}) == len({draft.item_key for draft in drafts}) == len(drafts)


def test_every_text_is_plain(drafts):
    for draft in drafts:
        for text in (draft.title, draft.summary, *draft.authors, *draft.categories):
            assert text == tidy(text)
            assert "</" not in text
            assert "&amp;" not in text
            assert "&#" not in text


def test_every_title_says_something_and_no_text_is_long(drafts):
    assert all(0 < len(draft.title) <= 500 and len(draft.summary) <= 500 for draft in drafts)


def test_every_url_is_canonical(drafts):
    assert all(canonical_url(draft.url) == draft.url for draft in drafts)


def test_every_readable_date_is_believed(drafts):
    assert all(
        draft.date_quality is not DateQuality.CLAMPED and datetime(2009, 1, 1, tzinfo=UTC) < draft.published_at <= NOW
        for draft in drafts
    )


def test_no_entry_is_undated_but_where_the_publisher_dates_none(feed, drafts):
    undated = sum(draft.date_quality is DateQuality.MISSING for draft in drafts)
    assert undated == sum(not (entry.published or entry.updated) for entry in feed.entries) <= 17


def test_the_same_document_gives_the_same_drafts(feed, drafts):
    assert to_drafts(feed, SOURCE, NOW) == drafts
