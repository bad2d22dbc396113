"""Lists as Atom, RSS and JSON Feed, read back by strict readers and by feedparser."""

from __future__ import annotations

import io
from typing import Any

import feedparser
import orjson
import pytest
from fastapi.testclient import TestClient
from lxml import etree

from tests.api.archive import PUBLIC_URL, Shelf, make_client
from tests.api.json_feed import faults_of
from tests.db.factory import DAY, HOUR, NOW

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def library(shelf: Shelf) -> Shelf:
    for day, name in enumerate(("a", "b", "c")):
        shelf.add(name, "ai-voice-cloning", "voice-actor", "US", published_at=NOW - HOUR - day * DAY)
    return shelf


def feed(client: TestClient, suffix: str, query: str = "") -> Any:
    response = client.get(f"/v1/items.{suffix}?{query}")
    assert response.status_code == 200, response.text
    return feedparser.parse(io.BytesIO(response.content), response_headers={"content-type": "application/xml"})


@pytest.mark.parametrize("suffix", ["atom", "rss"])
def test_feedparser_reads_what_the_list_says(library: Shelf, client: TestClient, suffix: str):
    parsed = feed(client, suffix, "topic=ai")
    listed = client.get("/v1/items?topic=ai").json()["data"]
    assert not parsed.bozo
    assert [(entry.title, entry.link) for entry in parsed.entries] == [(item["title"], item["url"]) for item in listed]
    assert [entry.published_parsed[:5] for entry in parsed.entries] == [
        (2026, 11, 20 - day, 11, 0) for day in range(len(listed))
    ]


def test_an_atom_entry_has_a_tag_uri_and_a_category_for_each_tag(library: Shelf, client: TestClient):
    entry = etree.fromstring(client.get("/v1/items.atom?limit=1").content).find(f"{ATOM}entry")
    item_id = client.get("/v1/items?limit=1").json()["data"][0]["id"]
    assert entry.findtext(f"{ATOM}id") == f"tag:craftwatch.example,2026:item/{item_id}"
    categories = {(tag.get("scheme"), tag.get("term"), tag.get("label")) for tag in entry.iter(f"{ATOM}category")}
    assert categories == {
        (f"{PUBLIC_URL}/v1/topics", "ai-voice-cloning", "Voice cloning"),
        (f"{PUBLIC_URL}/v1/topics", "ai", "Artificial intelligence"),
        (f"{PUBLIC_URL}/v1/crafts", "voice-actor", "Voice actors"),
        (f"{PUBLIC_URL}/v1/regions", "US", "United States"),
    }


def test_a_feed_is_called_after_its_filter(library: Shelf, client: TestClient):
    parsed = feed(client, "atom", "topic=ai,layoffs&region=US&craft=-actor")
    words = "Artificial intelligence or Layoffs · in United States · not Actors"
    assert parsed.feed.title == f"craftwatch: {words}"
    assert words in parsed.feed.subtitle


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("window=P7D", "the last 7 days"),
        ("window=P1D", "the last day"),
        ("window=P1Y2M3DT4H", "the last 1 year, 2 months, 3 days and 4 hours"),
        ("window=PT036H", "the last 36 hours"),
        ("window=P2W&to=2026-11-10", "the 2 weeks until 2026-11-10"),
        ("from=2026-11-01&to=2026-11-10", "since 2026-11-01 · until 2026-11-10"),
        ("topic=ai&min_confidence=0.8", "Artificial intelligence · with a confidence of at least 0.8"),
    ],
)
def test_a_feed_says_its_dates_and_its_confidence_in_words(shelf: Shelf, client: TestClient, query: str, words: str):
    assert feed(client, "atom", query).feed.title == f"craftwatch: {words}"


def test_an_rss_feed_shows_labels_and_asks_to_be_read_once_an_hour(library: Shelf, client: TestClient):
    channel = etree.fromstring(client.get("/v1/items.rss?limit=1").content).find("channel")
    categories = {(tag.get("domain"), tag.text) for tag in channel.iter("category")}
    assert channel.findtext("ttl") == "60"
    assert (f"{PUBLIC_URL}/v1/topics", "Artificial intelligence") in categories
    assert (f"{PUBLIC_URL}/v1/crafts", "Voice actors") in categories


def test_the_home_of_a_feed_is_the_page_of_the_same_filter(library: Shelf, client: TestClient):
    query = "topic=ai,layoffs&region=US"
    home = f"{PUBLIC_URL}/?{query}"
    assert [feed(client, suffix, query).feed.link for suffix in ("atom", "rss")] == [home, home]
    assert client.get(f"/v1/items.feed.json?{query}").json()["home_page_url"] == home
    page = client.get(f"/?{query}")
    assert (page.status_code, "Title of c" in page.text) == (200, True)


def test_every_ready_made_feed_is_one_and_has_its_page(library: Shelf, client: TestClient):
    outlines = etree.fromstring(client.get("/v1/feeds.opml").content).findall(".//outline[@type='rss']")
    texts = [outline.get("text") for outline in outlines]
    assert texts[:3] == ["Everything tracked", "Artificial intelligence", "Voice cloning"]
    for outline in outlines:
        addresses = (outline.get("xmlUrl"), outline.get("htmlUrl"))
        types = [client.get(address.removeprefix(PUBLIC_URL)).headers["content-type"] for address in addresses]
        assert types == ["application/atom+xml; charset=utf-8", "text/html; charset=utf-8"], addresses


