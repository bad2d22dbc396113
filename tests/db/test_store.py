"""What saving does to items, entries, terms and counts, on both databases."""

from __future__ import annotations

from typing import Any
from unittest import mock

import pytest
from sqlalchemy import Engine, select, text

from db.models import ItemRow
from db.shapes import Axis, ItemDraft, Tagging
from db.store import TIE_BITS, Counts, Store, item_id
from db.types import to_epoch
from db.watch import load_memories, sync_sources
from tests.db.factory import (
    DAY,
    HOUR,
    NOW,
    WHOLES,
    make_check,
    make_draft,
    make_memory,
    make_source,
    make_tagging,
)

LEDGER = make_source("ledger")
VOICE = make_tagging((Axis.TOPIC, "ai"), (Axis.CRAFT, "voice-actor"), (Axis.REGION, "US"))


@pytest.fixture
def store(engine: Engine) -> Store:
    sync_sources(engine, [LEDGER, make_source("gazette")])
    return Store(engine, lambda: WHOLES)


def save(store: Store, *entries: tuple[ItemDraft, Tagging], source: str = "ledger", **options: Any) -> Counts:
    options.setdefault("now", NOW)
    return store.save_check(make_source(source), make_memory(source), make_check(), entries, **options)


def rows(store: Store, query: str) -> list[Any]:
    with store.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def stored_row(store: Store) -> Any:
    with store.engine.connect() as connection:
        return connection.execute(select(ItemRow.__table__)).one()  # type: ignore[attr-defined]


def terms_of(store: Store, title: str = "Title of one") -> set[str]:
    with store.engine.connect() as connection:
        query = text(
            "SELECT axis || ':' || code FROM item JOIN item_term ON item_id = item.id JOIN term ON term.id = term_id "
            "WHERE title = :title"
        )
        return set(connection.scalars(query, {"title": title}))


def counts_agree(store: Store) -> bool:
    counted = f"SELECT term_id, (item_id >> {TIE_BITS}) / 86400, count(*) FROM item_term GROUP BY 1, 2 ORDER BY 1, 2"
    return rows(store, counted) == rows(
        store, "SELECT term_id, day, items FROM term_day WHERE items <> 0 ORDER BY term_id, day"
    )


def test_a_new_entry_becomes_an_item_filed_under_its_terms(store: Store) -> None:
    assert save(store, (make_draft(), VOICE)) == Counts(new=1)
    assert terms_of(store) == {
        "topic:ai",
        "craft:voice-actor",
        "department:performing",
        "region:US",
        "sector:film-tv",
        "source:ledger",
        "language:en",
        "tracked:yes",
    }


def test_saving_the_same_twice_adds_nothing(store: Store) -> None:
    save(store, (make_draft(), VOICE))
    before = rows(store, "SELECT * FROM item")
    assert save(store, (make_draft(), VOICE)) == Counts(unchanged=1)
    assert rows(store, "SELECT id, title FROM item") == [(before[0][0], "Title of one")]


def test_an_edited_entry_updates_its_item_and_keeps_its_old_title(store: Store) -> None:
    save(store, (make_draft(), VOICE))
    edited = make_draft(title="Better title", content_hash="other")
    assert save(store, (edited, make_tagging((Axis.TOPIC, "layoffs"))), now=NOW + HOUR) == Counts(changed=1)
    assert rows(store, "SELECT title, updated_at FROM item") == [("Better title", to_epoch(NOW + HOUR))]
    assert rows(store, "SELECT title FROM item_title") == [("Title of one",)]
    assert {"topic:layoffs"} < terms_of(store, "Better title")
    assert "craft:voice-actor" not in terms_of(store, "Better title")


def test_two_edits_within_a_second_keep_both_titles(store: Store) -> None:
    save(store, (make_draft(), VOICE))
    save(store, (make_draft(title="Second", content_hash="2"), VOICE))
    save(store, (make_draft(title="Third", content_hash="3"), VOICE))
    assert rows(store, "SELECT title FROM item_title ORDER BY version") == [("Title of one",), ("Second",)]


def test_two_entries_of_one_item_edit_it_once(store: Store) -> None:
    save(store, (make_draft(), VOICE), (make_draft(entry_key="again"), VOICE))
    first, second = make_draft(title="A", content_hash="a"), make_draft(entry_key="again", title="B", content_hash="b")
    assert save(store, (first, VOICE), (second, make_tagging())) == Counts(changed=1, unchanged=1)
    assert counts_agree(store)


def test_an_edit_never_moves_an_item_in_time(store: Store) -> None:
    save(store, (make_draft(), VOICE))
    save(store, (make_draft(published_at=NOW - 9 * DAY, title="New", content_hash="x"), VOICE))
    assert rows(store, "SELECT published_at FROM item") == [(to_epoch(NOW - HOUR),)]


def test_a_changed_guid_with_the_same_link_is_the_same_item(store: Store) -> None:
    save(store, (make_draft(), VOICE))
    assert save(store, (make_draft(entry_key="guid-new", content_hash="x"), VOICE)) == Counts(unchanged=1)
    assert len(rows(store, "SELECT id FROM item")) == 1
    assert len(rows(store, "SELECT item_id FROM entry")) == 2


