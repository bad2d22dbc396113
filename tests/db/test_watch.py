"""What is remembered of sources, and when it is forgotten."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine, text

from db.watch import load_memories, sync_sources
from tests.db.factory import make_source


@pytest.mark.parametrize("change", [{"feed_url": "https://ledger.example/new"}, {"format": "page"}])
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
