"""The migrations and the models tell the same story, and a database of another age is refused with advice."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, text

from db.engine import open_engine
from db.errors import NoDatabase, SchemaTooNew, SchemaTooOld
from db.migrations import check_schema, migrate
from db.migrations.names import include_name
from db.models import metadata
from tests.db.old import SOURCE, build_schema


def test_migrations_build_exactly_the_models(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_name": include_name})
        assert compare_metadata(context, metadata) == []


def test_migrating_twice_changes_nothing(engine: Engine) -> None:
    assert migrate(engine) is False


def test_sources_of_the_first_schema_are_feeds(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'old.db'}")
    build_schema(engine, "0001", SOURCE)
    migrate(engine)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT format FROM source")) == "feed"


def test_a_pause_that_a_source_asked_for_outlasts_the_fourth_schema(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'old.db'}")
    state = (
        "INSERT INTO source_state (source_id, next_check_at, next_check_reason, failures, moved_count) VALUES "
        "('a', 7, 'http_5xx: the source asked for this pause (Retry-After)', 1, 0)"
    )
    build_schema(engine, "0003", SOURCE.replace("true, ''", "true, '', 'feed'"), state)
    migrate(engine)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT paused_until FROM source_state")) == 7


def test_a_database_without_tables_is_none_yet(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'new.db'}")
    with pytest.raises(NoDatabase, match="craftwatch migrate"):
        check_schema(engine)


def test_a_database_with_tables_of_before_is_too_old(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    with pytest.raises(SchemaTooOld, match="craftwatch migrate"):
        check_schema(engine)


def test_a_database_of_a_later_craftwatch_is_refused(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SchemaTooNew, match="Update craftwatch"):
        migrate(engine)


def test_reading_a_database_that_is_not_there_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(NoDatabase, match="craftwatch migrate"):
        open_engine(f"sqlite:///{tmp_path / 'none.db'}", read_only=True)
