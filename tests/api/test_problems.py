"""What is answered to what is wrong."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.problems import MEDIA_TYPE
from tests.api.archive import PUBLIC_URL, Shelf, make_client


def test_all_faults_are_told_at_once(client: TestClient):
    response = client.get("/v1/items?craft=x&limit=0&nonsense=1&from=never")
    assert (response.status_code, response.headers["content-type"]) == (400, MEDIA_TYPE)
    assert {error["parameter"] for error in response.json()["errors"]} == {"craft", "limit", "nonsense", "from"}


def test_a_problem_is_a_document_of_rfc_9457(client: TestClient):
    document = client.get("/v1/nothing").json()
    assert document == {
        "type": f"{PUBLIC_URL}/v1/problems#not-found",
        "title": "Not found",
        "status": 404,
        "detail": "There is nothing at this address.",
        "instance": "/v1/nothing",
        "code": "not-found",
    }


def test_a_fault_names_the_nearest_only_where_there_are_any(client: TestClient):
    errors = client.get("/v1/items?craft=xyzzy&topic=layofs").json()["errors"]
    assert [(error["value"], error.get("nearest")) for error in errors] == [("layofs", ["layoffs"]), ("xyzzy", None)]


def test_to_exclude_what_is_not_wanted_already_is_met_with_what_to_do(shelf: Shelf, client: TestClient):
    (error,) = client.get("/v1/items?exclude_source=gazette,-ledger").json()["errors"]
    assert error == {
        "parameter": "exclude_source",
        "value": "-ledger",
        "detail": "means not already: leave the - out",
        "nearest": ["ledger"],
    }


def test_a_query_string_that_is_too_long_is_not_read(database_url: str, shelf: Shelf):
    with make_client(database_url, max_query_length=100) as client:
        assert client.get(f"/v1/items?q={'x' * 100}").status_code == 414


@pytest.mark.parametrize("path", ["/v1/items", "/v1/health", "/v1/topics", "/v1/sources"])
def test_a_database_that_is_not_there_is_unavailable(tmp_path: Path, path: str):
    with make_client(f"sqlite:///{tmp_path / 'none.db'}") as client:
        response = client.get(path)
    assert (response.status_code, response.json()["code"]) == (503, "database-unavailable")
    assert int(response.headers["retry-after"]) > 0
    assert str(tmp_path) not in response.text


def test_a_database_of_another_version_is_unavailable(tmp_path: Path):
    sqlite3.connect(tmp_path / "old.db").execute("CREATE TABLE t (x)").connection.close()
    with make_client(f"sqlite:///{tmp_path / 'old.db'}") as client:
        assert client.get("/v1/health").json()["code"] == "database-unavailable"


def test_a_database_that_appears_is_read_without_a_restart(database_url: str, shelf: Shelf, tmp_path: Path):
    if not database_url.startswith("sqlite"):
        pytest.skip("a file that appears")
    later = tmp_path / "later.db"
    with make_client(f"sqlite:///{later}") as client:
        assert client.get("/v1/health").status_code == 503
        source = sqlite3.connect(database_url.removeprefix("sqlite:///"))
        target = sqlite3.connect(later)
        source.backup(target)
        source.close()
        target.close()
        assert client.get("/v1/health").status_code == 200
