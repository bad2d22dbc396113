"""Whatever is wrong with what is derived, one command sets it right, and writes nothing where all is right."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, text

from db.checkup import count_faults
from db.contents import TABLES, Contents, read_contents
from db.copying import reading
from db.engine import open_engine
from db.lock import AlreadyRunning, run_lock
from db.rebuild import Mended, rebuild
from db.store import Store
from tests.db.factory import HOUR, NOW, WHOLES, make_check, make_draft, make_memory, make_tagging
from tests.db.full import LEDGER, fill

LATER = NOW + HOUR


@pytest.fixture(autouse=True)
def archive(engine: Engine) -> None:
    fill(engine, 5)


def contents_of(engine: Engine, *left_out: str) -> dict[str, Contents]:
    with reading(engine) as connection:
        return {table.name: read_contents(connection, table) for table in TABLES if table.name not in left_out}


def run_on(engine: Engine, statement: str) -> None:
    with engine.begin() as connection:
        connection.execute(text(statement))


def faults_of(engine: Engine) -> list[str]:
    with reading(engine) as moment:
        return count_faults(moment)


def version_of(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.scalar(text("SELECT value FROM counter WHERE name = 'data_version'")) or 0)


SOME_TERM = "(SELECT id FROM term WHERE axis = 'topic' AND code = 'ai')"
FAULTS = {
    "a count too high": f"UPDATE term_day SET items = items + 1 WHERE term_id = {SOME_TERM}",
    "a count that is missing": f"DELETE FROM term_day WHERE term_id = {SOME_TERM}",
    "a count of nothing": f"INSERT INTO term_day SELECT {SOME_TERM}, 5, 7",
    "items that are not filed": f"DELETE FROM item_term WHERE term_id = {SOME_TERM}",
    "nothing filed": "DELETE FROM item_term",
    "an item that is not there filed": f"INSERT INTO item_term SELECT {SOME_TERM}, 5, 100",
    "a confidence that is not the tag's": f"UPDATE item_term SET confidence = 1 WHERE term_id = {SOME_TERM}",
    "items that say nothing of it": "UPDATE item SET terms = '[]'",
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_what_is_derived_is_as_it_was_before_the_fault(engine: Engine, fault: str) -> None:
    before = contents_of(engine, "item", "counter")
    run_on(engine, fault)
    mended = rebuild(engine, WHOLES, LATER)
    assert (bool(mended), contents_of(engine, "item", "counter")) == (True, before)


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_an_item_says_again_what_it_is_filed_under(engine: Engine, fault: str) -> None:
    def said() -> list[tuple[int, str]]:
        with engine.connect() as connection:
            return [(row.id, row.terms) for row in connection.execute(text("SELECT id, terms FROM item ORDER BY id"))]

    before = said()
    run_on(engine, fault)
    rebuild(engine, WHOLES, LATER)
    assert said() == before


def test_terms_that_were_lost_get_numbers_again(engine: Engine) -> None:
    run_on(engine, f"DELETE FROM term WHERE id = {SOME_TERM}")
    rebuild(engine, WHOLES, LATER)
    with engine.connect() as connection:
        items = connection.scalar(text(f"SELECT count(*) FROM item_term WHERE term_id = {SOME_TERM}"))
    assert (items, faults_of(engine)) == (4, [])


def test_where_nothing_is_wrong_nothing_is_written(engine: Engine) -> None:
    before = contents_of(engine)
    assert (rebuild(engine, WHOLES, LATER), contents_of(engine)) == (Mended(0, 0, search=False), before)


def test_repeated_it_changes_nothing_more(engine: Engine) -> None:
    run_on(engine, FAULTS["nothing filed"])
    rebuild(engine, WHOLES, LATER)
    before = contents_of(engine)
    assert (bool(rebuild(engine, WHOLES, LATER)), contents_of(engine)) == (False, before)


@pytest.mark.parametrize("step", ["_set_filings_right", "_set_counts_right", "_set_search_right", "next_version"])
def test_interrupted_it_has_changed_nothing_and_can_be_repeated(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def interrupt(*values: object) -> None:
        raise KeyboardInterrupt

    right = contents_of(engine, "item", "counter")
    run_on(engine, FAULTS["nothing filed"])
    run_on(engine, FAULTS["a count too high"])
    wrong = contents_of(engine)
    with monkeypatch.context() as patch:
        patch.setattr(f"db.rebuild.{step}", interrupt)
        with pytest.raises(KeyboardInterrupt):
            rebuild(engine, WHOLES, LATER)
    assert contents_of(engine) == wrong
    rebuild(engine, WHOLES, LATER)
    assert contents_of(engine, "item", "counter") == right


def test_readers_are_told_which_items_were_wrong(engine: Engine) -> None:
    before = version_of(engine)
    run_on(
        engine,
        f"DELETE FROM item_term WHERE item_id = (SELECT max(item_id) FROM item_term WHERE term_id = {SOME_TERM})",
    )
    rebuild(engine, WHOLES, LATER)
    with engine.connect() as connection:
        changed = connection.scalar(text("SELECT count(*) FROM item WHERE version = :new"), {"new": before + 1})
    assert (version_of(engine), changed) == (before + 1, 1)


def test_an_item_from_before_1970_is_counted_on_its_day(engine: Engine) -> None:
    old = make_draft("old", published_at=datetime(1969, 12, 30, 18, tzinfo=UTC))
    Store(engine, lambda: WHOLES).save_check(
        LEDGER, make_memory("ledger"), make_check(), [(old, make_tagging())], now=NOW
    )
    assert rebuild(engine, WHOLES, LATER) == Mended(0, 0, search=False)


def test_every_item_can_be_found_by_its_words_again(engine: Engine) -> None:
    if engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL derives the words of an item with each write")
    run_on(engine, "INSERT INTO item_search (item_search) VALUES ('delete-all')")
    mended = rebuild(engine, WHOLES, LATER)
    with engine.connect() as connection:
        found = connection.scalar(text("SELECT count(*) FROM item_search WHERE item_search MATCH 'title'"))
    assert (mended.search, found, faults_of(engine)) == (True, 5, [])


def test_an_index_of_words_left_half_done_is_cleared_away(engine: Engine) -> None:
    if engine.dialect.name == "sqlite":
        pytest.skip("SQLite makes its index in the transaction")
    run_on(engine, "CREATE INDEX item_search_ccnew ON item (title)")
    rebuild(engine, WHOLES, LATER)
    with engine.connect() as connection:
        names = list(connection.scalars(text("SELECT indexname FROM pg_indexes WHERE indexname LIKE 'item_search%'")))
    assert names == ["item_search"]


def test_it_does_not_run_beside_a_scrape(engine: Engine, database_url: str) -> None:
    hasty = open_engine(database_url, wait_seconds=0.2)
    with run_lock(engine), pytest.raises(AlreadyRunning):
        rebuild(hasty, WHOLES, LATER)
    hasty.dispose()
