"""Finding items: every filter, alone and together, on both databases."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from db.shapes import Tagging
from tests.api.archive import PUBLIC_URL, Shelf, make_headcount, make_labels
from tests.db.factory import DAY, NOW

#: What a query finds in `library`.
FOUND = {
    "": "abcde",
    "topic=ai": "ade",
    "topic=ai-voice-cloning": "a",
    "topic=ai,layoffs": "abcde",
    "topic=ai&topic=contracts": "d",
    "topic=-ai": "bc",
    "topic=ai,-contracts": "ae",
    "craft=voice-actor": "ade",
    "craft=voice-actor,vfx-artist&region=GB": "bd",
    "department=performing": "acde",
    "department=-vfx": "acde",
    "region=US": "ac",
    "region=us": "ac",
    "region=US-CA": "a",
    "union=sag-aftra": "a",
    "employer=big-studio": "c",
    "source=gazette": "b",
    "exclude_source=gazette": "acde",
    "sector=games": "b",
    "lang=en": "abcde",
    "tracked=false": "u",
    "tracked=any": "abcdeu",
    "tracked=any&craft=actor": "cdu",
    "from=2026-11-18": "ab",
    "to=2026-11-17": "cde",
    "from=2026-11-17&to=2026-11-17": "c",
    "from=2026-11-17T12:00:00Z&to=2026-11-18T12:00:00Z": "c",
    "window=P3D": "abc",
    "window=P2D&to=2026-11-17": "cd",
    "topic=ai&min_confidence=0.8": "ad",
    "q=title": "abcde",
    "q=Summary+-b": "acde",
    'q="title+of+c"': "c",
    "q=a+OR+b&topic=layoffs": "b",
    "q=title&sort=relevance&region=US": "ac",
    "sort=received&topic=layoffs": "bc",
    "changed_since=2026-11-20T12:00:00Z": "abcde",
    "changed_since=2026-11-20T12:00:01Z": "",
    "topic=contracts&craft=vfx-artist": "",
}


@pytest.fixture
def library(shelf: Shelf) -> Shelf:
    """Six items, one day apart, newest first: a, b, c, d, e and the untracked u."""
    shelf.add("a", "ai-voice-cloning", "voice-actor", "los-angeles", "sag-aftra", published_at=NOW - DAY)
    shelf.add("b", "layoffs", "vfx-artist", "GB", published_at=NOW - 2 * DAY, source="gazette")
    shelf.add("c", "layoffs", "actor", "US", "big-studio", published_at=NOW - 3 * DAY)
    shelf.add("d", "contracts", "ai", "actor", "voice-actor", "GB", published_at=NOW - 4 * DAY)
    shelf.add("e", labels=make_labels("ai", "voice-actor", confidence=0.5), published_at=NOW - 5 * DAY)
    shelf.add("u", "actor", published_at=NOW - 6 * DAY)
    return shelf


def get(client: TestClient, query: str = "", path: str = "/v1/items") -> Any:
    response = client.get(f"{path}?{query}")
    assert response.status_code == 200, response.text
    return response.json()


def found(client: TestClient, query: str = "") -> str:
    """The items that a query finds, by the last word of their titles, in the order they come."""
    return "".join(item["title"].split()[-1] for item in get(client, query)["data"])


def test_a_filter_finds_its_items_newest_first(library: Shelf, client: TestClient, way: str):
    assert {query: found(client, query) for query in FOUND} == FOUND


def test_the_total_of_a_filter_is_the_number_of_its_items(library: Shelf, client: TestClient, way: str):
    for query in (
        "",
        "topic=ai",
        "craft=voice-actor,vfx-artist&region=GB",
        "tracked=any",
        "from=2026-11-17",
        "q=title",
    ):
        page = get(client, f"{query}&limit=1")
        assert (page["total"], page["total_is_estimate"]) == (len(found(client, query)), False), query


def test_an_item_says_what_its_publisher_says_and_what_our_rules_make_of_it(shelf: Shelf, client: TestClient):
    labels = make_labels("layoffs", "voice-actor", "US-CA", "big-studio", figures=(make_headcount(120),), stage="talks")
    shelf.add("one", labels=labels, published_at=NOW - DAY)
    item = get(client)["data"][0]
    evidence = [{"field": "title", "start": 0, "end": 5, "text": "Title", "rule": "test/rule/form"}]
    tag = {"confidence": 0.9, "implied": False, "implied_by": None, "evidence": evidence}
    assert item["self"] == f"{PUBLIC_URL}/v1/items/{item['id']}"
    assert item | {"id": "", "self": "", "labels": {}} == {
        "id": "",
        "self": "",
        "url": "https://ledger.example/one",
        "title": "Title of one",
        "summary": "Summary of one.",
        "authors": ["A. Writer"],
        "source": {"id": "ledger", "name": "The Ledger", "kind": "trade"},
        "other_sources": [],
        "published_at": "2026-11-19T12:00:00Z",
        "received_at": "2026-11-20T12:00:00Z",
        "updated_at": "2026-11-20T12:00:00Z",
        "date_quality": "stated",
        "language": "en-us",
        "labels": {},
    }
    headcount = {
        "kind": "headcount",
        "value": 120,
        "qualifier": "about",
        "status": "announced",
        "evidence": {"field": "title", "start": 0, "end": 5, "text": "Title", "rule": "test/rule/number"},
    }
    assert item["labels"] == {
        "tracked": True,
        "sector": "film-tv",
        "topics": [{"id": "layoffs", "label": "Layoffs", **tag}],
        "crafts": [{"id": "voice-actor", "label": "Voice actors", **tag, "codes": {"soc": ["27-2011"]}}],
        "regions": [
            {"id": "US-CA", "label": "California", **tag, "codes": {"iso3166": ["US-CA"]}},
            {
                "id": "US",
                "label": "United States",
                **tag,
                "implied": True,
                "implied_by": "US-CA",
                "evidence": [],
                "codes": {"iso3166": ["US", "USA"]},
            },
        ],
        "employers": [{"id": "big-studio", "label": "Big Studio", **tag}],
        "unions": [],
        "headcount": headcount,
        "headcount_pct": None,
        "figures": [headcount],
        "stage": "talks",
        "rules_version": "rules-1",
    }


def test_an_item_of_two_sources_names_the_other(shelf: Shelf, client: TestClient):
    shelf.add("one", "ai")
    shelf.add("one", "ai", source="gazette")
    item = get(client)["data"][0]
    assert [source["id"] for source in [item["source"], *item["other_sources"]]] == ["ledger", "gazette"]


def test_one_item_is_the_same_alone_and_in_a_list(library: Shelf, client: TestClient):
    for item in get(client)["data"]:
        assert get(client, path=f"/v1/items/{item['id']}") == item


def test_fields_trim_an_item(library: Shelf, client: TestClient):
    item = get(client, "fields=title,topics&topic=ai-voice-cloning")["data"][0]
    assert list(item) == ["id", "self", "title", "labels"]
    assert list(item["labels"]) == ["topics"]


def test_an_edited_item_shows_its_new_title_at_once(shelf: Shelf, client: TestClient):
    shelf.add("one", "ai")
    assert found(client) == "one"
    shelf.add("one", "ai", title="Title of two", content_hash="other")
    assert found(client) == "two"


def test_an_id_that_no_item_has_is_not_found(client: TestClient):
    for item_id in ("1", "x", "99999999999999999999", "9223372036854775808", "-1", "٣", "1.5"):
        response = client.get(f"/v1/items/{item_id}")
        assert (response.status_code, response.json()["code"]) == (404, "not-found"), item_id


def test_a_list_says_how_to_go_on_and_how_to_subscribe(library: Shelf, client: TestClient):
    response = client.get("/v1/items?topic=ai&limit=2")
    cursor = response.json()["next_cursor"]
    assert response.json()["next"] == f"{PUBLIC_URL}/v1/items?topic=ai&limit=2&cursor={cursor}"
    link = response.headers["link"]
    assert f'<{PUBLIC_URL}/v1/items?topic=ai&limit=2&cursor={cursor}>; rel="next"' in link
    assert f'<{PUBLIC_URL}/v1/items.atom?topic=ai>; rel="alternate"; type="application/atom+xml"' in link


def test_untracked_items_have_no_place_in_the_default_list(shelf: Shelf, client: TestClient):
    shelf.add("u", labels=Tagging())
    assert get(client)["total"] == 0


def test_a_department_covers_its_parts(way: str, shelf: Shelf, client: TestClient):
    for name, craft in {"a": "foley-artist", "b": "boom-operator", "c": "vfx-artist"}.items():
        shelf.add(name, "ai", craft)
    shelf.add("d", "ai", "foley-artist", "boom-operator")

    def found(query: str) -> tuple[int, set[str]]:
        page = client.get(f"/v1/items?{query}").json()
        return page["total"], {item["title"][-1] for item in page["data"]}

    assert found("department=sound") == (3, {"a", "b", "d"})
    assert found("department=sound,vfx") == (4, {"a", "b", "c", "d"})
    assert found("department=-sound") == (1, {"c"})
    assert found("department=post-sound") == (2, {"a", "d"})


def test_a_department_with_parts_is_told_by_its_own_name(shelf: Shelf, client: TestClient):
    titles = [client.get(f"/v1/items.feed.json?department={said}").json()["title"] for said in ("sound", "-sound")]
    assert titles == ["craftwatch: Sound", "craftwatch: not Sound"]


@pytest.mark.parametrize("fields", ["id", "self", "id,self"])
def test_the_fields_that_come_always_may_be_asked_for(shelf: Shelf, client: TestClient, fields: str):
    shelf.add("a", "ai")
    item_id = client.get("/v1/items").json()["data"][0]["id"]
    (listed,) = client.get(f"/v1/items?fields={fields}").json()["data"]
    alone = client.get(f"/v1/items/{item_id}?fields={fields}").json()
    assert listed == alone == {"id": item_id, "self": f"{PUBLIC_URL}/v1/items/{item_id}"}
    table = client.get(f"/v1/items.csv?fields={fields}").text.splitlines()
    assert table == (["id,self", f"{item_id},{listed['self']}"] if "self" in fields else ["id", item_id])
