"""Feed bytes in, tagged items out: the command on real recordings, served on loopback."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.blocks import source_block
from tests.server import LoopbackServer, reply
from tests.shared import shared


class Recordings:
    """The recorded documents on a server, a sources file that lists them, and the command to scrape them."""

    def __init__(self, server: LoopbackServer, folder: Path) -> None:
        self.folder = folder
        self.documents = sorted(shared("feeds").glob("*.xml"))
        blocks = []
        for number, document in enumerate(self.documents):
            server.add(f"/{document.name}", reply(body=document.read_bytes(), content_type="application/xml"))
            url = server.url(f"/{document.name}")
            blocks.append(source_block(f"recording-{number}", url, sector="film-tv", country="US", scope="general"))
        (folder / "sources.toml").write_text("".join(blocks))
        self.environment = {
            **os.environ,
            "CRAFTWATCH_SOURCES": str(folder / "sources.toml"),
            "CRAFTWATCH_DATABASE_URL": f"sqlite:///{folder / 'recordings.db'}",
            "CRAFTWATCH_ALLOW_ADDRESSES": server.pair,
            "CRAFTWATCH_HOST_INTERVAL_SECONDS": "0",
        }

    def craftwatch(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "scraper", *words]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=300)

    def scrape(self) -> tuple[int, dict[str, Any], str]:
        done = self.craftwatch("scrape", "--all", "--json")
        return done.returncode, json.loads(done.stdout), done.stderr

    def count(self, query: str) -> int:
        with sqlite3.connect(self.folder / "recordings.db") as connection:
            return int(connection.execute(query).fetchone()[0])


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with LoopbackServer() as server:
        trial = Recordings(server, tmp_path_factory.mktemp("recordings"))
        assert trial.craftwatch("migrate").returncode == 0
        yield trial


@pytest.fixture(scope="module")
def first(recordings: Recordings) -> tuple[int, dict[str, Any], str]:
    return recordings.scrape()


def test_every_recording_gives_items_or_a_named_failure(recordings: Recordings, first: Any) -> None:
    code, summary, errors = first
    assert len(summary["by_source"]) == len(recordings.documents)
    assert all(source["new"] or source["reason"] for source in summary["by_source"])
    assert code == (1 if summary["failed"] else 0)
    assert "Traceback" not in errors


def test_most_recordings_give_items(first: Any) -> None:
    _, summary, _ = first
    assert sum(summary["failed"].values()) <= 5
    assert summary["new"] > 1000


def test_a_second_run_adds_nothing(recordings: Recordings, first: Any) -> None:
    before = recordings.count("SELECT count(*) FROM item")
    code, summary, errors = recordings.scrape()
    assert (summary["new"], summary["changed"], recordings.count("SELECT count(*) FROM item")) == (0, 0, before)
    assert "Traceback" not in errors
    assert code == first[0]


def test_items_are_plain_text_with_web_links_and_dates_to_believe(recordings: Recordings, first: Any) -> None:
    assert recordings.count("SELECT count(*) FROM item WHERE url NOT LIKE 'http%'") == 0
    assert recordings.count("SELECT count(*) FROM item WHERE title LIKE '%<a %' OR summary LIKE '%</%'") == 0
    assert recordings.count("SELECT count(*) FROM item WHERE published_at > received_at + 86400") == 0
