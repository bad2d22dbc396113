"""Keys that are the same in every run."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from db.shapes import Entry
from scraper.cleaning.identity import MAX_KEY, entry_keys, item_key

ENTRY = Entry(id="7", title="T", link="https://a.example/7", published=None, updated=None, summary="S")


def test_an_id_of_one_entry_is_its_key():
    assert entry_keys([ENTRY, replace(ENTRY, id="8")]) == ["7", "8"]


def test_ten_entries_with_one_id_have_ten_keys():
    entries = [replace(ENTRY, link=f"https://a.example/{n}") for n in range(10)]
    assert len(set(entry_keys(entries))) == 10


def test_ten_entries_with_one_id_and_one_link_have_ten_keys():
    entries = [replace(ENTRY, title=f"Title {n}") for n in range(10)]
    assert len(set(entry_keys(entries))) == 10


def test_entries_that_differ_only_in_their_text_have_keys_of_their_own():
    assert len(set(entry_keys([ENTRY, replace(ENTRY, summary="Other")]))) == 2


def test_entries_equal_in_everything_share_a_key():
    assert len(set(entry_keys([ENTRY, ENTRY]))) == 1


def test_without_an_id_the_link_is_the_key():
    assert entry_keys([replace(ENTRY, id="")]) == ["https://a.example/7"]


def test_without_id_and_link_title_and_date_are_the_key():
    bare = replace(ENTRY, id="", link="", published=datetime(2026, 1, 1, tzinfo=UTC))
    same, other = replace(bare, summary="Edited"), replace(bare, title="Other")
    keys = [entry_keys([entry])[0] for entry in (bare, same, other)]
    assert keys[0] == keys[1] != keys[2]


def test_the_place_in_the_document_does_not_matter():
    entries = [replace(ENTRY, id=str(n % 4), link=f"https://a.example/{n % 6}", title=str(n)) for n in range(24)]
    keys = dict(zip(entries, entry_keys(entries), strict=True))
    random.Random(7).shuffle(entries)
    assert dict(zip(entries, entry_keys(entries), strict=True)) == keys


@pytest.mark.parametrize("id", ["x" * 2_000, "é" * 201])
def test_a_long_key_is_bounded(id):
    assert len(entry_keys([replace(ENTRY, id=id)])[0]) <= MAX_KEY


def test_two_long_ids_that_begin_alike_have_keys_of_their_own():
    assert len(set(entry_keys([replace(ENTRY, id="x" * 500 + end) for end in "ab"]))) == 2


def test_a_key_holds_nothing_that_a_database_refuses():
    assert entry_keys([replace(ENTRY, id="a\x00b\ud800c")]) == ["abc"]


def test_an_items_own_url_is_its_key_in_every_source():
    url = "https://a.example/7"
    assert item_key("one", "7", url, owned=True) == item_key("two", "8", url, owned=True) == url


def test_an_item_without_a_url_of_its_own_is_known_within_its_source():
    assert item_key("one", "7", "", owned=False) == "one|7"
