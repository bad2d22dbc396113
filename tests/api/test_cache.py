"""What is kept between requests is what would be made anew."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from api.cache import Fragments, Queries
from api.dependencies import Context
from api.names import Names, make_names
from db.archive import Archive
from db.filters import Filter, Sort
from db.queries import StoredItem, find_items
from tests.api.archive import VOCABULARY, Shelf, make_client
from tests.db.factory import NOW


@pytest.fixture
def names(client: TestClient) -> Names:
    context: Context = client.app.state.context  # type: ignore[attr-defined]
    with context.archive.snapshot() as snapshot:
        return context.names(snapshot)


def test_a_query_is_read_once_for_the_names_it_was_read_by(names: Names):
    queries, asked = Queries(), iter(range(10))

    def read() -> int:
        return next(asked)

    told = [queries.get(each, key, read) for each in (names, replace(names)) for key in ("a", "a", "b", "a")]
    assert told == [0, 0, 1, 0, 2, 2, 3, 2]


def test_nothing_is_kept_of_a_query_that_is_wrong(names: Names):
    queries = Queries()
    with pytest.raises(ZeroDivisionError):
        queries.get(names, "a", lambda: 1 // 0)
    assert queries.get(names, "a", lambda: 7) == 7


def test_queries_kept_do_not_pile_up(names: Names, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Queries, "LIMIT", 3)
    queries = Queries()
    for key in range(10):
        assert queries.get(names, key, lambda key=key: key) == key  # type: ignore[misc]
    assert queries.get(names, 9, lambda: -1) == 9
    assert queries.get(names, 0, lambda: -1) == -1


def test_a_query_that_is_wrong_is_wrong_again(client: TestClient):
    assert [client.get("/v1/items?craft=nobody").status_code for _ in range(2)] == [400, 400]


def test_the_same_words_of_another_format_are_another_query(shelf: Shelf, client: TestClient):
    shelf.add("a", "ai", "voice-actor", "US")
    assert client.get("/v1/items?craft=voice-actor&fields=title").status_code == 200
    assert client.get("/v1/items.atom?craft=voice-actor&fields=title").status_code == 400


def test_a_window_is_read_anew_as_time_goes_by(database_url: str, shelf: Shelf):
    shelf.add("a", "ai", published_at=NOW - timedelta(days=6))
    clock = [NOW]
    with make_client(database_url, now=lambda: clock[0]) as client:
        assert client.get("/v1/items?window=P7D").json()["total"] == 1
        clock[0] += timedelta(days=2)
        assert client.get("/v1/items?window=P7D").json()["total"] == 0


def test_a_reader_of_the_past_has_what_has_not_changed_since_and_reads_the_rest(shelf: Shelf, database_url: str):
    archive, fragments = Archive(database_url), Fragments()
    rendered: list[str] = []

    def render(item: StoredItem) -> str:
        rendered.append(item.title)
        return item.title

    shelf.add("a", "ai")
    shelf.add("b", "ai")
    with archive.snapshot() as before:
        names = make_names(VOCABULARY, {}, before.term_ids())
        ids = find_items(before, Filter(), Sort.PUBLISHED, 10).ids
        titles = fragments.render(before, names, "title", ids, render)
        shelf.add("a", "ai", title="Edited", content_hash="another")
        with archive.snapshot() as after:
            assert sorted(fragments.render(after, names, "title", ids, render)) == ["Edited", "Title of b"]
        rendered.clear()
        assert fragments.render(before, names, "title", ids, render) == titles
        assert rendered == ["Title of a"]
        with archive.snapshot() as after:
            assert sorted(fragments.render(after, names, "title", ids, render)) == ["Edited", "Title of b"]
    archive.close()
