"""SQLite's index of words: what is added to it with new items, and whether it is sound.

Looking at it changes nothing, and no scrape waits long for who looks.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection, text
from sqlalchemy.exc import DatabaseError as DriverError

from db import bulk

CHECK_SECONDS = 10.0  # in which nobody else can write
LOCK_SECONDS = 1.0
STEPS_BETWEEN_LOOKS = 10_000  # of SQLite's virtual machine

_UNSOUND = "the index of words is damaged or does not fit the items"
_NOT_LOOKED = {
    "SQLITE_BUSY": "another program is writing",
    "SQLITE_LOCKED": "another program is writing",
    "SQLITE_INTERRUPT": "that takes longer than a scrape should have to wait to save what it found",
    "SQLITE_READONLY": "this user may not write to the file",
    "SQLITE_CANTOPEN": "this user may not write to the file or its folder",
    "SQLITE_PERM": "this user may not write to the file",
    "SQLITE_FULL": "the disk is full",
    "SQLITE_IOERR": "the disk failed or is full",
}
_CHECK = "INSERT INTO item_search (item_search, rank) VALUES ('integrity-check', 1)"  # https://sqlite.org/fts5.html
_SEGMENTS_WITHOUT_ENTRANCE = (  # which FTS5's own check passes over; a block's number begins with its segment's
    "SELECT count(*) FROM (SELECT id >> 37 FROM item_search_data WHERE id > 10 "
    "EXCEPT SELECT segid FROM item_search_idx)"
)


class WordIndex(NamedTuple):
    """`fault`: what is wrong with it; `unchecked`: why it was not compared with the items. Else ""."""

    fault: str = ""
    unchecked: str = ""


def insert_items(connection: Connection, columns: Sequence[str], items: Sequence[tuple[Any, ...]]) -> None:
    """New items, rows of these columns, and what the index learns of them; PostgreSQL's learns by itself.

    Triggers do the same for items that change or go. For new ones a trigger takes three times as long: FTS5 writes down
    what it has gathered whenever a statement begins that may be undone alone.
    """
    bulk.insert(connection, "item", columns, items)
    if connection.dialect.name == "sqlite":
        words = itemgetter(*map(columns.index, ("id", "title", "summary")))
        bulk.insert(connection, "item_search", ("rowid", "title", "summary"), list(map(words, items)))


def look_at_words(file: Path, seconds: float = CHECK_SECONDS) -> WordIndex:
    """Read the index of an SQLite file, then have SQLite compare it with the items, as far as it may be written to.

    Comparing is given up after so many seconds: others wait for it before they save.
    """
    try:
        _read_all(file)
        _compare(file, seconds)
    except (sqlite3.Error, MemoryError) as error:  # a number in a block that is wrong may ask for any amount
        name = getattr(error, "sqlite_errorname", "")
        why = next((why for prefix, why in _NOT_LOOKED.items() if name.startswith(prefix)), "")
        return WordIndex(unchecked=why) if why else WordIndex(fault=_UNSOUND)
    return WordIndex()


def are_words_right(connection: Connection) -> bool:
    """As this transaction sees them, which is one that may write."""
    try:
        connection.execute(text(_CHECK))
        return not connection.scalar(text(_SEGMENTS_WITHOUT_ENTRANCE))
    except (DriverError, MemoryError):
        return False


def index_words(connection: Connection) -> None:
    """Make SQLite's index anew from the items, whatever is left of it.

    FTS5 makes none anew that it cannot open, so what it keeps is first put to that of an index that is new.
    """
    connection.execute(text("CREATE VIRTUAL TABLE temp.new_index USING fts5(title)"))
    for part in ("data", "idx", "config", "docsize"):
        connection.execute(text(f"DELETE FROM main.item_search_{part}"))  # noqa: S608  # our own words
    for part in ("data", "config"):
        connection.execute(text(f"INSERT INTO main.item_search_{part} SELECT * FROM temp.new_index_{part}"))  # noqa: S608
    connection.execute(text("DROP TABLE temp.new_index"))
    connection.execute(text("INSERT INTO item_search (item_search) VALUES ('rebuild')"))


def _read_all(file: Path) -> None:
    """Nobody waits for it, and it needs no right to write; blocks that are wrong or not there are met."""
    with closing(_open(file, "ro")) as connection:
        connection.execute("CREATE VIRTUAL TABLE temp.word USING fts5vocab('main', 'item_search', 'row')")
        connection.execute("SELECT count(*) FROM temp.word").fetchone()
        if connection.execute(_SEGMENTS_WITHOUT_ENTRANCE).fetchone()[0]:
            raise sqlite3.DatabaseError(_UNSOUND)


def _compare(file: Path, seconds: float) -> None:
    """To SQLite this is a write, though it writes nothing."""
    with closing(_open(file, "rw")) as connection:
        connection.execute("BEGIN IMMEDIATE")
        end = time.monotonic() + seconds
        connection.set_progress_handler(lambda: time.monotonic() > end, STEPS_BETWEEN_LOOKS)
        connection.execute(_CHECK)
        connection.rollback()


def _open(file: Path, mode: str) -> sqlite3.Connection:
    name = f"{file.absolute().as_uri()}?mode={mode}"
    return sqlite3.connect(name, uri=True, timeout=LOCK_SECONDS, isolation_level=None)
