"""Whether silence means that nothing happened, or that we did not look."""

from __future__ import annotations

from typing import Any

from fastapi.testclient import TestClient

from tests.api.archive import Shelf
from tests.db.factory import DAY, HOUR, NOW, make_check, make_memory


def check(shelf: Shelf, source: str, *, ago: Any, **result: Any) -> None:
    shelf.store.save_check(
        shelf.sources[source],
        make_memory(source, last_checked_at=NOW, last_success_at=NOW - 9 * DAY),
        make_check(started_at=NOW - ago, **result),
        now=NOW,
    )


def coverage(client: TestClient, query: str = "") -> dict[str, Any]:
    return client.get(f"/v1/coverage?{query}").json()  # type: ignore[no-any-return]


def test_a_source_that_was_blocked_all_the_time_was_blind(shelf: Shelf, client: TestClient):
    shelf.add("a", "layoffs", "vfx-artist", published_at=NOW - 20 * DAY)
    shelf.add("b", "layoffs", "vfx-artist", source="gazette", published_at=NOW - 20 * DAY)
    check(shelf, "gazette", ago=8 * DAY)
    told = coverage(client, "from=2026-11-01&craft=vfx-artist")
    assert (told["sources"], told["healthy"], told["blind"]) == (2, 2, [])


def test_a_source_without_a_good_check_in_the_window_is_blind(shelf: Shelf, client: TestClient):
    shelf.add("a", "layoffs", "vfx-artist", published_at=NOW - 20 * DAY)
    shelf.add("b", "layoffs", "vfx-artist", source="gazette", published_at=NOW - 20 * DAY)
    with shelf.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM fetch_log WHERE source_id = 'gazette'")
    for hours in (1, 2):
        check(shelf, "gazette", ago=hours * HOUR, outcome="failed", reason="blocked")
    told = coverage(client, "window=P7D&craft=vfx-artist")
    assert (told["sources"], told["healthy"]) == (2, 1)
    assert told["blind"] == [
        {
            "id": "gazette",
            "name": "Games Gazette",
            "reason": "blocked",
            "since": "2026-11-11T12:00:00Z",
            "checks": 2,
            "failed_checks": 2,
        }
    ]
    assert told["in_words"].startswith("1 of 2 sources")


def test_a_source_that_failed_now_and_then_is_partly_blind(shelf: Shelf, client: TestClient):
    shelf.add("a", "ai")
    check(shelf, "ledger", ago=HOUR, outcome="failed", reason="timeout")
    told = coverage(client, "topic=ai")
    assert [one["id"] for one in told["partly_blind"]] == ["ledger"]


def test_only_sources_that_ever_had_such_items_count(shelf: Shelf, client: TestClient):
    shelf.add("a", "ai", "voice-actor")
    assert coverage(client, "craft=voice-actor")["sources"] == 1
    assert coverage(client, "craft=vfx-artist")["sources"] == 0
    assert coverage(client)["sources"] == 2
