"""A copy is the whole archive, from either kind of database to either, however often it is interrupted."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Callable
from operator import itemgetter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, Table, text

from db.contents import TABLES, Contents, Values, count_rows, in_order, read_contents
from db.copying import add_rows, copy_archive, differences, reading
from db.engine import open_engine
from db.errors import DatabaseUnusable, HalfCopied, NotEmpty
from db.lock import AlreadyRunning, run_lock
from db.migrations import check_schema
from db.models import metadata
from tests.db.full import fill


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("db.contents.BATCH", 2)
    monkeypatch.setattr("db.copying.ROWS_PER_STEP", 3)


class PowerCut(BaseException):
    pass


def power_cut_at(call: int) -> Callable[[int], None]:
    """Stop where it is, the `call`th time that rows were brought over or read again."""
    calls = itertools.count(1)

    def on_rows(count: int) -> None:
        if next(calls) == call:
            raise PowerCut

    return on_rows


def contents_of(engine: Engine) -> dict[str, Contents]:
    with reading(engine) as connection:
        return {table.name: read_contents(connection, table) for table in TABLES}


def rows_of_facts(engine: Engine) -> int:
    """In all tables but that of the counters."""
    with reading(engine) as connection:
        return sum(rows for name, rows in count_rows(connection).items() if name != "counter")


def change(engine: Engine, statement: str) -> None:
    with engine.begin() as connection:
        connection.execute(text(statement))


def test_the_archive_of_these_tests_has_something_in_every_table(engine: Engine) -> None:
    fill(engine)
    with reading(engine) as connection:
        assert [name for name, rows in count_rows(connection).items() if not rows] == []


def test_contents_tell_archives_apart_by_a_single_character(engine: Engine) -> None:
    fill(engine)
    before = contents_of(engine)
    change(engine, "UPDATE item SET summary = 'x' WHERE id = (SELECT max(id) FROM item)")
    assert {name for name, held in contents_of(engine).items() if held != before[name]} == {"item"}


def test_a_copy_has_the_same_rows_in_every_table(engine: Engine, target: Engine) -> None:
    fill(engine)
    copy_archive(engine, target)
    assert contents_of(target) == contents_of(engine)


def test_what_was_copied_is_told_with_its_checksums(engine: Engine, target: Engine) -> None:
    fill(engine)
    assert copy_archive(engine, target) == contents_of(engine)


@pytest.mark.usefixtures("small_steps")
@pytest.mark.parametrize("call", [1, 5, 12, 25, 40])
def test_a_copy_that_was_interrupted_goes_on(engine: Engine, target: Engine, call: int) -> None:
    fill(engine, 8)
    with pytest.raises(PowerCut):
        copy_archive(engine, target, on_rows=power_cut_at(call))
    copy_archive(engine, target)
    assert contents_of(target) == contents_of(engine)


@pytest.mark.usefixtures("small_steps")
def test_what_changed_between_interruption_and_repetition_is_brought_over(engine: Engine, target: Engine) -> None:
    fill(engine, 8)
    with pytest.raises(PowerCut):
        copy_archive(engine, target, on_rows=power_cut_at(40))
    fill(engine, 8, "later")
    change(engine, "DELETE FROM fetch_log WHERE id = (SELECT min(id) FROM fetch_log)")
    change(engine, "UPDATE source SET enabled = NOT enabled")
    copy_archive(engine, target)
    assert contents_of(target) == contents_of(engine)


@pytest.mark.usefixtures("small_steps")
def test_what_is_there_already_is_not_written_again(
    engine: Engine, target: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(engine, 8)
    with pytest.raises(PowerCut):
        copy_archive(engine, target, on_rows=power_cut_at(30))
    there = rows_of_facts(target)
    written: list[int] = []

    def add_and_count(connection: Connection, table: Table, rows: list[Values]) -> None:
        written.append(len(rows))
        add_rows(connection, table, rows)

    monkeypatch.setattr("db.copying.add_rows", add_and_count)
    copy_archive(engine, target)
    assert sum(written) == rows_of_facts(engine) - there


@pytest.mark.usefixtures("small_steps")
def test_a_half_done_copy_is_not_used_for_anything_else(engine: Engine, target: Engine) -> None:
    fill(engine)
    with pytest.raises(PowerCut):
        copy_archive(engine, target, on_rows=power_cut_at(4))
    with pytest.raises(HalfCopied, match="craftwatch copy again"):
        check_schema(target)


def test_a_copy_that_is_done_can_be_used(engine: Engine, target: Engine) -> None:
    fill(engine)
    copy_archive(engine, target)
    check_schema(target)
    fill(target, 2, "afterwards")


def test_a_copy_killed_outright_goes_on(engine: Engine, database_url: str, target: Engine) -> None:
    fill(engine, 40)
    code = (
        "import os, signal, sys, db.contents, db.copying\n"
        "from db.engine import open_engine\n"
        "db.contents.BATCH = db.copying.ROWS_PER_STEP = 5\n"
        "rows = 0\n"
        "def on_rows(count):\n"
        "    global rows\n"
        "    rows += count\n"
        "    if rows > 300: os.kill(os.getpid(), signal.SIGKILL)\n"
        "db.copying.copy_archive(open_engine(sys.argv[1]), open_engine(sys.argv[2]), on_rows=on_rows)"
    )
    other = target.url.render_as_string(hide_password=False)
    done = subprocess.run([sys.executable, "-c", code, database_url, other], capture_output=True, check=False)
    assert done.returncode == -9, done.stderr
    assert 0 < rows_of_facts(target) < rows_of_facts(engine)
    # PostgreSQL notices the lost connections, and frees their locks, a moment later.
    patient = open_engine(database_url, wait_seconds=10), open_engine(other, wait_seconds=10)
    copy_archive(*patient)
    for opened in patient:
        opened.dispose()
    assert contents_of(target) == contents_of(engine)


def test_an_archive_is_never_copied_into_another(engine: Engine, target: Engine) -> None:
    fill(engine)
    copy_archive(engine, target)
    with pytest.raises(NotEmpty, match="empty database"):
        copy_archive(engine, target)


@pytest.mark.usefixtures("small_steps")
def test_a_half_done_copy_of_another_database_is_left_alone(engine: Engine, target: Engine, tmp_path: Path) -> None:
    fill(engine)
    with pytest.raises(PowerCut):
        copy_archive(engine, target, on_rows=power_cut_at(4))
    third = open_engine(f"sqlite:///{tmp_path / 'third.db'}")
    copy_archive(engine, third)
    with pytest.raises(NotEmpty, match="another database"):
        copy_archive(third, target)
    third.dispose()


def test_a_database_is_not_copied_to_itself(engine: Engine, database_url: str) -> None:
    other = open_engine(database_url)
    with pytest.raises(NotEmpty, match="is to be copied"):
        copy_archive(engine, other)
    other.dispose()


def test_no_scrape_can_run_while_an_archive_is_copied(engine: Engine, database_url: str, target: Engine) -> None:
    fill(engine)
    refused = []

    def try_to_scrape(count: int) -> None:
        other = open_engine(database_url, wait_seconds=0.1)
        with pytest.raises(AlreadyRunning), run_lock(other, shared=True):
            pass
        other.dispose()
        refused.append(count)

    copy_archive(engine, target, on_rows=try_to_scrape)
    assert refused


def test_a_copy_that_differs_from_its_original_is_told_of(
    engine: Engine, target: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose_a_row(connection: Connection, table: Table, rows: list[Values]) -> None:
        add_rows(connection, table, rows[1:] if table.name == "robots" else rows)

    fill(engine)
    monkeypatch.setattr("db.copying.add_rows", lose_a_row)
    with pytest.raises(DatabaseUnusable, match="robots has 0 rows, 1 were expected"):
        copy_archive(engine, target)


def test_texts_are_in_the_order_of_code_points_whatever_the_language_of_the_server() -> None:
    assert 'ORDER BY origin COLLATE "C"' in in_order(metadata.tables["robots"], sqlite=False)


def test_progress_adds_up_to_what_was_announced(engine: Engine, target: Engine) -> None:
    fill(engine)
    announced: list[int] = []
    told: list[int] = []
    copy_archive(engine, target, on_start=announced.append, on_rows=told.append)
    assert [sum(told)] == announced


ROWS = st.dictionaries(st.tuples(st.text(max_size=2), st.integers(0, 3)), st.booleans(), max_size=12)


@given(ROWS, ROWS)
def test_differences_make_the_one_like_the_other(
    wanted: dict[tuple[str, int], bool], there: dict[tuple[str, int], bool]
) -> None:
    ours = sorted((*key, value) for key, value in wanted.items())
    theirs = {key: (*key, value) for key, value in there.items()}
    rows = iter(sorted(theirs.values()))
    for what, row in list(differences(ours, rows, itemgetter(0, 1))):
        key = (row[0], row[1])
        assert (key in theirs) is (what != "add")
        if what == "drop":
            del theirs[key]
        else:
            theirs[key] = row  # type: ignore[assignment]
    assert sorted(theirs.values()) == ours
