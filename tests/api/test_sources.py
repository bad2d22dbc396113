"""How sources fare, in the words that readers get."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text

from tests.api.archive import Shelf
from tests.db.factory import DAY, HOUR, NOW


def source(client: TestClient, source_id: str = "ledger") -> dict[str, Any]:
    return client.get(f"/v1/sources/{source_id}").json()  # type: ignore[no-any-return]


def test_a_source_that_gave_an_item_lately_is_healthy(shelf: Shelf, client: TestClient):
    shelf.add("a", "ai")
    assert (source(client)["health"], source(client)["items"]) == ("healthy", 1)


def test_a_source_that_fails_says_why_and_since_when(shelf: Shelf, client: TestClient):
    shelf.save([], failures=3, last_success_at=NOW - DAY, last_failure_reason="http_4xx", last_failure_at=NOW - HOUR)
    told = source(client)
    assert (told["health"], told["reason"], told["since"]) == ("failing", "http_4xx", "2026-11-19T12:00:00Z")


@pytest.mark.parametrize(
    ("memory", "word"),
    [
        ({}, "silent"),
        ({"next_check_at": NOW - DAY - HOUR}, "overdue"),
        ({"next_check_at": NOW - DAY - HOUR, "failures": 1}, "failing"),
        ({"next_check_at": NOW - DAY + HOUR}, "silent"),
        ({"stopped_at": NOW}, "stopped"),
        ({"last_checked_at": None, "last_success_at": None}, "never checked"),
    ],
)
def test_the_health_of_a_source_is_one_word(shelf: Shelf, client: TestClient, memory: dict[str, Any], word: str):
    shelf.save([], **memory)
    assert source(client)["health"] == word


def test_a_disabled_source_is_listed_as_such(shelf: Shelf, client: TestClient):
    listed = {one["id"]: one["health"] for one in client.get("/v1/sources").json()["data"]}
    assert listed == {"gazette": "never checked", "ledger": "never checked", "quiet": "disabled"}


def test_a_source_that_is_not_there_is_not_found(client: TestClient):
    assert client.get("/v1/sources/nobody").status_code == 404


def test_health_counts_items_and_sources(shelf: Shelf, client: TestClient):
    shelf.add("a", "ai", published_at=NOW - DAY)
    shelf.add("u")
    health = client.get("/v1/health").json()
    assert health["items"] == {"tracked": 1, "all": 2, "newest_published_at": "2026-11-20T11:00:00Z"}
    assert health["sources"] == {
        "healthy": 1,
        "failing": 0,
        "silent": 0,
        "overdue": 0,
        "never checked": 1,
        "stopped": 0,
        "disabled": 1,
    }
    assert (health["status"], health["rules_version"]) == ("ok", "rules-1")


def test_no_credentials_of_a_source_are_told(engine: Engine, client: TestClient) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE source SET feed_url = 'https://ada:pw@desk.example/feed?token=abc&page=2'"))
    for source in client.get("/v1/sources").json()["data"]:
        assert source["feed_url"] == "https://desk.example/feed?token=redacted&page=2"
