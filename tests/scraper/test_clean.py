"""Entries made ours."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from db.shapes import DateQuality, Entry, ItemDraft, ParsedFeed, Source
from scraper.clean import to_drafts

NOW = datetime(2026, 11, 25, 12, 0, 0, 345, tzinfo=UTC)
RECEIVED = NOW.replace(microsecond=0)
HOUR = timedelta(hours=1)
SOURCE = Source(
    id="ledger",
    name="The Ledger",
    homepage="https://ledger.example/",
    feed_url="https://ledger.example/feed",
    kind="trade",
    sector="film-tv",
    country="US",
    language="en",
)


def entry(**fields: object) -> Entry:
    base = Entry(
        id="1",
        title="A title",
        link="https://ledger.example/1",
        published=NOW - HOUR,
        updated=None,
        summary="A summary.",
    )
    return replace(base, **fields)  # type: ignore[arg-type]


def drafts(*entries: Entry, source: Source = SOURCE, now: datetime = NOW, language: str = "") -> list[ItemDraft]:
    return to_drafts(ParsedFeed("rss20", "The Ledger", language, entries), source, now)


def draft(**fields: object) -> ItemDraft:
    return drafts(entry(**fields))[0]


def test_text_of_every_field_is_plain():
    made = draft(
        title="<b>Cuts</b> &amp; more", summary="<p>So</p>", authors=("<i>Ines</i>",), categories=("Film &amp; TV", "")
    )
    assert (made.title, made.summary, made.authors, made.categories) == (
        "Cuts & more", "So", ("Ines",), ("Film & TV",)
    )  # fmt: skip


@pytest.mark.parametrize(
    ("published", "updated", "published_at", "quality"),
    [
        (NOW - HOUR, None, RECEIVED - HOUR, DateQuality.STATED),
        (NOW + 23 * HOUR, None, RECEIVED + 23 * HOUR, DateQuality.STATED),
        (NOW + 25 * HOUR, None, RECEIVED, DateQuality.CLAMPED),
        (datetime(1994, 12, 31, tzinfo=UTC), None, RECEIVED, DateQuality.CLAMPED),
        (datetime(1995, 1, 1, tzinfo=UTC), None, datetime(1995, 1, 1, tzinfo=UTC), DateQuality.STATED),
        (datetime.max.replace(tzinfo=UTC), None, RECEIVED, DateQuality.CLAMPED),
        (None, NOW - HOUR, RECEIVED - HOUR, DateQuality.UPDATED),
        (None, None, RECEIVED, DateQuality.MISSING),
    ],
)
def test_a_date_is_believed_only_when_it_can_be(published, updated, published_at, quality):
    made = draft(published=published, updated=updated)
    assert (made.published_at, made.date_quality) == (published_at, quality)


def test_an_entry_updated_tomorrow_has_no_update():
    assert draft(updated=NOW + 48 * HOUR).updated_at is None


def test_a_url_is_canonical():
    assert draft(link="https://ledger.example/1?utm_source=rss#top").url == "https://ledger.example/1"


def test_an_entry_without_a_link_points_home_and_is_known_by_source_and_entry():
    made = draft(link="")
    assert (made.url, made.item_key) == ("https://ledger.example/", "ledger|1")


def test_an_entry_with_a_link_of_its_own_is_known_by_it():
    assert draft().item_key == "https://ledger.example/1"


@pytest.mark.parametrize("link", ["https://ledger.example/", "https://ledger.example", "https://ledger.example/feed"])
def test_a_link_to_the_homepage_or_the_feed_is_not_an_items_own(link):
    assert draft(link=link).item_key == "ledger|1"


def test_a_link_of_two_entries_is_neithers_own():
    made = drafts(entry(id="1"), entry(id="2"))
    assert [item.item_key for item in made] == ["ledger|1", "ledger|2"]


def test_an_empty_title_is_the_first_words_of_the_summary():
    summary = "Forty words about a strike at a theatre that nobody expected to close before the end of the year, " * 3
    assert draft(title="<b></b>", summary=summary).title == (
        "Forty words about a strike at a theatre that nobody expected to close before the end of the year…"
    )


def test_an_entry_that_says_nothing_is_left_out():
    assert drafts(entry(title=" ", summary="<img src=x>"), entry(id="2", title="Second"))[0].title == "Second"


@pytest.mark.parametrize(
    ("own", "feed", "expected"),
    [
        ("fr-CA", "en", "fr-ca"),
        ("", "en_US", "en-us"),
        ("", "", "en"),
        ("<script>", "", ""),
        ("de-DE-1996", "", "de-de-1996"),
    ],
)
def test_a_language_is_the_entrys_else_the_feeds_else_the_sources(own, feed, expected):
    assert drafts(entry(language=own), language=feed)[0].language == expected


def test_a_later_run_makes_the_same_draft_of_an_undated_entry_but_for_its_date():
    first, second = (
        drafts(entry(published=None), now=now)[0] for now in (NOW, NOW + HOUR)
    )  # fmt: skip
    assert replace(second, published_at=first.published_at) == first


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Another"},
        {"summary": "Another."},
        {"link": "https://ledger.example/2"},
        {"authors": ("Ines",)},
        {"categories": ("Film",)},
        {"published": NOW - 2 * HOUR},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_a_reader_sees_decides_the_content_hash(change):
    assert draft(**change).content_hash != draft().content_hash


def test_an_update_that_changes_no_word_leaves_the_content_hash():
    assert draft(updated=NOW - HOUR).content_hash == draft().content_hash


def test_an_author_who_becomes_a_category_changes_the_content_hash():
    assert draft(authors=("Film",)).content_hash != draft(categories=("Film",)).content_hash
