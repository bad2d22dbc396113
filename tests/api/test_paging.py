"""Cursors: opaque, stable while items arrive, and good for as long as there are pages."""

from __future__ import annotations

import random
import threading
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from api.paging import decode_change, decode_cursor, encode_change, encode_cursor
from db.filters import Position, Sort
from db.store import stored_items
from tests.api.archive import Shelf, make_client, make_labels
from tests.api.follow import Mirror, all_items
from tests.db.factory import HOUR, NOW, make_draft

IDS = st.integers(-(2**63), 2**63 - 1)


@given(IDS, IDS, st.integers(0, 1_000_000))
def test_a_cursor_is_read_back_as_it_was_written(item_id: int, received_at: int, seen: int):
    for sort, position in (
        (Sort.PUBLISHED, Position(item_id)),
        (Sort.RECEIVED, Position(item_id, received_at=received_at)),
        (Sort.RELEVANCE, Position(item_id, seen=seen)),
    ):
        assert decode_cursor(sort, encode_cursor(sort, position)) == position
    assert decode_change(encode_change(received_at, item_id)) == (received_at, item_id)


@given(st.one_of(st.text(), st.binary().map(lambda b: b.decode("latin-1")), st.from_regex(r"[A-Za-z0-9_-]{0,40}")))
def test_anything_else_is_refused_and_nothing_breaks(text: str):
    for sort in Sort:
        try:
            position = decode_cursor(sort, text)
        except ValueError:
            continue
        assert encode_cursor(sort, position) == text


def test_a_cursor_of_one_order_is_none_of_another():
    with pytest.raises(ValueError, match="not a cursor of this list"):
        decode_cursor(Sort.RECEIVED, encode_cursor(Sort.PUBLISHED, Position(1)))


@pytest.mark.parametrize("query", ["", "sort=received", "topic=ai,layoffs&craft=actor,voice-actor", "q=title"])
def test_a_reader_who_pages_while_items_arrive_sees_every_old_one_once(shelf: Shelf, client: TestClient, query: str):
    terms = ("ai", "actor")
    old = [f"old{n}" for n in range(20)]
    for number, name in enumerate(old):
        shelf.add(name, *terms, published_at=NOW - number % 7 * HOUR)
    numbers = iter(range(1_000))

    def arrive() -> None:
        for hours in (1, 3, 900):
            number = next(numbers)
            shelf.save(
                [(make_draft(f"new{number}", published_at=NOW - hours * HOUR), make_labels(*terms))], now=NOW + HOUR
            )

    seen = [item["title"].split()[-1] for item in all_items(client, f"{query}&limit=3", between=arrive)]
    assert sorted(name for name in seen if name in old) == sorted(old)
    assert len(seen) == len(set(seen))


def test_relevance_pages_show_each_match_once(shelf: Shelf, client: TestClient):
    for number in range(11):
        shelf.add(
            f"n{number}", "ai", title="strike " * (number % 4 + 1) + str(number), published_at=NOW - number * HOUR
        )
    titles = [item["title"] for item in all_items(client, "q=strike&sort=relevance&limit=3")]
    assert len(titles) == len(set(titles)) == 11
    assert titles != sorted(titles)


def test_a_mirror_that_follows_a_busy_writer_ends_equal_to_the_archive(
    shelf: Shelf, client: TestClient, database_url: str
):
    dice = random.Random(7)
    mirror = Mirror(client)
    failures: list[BaseException] = []

    def write() -> None:
        try:
            for step in range(60):
                names = [f"n{dice.randrange(80)}" for _ in range(5)]
                entries = [
                    (
                        make_draft(name, title=f"Title {step} of {name}", content_hash=f"{step}"),
                        make_labels(dice.choice(("ai", "layoffs", "actor")), dice.choice(("US", "GB"))),
                    )
                    for name in dict.fromkeys(names)
                ]
                shelf.save(entries, source=dice.choice(("ledger", "gazette")), now=NOW + timedelta(seconds=step))
                rows = next(stored_items(shelf.engine))[:3]
                labels = [(row, make_labels("contracts", dice.choice(("US-CA", "GB")))) for row in rows]
                shelf.store.relabel(labels, now=NOW + timedelta(seconds=step))
        except BaseException as error:  # told to the test, which runs in another thread
            failures.append(error)

    writer = threading.Thread(target=write)
    writer.start()
    while writer.is_alive():
        mirror.follow(limit=2)  # a save has up to five items: most pages end within one
    writer.join()
    mirror.follow(limit=2)
    with make_client(database_url) as another:  # which remembers nothing
        archive = {item["id"]: item for item in all_items(another, "tracked=any&limit=200")}
    assert not failures
    assert mirror.items == archive
    assert len(archive) > 40
