"""Pages without a feed: what selectors make of them, and that no page hangs, swells or breaks a run."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from db.shapes import DateQuality, Failure, ItemDraft, Selectors, Source
from scraper.clean import to_drafts
from scraper.parsing.documents import parse_document
from scraper.parsing.errors import ParseError
from scraper.parsing.pages import parse_page, read_links
from scraper.parsing.workers import FeedItems, ParserPool
from tests.data import union_news

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
PAGE = (Path(__file__).parents[2] / "data" / "union-news.html").read_bytes()
SOURCE = Source(
    "riggers", "The Riggers' Guild", "https://riggers.example/", union_news.URL, "union", "stage", "GB", "en",
    format="page", selectors=union_news.SELECTORS,
)  # fmt: skip
PLAIN = Selectors(item="li", title="a", link="a", date="span", summary="p")
TIME_LIMIT = 5.0


def drafts_of(body: bytes, selectors: Selectors = PLAIN, content_type: str = "text/html") -> list[ItemDraft]:
    source = replace(SOURCE, selectors=selectors)
    return to_drafts(parse_document(body, content_type, SOURCE.feed_url, source), source, NOW)


def listed(title: str = "Riggers vote", date: str = "", href: str = "/vote", tag: str = "") -> bytes:
    return f'<ul><li {tag}><a href="{href}">{title}</a><span>{date}</span></li></ul>'.encode()


def failure_of(body: bytes, selectors: Selectors = PLAIN) -> ParseError:
    with pytest.raises(ParseError) as raised:
        parse_document(body, "text/html", SOURCE.feed_url, replace(SOURCE, selectors=selectors))
    return raised.value


# What is read


def test_a_page_becomes_the_entries_beside_it():
    page = parse_page(PAGE, "text/html; charset=utf-8", union_news.URL, union_news.SELECTORS)
    assert (page.format, page.title, page.language) == ("page", union_news.TITLE, union_news.LANGUAGE)
    assert page.entries == union_news.ENTRIES


def test_items_of_a_page_are_plain_text_without_what_nobody_reads():
    drafts = drafts_of(PAGE, union_news.SELECTORS)
    assert [(draft.title, draft.summary) for draft in drafts] == [
        ("Riggers vote yes on a first contract", "Nine in ten voted for the three-year deal."),
        ("Forty riggers laid off at Dockside & Sons", "The yard closes in March."),
        ("What the AI clause says", ""),
    ]


def test_an_item_without_a_date_is_dated_when_first_seen():
    undated = drafts_of(PAGE, union_news.SELECTORS)[2]
    assert (undated.published_at, undated.date_quality) == (NOW, DateQuality.MISSING)


def test_an_undated_item_is_unchanged_a_day_later():
    source = replace(SOURCE, selectors=PLAIN)
    page = parse_document(listed(), "text/html", SOURCE.feed_url, source)
    first, later = (to_drafts(page, source, moment)[0] for moment in (NOW, NOW.replace(day=26)))
    assert (first.entry_key, first.content_hash) == (later.entry_key, later.content_hash)


@pytest.mark.parametrize(
    ("selectors", "title", "url"),
    [
        (Selectors("li", "a", "a"), "Shown", "https://riggers.example/a"),
        (Selectors("li", "a@title", "a@data-to"), "Stated", "https://riggers.example/b"),
        (Selectors("li", ".", "@data-to"), "Before Shown", "https://riggers.example/c"),
        (Selectors("li > a", ".", "."), "Shown", "https://riggers.example/a"),
        (Selectors("a", "@title", "@href"), "Stated", "https://riggers.example/a"),
        (Selectors("li", 'a[title="Stated"]', "a @href"), "Shown", "https://riggers.example/a"),
    ],
)
def test_a_place_is_an_element_an_attribute_or_the_item_itself(selectors, title, url):
    body = b'<li data-to="/c">Before <a href="/a" data-to="/b" title="Stated">Shown</a></li>'
    (draft,) = drafts_of(body, selectors)
    assert (draft.title, draft.url) == (title, url)


@pytest.mark.parametrize(
    ("shown", "date_format", "day"),
    [
        ("12 November 2026", "", 12),
        ("Nov. 12, 2026", "", 12),
        ("2026-11-12", "", 12),
        ("12/11/2026", "%d/%m/%Y", 12),
        ("11/12/2026", "%m/%d/%Y", 12),
        ("Posted on\n November  12, 2026", "Posted on %B %d, %Y", 12),
        ("12/11/2026", "%Y-%m-%d", None),
        ("two days ago", "", None),
    ],
)
def test_a_date_is_read_as_usual_or_as_the_block_says(shown, date_format, day):
    (draft,) = drafts_of(listed(date=shown), replace(PLAIN, date_format=date_format))
    stated = draft.published_at.day if draft.date_quality is DateQuality.STATED else None
    assert stated == day


def test_a_date_with_a_zone_is_told_in_utc():
    selectors = replace(PLAIN, date_format="%d.%m.%Y %H:%M %z")
    (entry,) = parse_page(listed(date="12.11.2026 01:00 +0200"), "", SOURCE.feed_url, selectors).entries
    assert entry.published is not None
    assert entry.published.isoformat() == "2026-11-11T23:00:00+00:00"


def test_a_date_format_is_of_what_the_page_shows():
    body = b'<li><a href="/a">T</a><time datetime="x">12.11.2026</time></li>'
    (draft,) = drafts_of(body, replace(PLAIN, date="time", date_format="%d.%m.%Y"))
    assert draft.published_at.day == 12


@pytest.mark.parametrize(
    ("href", "url"),
    [
        ("/a", "https://riggers.example/a"),
        ("a", "https://riggers.example/news/a"),
        ("//other.example/a", "https://other.example/a"),
        ("https://other.example/a", "https://other.example/a"),
        ("?id=7", "https://riggers.example/news/?id=7"),
        (" /a\n", "https://riggers.example/a"),
    ],
)
def test_links_are_resolved_against_the_address_of_the_page(href, url):
    page = parse_page(listed(href=href), "", "https://riggers.example/news/", PLAIN)
    assert page.entries[0].link == url


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("https://cdn.example/x/", "https://cdn.example/x/a"),
        ("/x/", "https://riggers.example/x/a"),
        ("javascript:0", "https://riggers.example/news/a"),
        ("", "https://riggers.example/news/a"),
    ],
)
def test_a_base_that_is_an_address_changes_what_links_mean(base, url):
    body = f'<head><base target="_top"><base href="{base}"></head>'.encode() + listed(href="a")
    assert parse_page(body, "", "https://riggers.example/news/", PLAIN).entries[0].link == url


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (listed("Künstler für Verträge"), "text/html"),
        (b'<meta charset="windows-1251">' + listed("Договор актёров").decode().encode("cp1251"), "text/html"),
        (listed("Künstler").decode().encode("latin-1"), "text/html; charset=iso-8859-1"),
        (listed("Künstler").decode().encode("latin-1"), "text/html; charset=utf-8"),
        (listed("Künstler"), "text/html; charset=iso-8859-1"),
        (listed("映画").decode().encode("shift_jis"), "text/html; charset=shift_jis"),
        (listed("Künstler").decode().encode("utf-16"), "text/html"),
        (listed("Künstler").decode().encode("latin-1"), "text/html; charset=no-such-thing"),
    ],
)
def test_characters_are_what_the_page_means_whatever_it_claims(body, content_type):
    (draft,) = drafts_of(body, content_type=content_type)
    assert draft.title in ("Künstler für Verträge", "Договор актёров", "Künstler", "映画")


# What is not there


def test_a_page_on_which_nothing_matches_says_which_selector():
    error = failure_of(b"<html><p>We have moved.</p></html>")
    assert error.reason is Failure.SELECTOR_MATCHED_NOTHING
    assert error.detail == "no element matches item = 'li'"


def test_items_without_title_and_link_say_what_is_missing():
    error = failure_of(b'<li><a name="x">Title</a></li><li><a href="/x"></a></li>')
    assert error.reason is Failure.SELECTOR_MATCHED_NOTHING
    assert error.detail == "2 elements match item, 1 with a title, 1 with a link, none with both"


def test_an_empty_page_is_empty():
    assert failure_of(b" \n").reason is Failure.EMPTY


@pytest.mark.parametrize("body", [b'{"items": []}', b"%PDF-1.7\x00\xff", b"<rss><channel/></rss>", b"GIF89a\x01"])
def test_a_document_that_is_no_page_is_never_called_no_feed(body):
    assert failure_of(body).reason is Failure.SELECTOR_MATCHED_NOTHING


# What publishers should not send


def item(number: int) -> str:
    return f'<li><a href="/{number}">Title {number}</a><span>2026-11-20</span><p>Summary</p></li>'


HOSTILE = {
    "items-100000": lambda: "".join(map(item, range(100_000))),
    "nested": lambda: "<div>" * 200_000 + item(1),
    "nested-items": lambda: "<li><a href=x>t" * 100_000,
    "closing-tags": lambda: "</div>" * 500_000 + item(1),
    "attributes-50000": lambda: "<p " + " ".join(f"a{n}=1" for n in range(50_000)) + ">" + item(1),
    "unclosed-attribute": lambda: '<a href="' * 20_000,
    "unclosed-comment": lambda: item(1) + "<!--" * 200_000,
    "declarations": lambda: item(1) + "<![" * 200_000,
    "references": lambda: item(1) + "&#" * 500_000,
    "title-of-a-megabyte": lambda: f"<li><a href=/a>{'x ' * 500_000}</a></li>",
    "link-of-a-megabyte": lambda: f"<li><a href=/{'x' * 1_000_000}>t</a></li>{item(1)}",
    "scripts": lambda: "<script>" * 50_000 + item(1),
    "script-in-titles": lambda: (
        "<li><a href=/a><script>alert(1)</script>&lt;script&gt;alert(2)&lt;/script&gt;"
        "<img src=x onerror=alert(3)>Strike</a></li>"
    ),
    "links-of-other-schemes": lambda: "<li><a href=file:///etc/passwd>t</a></li><li><a href=data:,x>t</a></li>",
    "nul-and-surrogates": lambda: "<title>&#xD800;&#0;</title>" + item(1).replace("Title", "Ti\x00tle &#xD800; &#0;"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_page_ends_in_time_and_leaves_the_next_unharmed(name):
    body = HOSTILE[name]().encode()
    source = replace(SOURCE, selectors=PLAIN)

    async def outcome(pool: ParserPool, body: bytes) -> FeedItems | ParseError:
        try:
            return await pool.parse(body, "text/html", source.feed_url, source, NOW)
        except ParseError as error:
            return error

    async def run() -> tuple[float, FeedItems | ParseError, FeedItems | ParseError]:
        async with ParserPool(1, time_limit=TIME_LIMIT) as pool:
            started = time.monotonic()
            first = await outcome(pool, body)
            return time.monotonic() - started, first, await outcome(pool, listed())

    seconds, first, second = asyncio.run(run())
    assert seconds <= TIME_LIMIT + 1
    assert isinstance(second, FeedItems)
    for draft in first.drafts if isinstance(first, FeedItems) else []:
        assert draft.url.startswith("https://")
        assert len(draft.title) <= 500
        assert not {"<", "\x00", "\ud800"} & set(draft.title)


def test_of_a_page_with_100000_items_the_first_1000_are_read():
    drafts = drafts_of(HOSTILE["items-100000"]().encode())
    assert (len(drafts), drafts[0].title, drafts[-1].title) == (1_000, "Title 0", "Title 999")


def test_script_in_a_title_is_not_kept():
    (draft,) = drafts_of(HOSTILE["script-in-titles"]().encode())
    assert draft.title == "Strike"


def test_the_title_of_a_page_is_text_that_can_be_sent_on():
    page = parse_page(
        "<title>A\x7f &#xD800;&#x80;\ud800</title>".encode("utf-8", "replace") + listed(), "", SOURCE.feed_url, PLAIN
    )
    assert page.title.isprintable()


# The feeds that a page declares


def test_the_feeds_that_a_page_declares_are_found_in_its_order():
    body = b"""<html lang=en><head><title>A  Paper</title><base href="/x/">
        <link rel="stylesheet" href="/style.css"><link rel="alternate" hreflang="fr" href="/fr/">
        <link rel="alternate" type="application/rss+xml" href="rss">
        <LINK REL="home ALTERNATE" TYPE="Application/Atom+XML; charset=utf-8" HREF="https://b.example/atom">
        <link rel=alternate type=application/feed+json href=/feed.json><link rel=alternate type=application/rss+xml>
        <link rel=alternate type=application/rss+xml href=javascript:0>
        <link rel=alternate type=application/json href=/wp-json/1></head>"""
    links = read_links(body, "text/html", "https://a.example/")
    assert links.feeds == ("https://a.example/x/rss", "https://b.example/atom", "https://a.example/feed.json")
    assert (links.title, links.language) == ("A Paper", "en")
