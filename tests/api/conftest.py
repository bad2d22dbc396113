"""An empty archive and a client that reads it, on both databases."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from tests.api.archive import Shelf, make_client


@pytest.fixture
def client(database_url: str, shelf: Shelf) -> Iterator[TestClient]:
    with make_client(database_url) as client:
        yield client


@pytest.fixture(params=["sets", "tables"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways to find items: by the sets in memory, and by the tables alone, as until the sets are made."""
    if request.param == "tables":
        monkeypatch.setattr("db.archive.Snapshot.sets", lambda snapshot: None)
    return str(request.param)
