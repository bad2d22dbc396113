"""What the tests of several files share: an archive to read, an empty database to write to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from db.archive import Archive
from db.engine import open_engine


@pytest.fixture
def archive(database_url: str) -> Iterator[Archive]:
    """The database as readers open it."""
    archive = Archive(database_url)
    yield archive
    archive.close()


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
