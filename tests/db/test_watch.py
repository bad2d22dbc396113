"""What is remembered of sources, and when it is forgotten."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Engine, event, text

from db.shapes import Selectors
from db.watch import load_memories, load_robots, save_robots, sync_sources
from tests.db.factory import NOW, make_source


@pytest.mark.parametrize(
    "change",
    [
        {"feed_url": "https://ledger.example/new"},
        {"format": "page"},
        {"selectors": Selectors(item="li", title="a", link="a")},
    ],
)
def test_a_source_read_in_another_way_starts_afresh(engine: Engine, change: dict[str, Any]) -> None:
    sync_sources(engine, [make_source()])
    with engine.begin() as connection:
        connection.execute(text("UPDATE source_state SET etag = 'old'"))
    sync_sources(engine, [make_source(**change)])
    assert load_memories(engine)["ledger"].etag is None


def test_a_source_read_as_before_is_remembered(engine: Engine) -> None:
    sync_sources(engine, [make_source()])
    with engine.begin() as connection:
        connection.execute(text("UPDATE source_state SET etag = 'old'"))
    sync_sources(engine, [make_source(note="Weekly.")])
    assert load_memories(engine)["ledger"].etag == "old"


def test_a_source_that_left_the_list_is_kept_and_not_asked(engine: Engine) -> None:
    sync_sources(engine, [make_source("ledger"), make_source("wire")])
    sync_sources(engine, [make_source("wire")])
    assert _enabled(engine) == {"ledger": False, "wire": True}


def test_a_source_that_came_back_is_asked_again(engine: Engine) -> None:
    for sources in ([make_source("ledger")], [], [make_source("ledger")]):
        sync_sources(engine, sources)
    assert _enabled(engine) == {"ledger": True}


def test_a_list_that_is_known_already_is_not_written_again(engine: Engine) -> None:
    sync_sources(engine, [make_source()])
    statements: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *seen: statements.append(seen[2]))
    sync_sources(engine, [make_source()])
    assert [statement for statement in statements if not statement.startswith(("BEGIN", "SELECT"))] == []


def test_many_scrapers_can_load_the_list_at_once(engine: Engine) -> None:
    sources = [make_source(f"source-{n}") for n in range(50)]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda order: sync_sources(engine, sources[::order]), [1, -1, 1, -1]))
    assert len(load_memories(engine)) == 50


def test_memories_can_be_had_of_some_sources(engine: Engine) -> None:
    sync_sources(engine, [make_source("ledger"), make_source("wire")])
    assert list(load_memories(engine, ["wire"])) == ["wire"]


def test_what_is_known_of_robots_txt_is_replaced(engine: Engine) -> None:
    for text_ in ("Allow: /", "Disallow: /"):
        save_robots(engine, [_robots("https://a.example", text_)])
    assert load_robots(engine) == [_robots("https://a.example", "Disallow: /")]


def test_two_scrapers_can_learn_the_same_robots_txt_at_once(engine: Engine) -> None:
    records = [_robots(f"https://{n}.example", "") for n in range(50)]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda order: save_robots(engine, records[::order]), [1, -1, 1, -1]))
    assert len(load_robots(engine)) == 50


def _robots(origin: str, text_: str) -> dict[str, Any]:
    return {"origin": origin, "text": text_, "fetched_at": NOW, "unreachable_since": None}


def _enabled(engine: Engine) -> dict[str, bool]:
    with engine.connect() as connection:
        return {row.id: bool(row.enabled) for row in connection.execute(text("SELECT id, enabled FROM source"))}