def test_one_url_in_two_feeds_is_one_item_that_knows_both(store: Store) -> None:
    save(store, (make_draft(), VOICE))
    save(store, (make_draft(entry_key="theirs", title="Their title"), VOICE), source="gazette")
    assert rows(store, "SELECT title FROM item") == [("Title of one",)]
    assert {"source:ledger", "source:gazette"} < terms_of(store)


def test_items_of_one_second_keep_apart(store: Store) -> None:
    taken = item_id(NOW - HOUR, "https://ledger.example/one")
    save(store, (make_draft("one"), VOICE))
    with store.engine.begin() as connection:
        connection.execute(text("UPDATE item SET key = 'other'"))
    save(store, (make_draft("one", entry_key="again"), VOICE))
    assert rows(store, "SELECT id FROM item ORDER BY id") == [(taken,), (taken + 1,)]


def test_the_newest_item_has_the_highest_id(store: Store) -> None:
    save(store, (make_draft("old", published_at=NOW - DAY), VOICE), (make_draft("new"), VOICE))
    assert rows(store, "SELECT title FROM item ORDER BY id DESC") == [("Title of new",), ("Title of old",)]


def test_counts_per_day_follow_every_write(store: Store) -> None:
    save(store, (make_draft("one"), VOICE), (make_draft("two", published_at=NOW - 3 * DAY), make_tagging()))
    save(store, (make_draft("one", title="x", content_hash="x"), make_tagging((Axis.TOPIC, "layoffs"))))
    assert counts_agree(store)


def test_a_run_that_changes_nothing_leaves_the_data_version(store: Store) -> None:
    save(store, (make_draft(), VOICE))
    version = rows(store, "SELECT value FROM counter WHERE name = 'data_version'")
    save(store, unchanged=1)
    assert rows(store, "SELECT value FROM counter WHERE name = 'data_version'") == version


def test_an_item_carries_the_version_of_its_last_change(store: Store) -> None:
    save(store, (make_draft("one"), VOICE), (make_draft("two"), VOICE))
    save(store, (make_draft("one", title="x", content_hash="x"), VOICE))
    assert rows(store, "SELECT title, version FROM item ORDER BY version") == [("Title of two", 1), ("x", 2)]


def test_relabelling_changes_labels_and_nothing_else(store: Store) -> None:
    save(store, (make_draft(), VOICE))
    (before,) = rows(store, "SELECT title, updated_at, published_at FROM item")
    assert store.relabel([(stored_row(store), make_tagging((Axis.TOPIC, "contracts")))], now=NOW) == 1
    assert rows(store, "SELECT title, updated_at, published_at FROM item") == [before]
    assert "topic:contracts" in terms_of(store)
    assert "topic:ai" not in terms_of(store)
    assert counts_agree(store)


def test_relabelling_with_the_same_labels_writes_nothing(store: Store) -> None:
    save(store, (make_draft(), VOICE))
    assert store.relabel([(stored_row(store), VOICE)], now=NOW) == 0


def test_the_check_and_the_state_are_kept_with_the_items(store: Store) -> None:
    memory = make_memory("ledger", etag='W/"1"', next_check_at=NOW + HOUR)
    store.save_check(LEDGER, memory, make_check(bytes=99), [(make_draft(), VOICE)], unchanged=3, now=NOW)
    assert rows(store, "SELECT outcome, bytes, new, unchanged FROM fetch_log") == [("ok", 99, 1, 3)]
    kept = load_memories(store.engine)["ledger"]
    assert (kept.etag, kept.next_check_at) == ('W/"1"', NOW + HOUR)


def test_a_failure_on_the_way_saves_nothing_at_all(store: Store) -> None:
    broken = make_draft("two", title=None)
    with pytest.raises(Exception, match=r"(?i)null"):
        save(store, (make_draft("one"), VOICE), (broken, VOICE))
    assert rows(store, "SELECT id FROM item") == []
    assert rows(store, "SELECT id FROM fetch_log") == []
    assert save(store, (make_draft("one"), VOICE)) == Counts(new=1)


def test_numbers_given_to_terms_on_a_way_that_fails_are_no_numbers(store: Store) -> None:
    otherwise = make_tagging((Axis.TOPIC, "layoffs"), (Axis.REGION, "GB"))
    with mock.patch("db.store.record_checks", side_effect=OSError("gone")), pytest.raises(OSError, match="gone"):
        save(store, (make_draft(), otherwise))
    save(store, (make_draft(), VOICE))
    assert {"topic:ai", "craft:voice-actor", "region:US", "source:ledger"} < terms_of(store)
    assert counts_agree(store)


def test_search_follows_titles(store: Store) -> None:
    save(store, (make_draft(title="Narrators object"), VOICE))
    save(store, (make_draft(title="Dubbing halts", content_hash="x"), VOICE))
    if store.engine.dialect.name == "sqlite":
        found = "SELECT title FROM item_search WHERE item_search MATCH '{}'"
    else:
        found = "SELECT title FROM item WHERE search @@ websearch_to_tsquery('simple', '{}')"
    assert rows(store, found.format("dubbing")) == [("Dubbing halts",)]
    assert rows(store, found.format("narrators")) == []
