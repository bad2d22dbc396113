"""A page and a news sitemap on the whole way: asked politely, read, tagged, stored; and tried by hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from db.engine import open_engine
from scraper.cli import main
from tests.server import LoopbackServer, in_turn, reply

DATA = Path(__file__).parents[1] / "data"
BLOCK = """
[{format}]
name = "{format}"
homepage = "https://riggers.example/"
feed_url = "{url}"
kind = "union"
sector = "stage"
country = "GB"
language = "en"
scope = "entertainment"
format = "{format}"
"""
PAGE = """
[page.page]
item = "article.story"
title = "h2"
link = "h2 a"
date = "time"
summary = "p.lead"
"""


class Desk:
    """A command line with one source and a server of its own."""

    def __init__(self, folder: Path, server: LoopbackServer, patch: pytest.MonkeyPatch) -> None:
        self.server, self.file, self.database = server, folder / "sources.toml", f"sqlite:///{folder / 'desk.db'}"
        patch.setenv("CRAFTWATCH_DATABASE_URL", self.database)
        patch.setenv("CRAFTWATCH_SOURCES", str(self.file))
        patch.setenv("CRAFTWATCH_ALLOW_ADDRESSES", server.pair)
        patch.setenv("CRAFTWATCH_HOST_INTERVAL_SECONDS", "0")
        page = (DATA / "union-news.html").read_bytes()
        server.add("/page", reply(body=page, content_type="text/html; charset=utf-8", etag='"1"'))
        sitemap = (DATA / "news-sitemap.xml").read_bytes()
        server.add("/sitemap", reply(body=sitemap, content_type="application/xml"))
        self.list_source("page")

    def list_source(self, format: str) -> None:
        block = BLOCK.format(format=format, url=self.server.url(f"/{format}"))
        self.file.write_text(block + (PAGE if format == "page" else ""))

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(main, words)

    def rows(self, query: str) -> list[tuple[object, ...]]:
        with open_engine(self.database).connect() as connection:
            return [tuple(row) for row in connection.execute(text(query))]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    with LoopbackServer() as server:
        desk = Desk(tmp_path, server, monkeypatch)
        assert desk.run("migrate").exit_code == 0
        yield desk


@pytest.mark.parametrize(
    ("format", "titles"),
    [
        (
            "page",
            [
                "Forty riggers laid off at Dockside & Sons",
                "Riggers vote yes on a first contract",
                "What the AI clause says",
            ],
        ),
        ("sitemap", ["Stagehands strike at the Grand & the Lyric", "Vote <2>: oui"]),
    ],
)
def test_a_source_without_a_feed_gives_items(desk: Desk, format: str, titles: list[str]) -> None:
    desk.list_source(format)
    assert desk.run("scrape").exit_code == 0
    assert desk.rows("SELECT title FROM item ORDER BY title") == [(title,) for title in titles]


def test_a_page_is_asked_for_as_a_page(desk: Desk) -> None:
    desk.run("scrape")
    assert (desk.server.last.header("accept") or "").startswith("text/html, ")


def test_a_page_is_asked_conditionally_like_a_feed(desk: Desk) -> None:
    desk.run("scrape")
    desk.run("scrape", "--all")
    assert desk.server.last.header("if-none-match") == '"1"'


def test_reading_a_page_again_adds_nothing(desk: Desk) -> None:
    page = (DATA / "union-news.html").read_bytes()
    desk.server.add("/page", in_turn(reply(body=page), reply(body=page + b"<!-- a visit later -->")))
    desk.run("scrape")
    desk.run("scrape", "--all")
    assert desk.rows("SELECT new, changed, unchanged FROM fetch_log ORDER BY id") == [(3, 0, 0), (0, 0, 3)]


def test_a_page_that_changed_its_looks_is_named_and_keeps_its_items(desk: Desk) -> None:
    page = (DATA / "union-news.html").read_bytes()
    desk.server.add("/page", in_turn(reply(body=page), reply(body=page.replace(b"story", b"card"))))
    desk.run("scrape")
    desk.run("scrape", "--all")
    assert desk.rows("SELECT last_failure_reason FROM source_state") == [("selector_matched_nothing",)]
    assert desk.rows("SELECT count(*) FROM item") == [(3,)]


def test_the_database_says_how_a_source_is_read(desk: Desk) -> None:
    desk.run("scrape")
    assert desk.rows("SELECT format FROM source") == [("page",)]


def test_trying_a_page_shows_what_its_block_extracts(desk: Desk) -> None:
    done = desk.run("sources", "check", "page")
    assert done.exit_code == 0
    assert (desk.server.last.header("accept") or "").startswith("text/html, ")
    assert "page, 3 entries" in done.output
    assert "2026-11-24 09:30 stated   Riggers vote yes on a first contract" in done.output
    assert "Nine in ten voted for the three-year deal." in done.output


def test_trying_a_page_that_does_not_match_says_what_to_do(desk: Desk) -> None:
    desk.server.add("/page", reply(body=b"<html></html>"))
    done = desk.run("sources", "check", "page")
    assert done.exit_code == 1
    assert "selector_matched_nothing (no element matches item = 'article.story')" in done.output
    assert "write new selectors" in done.output


def test_trying_a_site_prints_a_block_for_its_news_sitemap(desk: Desk) -> None:
    desk.server.add("/", reply(body=b"<title>Home</title>", content_type="text/html"))
    desk.server.add("/news-sitemap.xml", reply(body=(DATA / "news-sitemap.xml").read_bytes()))
    done = desk.run("sources", "check", desk.server.url("/"))
    assert done.exit_code == 0
    assert 'format = "sitemap"' in done.output


def test_trying_a_site_saves_nothing(desk: Desk) -> None:
    desk.run("sources", "check", desk.server.url("/page"))
    assert desk.rows("SELECT count(*) FROM source") == [(0,)]
