"""Whatever a publisher writes, every format can be read back and none runs it."""

from __future__ import annotations

import csv
import io
import random
from html import unescape
from typing import Any

import feedparser
import orjson
import pytest
from lxml import etree

from api.syndication import Category, Channel, FeedItem, atom, jsonfeed, plain, rss
from api.tables import cell

PIECES = (
    *("<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "]]>", "<![CDATA[", "&amp;", "&lt;b&gt;", "&#60;"),
    *("&bogus;", '"', "'", "<!--", "-->", "<?xml?>", "\u202egnp.exe", "\u2066x\u2069", "\x00", "\x08", "\x1b[31m"),
    *("\ud800", "\udfff", "\ufffe", "\uffff", "é", "日本語", "🎬", "\u2028", "=1+1", "javascript:alert(1)", "\n", "\t"),
    *("</title>", "</item>", "</entry>", "{{7*7}}", "${x}", "%00", "\\", "AT&T", "a < b > c", "<b>bold</b>", "\x85"),
)


def hostile_text(dice: random.Random) -> str:
    return "".join(dice.choice((*PIECES, "word ")) for _ in range(dice.randrange(1, 8)))


def hostile_item(number: int) -> FeedItem:
    dice = random.Random(number)
    title = hostile_text(dice) if number else "x<b>" * 250_000  # a megabyte
    return FeedItem(
        id=f"tag:craftwatch.example,2026:item/{number}",
        url=f"https://ledger.example/{number}?a=1&b=%3Cscript%3E",
        title=title,
        summary=hostile_text(dice),
        authors=[hostile_text(dice)],
        published=f"2026-11-{number % 28 + 1:02}T10:00:00Z",
        updated=f"2026-11-{number % 28 + 1:02}T11:00:00Z",
        language="en",
        source_name=hostile_text(dice),
        api_url=f"https://craftwatch.example/v1/items/{number}",
        categories=[Category("https://craftwatch.example/v1/topics", "ai", hostile_text(dice))],
    )


ITEMS = [hostile_item(number) for number in range(1_000)]
CHANNEL = Channel(
    id="tag:craftwatch.example,2026:feed?q=<x>&y",
    title="craftwatch: <script> & co \ud800",
    description="]]> & <b>",
    home_url="https://craftwatch.example/v1/items?q=%3Cx%3E&y=1",
    self_url='https://craftwatch.example/v1/items.atom?q="&y=1',
    first_url="https://craftwatch.example/v1/items.atom?q=1&y=1",
    next_url="https://craftwatch.example/v1/items.atom?q=1&cursor=x",
    hub_url="https://hub.example/?a&b",
    updated="2026-11-20T12:00:00Z",
    minutes=1,
)


def spaced(text: str) -> str:
    """As XML and feed readers see it: white space is white space, line ends are one kind."""
    return " ".join(plain(text).split())


def parse(body: bytes) -> Any:
    return feedparser.parse(io.BytesIO(body), sanitize_html=False, resolve_relative_uris=False)


def strict(body: bytes) -> Any:
    return etree.fromstring(body, etree.XMLParser(resolve_entities=False, huge_tree=True))


def test_atom_is_read_back_strictly_and_by_feedparser():
    body = atom.render(CHANNEL, ITEMS)
    name = "{http://www.w3.org/2005/Atom}"
    entries = strict(body).findall(f"{name}entry")
    assert [spaced(entry.findtext(f"{name}title")) for entry in entries] == [spaced(item.title) for item in ITEMS]
    assert [spaced(entry.findtext(f"{name}summary")) for entry in entries] == [spaced(item.summary) for item in ITEMS]
    assert [entry.find(f"{name}link").get("href") for entry in entries] == [item.url for item in ITEMS]
    parsed = parse(body)
    assert not parsed.bozo
    assert [spaced(entry.title) for entry in parsed.entries] == [spaced(item.title) for item in ITEMS]
    assert [entry.link for entry in parsed.entries] == [item.url for item in ITEMS]
    assert [entry.published for entry in parsed.entries] == [item.published for item in ITEMS]


def test_rss_is_read_back_strictly_and_by_feedparser():
    body = rss.render(CHANNEL, ITEMS)
    elements = strict(body).findall("channel/item")
    assert [element.findtext("link") for element in elements] == [item.url for item in ITEMS]
    # A description is HTML: what it shows is what its entities stand for.
    shown = [spaced(unescape(element.findtext("description"))) for element in elements]
    assert shown == [spaced(item.summary) for item in ITEMS]
    assert not any("<" in element.findtext("description") for element in elements)
    assert not any("<" in element.findtext("title") for element in elements)
    parsed = parse(body)
    assert not parsed.bozo
    assert [spaced(unescape(entry.title)) for entry in parsed.entries] == [spaced(item.title) for item in ITEMS]
    assert [entry.published_parsed.tm_mday for entry in parsed.entries] == [int(item.published[8:10]) for item in ITEMS]


def test_json_feed_is_read_back():
    feed = orjson.loads(jsonfeed.render(CHANNEL, ITEMS))
    assert [item["title"] for item in feed["items"]] == [plain(item.title) for item in ITEMS]
    assert [(item["url"], item["date_published"]) for item in feed["items"]] == [
        (item.url, item.published) for item in ITEMS
    ]
    for item in feed["items"]:
        assert set(item) <= {
            *("id", "url", "title", "content_text", "summary", "date_published", "date_modified"),
            *("authors", "tags", "language", "_craftwatch"),
        }
        assert "content_html" not in item


def test_no_control_or_override_of_direction_is_published():
    for module in (atom, rss, jsonfeed):
        text = module.render(CHANNEL, ITEMS).decode()
        assert not any(character in text for character in ("\u202e", "\u2066", "\x00", "\x1b", "\\u0000", "\\u001b"))


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r", "\n", " =", "\uff1d", "\x00=", "\u202e="])
def test_no_cell_is_a_formula(start: str):
    assert cell(f"{start}cmd|' /C calc'!A0").startswith("'")


def test_a_cell_of_any_text_is_read_back():
    usual = csv.field_size_limit(2_000_000)
    for item in ITEMS:
        text = io.StringIO(newline="")
        csv.writer(text).writerow([cell(item.title), cell(item.summary)])
        title, summary = next(csv.reader(io.StringIO(text.getvalue(), newline="")))
        assert title.removeprefix("'") == plain(item.title).removeprefix("'")
        assert summary.removeprefix("'") == plain(item.summary).removeprefix("'")
    csv.field_size_limit(usual)
