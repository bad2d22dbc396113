"""Whole results as CSV and NDJSON."""

from __future__ import annotations

import csv
import io

import orjson
import pytest
from fastapi.testclient import TestClient

from tests.api.archive import Shelf, make_headcount, make_labels
from tests.db.factory import HOUR, NOW


@pytest.fixture
def library(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    monkeypatch.setattr("api.tables.BATCH", 2)
    labels = make_labels("layoffs", "voice-actor", "actor", "US-CA", figures=(make_headcount(1200),))
    for number in range(5):
        shelf.add(f"n{number}", labels=labels, published_at=NOW - number * HOUR)
    return shelf


def rows(client: TestClient, query: str = "") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(client.get(f"/v1/items.csv?{query}").text, newline="")))


def test_a_table_is_the_whole_result(library: Shelf, client: TestClient):
    listed = client.get("/v1/items").json()["data"]
    assert [row["id"] for row in rows(client)] == [item["id"] for item in listed]
    lines = client.get("/v1/items.ndjson").text.splitlines()
    assert [orjson.loads(line) for line in lines] == listed


@pytest.mark.parametrize("name", ["csv", "ndjson"])
def test_a_table_read_at_one_moment_has_a_strong_validator_and_a_longer_one_a_weak(
    library: Shelf, client: TestClient, name: str
):
    tags = [client.get(f"/v1/items.{name}?limit={limit}").headers["etag"] for limit in (2, 3)]
    assert [tag.startswith("W/") for tag in tags] == [False, True]
    for limit, tag in zip((2, 3), tags, strict=True):
        again = client.get(f"/v1/items.{name}?limit={limit}", headers={"if-none-match": tag})
        assert (again.status_code, again.headers["etag"]) == (304, tag)


@pytest.mark.parametrize("name", ["csv", "ndjson"])
def test_a_long_table_can_be_had_smaller_and_asked_for_its_head(library: Shelf, client: TestClient, name: str):
    whole = client.get(f"/v1/items.{name}", headers={"accept-encoding": "identity"})
    packed = client.get(f"/v1/items.{name}", headers={"accept-encoding": "gzip"})
    head = client.head(f"/v1/items.{name}", headers={"accept-encoding": "gzip"})
    assert (packed.headers["content-encoding"], packed.content) == ("gzip", whole.content)
    assert (dict(head.headers), head.content) == (dict(packed.headers), b"")


def test_a_table_says_how_to_subscribe_to_it(library: Shelf, client: TestClient):
    for path in ("/v1/items.csv", "/v1/items.csv?limit=1", "/v1/items.ndjson"):
        assert '/v1/items.atom>; rel="alternate"' in client.get(path).headers["link"]


def test_a_row_has_the_codes_of_its_labels(library: Shelf, client: TestClient):
    row = rows(client, "limit=1")[0]
    assert (row["crafts"], row["regions"], row["headcount"]) == ("voice-actor|actor", "US-CA|US", "1200")


def test_a_table_can_be_cut_in_rows_and_columns(library: Shelf, client: TestClient):
    cut = rows(client, "limit=3&fields=title,topics")
    assert [list(row) for row in cut] == [["id", "title", "topics"]] * 3
    assert list(rows(client, "limit=1&fields=url,self,title,id")[0]) == ["id", "url", "self", "title"]


def test_an_empty_result_is_a_head_line(client: TestClient):
    assert client.get("/v1/items.csv?topic=ai").text.startswith("id,url,title,")
    assert rows(client, "topic=ai") == []


def test_a_wrong_question_is_a_problem_before_anything_is_sent(client: TestClient):
    assert client.get("/v1/items.csv?topic=x").json()["code"] == "invalid-parameters"
