"""A snapshot is of one moment, whether it began its transaction at once or with the first statement."""

from __future__ import annotations

import sqlite3

import pytest

from db.archive import Archive, Moment, Moved, NotInMemory
from db.errors import DatabaseError
from db.steps import at_once
from tests.api.archive import Shelf

COUNT = "SELECT count(*) FROM item"


def newest(archive: Archive) -> Moment:
    with archive.snapshot() as snapshot:
        return snapshot.moment


@pytest.fixture
def now(archive: Archive, shelf: Shelf) -> Moment:
    shelf.add("a", "ai", "voice-actor", "US")
    return newest(archive)


@pytest.mark.parametrize("was_looked_up", [True, False])
def test_what_is_saved_meanwhile_is_not_seen(archive: Archive, shelf: Shelf, now: Moment, was_looked_up: bool):
    with archive.snapshot(now if was_looked_up else None) as snapshot:
        assert snapshot.one(COUNT) == 1
        shelf.add("b", "ai", "voice-actor", "US")
        assert (snapshot.version, snapshot.one(COUNT)) == (now.version, 1)
    assert newest(archive).version == now.version + 1


def test_a_moment_that_is_past_by_the_first_statement_is_told_of(archive: Archive, shelf: Shelf, now: Moment):
    with archive.snapshot(now) as snapshot:
        shelf.add("b", "ai", "voice-actor", "US")
        assert snapshot.version == now.version
        with pytest.raises(Moved):
            snapshot.one(COUNT)
    with archive.snapshot() as snapshot:
        assert snapshot.one(COUNT) == 2


def test_a_snapshot_in_memory_asks_the_database_nothing(archive: Archive, now: Moment):
    with archive.snapshot(now, in_memory=True) as snapshot:
        assert snapshot.version == now.version
        with pytest.raises(NotInMemory):
            snapshot.one(COUNT)
        with pytest.raises(NotInMemory):
            snapshot.take_time()


def test_a_connection_serves_one_snapshot_after_another(archive: Archive, now: Moment):
    if not archive.is_sqlite:
        pytest.skip("SQLAlchemy's pool keeps those of PostgreSQL")
    first = archive.take_connection()
    archive.give_back(first)
    with archive.snapshot(now) as snapshot:
        snapshot.one(COUNT)
    second = archive.take_connection()
    archive.give_back(second)
    assert second is first


def test_idle_connections_let_go_of_an_older_version_and_one_that_cannot_is_used_no_more(archive: Archive):
    if not archive.is_sqlite:
        assert at_once(archive.refresh()) is None  # nothing to do
        return
    sound, broken = archive.take_connection(), archive.take_connection()
    archive.give_back(broken)
    archive.give_back(sound)
    broken.close()
    at_once(archive.refresh())
    taken = [archive.take_connection() for _ in range(2)]
    assert taken[0] is sound
    assert taken[1] is not broken
    for each in taken:
        archive.give_back(each)


def test_a_connection_that_failed_is_used_no_more(archive: Archive, now: Moment):
    if not archive.is_sqlite:
        pytest.skip("SQLAlchemy's pool makes sure of those of PostgreSQL")
    first = archive.take_connection()
    archive.give_back(first)
    with pytest.raises((sqlite3.Error, DatabaseError)), archive.snapshot(now) as snapshot:
        snapshot.one("SELECT nothing FROM nowhere")
    second = archive.take_connection()
    archive.give_back(second)
    assert second is not first
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        first.execute("SELECT 1")
