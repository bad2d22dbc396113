"""The vocabularies, with what the archive has of each term."""

from __future__ import annotations

from typing import Any

from fastapi.testclient import TestClient

from tests.api.archive import EXPOSURE, Shelf
from tests.db.factory import DAY, NOW


def terms(client: TestClient, path: str) -> dict[str, Any]:
    return {term["id"]: term for term in client.get(path).json()["data"]}


def test_a_term_counts_its_tracked_items_and_those_of_its_parts(shelf: Shelf, client: TestClient):
    shelf.add("a", "ai-voice-cloning", "actor", published_at=NOW - DAY)
    shelf.add("b", "ai", published_at=NOW - 2 * DAY)
    shelf.add("u", "actor")
    topics, crafts = terms(client, "/v1/topics"), terms(client, "/v1/crafts")
    assert {term: topic["items"] for term, topic in topics.items()} == {
        "ai": 2,
        "ai-voice-cloning": 1,
        "layoffs": 0,
        "contracts": 0,
    }
    assert (crafts["actor"]["items"], crafts["actor"]["last_seen"]) == (1, "2026-11-19T12:00:00Z")


def test_a_topic_has_its_parent_and_its_code(client: TestClient):
    topics = terms(client, "/v1/topics")
    assert topics["ai-voice-cloning"]["parent"] == "ai"
    assert topics["ai"]["codes"] == {"iptc": ["medtop:20001298"]}


def test_a_craft_has_its_department_and_its_exposure_with_the_source(client: TestClient):
    craft = terms(client, "/v1/crafts")["voice-actor"]
    assert craft["department"] == {"id": "performing", "label": "Performing", "parent": None}
    assert terms(client, "/v1/crafts")["foley-artist"]["department"]["parent"] == "sound"
    assert craft["exposure"] == [EXPOSURE]


def test_a_region_has_what_contains_it(client: TestClient):
    regions = terms(client, "/v1/regions")
    assert [regions[region]["parent"] for region in ("US-CA", "US")] == ["US", None]


def test_a_place_under_which_nothing_is_filed_is_no_region(client: TestClient):
    assert "los-angeles" not in terms(client, "/v1/regions")
    (fault,) = client.get("/v1/items?region=Los Angeles").json()["errors"]
    assert fault["nearest"] == ["US-CA"]
    assert "los-angeles" not in client.get("/v1/feeds.opml").text


def test_an_employer_counts_what_its_companies_have(shelf: Shelf, client: TestClient):
    shelf.add("a", "layoffs", "lamp-pictures")
    shelf.add("b", "layoffs", "big-studio", "lamp-pictures")
    employers = terms(client, "/v1/employers")
    assert [employers[name]["items"] for name in ("big-studio", "lamp-pictures")] == [2, 2]
    assert client.get("/v1/items?employer=big-studio").json()["total"] == 2


def test_a_union_has_the_crafts_that_name_it_whatever_its_own_name_implies(client: TestClient):
    unions, crafts = terms(client, "/v1/unions"), terms(client, "/v1/crafts")
    for craft in crafts.values():
        assert all(craft["id"] in unions[union]["crafts"] for union in craft["unions"])


def test_unions_and_employers_are_listed(client: TestClient):
    assert terms(client, "/v1/unions")["sag-aftra"]["crafts"] == ["voice-actor", "actor", "dancer"]
    assert terms(client, "/v1/employers")["big-studio"]["label"] == "Big Studio"
