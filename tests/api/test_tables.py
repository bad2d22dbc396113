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


def test_a_row_has_the_codes_of_its_labels(library: Shelf, client: TestClient):
    row = rows(client, "limit=1")[0]
    assert (row["crafts"], row["regions"], row["headcount"]) == ("voice-actor|actor", "US-CA|US", "1200")


def test_a_table_can_be_cut_in_rows_and_columns(library: Shelf, client: TestClient):
    cut = rows(client, "limit=3&fields=title,topics")
    assert [list(row) for row in cut] == [["id", "title", "topics"]] * 3


def test_an_empty_result_is_a_head_line(client: TestClient):
    assert client.get("/v1/items.csv?topic=ai").text.startswith("id,url,title,")
    assert rows(client, "topic=ai") == []


def test_a_wrong_question_is_a_problem_before_anything_is_sent(client: TestClient):
    assert client.get("/v1/items.csv?topic=x").json()["code"] == "invalid-parameters"
