"""The migrations and the models tell the same story, and a database of another age is refused with advice."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, inspect, text

from db.engine import open_engine
from db.errors import NoDatabase, NotOurs, SchemaTooNew, SchemaTooOld
from db.migrations import check_schema, locked_archive, migrate, migrate_alone
from db.migrations.names import include_name
from db.models import metadata
from tests.api.archive import make_headcount, make_labels, make_shelf
from tests.db.old import SOURCE, build_schema, step_back


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


def test_items_are_filed_under_their_figures_from_the_fifth_schema_on(engine: Engine) -> None:
    shelf = make_shelf(engine)
    shelf.add("a", labels=make_labels("layoffs", figures=(make_headcount(),)))
    shelf.add("b", labels=make_labels("layoffs"))
    fresh = _filings(engine)
    assert len([filing for filing in fresh if "headcount" in str(filing)]) == 3
    step_back(engine, "0004")
    assert len(_filings(engine)) == len(fresh) - 3
    migrate(engine)
    assert _filings(engine) == fresh


def _filings(engine: Engine) -> set[tuple[object, ...]]:
    """What items say they are filed under, under what they are, and the counts, by names."""
    with engine.connect() as connection:
        names = {row.id: (row.axis, row.code) for row in connection.execute(text("SELECT * FROM term"))}
        return {
            *((names[row.term_id], row.item_id) for row in connection.execute(text("SELECT * FROM item_term"))),
            *((names[row.term_id], row.day, row.items) for row in connection.execute(text("SELECT * FROM term_day"))),
            *(
                (row.id, *names[number], confidence)
                for row in connection.execute(text("SELECT id, terms FROM item"))
                for number, confidence in json.loads(row.terms)
            ),
        }


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


# Another program's database


@pytest.fixture
def stranger(engine: Engine) -> Engine:
    """A database of another program, which would rather keep it."""
    with engine.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(text(f"DROP TABLE {table.name}"))
        connection.execute(text("DROP TABLE alembic_version"))
        if engine.dialect.name == "sqlite":
            connection.execute(text("DROP TABLE item_search"))
        connection.execute(text("CREATE TABLE invoice (id INTEGER, sum INTEGER)"))
        connection.execute(text("INSERT INTO invoice VALUES (1, 100)"))
    return engine


def give_history(engine: Engine, *revisions: str) -> None:
    """As a program has it that uses Alembic too."""
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32))"))
        for revision in revisions:
            connection.execute(text(f"INSERT INTO alembic_version VALUES ('{revision}')"))


HISTORIES = {"none": [], "another": ["ae1027a6acf0"], "like ours": ["0001"], "two": ["0001", "0002"]}


@pytest.mark.parametrize("revisions", HISTORIES.values(), ids=HISTORIES)
@pytest.mark.parametrize("ask", [check_schema, migrate, migrate_alone])
def test_a_database_of_another_program_is_refused(
    stranger: Engine, ask: Callable[[Engine], object], revisions: list[str]
) -> None:
    if revisions:
        give_history(stranger, *revisions)
    with pytest.raises(NotOurs, match=r"another program's \(with table invoice in it\).*CRAFTWATCH_DATABASE_URL"):
        ask(stranger)
    with stranger.connect() as connection:
        assert set(inspect(connection).get_table_names()) <= {"invoice", "alembic_version"}


def test_a_database_of_a_much_later_craftwatch_is_still_ours(stranger: Engine) -> None:
    give_history(stranger, "0999")
    with pytest.raises(SchemaTooNew, match="Update craftwatch"):
        check_schema(stranger)


def test_a_schema_that_changed_while_the_lock_was_waited_for_is_noticed(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def wait_for_another(engine: Engine, *, shared: bool) -> Iterator[None]:
        with engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '0999'"))
        yield

    monkeypatch.setattr("db.migrations.run_lock", wait_for_another)
    with pytest.raises(SchemaTooNew), locked_archive(engine, shared=True):
        pytest.fail("it was begun")


def test_a_database_that_was_emptied_can_be_migrated(stranger: Engine) -> None:
    give_history(stranger)
    with stranger.begin() as connection:
        connection.execute(text("DROP TABLE invoice"))
    assert migrate(stranger) is True


def test_what_an_extension_brought_is_nobodys_data(stranger: Engine) -> None:
    if stranger.dialect.name != "postgresql":
        pytest.skip("SQLite has no such extensions")
    with stranger.begin() as connection:
        connection.execute(text("ALTER EXTENSION plpgsql ADD TABLE invoice"))
    assert migrate(stranger) is True
    with stranger.begin() as connection:  # lest it goes with the extension
        connection.execute(text("ALTER EXTENSION plpgsql DROP TABLE invoice"))


def test_the_file_of_another_program_stays_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "books.db"
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("CREATE TABLE invoice (id INTEGER, sum INTEGER)")
    before = file.read_bytes()
    engine = open_engine(f"sqlite:///{file}")
    with pytest.raises(NotOurs):
        migrate(engine)
    engine.dispose()
    assert file.read_bytes() == before
