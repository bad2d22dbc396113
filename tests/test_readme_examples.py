"""What the README shows is what the sample gives."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import feedparser
import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from scraper.sources import read_sources
from tests.api.fuzz import fill_with_sample, served

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
CALLS = re.findall(r"curl '(http://127\.0\.0\.1:8000/[^']*)'", README)
HERE = "http://127.0.0.1:8000"
OF_THE_DAY = {"id", "published_at"}  # the sample's dates are recent whenever it runs


@pytest.fixture(scope="module")
def sample_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    url = f"sqlite:///{tmp_path_factory.mktemp('sample') / 'sample.db'}"
    fill_with_sample(url)
    return url


@pytest.fixture(scope="module")
def client(sample_url: str) -> Iterator[TestClient]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CRAFTWATCH_DATABASE_URL", sample_url)
        with TestClient(create_app(), base_url=HERE) as client:
            yield client


@pytest.fixture(scope="module")
def site(sample_url: str) -> Iterator[str]:
    """The address of a server of the sample, for programs other than this one."""
    with served(sample_url, Counter()) as address:
        yield address


def shown(language: str) -> str:
    """The only block of the README in that language."""
    (block,) = re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)
    return str(block)


def newest_lines(client: TestClient) -> list[str]:
    """What the programs that are shown print."""
    items = client.get("/v1/items?topic=ai&craft=voice-actor&limit=3").json()["data"]
    return [f"{item['published_at'][:10]} {item['title']}" for item in items]


def matches(expected: Any, given: Any) -> bool:
    """Whether every key and element that the README shows is in the answer, in its order."""
    if isinstance(expected, dict):
        return all(key in OF_THE_DAY or (key in given and matches(expected[key], given[key])) for key in expected)
    if isinstance(expected, list):
        rest = iter(given)
        return all(any(matches(element, candidate) for candidate in rest) for element in expected)
    return bool(expected == given)


def test_the_first_answer_is_what_the_sample_gives(client: TestClient) -> None:
    assert matches(json.loads(shown("json")), client.get(CALLS[0]).json())


def test_the_python_shown_prints_the_newest_titles(client: TestClient, site: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", shown("python").replace(HERE, site)], capture_output=True, text=True, timeout=60
    )
    assert (done.stdout.splitlines(), done.stderr) == (newest_lines(client), "")
    assert len(newest_lines(client)) == 3


def test_the_javascript_shown_prints_the_newest_titles(client: TestClient, site: str) -> None:
    if not (node := shutil.which("node")):
        pytest.skip("no Node on this machine")
    program = shown("js").replace(HERE, site)
    done = subprocess.run(
        [node, "--input-type=module"], input=program, capture_output=True, text=True, encoding="utf-8", timeout=60
    )
    assert (done.stdout.splitlines(), done.stderr) == (newest_lines(client), "")


@pytest.mark.parametrize("address", re.findall(rf'"({re.escape(HERE)}/v1/items\.csv[^"]*)"', README))
def test_a_table_for_spreadsheets_reads_back(client: TestClient, address: str) -> None:
    rows = list(csv.DictReader(io.StringIO(client.get(address).text, newline="")))
    listed = client.get("/v1/items?topic=layoffs&limit=200").json()["data"]
    assert [(row["title"], row["url"]) for row in rows] == [(item["title"], item["url"]) for item in listed] != []


def test_the_feed_to_subscribe_to_has_items_and_the_list_of_feeds_has_feeds(client: TestClient) -> None:
    feed, opml = re.findall(rf"`({re.escape(HERE)}/v1/(?:items\.atom\?topic=contracts|feeds\.opml)[^`]*)`", README)
    parsed = feedparser.parse(io.BytesIO(client.get(feed).content))
    assert (bool(parsed.bozo), bool(parsed.entries)) == (False, True)
    assert b'xmlUrl="' in client.get(opml).content


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
    (source,) = read_sources(shown("toml"))
    assert (source.format, source.selectors is not None) == ("page", True)