def test_addresses_keep_their_commas_and_colons(library: Shelf, client: TestClient):
    query = "topic=ai,layoffs&to=2026-12-01T00:00:00Z&q=a+%26+b"
    for path in ("/v1/items", "/v1/facets", "/v1/stats", "/v1/coverage"):
        assert client.get(f"{path}?{query}").json()["self"] == f"{PUBLIC_URL}{path}?{query}"


@pytest.mark.parametrize("suffix", ["atom", "rss"])
def test_a_feed_goes_on_where_it_ends(library: Shelf, client: TestClient, suffix: str):
    titles = []
    address = f"{PUBLIC_URL}/v1/items.{suffix}?limit=2"
    while address:
        parsed = feed(client, suffix, address.partition("?")[2])
        titles += [entry.title for entry in parsed.entries]
        address = next((link.href for link in parsed.feed.links if link.rel == "next"), "")
    assert titles == ["Title of a", "Title of b", "Title of c"]


def test_a_json_feed_goes_on_where_it_ends(library: Shelf, client: TestClient):
    first = client.get("/v1/items.feed.json?limit=2").json()
    last = client.get(f"/v1/items.feed.json?{first['next_url'].partition('?')[2]}").json()
    assert [item["title"][-1] for item in first["items"] + last["items"]] == ["a", "b", "c"]
    assert "next_url" not in last


def test_a_json_feed_keeps_to_the_rules_of_json_feed(database_url: str, library: Shelf):
    with make_client(database_url, websub_hub="https://hub.example") as client:
        first = client.get("/v1/items.feed.json?limit=2&topic=ai").json()
    assert faults_of(first) == []
    assert {"next_url", "hubs"} <= set(first)


@pytest.mark.parametrize(
    "broken",
    [
        {"version": "1.1"},
        {"items": [{"id": "1"}]},
        {"items": [{"id": 1, "content_text": ""}]},
        {"items": [{"id": "1", "content_text": "", "date_published": "20 Nov 2026"}]},
        {"items": [{"id": "1", "content_text": "", "score": 7}]},
        {"items": [{"id": "1", "content_text": ""}] * 2},
        {"authors": [{}]},
        {"next_url": "https://craftwatch.example/feed"},
    ],
)
def test_the_rules_of_json_feed_find_what_breaks_them(broken: dict[str, Any]):
    good = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "",
        "home_page_url": "https://craftwatch.example/",
        "feed_url": "https://craftwatch.example/feed",
        "items": [],
    }
    assert (faults_of(good), bool(faults_of({**good, **broken}))) == ([], True)


def test_a_feed_is_updated_when_an_item_of_it_is_and_not_when_it_is_asked_for(shelf: Shelf, client: TestClient):
    shelf.add("a", "ai")
    shelf.save([], now=NOW + DAY)
    assert etree.fromstring(client.get("/v1/items.atom").content).findtext(f"{ATOM}updated") == "2026-11-20T12:00:00Z"


def test_an_empty_feed_is_a_feed(client: TestClient):
    for suffix in ("atom", "rss"):
        assert feed(client, suffix).entries == []
    assert client.get("/v1/items.feed.json").json()["items"] == []


@pytest.mark.parametrize("hub", ["https://hub.example", "https://hub.example/", "https://hub.example/push//"])
@pytest.mark.parametrize("suffix", ["atom", "rss"])
def test_a_hub_is_named_exactly_as_it_is_set(database_url: str, shelf: Shelf, suffix: str, hub: str):
    with make_client(database_url, websub_hub=hub) as client:
        links = {link.rel: link.href for link in feed(client, suffix).feed.links}
    assert links["hub"] == hub


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("application/atom+xml", "application/atom+xml; charset=utf-8"),
        ("application/rss+xml;q=0.5, application/feed+json", "application/feed+json"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "application/json"),
        ("text/*", "text/csv; charset=utf-8"),
    ],
)
def test_accept_chooses_the_format(library: Shelf, client: TestClient, accept: str, media_type: str):
    response = client.get("/v1/items", headers={"accept": accept})
    assert response.headers["content-type"] == media_type
    assert "Accept" in response.headers["vary"]


@pytest.mark.parametrize("accept", ["image/png", "application/json;q=0"])
def test_a_format_that_we_have_not_is_not_acceptable(client: TestClient, accept: str):
    assert client.get("/v1/items", headers={"accept": accept}).status_code == 406


def test_the_formats_say_the_same(library: Shelf, client: TestClient):
    listed = [item["url"] for item in client.get("/v1/items.json").json()["data"]]
    json_feed = [item["url"] for item in orjson.loads(client.get("/v1/items.feed.json").content)["items"]]
    atom, rss = ([entry.link for entry in feed(client, suffix).entries] for suffix in ("atom", "rss"))
    assert listed == json_feed == atom == rss
