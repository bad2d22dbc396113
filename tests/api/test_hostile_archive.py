"""A thousand items of a hostile publisher, from the entry to every format and back, on both databases."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from html import unescape

import feedparser
import orjson
import pytest
from fastapi.testclient import TestClient

from api.syndication import plain
from db.shapes import Entry, ItemDraft, ParsedFeed
from scraper.clean import to_drafts
from tests.api.archive import Shelf, make_labels
from tests.api.json_feed import faults_of
from tests.api.test_hostile_text import hostile_text, spaced, strict
from tests.db.factory import NOW, make_source

ITEMS = 1_000
ATOM = "{http://www.w3.org/2005/Atom}"
Row = tuple[str, str, str]  # title, address, date


def hostile_entry(number: int) -> Entry:
    dice = random.Random(number)
    megabyte = "x<b>\u202ey</b>\ud800 " * 80_000
    return Entry(
        id=f"{number} {hostile_text(dice)}",
        title=megabyte if number == 0 else f"{number} {hostile_text(dice)}",
        link=f"https://ledger.example/{number}?a=<script>&b={hostile_text(dice)}",
        published=NOW - timedelta(minutes=number),
        updated=None,
        summary=megabyte if number == 1 else hostile_text(dice),
        authors=(hostile_text(dice), "<script>alert(1)</script>"),
        categories=(hostile_text(dice),),
        language="en",
    )


@pytest.fixture(scope="module")
def drafts() -> list[ItemDraft]:
    feed = ParsedFeed("rss20", "Hostile \u202e", "en", tuple(hostile_entry(number) for number in range(ITEMS)))
    return to_drafts(feed, make_source("ledger"), NOW)


@pytest.fixture
def listed(shelf: Shelf, client: TestClient, drafts: list[ItemDraft]) -> list[Row]:
    """What the list says of each item: all other formats have to say the same."""
    shelf.save([(draft, make_labels("ai", "voice-actor", "US")) for draft in drafts])
    items = [item for page in pages(client, "json") for item in orjson.loads(page)["data"]]
    assert len(items) == ITEMS
    return [(item["title"], item["url"], item["published_at"]) for item in items]


def pages(client: TestClient, suffix: str) -> Iterator[bytes]:
    """Every page of a format, by its own next links."""
    address = f"/v1/items.{suffix}?limit=200"
    while address:
        answer = client.get(address)
        assert answer.status_code == 200
        yield answer.content
        address = answer.links.get("next", {}).get("url", "").replace("https://craftwatch.example", "")


def iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def shown(rows: list[Row]) -> list[Row]:
    """As feeds show them: white space is white space, and nothing turns the direction of reading."""
    return [(spaced(title), plain(url), date) for title, url, date in rows]


def test_atom_says_the_same_to_strict_readers_and_to_feedparser(listed: list[Row], client: TestClient):
    strictly, leniently = [], []
    for body in pages(client, "atom"):
        for entry in strict(body).findall(f"{ATOM}entry"):
            link = entry.find(f"{ATOM}link[@rel='alternate']").get("href")
            strictly.append((spaced(entry.findtext(f"{ATOM}title")), link, entry.findtext(f"{ATOM}published")))
        parsed = feedparser.parse(io.BytesIO(body))
        assert not parsed.bozo
        leniently += [(spaced(unescape(entry.title)), entry.link, entry.published) for entry in parsed.entries]
    assert strictly == shown(listed)
    assert leniently == shown(listed)


def test_rss_says_the_same_to_strict_readers_and_to_feedparser(listed: list[Row], client: TestClient):
    strictly, leniently = [], []
    for body in pages(client, "rss"):
        for item in strict(body).findall("channel/item"):
            date = iso(parsedate_to_datetime(item.findtext("pubDate")))
            strictly.append((spaced(unescape(item.findtext("title"))), item.findtext("link"), date))
        parsed = feedparser.parse(io.BytesIO(body))
        assert not parsed.bozo
        for entry in parsed.entries:
            date = iso(datetime(*entry.published_parsed[:6], tzinfo=UTC))
            leniently.append((spaced(unescape(entry.title)), entry.link, date))
    # A semicolon that would make an entity of what is in an address is quoted; it reads as the same.
    assert [(title, _unquoted(url), date) for title, url, date in strictly] == [
        (title, _unquoted(url), date) for title, url, date in shown(listed)
    ]
    assert leniently == strictly


def _unquoted(url: str) -> str:
    return url.replace("%3B", ";")


def test_json_feed_says_the_same_and_keeps_to_its_rules(listed: list[Row], client: TestClient):
    feeds = [orjson.loads(body) for body in pages(client, "feed.json")]
    assert [fault for feed in feeds for fault in faults_of(feed)] == []
    said = [(item["title"], item["url"], item["date_published"]) for feed in feeds for item in feed["items"]]
    assert shown(said) == shown(listed)


def test_tables_say_the_same(listed: list[Row], client: TestClient):
    lines = [orjson.loads(line) for line in client.get("/v1/items.ndjson").content.splitlines()]
    assert [(item["title"], item["url"], item["published_at"]) for item in lines] == listed
    rows = list(csv.DictReader(io.StringIO(client.get("/v1/items.csv").text, newline="")))
    said = [(row["title"].removeprefix("'"), row["url"], row["published_at"]) for row in rows]
    assert shown(said) == shown([(title.removeprefix("'"), url, date) for title, url, date in listed])


def test_no_feed_and_no_table_holds_markup_or_turns_the_direction_of_reading(listed: list[Row], client: TestClient):
    for suffix in ("atom", "rss", "feed.json", "csv"):
        for body in pages(client, suffix):
            text = body.decode()
            assert not any(character in text for character in "\u202a\u202b\u202d\u202e\u2066\u2067\x00\x1b"), suffix
            if suffix in ("atom", "rss"):
                names = {element.tag.rpartition("}")[2] for element in strict(body).iter()}
                assert not names & {"script", "img", "b"}, suffix
