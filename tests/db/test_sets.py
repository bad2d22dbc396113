"""The sets in memory say what the tables say, however they came to be."""

from __future__ import annotations

import random
import shutil
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from db.archive import Archive, Snapshot
from db.engine import open_engine
from db.errors import TooSlow
from db.filters import Filter, Sort
from db.queries import count_items, find_items
from db.sets import EVERYTHING, Changed, TermSets
from db.steps import Steps, at_once
from tests.api.archive import Shelf, make_labels, make_shelf
from tests.db.factory import DAY, NOW, make_draft

FILTERS = (
    Filter(),
    Filter(tracked=None),
    Filter().also(("topic", "ai")),
    Filter().also(("topic", "ai"), ("topic", "layoffs")).also(("region", "US")),
    Filter(unwanted=(("region", "GB"),)).also(("craft", "actor")),
    Filter(start=int((NOW - 9 * DAY).timestamp()), end=int((NOW - 2 * DAY).timestamp())),
)


def write_some(shelf: Shelf, dice: random.Random, step: int) -> None:
    """New items of any day, edits and retags."""
    entries = [
        (
            make_draft(
                f"n{number}", title=f"{number} at {step}", published_at=NOW - number % 15 * DAY, content_hash=f"{step}"
            ),
            make_labels(dice.choice(("ai", "layoffs", "actor")), dice.choice(("US", "GB", "US-CA"))),
        )
        for number in dice.sample(range(60), 6)
    ]
    shelf.save(entries, now=NOW + timedelta(seconds=step))


def answers(snapshot: Snapshot) -> list[tuple[list[int], int]]:
    return [
        (find_items(snapshot, wanted, Sort.PUBLISHED, 100).ids, count_items(snapshot, wanted).items)
        for wanted in FILTERS
    ]


def test_sets_that_followed_every_write_answer_as_the_tables_do(
    engine: Engine, archive: Archive, monkeypatch: pytest.MonkeyPatch
):
    shelf, dice = make_shelf(engine), random.Random(5)
    for step in range(25):
        write_some(shelf, dice, step)
        with archive.snapshot() as snapshot:
            assert snapshot.sets() is not None
            by_sets = answers(snapshot)
            with monkeypatch.context() as patch:
                patch.setattr("db.archive.Snapshot.sets", lambda _: None)
                assert by_sets == answers(snapshot)


def test_sets_put_in_order_answer_as_those_that_are_read_and_follow_what_comes(engine: Engine, archive: Archive):
    shelf, dice = make_shelf(engine), random.Random(7)
    shelf.add("first", "ai")
    with archive.snapshot() as snapshot:
        assert snapshot.sets() is not None  # whatever comes now is behind the base
    for step in range(5):
        write_some(shelf, dice, step)
        with archive.snapshot() as snapshot:
            sets = snapshot.sets()
            assert sets is not None
            ordered, read = at_once(sets.in_order()), TermSets.read(snapshot)
            told = [contents(each, snapshot) for each in (ordered, read, sets)]
            assert told[0] == told[1]
            assert [ids for ids, _ in told[0]] == [ids for ids, _ in told[2]]
        write_some(shelf, dice, 100 + step)
        with archive.snapshot() as later:
            changes = at_once(ordered.changes(later, 100))
            assert changes is not None
            followed = at_once(ordered.followed(changes, later.version))
            told = [contents(each, later) for each in (followed, TermSets.read(later))]
            assert [ids for ids, _ in told[0]] == [ids for ids, _ in told[1]]


