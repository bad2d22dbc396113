"""Checks saved in one transaction leave what they leave saved one after another, whatever items they share."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from db.engine import open_engine
from db.shapes import Axis
from db.store import Checked, Counts, Store, Tagged
from db.watch import sync_sources
from tests.db.factory import DEPARTMENTS, HOUR, NOW, make_check, make_draft, make_memory, make_source, make_tagging

SOURCES = [
    make_source(name, sector=sector) for name, sector in zip("abcd", ("games", "music", "", "film-tv"), strict=True)
]
TAGGINGS = [
    make_tagging((Axis.CRAFT, "voice-actor"), (Axis.REGION, "US")),
    make_tagging((Axis.TOPIC, "layoffs")),
    make_tagging((Axis.CRAFT, "vfx-artist"), (Axis.TOPIC, "ai"), sector="vfx"),
    make_tagging(),
]
# Numbers of terms and versions are given in the order of saving, and say nothing else.
LEFT = (
    "SELECT id, key, source_id, url, title, summary, authors, published_at, updated_at, tracked, sector, tags "
    "FROM item",
    "SELECT source_id, entry_key, item_id, content_hash FROM entry",
    "SELECT item_id, title FROM item_title",
    "SELECT item_id, axis, code, confidence FROM item_term JOIN term ON term.id = term_id",
    "SELECT axis, code, day, items FROM term_day JOIN term ON term.id = term_id WHERE items <> 0",
    "SELECT source_id, new, changed, unchanged FROM fetch_log",
)


def entries(chance: random.Random, source_id: str) -> Iterator[Tagged]:
    """Of a few articles that all sources may have, as they are now; an entry may move from one to another."""
    for name in chance.sample("rstuvw", chance.randint(0, 5)):
        article, edition = chance.choice([name, name, name, "r"]), chance.choice("112")
        draft = make_draft(
            article,
            entry_key=f"{source_id}-{name}",
            title=f"Title {edition} of {article}",
            published_at=NOW - ord(article) * HOUR,
            content_hash=f"{article}{edition}",
        )
        yield draft, chance.choice(TAGGINGS)


def checks(chance: random.Random) -> list[Checked]:
    asked = chance.sample(SOURCES, chance.randint(1, len(SOURCES)))
    return [
        Checked(each, make_memory(each.id), make_check(), list(entries(chance, each.id)), chance.randint(0, 3))
        for each in asked
    ]


def left(store: Store) -> list[list[Any]]:
    with store.engine.connect() as connection:
        return [sorted(map(repr, connection.execute(text(query)))) for query in LEFT]


@pytest.mark.parametrize("seed", range(30))
def test_together_is_one_after_another(seed: int, migrated_file: Path, tmp_path: Path) -> None:
    chance = random.Random(seed)
    stores = []
    for name in ("together", "apart"):
        shutil.copy(migrated_file, tmp_path / name)
        engine = open_engine(f"sqlite:///{tmp_path / name}")
        sync_sources(engine, SOURCES)
        stores.append(Store(engine, lambda: DEPARTMENTS))
    together, apart = stores
    for round_ in range(4):
        wanted, now = checks(chance), NOW + round_ * HOUR
        counts: list[Counts] = [apart.save_checks([each], now=now)[0] for each in wanted]
        assert together.save_checks(wanted, now=now) == counts
        assert left(together) == left(apart)
    for store in stores:
        store.engine.dispose()
