"""An index of words that is not sound is found without a change to the file, and made anew whatever is left of it."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from db.engine import open_engine
from db.errors import explain
from db.rebuild import rebuild
from db.words import WordIndex, look_at_words
from tests.db.factory import HOUR, NOW, WHOLES
from tests.db.full import fill

SEGMENTS = 6


@pytest.fixture
def file(migrated_file: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(migrated_file, tmp_path / "words.db"))


@pytest.fixture
def archive(file: Path) -> Iterator[Engine]:
    """Its index has several segments, one of them of several blocks."""
    engine = open_engine(f"sqlite:///{file}")
    for number in range(SEGMENTS):
        fill(engine, 80, f"word{number}x")
    yield engine
    engine.dispose()


def items_found(engine: Engine) -> int:
    with engine.connect() as connection:
        query = text("SELECT count(*) FROM item_search WHERE item_search MATCH 'summary'")
        return int(connection.scalar(query) or 0)


FAULTS = {
    "blocks deleted": "DELETE FROM item_search_data WHERE id > 10",
    "blocks overwritten": "UPDATE item_search_data SET block = CAST(hex(block) AS BLOB) WHERE id > 10",
    "blocks of zeros": "UPDATE item_search_data SET block = zeroblob(length(block)) WHERE id > 10",
    "no averages": "DELETE FROM item_search_data WHERE id = 1",
    "no list of segments": "DELETE FROM item_search_data WHERE id = 10",
    "a list of segments overwritten": "UPDATE item_search_data SET block = CAST('no such list' AS BLOB) WHERE id = 10",
    "no entrance": "DELETE FROM item_search_idx",
    "no settings": "DELETE FROM item_search_config",
    "lengths that are wrong": "UPDATE item_search_docsize SET sz = x'ff'",
    "words of no item": "INSERT INTO item_search (rowid, title, summary) VALUES (5, 'a', 'b')",
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_an_index_that_is_not_sound_is_found(archive: Engine, file: Path, fault: str) -> None:
    with archive.begin() as connection:
        connection.execute(text(fault))
    assert "damaged" in look_at_words(file).fault


def test_an_index_whose_numbers_ask_for_too_much_memory_is_not_sound(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(file: Path, seconds: float) -> None:
        raise MemoryError

    monkeypatch.setattr("db.words._compare", fail)
    assert "damaged" in look_at_words(file).fault


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_an_index_that_is_not_sound_is_made_anew(archive: Engine, file: Path, fault: str) -> None:
    before = items_found(archive)
    with archive.begin() as connection:
        connection.execute(text(fault))
    archive.dispose()
    mended = rebuild(archive, WHOLES, NOW + HOUR)
    assert (mended.search, items_found(archive), look_at_words(file)) == (True, before, WordIndex())


def test_an_index_that_was_made_anew_takes_new_items(archive: Engine) -> None:
    before = items_found(archive)
    with archive.begin() as connection:
        connection.execute(text(FAULTS["no list of segments"]))
    archive.dispose()
    rebuild(archive, WHOLES, NOW + HOUR)
    fill(archive, 3, "later")
    assert items_found(archive) == before + 3


def test_looking_changes_nothing(archive: Engine, file: Path) -> None:
    with archive.connect():  # whoever closes the file last writes what is in the log beside it
        before = {path.name: path.read_bytes() for path in file.parent.iterdir() if not path.name.endswith("-shm")}
        assert look_at_words(file) == WordIndex()
        after = {path.name: path.read_bytes() for path in file.parent.iterdir() if not path.name.endswith("-shm")}
    assert after == before


def test_a_file_that_another_program_writes_to_is_read_and_not_compared(
    archive: Engine, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.words.LOCK_SECONDS", 0.01)
    with archive.begin() as connection:
        connection.execute(text("UPDATE counter SET value = value"))
        assert look_at_words(file) == WordIndex(unchecked="another program is writing")


def test_blocks_that_are_not_there_are_found_while_another_program_writes(archive: Engine, file: Path) -> None:
    with archive.begin() as connection:
        connection.execute(text(FAULTS["blocks deleted"]))
    with archive.begin() as connection:
        connection.execute(text("UPDATE counter SET value = value"))
        assert look_at_words(file).fault


def test_those_who_save_do_not_wait_for_it_for_long(
    archive: Engine, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.words.STEPS_BETWEEN_LOOKS", 1)
    assert "longer than a scrape" in look_at_words(file, seconds=0).unchecked


def test_who_meets_an_index_that_is_damaged_is_told_to_rebuild(archive: Engine) -> None:
    with archive.begin() as connection:
        connection.execute(text(FAULTS["blocks deleted"]))
    with pytest.raises(DBAPIError) as met:
        items_found(archive)
    assert "run: craftwatch rebuild" in str(explain(met.value))


def test_a_file_that_may_not_be_written_to_is_read_and_not_compared(
    archive: Engine, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = sqlite3.connect

    def connect_read_only(name: str, **options: object) -> sqlite3.Connection:
        return connect(name.replace("mode=rw", "mode=ro"), **options)  # type: ignore[call-overload,no-any-return]

    with closing(connect(file)):
        monkeypatch.setattr("sqlite3.connect", connect_read_only)
        assert "may not write" in look_at_words(file).unchecked