@pytest.mark.parametrize("seed", range(40))
def test_who_follows_step_by_step_may_be_overtaken(
    seed: int, migrated_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """By others who follow to earlier and later versions, and by those who put the sets in order."""
    monkeypatch.setattr("db.sets.STEP", 1)
    monkeypatch.setattr("db.sets.PLACES", 2)
    dice = random.Random(seed)
    url = f"sqlite:///{shutil.copy(migrated_file, tmp_path / 'steps.db')}"
    engine, archive = open_engine(url), Archive(url)
    shelf = make_shelf(engine)
    write_some(shelf, dice, 0)
    keeper, under_way = archive.keeper, []
    with archive.snapshot() as snapshot:
        assert snapshot.sets() is not None
    for step in range(1, 8):
        write_some(shelf, dice, step)
        with archive.snapshot() as snapshot:
            changed = at_once(keeper.changed(snapshot))
            if changed is not None:
                under_way.append(keeper.follow(changed))
        if dice.random() < 0.5:
            under_way.append(keeper.put_in_order())
        for _ in range(dice.choice((0, 3, 60))):
            newest = keeper._kept[-1].version
            if under_way and is_over(chosen := dice.choice(under_way)):
                under_way.remove(chosen)
            assert keeper._kept[-1].version >= newest
    for steps in under_way:
        at_once(steps)
    write_some(shelf, dice, 8)
    with archive.snapshot() as snapshot:
        sets = snapshot.sets()
        assert sets is not None
        at_once(keeper.put_in_order())
        ordered = snapshot.sets()
        assert ordered is not None
        read = contents(TermSets.read(snapshot), snapshot)
        assert [ids for ids, _ in contents(sets, snapshot)] == [ids for ids, _ in read]
        assert [ids for ids, _ in contents(ordered, snapshot)] == [ids for ids, _ in read]
        everything = [row[0] for row in snapshot.rows("SELECT id FROM item ORDER BY id")]
        half = everything[len(everything) // 2]
        for each in (sets, ordered):
            assert each.share(*EVERYTHING, half) == len(everything) / (len(everything) - len(everything) // 2)
    archive.close()
    engine.dispose()


def is_over(steps: Steps[Any]) -> bool:
    try:
        next(steps)
    except StopIteration:
        return True
    return False


def contents(sets: TermSets, snapshot: Snapshot) -> list[tuple[list[int], list[int]]]:
    """Ids and positions of the items under each term."""
    found = [sets.match([(term_id,)], (), *EVERYTHING, None) for term_id in snapshot.term_keys()]
    return [(sets.newest(under, EVERYTHING[1], 100), list(under)) for under in found]


def test_nobody_waits_for_the_database_of_another(engine: Engine, archive: Archive, monkeypatch: pytest.MonkeyPatch):
    shelf = make_shelf(engine)
    shelf.add("a", "ai")
    with archive.snapshot() as snapshot:
        before = snapshot.sets()
    shelf.add("b", "ai")
    asked, answered = threading.Event(), threading.Event()
    ask = Snapshot.batches

    def ask_slowly(snapshot: Snapshot, *question: object) -> object:
        if threading.current_thread().name == "slow":
            asked.set()
            assert answered.wait(10)
        return ask(snapshot, *question)  # type: ignore[arg-type]

    def follow() -> None:
        with archive.snapshot() as snapshot:
            followed.append(snapshot.sets())

    followed: list[TermSets | None] = []
    monkeypatch.setattr(Snapshot, "batches", ask_slowly)
    slow = threading.Thread(target=follow, name="slow")
    slow.start()
    assert asked.wait(10)
    follow()
    answered.set()
    slow.join(10)
    assert followed[0] is followed[1] is not before


def test_sets_stay_of_their_moment_for_those_who_read_of_it(engine: Engine, archive: Archive):
    shelf = make_shelf(engine)
    shelf.add("a", "ai")
    with archive.snapshot() as earlier:
        before, told = earlier.sets(), answers(earlier)
        shelf.add("b", "ai")
        shelf.add("a", "layoffs")  # edited
        with archive.snapshot() as later:
            assert later.sets() is not before
            assert answers(later) != told
        assert earlier.sets() is before
        earlier.matches.clear()
        assert answers(earlier) == told


def test_what_changed_after_one_version_is_not_put_on_sets_of_an_earlier_one(engine: Engine, archive: Archive):
    shelf, kept = make_shelf(engine), []
    for name in "abc":
        shelf.add(name, "ai")
        with archive.snapshot() as snapshot:
            kept.append(snapshot.sets())
    first, second, _ = kept
    assert first is not None
    assert second is not None
    keeper = archive.keeper
    with archive.snapshot() as snapshot:
        changes = at_once(second.changes(snapshot, 100))
        assert changes is not None
        keeper._kept = (first,)  # put in order, and published while the database was asked
        assert at_once(keeper.follow(Changed(changes, second.version, snapshot.version))) is None
        followed = snapshot.sets()
        assert followed is not None
        assert contents(followed, snapshot)[0][0] == contents(TermSets.read(snapshot), snapshot)[0][0]


def test_of_a_moment_that_is_long_past_there_are_no_sets(engine: Engine, archive: Archive):
    shelf = make_shelf(engine)
    shelf.add("a", "ai")
    with archive.snapshot() as earlier:
        before = answers(earlier)
        for name in "bcdefg":
            shelf.add(name, "ai")
            with archive.snapshot() as later:
                assert later.sets() is not None
        assert earlier.sets() is None
        earlier.matches.clear()
        assert answers(earlier) == before


def test_too_many_changes_are_read_anew(engine: Engine, archive: Archive, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("db.sets.CHANGES", 2)
    shelf = make_shelf(engine)
    shelf.add("a", "ai")
    with archive.snapshot() as snapshot:
        first = snapshot.sets()
    for name in "bcd":
        shelf.add(name, "ai")
    with archive.snapshot() as snapshot:
        assert snapshot.sets() is not first
        assert count_items(snapshot, Filter().also(("topic", "ai"))).items == 4


def test_a_large_archive_is_read_aside_while_the_tables_answer(
    engine: Engine, archive: Archive, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("db.sets.SMALL", 0)
    shelf = make_shelf(engine)
    shelf.add("a", "ai")
    with archive.snapshot() as snapshot:
        assert snapshot.sets() is None
        assert count_items(snapshot, Filter().also(("topic", "ai")).also(("source", "ledger"))).items == 1
    for thread in threading.enumerate():
        if thread.name == "term sets":
            thread.join()
    with archive.snapshot() as snapshot:
        assert isinstance(snapshot.sets(), TermSets)


def test_the_sets_there_are_serve_until_those_that_are_read_anew_are_ready(
    engine: Engine, archive: Archive, monkeypatch: pytest.MonkeyPatch
):
    shelf = make_shelf(engine)
    shelf.add("a", "ai")
    with archive.snapshot() as snapshot:
        first = snapshot.sets()
    monkeypatch.setattr("db.sets.SMALL", 2)
    wanted = Filter().also(("topic", "ai")).also(("source", "ledger"))
    for number, name in enumerate("bcdef", 2):
        shelf.add(name, "ai")
        with archive.snapshot() as snapshot:
            assert snapshot.sets() is not None
            assert count_items(snapshot, wanted).items == number
    for thread in threading.enumerate():
        if thread.name == "term sets":
            thread.join()
    with archive.snapshot() as snapshot:
        assert snapshot.sets() is not first
        assert count_items(snapshot, wanted).items == 6


@pytest.mark.parametrize("few", [0, 500])
def test_items_that_came_later_are_found_in_the_order_of_publication(
    engine: Engine, archive: Archive, monkeypatch: pytest.MonkeyPatch, few: int
):
    monkeypatch.setattr("db.sets.FEW", few)
    shelf, draw = make_shelf(engine), random.Random(5)
    places = list(range(30))
    draw.shuffle(places)
    for number, place in enumerate(places):
        shelf.add(f"item-{place}", *(("ai",) if place % 3 else ("layoffs",)), published_at=NOW - place * DAY)
        if number == 9:
            with archive.snapshot() as snapshot:
                assert snapshot.sets() is not None
    wanted = Filter().also(("topic", "ai")).also(("source", "ledger"))
    with archive.snapshot() as snapshot:
        assert snapshot.sets() is not None
        newest = [row[0] for row in snapshot.rows("SELECT id FROM item ORDER BY id DESC")]
        expected = [item_id for place, item_id in enumerate(newest) if place % 3]
        page = find_items(snapshot, wanted, Sort.PUBLISHED, 7)
        assert page.ids == expected[:7]
        assert find_items(snapshot, wanted, Sort.PUBLISHED, 7, page.next).ids == expected[7:14]
        within = replace(wanted, start=int((NOW - 12 * DAY).timestamp()), end=int((NOW - 4 * DAY).timestamp()))
        assert find_items(snapshot, within, Sort.PUBLISHED, 50).ids == [
            item_id for place, item_id in enumerate(newest) if place % 3 and 4 < place <= 12
        ]


def test_sets_that_could_not_be_read_are_read_by_the_next_who_asks(
    engine: Engine, archive: Archive, monkeypatch: pytest.MonkeyPatch
):
    make_shelf(engine).add("a", "ai")

    def fail(snapshot: Snapshot) -> TermSets:
        raise TooSlow("too slow")

    with monkeypatch.context() as patch, archive.snapshot() as snapshot:
        patch.setattr("db.sets.TermSets.read", fail)
        with pytest.raises(TooSlow):
            snapshot.sets()
    with archive.snapshot() as snapshot:
        assert snapshot.sets() is not None
