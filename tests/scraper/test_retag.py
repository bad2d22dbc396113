"""The whole archive under today's rules: what changes, what stays, and that it does not matter when it stops."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from sqlalchemy import Engine, text

from db.shapes import Tagging
from db.store import Store, stored_items
from db.vocabulary import load_vocabulary
from db.watch import sync_sources
from scraper.retag import RetagReport, report_text, retag
from scraper.tag import Tagger, packaged_tagger
from tests.db.factory import HOUR, NOW, make_check, make_draft, make_memory, make_source

STAGE = make_source("stage-paper", scope="entertainment", sector="stage")
NEWS = make_source("news-paper", scope="general", sector="general")
TITLES = (
    "Union members ratify three-year contract",
    "SAG-AFTRA and studios reach tentative agreement on AI voices",
    "Ten things to do at the weekend",
)


@pytest.fixture(scope="module")
def tagger() -> Tagger:
    return packaged_tagger()


@pytest.fixture
def store(engine: Engine, tagger: Tagger) -> Store:
    """Items as today's rules tag them, and then some of their labels as older rules might have left them."""
    sync_sources(engine, [STAGE, NEWS])
    store = Store(engine, load_vocabulary().wholes)
    for source in (STAGE, NEWS):
        entries = []
        for title in TITLES:
            draft = make_draft(f"{source.id} {title}", title=title, summary="")
            entries.append((draft, tagger.tag(title, "", language="en", scope=source.scope, sector=source.sector)))
        store.save_check(source, make_memory(source.id), make_check(), entries, now=NOW)
    return store


def age(store: Store) -> None:
    """As if other rules had found nothing in any item."""
    items = [row for rows in stored_items(store.engine) for row in rows]
    store.relabel([(row, Tagging(language="en", rules_version="old")) for row in items], now=NOW)


def contents(store: Store) -> list[dict[str, Any]]:
    """All that readers see of the items, their versions aside."""
    queries = (
        "SELECT id, key, url, title, published_at, received_at, updated_at, tracked, sector, stage, tags, figures "
        "FROM item ORDER BY id",
        "SELECT axis, code, item_id, confidence FROM item_term JOIN term ON id = term_id ORDER BY 1, 2, 3",
        "SELECT axis, code, day, items FROM term_day JOIN term ON id = term_id WHERE items <> 0 ORDER BY 1, 2, 3",
    )
    with store.engine.connect() as connection:
        return [dict(row._mapping) for query in queries for row in connection.execute(text(query))]


def run(store: Store, tagger: Tagger, *sources: Any, **options: Any) -> RetagReport:
    return retag(store, tagger, {source.id: source for source in sources}, NOW + HOUR, **options)


def test_the_same_rules_change_nothing(store: Store, tagger: Tagger) -> None:
    before = contents(store)
    report = run(store, tagger, STAGE, NEWS)
    assert (report.items, report.changed, contents(store)) == (6, 0, before)


def test_items_of_a_source_that_left_the_file_stay_what_they_are(store: Store, tagger: Tagger) -> None:
    assert run(store, tagger).changed == 0


def test_better_rules_find_what_was_missed_and_touch_nothing_else(store: Store, tagger: Tagger) -> None:
    fresh = contents(store)
    age(store)
    assert contents(store) != fresh
    report = run(store, tagger, STAGE, NEWS)
    assert contents(store) == fresh
    assert report.won["topic:contracts"] > 0
    assert not report.lost


def test_a_dry_run_says_what_would_change_and_changes_nothing(store: Store, tagger: Tagger) -> None:
    age(store)
    before = contents(store)
    report = run(store, tagger, STAGE, NEWS, dry_run=True)
    assert contents(store) == before
    told = report_text(report, dry_run=True)
    assert f"6 items read, {report.changed} would change." in told
    assert "    + Union members ratify three-year contract" in told


def test_interrupted_and_repeated_it_ends_the_same(
    store: Store, tagger: Tagger, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = contents(store)
    age(store)
    monkeypatch.setattr("scraper.retag.stored_items", partial(stored_items, size=2))

    def stop(count: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(store, tagger, STAGE, NEWS, on_batch=stop)
    assert contents(store) != fresh
    run(store, tagger, STAGE, NEWS)
    assert contents(store) == fresh
