"""What the tests of copies and of backups share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from db.engine import open_engine


@pytest.fixture(params=["to sqlite", "to postgresql"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database with nothing in it; not even tables, on SQLite."""
    if request.param == "to sqlite":
        url = f"sqlite:///{tmp_path / 'target.db'}"
    else:
        url = request.getfixturevalue("other_postgresql_database_url")
    engine = open_engine(url, wait_seconds=0.2)
    yield engine
    engine.dispose()
