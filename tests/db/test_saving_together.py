"""Checks saved in one transaction leave what they leave saved one after another, whatever items they share."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import text

from db.engine import open_engine
from db.shapes import Axis
from db.store import Checked, Counts, Store, Tagged
from db.watch import sync_sources
from tests.db.factory import HOUR, NOW, WHOLES, make_check, make_draft, make_memory, make_source, make_tagging

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
    "SELECT id, key, source_id, url, title, summary, authors, categories, published_at, date_quality, received_at, "
    "updated_at, language, tracked, sector, stage, tags, figures FROM item",
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


def filed_as_said(store: Store) -> bool:
    """Whether every item is filed under the terms that it says itself."""
    with store.engine.connect() as connection:
        said = dict(connection.execute(text("SELECT id, terms FROM item")).all())
        filed = connection.execute(text("SELECT item_id, term_id, confidence FROM item_term ORDER BY 1, 2")).all()
    by_item: dict[int, list[list[int]]] = {item_id: [] for item_id in said}
    for item_id, *term in filed:
        by_item[item_id].append(term)
    return by_item == {item_id: orjson.loads(terms) for item_id, terms in said.items()}


@pytest.fixture(params=["sqlite", "postgresql"])
def two_databases(request: pytest.FixtureRequest, tmp_path: Path) -> list[str]:
    if request.param == "postgresql":
        return [request.getfixturevalue(f"{other}postgresql_database_url") for other in ("", "other_")]
    file = request.getfixturevalue("migrated_file")
    return [f"sqlite:///{shutil.copy(file, tmp_path / name)}" for name in ("together", "apart")]


@pytest.mark.parametrize("seed", range(20))
def test_together_is_one_after_another(seed: int, two_databases: list[str]) -> None:
    chance = random.Random(seed)
    stores = [Store(open_engine(url), lambda: WHOLES) for url in two_databases]
    for store in stores:
        sync_sources(store.engine, SOURCES)
    together, apart = stores
    for round_ in range(4):
        wanted, now = checks(chance), NOW + round_ * HOUR
        counts: list[Counts] = [apart.save_checks([each], now=now)[0] for each in wanted]
        assert together.save_checks(wanted, now=now) == counts
        assert left(together) == left(apart)
        assert filed_as_said(together)
    for store in stores:
        store.engine.dispose()
