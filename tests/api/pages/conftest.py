"""The sample feeds, tagged and saved once, and clients that read them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.settings import ApiSettings
from db.engine import open_engine
from db.shapes import Failure
from db.store import Store
from db.vocabulary import load_vocabulary
from db.watch import Check, sync_sources
from scraper.clean import to_drafts
from scraper.parse import parse_feed
from scraper.sample import load_sample
from scraper.tag import Tagger
from tests.db.factory import make_check, make_memory

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
REPORT_URL = "mailto:steward@craftwatch.example"


@pytest.fixture(scope="session")
def sample_url(tmp_path_factory: pytest.TempPathFactory, migrated_file: Path) -> str:
    """A database of the sample as it is scraped on NOW; one of its sources could not be read."""
    path = tmp_path_factory.mktemp("sample") / "sample.db"
    shutil.copy(migrated_file, path)
    url = f"sqlite:///{path}"
    engine = open_engine(url)
    vocabulary = load_vocabulary()
    tagger, store = Tagger(vocabulary), Store(engine, vocabulary.wholes)
    sources, documents = load_sample(NOW)
    sync_sources(engine, sources)
    for source in sources:
        memory = {"last_checked_at": NOW, "last_success_at": NOW}
        entries = []
        check = make_check(started_at=NOW)
        if source.feed_url in documents:
            for draft in to_drafts(parse_feed(documents[source.feed_url], "", source.feed_url), source, NOW):
                about = {"categories": draft.categories, "language": draft.language}
                tagging = tagger.tag(draft.title, draft.summary, **about, scope=source.scope, sector=source.sector)
                entries.append((draft, tagging))
        else:
            memory = {
                "last_checked_at": NOW,
                "failures": 1,
                "last_failure_at": NOW,
                "last_failure_reason": Failure.BLOCKED.value,
                "last_success_at": NOW - timedelta(days=9),
            }
            check = Check(NOW, 5, "failed", Failure.BLOCKED)
        store.save_check(source, make_memory(source.id, **memory), check, entries, now=NOW)
    engine.dispose()
    return url


def sample_settings(url: str, **changes: str) -> ApiSettings:
    values = {
        "read_database_url": url,
        "public_url": "https://craftwatch.example",
        "report_url": REPORT_URL,
        "contact": "steward@craftwatch.example",
    }
    return ApiSettings(**{**values, **changes})


@pytest.fixture(scope="module")
def pages(sample_url: str) -> Iterator[TestClient]:
    """A browser without script, on the sample."""
    app = create_app(sample_settings(sample_url), now=lambda: NOW)
    with TestClient(app, headers={"accept": "text/html"}, follow_redirects=False) as client:
        yield client
