"""Whether silence means that nothing happened, or that we did not look."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from db.archive import Archive, Snapshot
from db.coverage import Checks
from tests.api.archive import Shelf, make_client, make_labels
from tests.db.factory import DAY, HOUR, NOW, make_check, make_memory, make_source


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
            "proven": True,
            "reason": "blocked",
            "since": "2026-11-11T12:00:00Z",
            "checks": 2,
            "failed_checks": 2,
        }
    ]
    assert told["in_words"] == (
        "1 of 2 sources that could have had such items looked all right in this window; 1 was blind, so there may be "
        "items that we did not see."
    )


def test_a_source_that_failed_now_and_then_is_partly_blind(shelf: Shelf, client: TestClient):
    shelf.add("a", "ai")
    check(shelf, "ledger", ago=HOUR, outcome="failed", reason="timeout")
    told = coverage(client, "topic=ai")
    assert [one["id"] for one in told["partly_blind"]] == ["ledger"]


def test_a_new_check_counts_at_once(shelf: Shelf, client: TestClient):
    shelf.add("a", "ai")
    query = "from=2026-11-01&to=2026-12-31&topic=ai"  # the same window each time
    assert coverage(client, query)["partly_blind"] == []
    check(shelf, "ledger", ago=HOUR, outcome="failed", reason="timeout")
    assert [one["failed_checks"] for one in coverage(client, query)["partly_blind"]] == [1]


def test_the_checks_of_a_window_are_read_once_until_there_are_new_ones(
    shelf: Shelf, database_url: str, monkeypatch: pytest.MonkeyPatch
):
    shelf.add("a", "ai")
    archive, checks, asked = Archive(database_url), Checks(), []
    rows = Snapshot.rows
    monkeypatch.setattr(Snapshot, "rows", lambda self, sql, values=(): (asked.append(sql), rows(self, sql, values))[1])
    for _ in range(2):
        with archive.snapshot() as snapshot:
            assert checks.between(snapshot, 0, 2**40)["ledger"].checks == 1
    archive.close()
    assert sum("GROUP BY" in sql for sql in asked) == 1


def test_a_source_that_never_had_such_items_could_have_had_them(shelf: Shelf, client: TestClient):
    shelf.add("a", "ai", "voice-actor")
    told = coverage(client, "craft=vfx-artist&region=GB")
    assert (told["sources"], told["proven"]) == (2, 0)
    told = coverage(client, "craft=voice-actor")
    assert (told["sources"], told["proven"]) == (2, 1)
    assert "1 of these had such items before, of which 1 looked all right." in told["in_words"]


@pytest.mark.parametrize(
    ("query", "sources"),
    [
        ("", {"ledger", "gazette", "berlin", "mixed"}),
        ("source=ledger", {"ledger"}),
        ("source=-ledger", {"gazette", "berlin", "mixed"}),
        ("source=ledger,gazette&source=-gazette", {"ledger"}),
        ("source=ledger&source=gazette", {"ledger", "gazette"}),
        ("exclude_source=ledger,mixed", {"gazette", "berlin"}),
        ("sector=games", {"gazette", "mixed"}),
        ("sector=-games", {"ledger", "berlin", "mixed"}),
        ("lang=de", {"berlin", "mixed"}),
        ("lang=-de", {"ledger", "gazette", "mixed"}),
        ("sector=games&lang=de", {"mixed"}),
    ],
)
def test_a_source_counts_unless_its_block_contradicts_the_filter(
    engine: Engine, database_url: str, query: str, sources: set[str]
):
    blocks = [
        make_source("ledger"),
        make_source("gazette", sector="games"),
        make_source("berlin", language="de-DE"),
        make_source("mixed", sector="general", language=""),
        make_source("quiet", sector="games", enabled=False),
    ]
    shelf = Shelf(engine, {source.id: source for source in blocks})
    shelf.add("a", "ai", source="berlin", language="de")
    with make_client(database_url) as client:
        assert {one["id"] for one in coverage(client, f"to=2026-01-01&{query}")["blind"]} == sources


def test_a_source_of_another_sector_counts_once_it_had_such_items(way: str, shelf: Shelf, client: TestClient):
    assert coverage(client, "sector=games")["sources"] == 1
    shelf.add("a", labels=make_labels("ai", sector="games"), published_at=NOW - 90 * DAY)
    told = coverage(client, "sector=games&topic=ai&window=P7D&q=nothing&min_confidence=1")
    assert (told["sources"], told["proven"]) == (2, 1)


def test_an_item_of_two_sources_makes_neither_answer_for_the_other(shelf: Shelf, client: TestClient):
    shelf.add("a", "ai")
    shelf.add("a", "ai", source="gazette")
    assert coverage(client, "source=gazette")["sources"] == 1
