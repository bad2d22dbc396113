"""From the address of a site to a block that works."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from db.shapes import Failure, Source
from scraper.discover import _failed, find_sources
from scraper.parsing.errors import ParseError
from scraper.sources import read_sources
from scraper.trial import Trial
from tests.fetching import settings_for
from tests.server import LoopbackServer, feed, raw, redirect, reply

ALTERNATE = '<link rel="alternate" type="application/rss+xml" href="{}">'
NEWS = """<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
    xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"><url><loc>https://a.example/1</loc><news:news>
    <news:publication><news:name>The Post</news:name><news:language>de</news:language></news:publication>
    <news:publication_date>2026-11-24</news:publication_date><news:title>Streik</news:title></news:news></url></urlset>"""


@pytest.fixture
def server() -> Iterator[LoopbackServer]:
    with LoopbackServer() as server:
        yield server


def page(head: str = "", body: str = "", **headers: str):  # type: ignore[no-untyped-def]
    html = f'<!doctype html><html lang="en-gb"><head><title>The Riggers\' Guild</title>{head}</head>{body}</html>'
    return reply(body=html.encode(), content_type="text/html; charset=utf-8", **headers)


def sitemap(text: str = NEWS):  # type: ignore[no-untyped-def]
    return reply(body=text.encode(), content_type="application/xml")


def look(server: LoopbackServer, path: str = "/", known: tuple[Source, ...] = ()) -> Trial:
    return find_sources(server.url(path), settings_for(server, robots=True), known)


def blocks(trial: Trial) -> tuple[Source, ...]:
    assert trial.succeeded, trial.text
    return read_sources(trial.text)


def test_a_declared_feed_becomes_a_block_that_loads(server: LoopbackServer) -> None:
    server.add("/", page(ALTERNATE.format("news/rss")))
    server.add("/news/rss", feed())
    (source,) = blocks(look(server))
    assert source == Source(
        id="the-gaffer-tape-gazette",
        name="The Gaffer Tape Gazette",
        homepage=server.url("/"),
        feed_url=server.url("/news/rss"),
        kind="trade",
        sector="general",
        country="",
        language="en-GB",
    )


def test_a_declared_feed_leaves_nothing_else_to_be_asked(server: LoopbackServer) -> None:
    server.add("/", page(ALTERNATE.format("/rss")))
    server.add("/rss", feed())
    look(server)
    assert server.paths == ["/", "/rss"]


def test_the_page_is_asked_for_as_a_page_and_the_feed_as_a_feed(server: LoopbackServer) -> None:
    server.add("/", page(ALTERNATE.format("/rss")))
    server.add("/rss", feed())
    look(server)
    accepts = [request.header("accept") or "" for request in server.requests if request.path != "/robots.txt"]
    assert [accept.partition(",")[0] for accept in accepts] == ["text/html", "application/atom+xml"]


def test_every_declared_feed_is_tried_but_not_the_comments(server: LoopbackServer) -> None:
    server.add("/", page("".join(map(ALTERNATE.format, ("/a", "/comments/feed/", "/b", "/gone")))))
    server.add("/a", feed())
    server.add("/b", feed())
    trial = look(server)
    assert [source.id for source in blocks(trial)] == ["the-gaffer-tape-gazette", "the-gaffer-tape-gazette-2"]
    assert f"# {server.url('/gone')}: http_4xx (status 404)" in trial.text
    assert server.paths == ["/", "/a", "/b", "/gone"]


def test_a_feed_in_the_link_header_is_found(server: LoopbackServer) -> None:
    server.add("/", page(link='</h>; rel="alternate"; type="application/rss+xml"'))
    server.add("/h", feed())
    assert blocks(look(server))[0].feed_url == server.url("/h")


def test_where_nothing_is_declared_the_usual_paths_are_asked_until_one_is_a_feed(server: LoopbackServer) -> None:
    server.add("/", page())
    server.add("/rss", page())
    server.add("/feed.xml", feed())
    trial = look(server)
    assert server.paths == ["/", "/feed/", "/rss", "/feed.xml"]
    assert blocks(trial)[0].feed_url == server.url("/feed.xml")
    assert f"# {server.url('/rss')}: html_not_feed" in trial.text


def test_the_address_of_a_feed_is_a_find_itself(server: LoopbackServer) -> None:
    server.add("/rss", feed())
    assert blocks(look(server, "/rss"))[0].feed_url == server.url("/rss")
    assert server.paths == ["/rss"]


def test_a_feed_that_has_moved_for_good_is_listed_where_it_is(server: LoopbackServer) -> None:
    server.add("/", page(ALTERNATE.format("/old")))
    server.add("/old", redirect("/new", 301))
    server.add("/new", feed())
    assert blocks(look(server))[0].feed_url == server.url("/new")


def test_a_feed_that_is_watched_already_gets_no_block(server: LoopbackServer) -> None:
    server.add("/", page(ALTERNATE.format("/rss")))
    server.add("/rss", feed())
    known = blocks(look(server))
    trial = look(server, known=known)
    assert "# It is watched already: [the-gaffer-tape-gazette]" in trial.text
    assert "feed_url" not in trial.text


def test_without_a_feed_the_sitemap_that_robots_txt_names_is_tried(server: LoopbackServer) -> None:
    server.add("/robots.txt", reply(body=f"User-agent: *\nSitemap: {server.url('/sitemaps/news.xml')}\n".encode()))
    server.add("/", page())
    server.add("/sitemaps/news.xml", sitemap())
    (source,) = blocks(look(server))
    assert (source.format, source.name, source.language) == ("sitemap", "The Post", "de")
    assert server.paths[-1] == "/sitemaps/news.xml"


def test_without_a_named_sitemap_the_usual_path_is_tried(server: LoopbackServer) -> None:
    server.add("/", page())
    server.add("/news-sitemap.xml", sitemap())
    assert blocks(look(server))[0].feed_url == server.url("/news-sitemap.xml")


def test_of_an_index_of_sitemaps_the_one_with_news_is_tried(server: LoopbackServer) -> None:
    parts = "".join(f"<sitemap><loc>/{name}.xml</loc></sitemap>" for name in ("pages", "news-2", "pictures"))
    server.add("/", page())
    server.add("/news-sitemap.xml", sitemap(f"<sitemapindex>{parts}</sitemapindex>"))
    server.add("/news-2.xml", sitemap())
    assert blocks(look(server))[0].feed_url == server.url("/news-2.xml")
    assert server.paths[-2:] == ["/news-sitemap.xml", "/news-2.xml"]


def test_where_nothing_is_found_a_page_block_is_begun(server: LoopbackServer) -> None:
    server.add("/news", page())
    trial = look(server, "/news")
    assert not trial.succeeded
    (source,) = read_sources(trial.text)
    assert (source.format, source.feed_url, source.id) == ("page", server.url("/news"), "the-riggers-guild")


def test_a_search_is_bounded_whatever_a_page_declares(server: LoopbackServer) -> None:
    sitemaps = "".join(f"Sitemap: /news-{n}.xml\n" for n in range(50))
    parts = "".join(f"<sitemap><loc>/news-part-{n}.xml</loc></sitemap>" for n in range(50))
    server.add("/robots.txt", reply(body=f"User-agent: *\n{sitemaps}".encode()))
    server.add("/", page("".join(ALTERNATE.format(f"/{n}") for n in range(100))))
    for n in range(50):
        server.add(f"/news-{n}.xml", sitemap(f"<sitemapindex>{parts}</sitemapindex>"))
    look(server)
    assert len(server.paths) == 1 + 6 + 4 + 2
    assert len(set(server.paths)) == len(server.paths)


@pytest.mark.parametrize("status", [403, 429, 503])
def test_a_site_that_turns_us_away_is_not_asked_for_more(server: LoopbackServer, status: int) -> None:
    server.add("/", page())
    server.add("/feed/", reply(status))
    look(server)
    assert server.paths == ["/", "/feed/"]


def test_a_path_that_robots_txt_forbids_is_not_asked(server: LoopbackServer) -> None:
    server.add("/robots.txt", reply(body=b"User-agent: *\nDisallow: /feed/\n"))
    server.add("/", page())
    server.add("/rss", feed())
    assert blocks(look(server))[0].feed_url == server.url("/rss")
    assert "/feed/" not in server.paths


def test_a_declared_feed_at_a_private_address_is_refused(server: LoopbackServer) -> None:
    with LoopbackServer("127.0.0.2") as private:
        server.add("/", page(ALTERNATE.format(private.url("/rss"))))
        private.add("/rss", feed())
        trial = look(server)
        assert private.requests == []
    assert "refused_address" in trial.text


def test_a_home_page_that_cannot_be_had_says_why_and_what_to_do(server: LoopbackServer) -> None:
    trial = look(server, "/lost")
    assert not trial.succeeded
    assert trial.text.splitlines()[1:] == [
        "failed: http_4xx (status 404)",
        "The address leads nowhere; look for the outlet's feed and change feed_url.",
    ]


def test_credentials_in_the_address_are_not_shown(server: LoopbackServer) -> None:
    server.add("/", page())
    trial = find_sources(server.url("/").replace("//", "//me:hunter2@"), settings_for(server))
    assert "hunter2" not in trial.text


def test_what_a_site_says_stays_within_its_line(server: LoopbackServer) -> None:
    hostile = (
        b"<rss version='2.0'><channel><title>A\"\n[evil]\nname = '\x7f&#x200b;</title><item><title>t</title></item>"
    )
    server.add("/", page("<title>x\n[evil]</title>" + ALTERNATE.format("/a\n[evil]")))
    server.add("/a[evil]", reply(body=hostile + b"</channel></rss>", content_type="application/xml"))
    (source,) = blocks(look(server))
    assert source.name == "A\" [evil] name = '"


def test_what_a_failure_says_stays_within_its_line() -> None:
    line = _failed("https://a.example/", ParseError(Failure.NOT_A_FEED, "the document is\n[evil]\x1b[2J"))
    assert line == "# https://a.example/: not_a_feed (the document is [evil] [2J)"


def test_a_body_that_breaks_off_is_named(server: LoopbackServer) -> None:
    server.add("/", page(ALTERNATE.format("/rss")))
    server.add("/rss", raw(b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n<rss>"))
    assert "truncated" in look(server).text
