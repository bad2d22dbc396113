"""Bounded reads for the pages: the newest items' terms, items per period, the page before a page."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import pairwise

import pytest

from db import recent
from db.archive import Archive, Snapshot
from db.filters import Filter, Sort
from db.pictures import count_periods, find_headcounts, newer_page
from db.queries import find_items, get_items
from db.recent import Newest, count_pairs, count_since
from db.search import parse_search
from tests.api.archive import make_headcount, make_labels, make_shelf
from tests.db.factory import DAY, NOW

ALL = Filter()
FILTERS = (
    ALL,
    ALL.also(("craft", "voice-actor")),
    ALL.also(("region", "US")).also(("topic", "ai"), ("topic", "layoffs")),
    Filter(search=parse_search("title")),
    Filter(unwanted=(("topic", "ai"),)),
)
any_filter = pytest.mark.parametrize("wanted", FILTERS, ids=["all", "craft", "several", "words", "unwanted"])


@pytest.fixture(params=["sets", "tables"])
def archive(request, database_url, engine, monkeypatch):
    """Forty items of the last weeks under terms drawn at random; read from the sets in memory and from the tables."""
    if request.param == "tables":
        monkeypatch.setattr(Snapshot, "sets", lambda snapshot: None)
    shelf, draw = make_shelf(engine), random.Random(7)
    terms = ["ai", "layoffs", "voice-actor", "vfx-artist", "US-CA", "GB"]
    entries = [
        (name, draw.sample(terms, 3), NOW - draw.randrange(50) * DAY - draw.randrange(1000) * DAY / 1000)
        for name in map(str, range(40))
    ]
    for name, chosen, at in entries:
        labels = make_labels(
            *chosen, figures=(make_headcount(),) if "layoffs" in chosen and draw.random() < 0.7 else ()
        )
        shelf.add(name, labels=labels, published_at=at.replace(microsecond=0))
    archive = Archive(database_url)
    yield archive
    archive.close()


def ids_of(snapshot, wanted, limit=200):
    return find_items(snapshot, wanted, Sort.PUBLISHED, limit).ids


@any_filter
def test_the_newest_are_counted_by_term(archive, wanted):
    with archive.snapshot() as snapshot:
        found = Newest().of(snapshot, wanted, "craft")
        total = len(ids_of(snapshot, wanted))
        actors = len(ids_of(snapshot, wanted.also(("craft", "voice-actor"))))
        assert (found.items, found.complete) == (total, True)
        assert found.counts("craft").get("voice-actor", 0) == actors


@any_filter
def test_pairs_are_counted_as_choosing_both_finds(archive, wanted):
    with archive.snapshot() as snapshot:
        both = wanted.also(("craft", "voice-actor")).also(("topic", "ai"))
        pairs = count_pairs(snapshot, wanted, "craft", [("topic", "ai")])
        assert pairs[("voice-actor", "ai")] == len(ids_of(snapshot, both))


def test_from_the_tables_only_the_newest_are_read_and_only_kept_counts_give_a_total(archive, monkeypatch):
    monkeypatch.setattr(recent, "NEWEST", 5)
    monkeypatch.setattr(Snapshot, "sets", lambda snapshot: None)
    with archive.snapshot() as snapshot:
        newest = Newest()
        assert newest.of(snapshot, ALL).complete is False
        assert newest.total(snapshot, ALL) == (len(ids_of(snapshot, ALL)), False)
        assert newest.total(snapshot, Filter(unwanted=(("craft", "voice-actor"),))) is None


@any_filter
@pytest.mark.parametrize("shift", [0, 5 * 3600], ids=["midnight", "later"])
def test_periods_hold_the_items_published_in_them(archive, wanted, shift):
    midnight = int(NOW.timestamp()) // 86_400 * 86_400
    edges = [midnight - 7 * 86_400 * n for n in range(5, -1, -1)]
    wanted = Filter(wanted.wanted, wanted.unwanted, search=wanted.search, start=edges[1] + shift)
    with archive.snapshot() as snapshot:
        moments = [item_id >> 20 for item_id in ids_of(snapshot, wanted)]
        expected = [sum(a <= at < b for at in moments) for a, b in pairwise(edges)]
        assert count_periods(snapshot, wanted, edges) == (expected, False)


@any_filter
def test_the_page_before_a_page_is_the_one_it_came_from(archive, wanted):
    with archive.snapshot() as snapshot:
        everything = ids_of(snapshot, wanted)
        first_of_third = everything[6]
        position = newer_page(snapshot, wanted, 3, first_of_third)
        assert find_items(snapshot, wanted, Sort.PUBLISHED, 3, position).ids == everything[3:6]
        assert newer_page(snapshot, wanted, 3, everything[3]) is None


def test_headcounts_are_of_items_that_state_one_newest_first(archive):
    with archive.snapshot() as snapshot:
        found = [one.item_id for one in find_headcounts(snapshot, ALL, 100)]
        listed = get_items(snapshot, ids_of(snapshot, ALL.also(("topic", "layoffs"))))
        stating = sorted((item.id for item in listed.values() if "headcount" in item.figures), reverse=True)
        assert 0 < len(found) < len(listed)
        assert found == stating


@any_filter
def test_items_are_counted_from_each_moment_on(archive, wanted):
    starts = [int((NOW - days * DAY).timestamp()) + 5 for days in (1, 7, 30, 90)]
    with archive.snapshot() as snapshot:
        listed = [len(ids_of(snapshot, replace(wanted, start=start))) for start in starts]
        assert count_since(snapshot, wanted, starts) == listed


def test_up_to_the_end_that_is_asked_for(archive):
    start, end = (int((NOW - days * DAY).timestamp()) for days in (20, 10))
    with archive.snapshot() as snapshot:
        listed = len(ids_of(snapshot, Filter(start=start, end=end)))
        assert count_since(snapshot, Filter(end=end), [start]) == [listed]


def test_more_than_are_looked_at_are_not_counted(archive, monkeypatch):
    monkeypatch.setattr(recent, "NEWEST", 3)
    monkeypatch.setattr(Snapshot, "sets", lambda snapshot: None)
    wanted = Filter(search=parse_search("title"))
    with archive.snapshot() as snapshot:
        third, fourth = (item_id >> 20 for item_id in ids_of(snapshot, wanted, 4)[2:])
        assert count_since(snapshot, wanted, [third, fourth]) == [3, None]


def test_a_term_that_nothing_is_under_has_nothing_at_any_time(archive):
    with archive.snapshot() as snapshot:
        assert count_since(snapshot, Filter().also(("craft", "colorist")), [0]) == [0]
