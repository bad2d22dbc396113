"""Facets, stats and totals: they all count the same items."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from fastapi.testclient import TestClient

from db.archive import Snapshot
from db.queries import Total
from tests.api.archive import Shelf, make_client, make_labels
from tests.api.follow import all_items
from tests.db.factory import DAY, NOW

TERMS = ("ai", "ai-voice-cloning", "layoffs", "contracts", "voice-actor", "actor", "vfx-artist", "US", "US-CA", "GB")


@pytest.fixture
def library(shelf: Shelf) -> Shelf:
    """Forty items of every mixture, over a month and a year's end, from two sources; some are untracked."""
    mixtures = itertools.cycle(itertools.combinations(TERMS, 3))
    for number in range(40):
        labels = make_labels(*next(mixtures), *(() if number % 5 else ("actor",)), confidence=0.5 + number % 5 / 10)
        source = "gazette" if number % 3 == 0 else "ledger"
        shelf.add(f"n{number}", labels=labels, source=source, published_at=NOW + 30 * DAY - number * 2 * DAY)
        for _ in range(number % 4):
            next(mixtures)
    for number in range(5):
        shelf.add(f"u{number}", "actor", "US", published_at=NOW - number * DAY)
    return shelf


QUERIES = (
    "",
    "topic=ai",
    "topic=ai,layoffs&region=US",
    "craft=actor&region=GB",
    "craft=actor,vfx-artist",
    "department=performing&topic=-contracts",
    "source=gazette&craft=voice-actor",
    "tracked=any&craft=actor",
    "tracked=false",
    "from=2026-11-01&to=2026-11-30T12:00:00Z&craft=voice-actor",
    "craft=actor&min_confidence=0.8",
    "q=title&topic=ai",
)


def get(client: TestClient, path: str, query: str) -> Any:
    response = client.get(f"{path}?{query}")
    assert response.status_code == 200, response.text
    return response.json()


def test_pages_totals_facets_and_stats_agree(library: Shelf, client: TestClient, way: str):
    for query in QUERIES:
        found = len(all_items(client, f"{query}&limit=7"))
        assert get(client, "/v1/items", f"{query}&limit=1")["total"] == found, query
        assert sum(term["items"] for term in facet(client, query, "sector")["terms"]) == found, query
        assert sum(term["items"] for term in facet(client, query, "lang")["terms"]) == found, query
        for over in ("day", "week", "month", "quarter", "year"):
            stats = get(client, "/v1/stats", f"{query}&over={over}")
            assert stats["all"]["total"] == sum(stats["all"]["items"]) == found, (query, over)


def test_a_facets_count_is_what_choosing_it_finds(library: Shelf, client: TestClient, way: str):
    for query in QUERIES:
        for facet in get(client, "/v1/facets", query)["data"]:
            dimension = facet["dimension"]
            others = "&".join(part for part in query.split("&") if not part.startswith(f"{dimension}="))
            for term in facet["terms"]:
                chosen = f"{others}&{dimension}={term['id']}&limit=1"
                if "min_confidence" in others and dimension not in ("topic", "craft", "region", "department"):
                    continue
                assert get(client, "/v1/items", chosen)["total"] == term["items"], (query, chosen)


def test_a_series_is_the_facets_count_over_time(library: Shelf, client: TestClient, way: str):
    for query in (query for query in QUERIES if "min_confidence" not in query):
        for by in ("topic", "craft", "region", "source"):
            without = "&".join(part for part in query.split("&") if not part.startswith(f"{by}="))
            counts = {term["id"]: term["items"] for term in facet(client, without, by)["terms"]}
            stats = get(client, "/v1/stats", f"{without}&by={by}")
            assert {one["id"]: one["total"] for one in stats["series"]} == counts, (without, by)


def facet(client: TestClient, query: str, dimension: str) -> Any:
    without = "&".join(part for part in query.split("&") if not part.startswith(f"{dimension}="))
    return get(client, "/v1/facets", f"{without}&dimensions={dimension}")["data"][0]


def test_periods_without_items_are_there(shelf: Shelf, client: TestClient):
    shelf.add("a", "ai", published_at=NOW)
    shelf.add("b", "ai", published_at=NOW - 92 * DAY)
    stats = get(client, "/v1/stats", "over=month")
    assert stats["periods"] == ["2026-08", "2026-09", "2026-10", "2026-11"]
    assert stats["all"]["items"] == [1, 0, 0, 1]
    assert get(client, "/v1/stats", "over=quarter")["periods"] == ["2026-Q3", "2026-Q4"]
    assert get(client, "/v1/stats", "over=week&from=2026-11-09")["periods"] == ["2026-W46", "2026-W47"]


def test_more_periods_than_a_chart_holds_are_refused(shelf: Shelf, client: TestClient):
    shelf.add("a", "ai", published_at=NOW)
    shelf.add("b", "ai", published_at=NOW - 1_100 * DAY)
    assert client.get("/v1/stats?over=day").json()["code"] == "invalid-parameters"


