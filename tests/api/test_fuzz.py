"""`make fuzz` in its shortest form; it counts and judges as it should."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from api.links import Links
from tests.api.fuzz import fill_with_sample, fuzz, served


@pytest.fixture
def sample_url(database_url: str) -> str:
    fill_with_sample(database_url)
    return database_url


def test_whatever_is_asked_the_answer_is_one_of_the_document(sample_url: str):
    statuses: Counter[int] = Counter()
    with served(sample_url, statuses) as address:
        assert fuzz(address, seed=1, examples=7, phases="examples,fuzzing") == []
    assert statuses.total() >= 150
    assert {200, 400, 404} <= set(statuses) <= {200, 204, 304, 400, 404, 405, 406, 414}


def test_an_answer_outside_of_the_document_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    url = f"sqlite:///{tmp_path / 'sample.db'}"
    fill_with_sample(url)
    monkeypatch.setattr("api.items.page_links", lambda *_: Links(7, "", None, None, "", ""))  # type: ignore[arg-type]
    with served(url, Counter()) as address:
        wrong = fuzz(address, seed=1, examples=2, phases="examples")
    assert any(fault.startswith("Response violates schema: GET /v1/items") for fault in wrong), wrong
