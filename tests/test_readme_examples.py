"""What the README shows is what the sample gives."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import feedparser
import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from db.engine import open_engine
from db.migrations import migrate
from scraper.run import Run
from scraper.settings import load_settings
from scraper.sources import read_sources

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
CALLS = re.findall(r"curl '(http://127\.0\.0\.1:8000/[^']*)'", README)
OF_THE_DAY = {"id", "published_at"}  # the sample's dates are recent whenever it runs


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    url = f"sqlite:///{tmp_path_factory.mktemp('sample') / 'sample.db'}"
    engine = open_engine(url)
    migrate(engine)
    Run.of_sample(engine, load_settings()).once()
    engine.dispose()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CRAFTWATCH_DATABASE_URL", url)
        with TestClient(create_app(), base_url="http://127.0.0.1:8000") as client:
            yield client


def shown_answer() -> Any:
    return json.loads(re.search(r"```json\n(.*?)```", README, re.DOTALL)[1])  # type: ignore[index]


def matches(shown: Any, given: Any) -> bool:
    """Whether every key and element that the README shows is in the answer, in its order."""
    if isinstance(shown, dict):
        return all(key in OF_THE_DAY or (key in given and matches(shown[key], given[key])) for key in shown)
    if isinstance(shown, list):
        rest = iter(given)
        return all(any(matches(element, candidate) for candidate in rest) for element in shown)
    return bool(shown == given)


def test_the_first_answer_is_what_the_sample_gives(client: TestClient) -> None:
    assert matches(shown_answer(), client.get(CALLS[0]).json())


def test_the_same_filter_is_a_feed_that_reads_back(client: TestClient) -> None:
    query = "craft=voice-actor&region=US"
    titles = [item["title"] for item in client.get(f"/v1/items?{query}").json()["data"]]
    parsed = feedparser.parse(io.BytesIO(client.get(f"/v1/items.atom?{query}").content))
    assert not parsed.bozo
    assert [entry.title for entry in parsed.entries] == titles != []


@pytest.mark.parametrize("call", CALLS)
def test_every_call_shown_is_understood(client: TestClient, call: str) -> None:
    answer = client.get(call)
    assert answer.status_code == (400 if "voice-acter" in call else 200)


def test_an_unknown_term_is_answered_as_shown(client: TestClient) -> None:
    fault = client.get("/v1/items?craft=voice-acter").json()["errors"][0]
    assert (fault["detail"], fault["nearest"][0]) == ("there is no such craft", "voice-actor")


def test_the_block_shown_is_a_source() -> None:
    (block,) = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    (source,) = read_sources(block)
    assert (source.format, source.selectors is not None) == ("page", True)