def test_large_counts_are_estimates_and_say_so(library: Shelf, client: TestClient, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("db.archive.Snapshot.sets", lambda snapshot: None)
    monkeypatch.setattr("db.queries.COUNT_EXACTLY", 8)
    monkeypatch.setattr("db.tallies.TALLY_EXACTLY", 8)
    page = get(client, "/v1/items", "topic=ai,layoffs&region=US&limit=1")
    assert page["total_is_estimate"]
    assert get(client, "/v1/facets", "topic=ai&region=US")["data"][0]["is_estimate"]
    assert get(client, "/v1/stats", "topic=ai&region=US")["is_estimate"]


@pytest.mark.parametrize(("path", "limit"), [("/v1/items", "&limit=1"), ("/v1/facets", ""), ("/v1/stats", "")])
def test_an_estimate_is_given_only_until_the_sets_are_there(
    library: Shelf, client: TestClient, monkeypatch: pytest.MonkeyPatch, path: str, limit: str
):
    with monkeypatch.context() as early:
        asked: list[Snapshot] = []
        # None to be had, but ready before the answer is.
        early.setattr("db.archive.Snapshot.sets", lambda snapshot: asked.append(snapshot))
        early.setattr("db.archive.Snapshot.has_sets", lambda snapshot: bool(asked))
        early.setattr("db.queries.COUNT_EXACTLY", 8)
        early.setattr("db.tallies.TALLY_EXACTLY", 8)
        estimate = client.get(f"{path}?topic=ai,layoffs&region=US{limit}")
    assert 'is_estimate":true' in estimate.text
    exact = client.get(f"{path}?topic=ai,layoffs&region=US{limit}", headers={"If-None-Match": estimate.headers["ETag"]})
    assert 'is_estimate":true' not in exact.text
    assert exact.status_code == 200


def test_of_very_many_matches_of_words_the_newest_stand_for_all(
    library: Shelf, client: TestClient, monkeypatch: pytest.MonkeyPatch
):
    exact = get(client, "/v1/items", "topic=ai&limit=1")["total"]  # all have the word
    monkeypatch.setattr("db.queries.SEARCH_EXACTLY", 20)
    monkeypatch.setattr("db.queries.FEW", 0)
    page = get(client, "/v1/items", "q=title&topic=ai&limit=2")
    assert page["total_is_estimate"]
    assert abs(page["total"] - exact) <= exact / 2


@pytest.mark.parametrize("rest", ["topic=ai", "topic=ai&region=US", "craft=actor", "topic=-ai"])
def test_few_among_very_many_matches_of_words_are_counted(
    library: Shelf, client: TestClient, monkeypatch: pytest.MonkeyPatch, rest: str
):
    def counts() -> list[Any]:
        facets = get(client, "/v1/facets", f"q=title&{rest}&dimensions=topic,region")["data"]
        page = get(client, "/v1/items", f"q=title&{rest}&limit=2")
        return [page["total"], page["total_is_estimate"], facets]

    exact = counts()
    monkeypatch.setattr("db.queries.SEARCH_EXACTLY", 3)
    assert counts() == exact
    assert not exact[1]


def test_a_list_that_is_shown_whole_is_counted(library: Shelf, client: TestClient, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("db.archive.Snapshot.sets", lambda snapshot: None)
    monkeypatch.setattr("db.queries.COUNT_EXACTLY", 4)
    page = get(client, "/v1/items", "topic=ai&region=US&limit=200")
    assert (page["total"], page["total_is_estimate"]) == (len(page["data"]), False)
    assert page["next"] is None


def test_an_estimate_is_not_below_what_is_shown(library: Shelf, client: TestClient, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("api.items.count_items", lambda snapshot, wanted: Total(0, is_estimate=True))
    assert get(client, "/v1/items", "limit=3")["total"] == 3


def test_what_changed_since_is_counted_however_many_items_there_are(
    library: Shelf, client: TestClient, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("db.queries.COUNT_EXACTLY", 4)
    everything = get(client, "/v1/items", "limit=200&tracked=any")
    moment = "2020-01-01T00:00:00Z"
    page = get(client, "/v1/items", f"limit=1&tracked=any&changed_since={moment}")
    assert (page["total"], page["total_is_estimate"]) == (everything["total"], False)
    assert get(client, "/v1/items", "limit=1&changed_since=2100-01-01")["total"] == 0
    words = get(client, "/v1/items", f"limit=1&tracked=any&q=title&changed_since={moment}")
    assert words["total"] == get(client, "/v1/items", "limit=1&tracked=any&q=title")["total"]


def test_pages_of_words_are_whole_however_many_items_have_them(
    library: Shelf, client: TestClient, monkeypatch: pytest.MonkeyPatch
):
    whole = [item["id"] for item in get(client, "/v1/items", "topic=ai&limit=100")["data"]]
    monkeypatch.setattr("db.queries.SEARCH_EXACTLY", 5)
    found, cursor = [], ""
    while cursor is not None:
        page = get(client, "/v1/items", f"q=title&topic=ai&limit=4{cursor and f'&cursor={cursor}'}")
        found += [item["id"] for item in page["data"]]
        cursor = page["next_cursor"]
    assert found == whole
    assert len(whole) > 10


def test_silence_at_the_end_is_counted_until_today(shelf: Shelf, client: TestClient):
    shelf.add("a", "ai", published_at=NOW - 5 * DAY)
    first = (NOW - 6 * DAY).date()
    stats = get(client, "/v1/stats", f"over=day&from={first}")
    assert stats["periods"][0] == first.isoformat()
    assert stats["periods"][-1] == NOW.date().isoformat()
    assert stats["all"]["items"] == [0, 1, 0, 0, 0, 0, 0]
    nothing = get(client, "/v1/stats", f"over=day&from={first}&topic=layoffs")
    assert (nothing["periods"], nothing["all"]["total"]) == (stats["periods"], 0)


def test_what_goes_on_until_today_is_another_answer_tomorrow(shelf: Shelf, database_url: str):
    shelf.add("a", "ai", published_at=NOW - 5 * DAY)
    moment = [NOW]
    with make_client(database_url, now=lambda: moment[0]) as client:
        address = f"/v1/stats?over=day&from={(NOW - 6 * DAY).date()}"
        first = client.get(address)
        moment[0] = NOW + DAY
        assert client.get(address, headers={"If-None-Match": first.headers["ETag"]}).status_code == 200
