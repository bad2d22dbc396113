"""backup, restore, copy and prune as typed: an archive that was lost comes back and answers as before."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, text

from db.engine import open_engine
from scraper.cli import main
from tests.api.archive import Shelf, make_client, make_shelf
from tests.db.factory import DAY, HOUR, NOW, make_check, make_memory

QUESTIONS = (
    "/v1/items?limit=2",
    "/v1/items?craft=voice-actor&topic=ai&tracked=any",
    "/v1/items?q=title",
    "/v1/items.atom?region=US",
    "/v1/items.csv",
    "/v1/facets",
    "/v1/stats?by=topic&over=week",
    "/v1/changes",
    "/v1/sources",
    "/v1/coverage?from=2026-11-13&to=2026-11-20",
    "/v1/health",
    "/",
)


class Desk:
    """An archive of a few items, and the command line."""

    def __init__(self, folder: Path, url: str, patch: pytest.MonkeyPatch) -> None:
        self.folder, self.url, self.patch = folder, url, patch
        self.use(url)

    def use(self, url: str) -> None:
        self.patch.setenv("CRAFTWATCH_DATABASE_URL", url)

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(main, words)

    def answers(self, url: str = "") -> dict[str, tuple[int, str, str]]:
        """Question → what it is answered with, and with which ETag."""
        with make_client(url or self.url) as client:
            replies = {question: client.get(question) for question in QUESTIONS}
        return {asked: (got.status_code, got.headers.get("ETag", ""), got.text) for asked, got in replies.items()}

    def spoil(self, statement: str) -> None:
        engine = open_engine(self.url)
        with engine.begin() as connection:
            connection.execute(text(statement))
        engine.dispose()

    def lose_the_database(self) -> None:
        if self.url.startswith("sqlite"):
            for path in self.folder.glob("craftwatch.db*"):
                path.unlink()
            return
        engine = open_engine(self.url)
        with engine.begin() as connection:
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
        engine.dispose()


@pytest.fixture
def shelf(engine: Engine) -> Shelf:
    shelf = make_shelf(engine)
    shelf.add("one", "ai", "voice-actor", "US-CA", published_at=NOW - HOUR)
    shelf.add("two", "layoffs", "vfx-artist", published_at=NOW - 8 * DAY)
    shelf.add("three", "contracts", "sag-aftra", source="gazette")
    shelf.add("four", published_at=NOW - 2 * DAY)
    engine.dispose()
    return shelf


@pytest.fixture
def desk(tmp_path: Path, database_url: str, shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(tmp_path, database_url, monkeypatch)


@pytest.fixture(params=["sqlite", "postgresql"])
def other_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Of a database of either kind, with nothing in it."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'other.db'}"
    else:
        yield request.getfixturevalue("other_postgresql_database_url")


def test_an_archive_that_was_lost_is_restored_and_answers_as_before(desk: Desk) -> None:
    before = desk.answers()
    assert {status for status, _, _ in before.values()} == {200}
    assert desk.run("backup", str(desk.folder / "backup")).exit_code == 0
    desk.lose_the_database()
    done = desk.run("restore", str(desk.folder / "backup"))
    assert done.exit_code == 0, done.output
    assert desk.answers() == before


def test_an_archive_restored_into_another_kind_of_database_answers_as_before(desk: Desk, other_url: str) -> None:
    before = desk.answers()
    desk.run("backup", str(desk.folder / "backup"))
    desk.use(other_url)
    done = desk.run("restore", str(desk.folder / "backup"))
    assert done.exit_code == 0, done.output
    after = desk.answers(other_url)
    assert {question for question in before if after[question] != before[question]} <= {"/v1/health"}  # says which kind


def test_a_copy_answers_as_its_original(desk: Desk, other_url: str) -> None:
    before = desk.answers()
    done = desk.run("copy", "--to", other_url)
    assert done.exit_code == 0, done.output
    after = desk.answers(other_url)
    assert {question for question in before if after[question] != before[question]} <= {"/v1/health"}


def test_a_backup_of_postgresql_can_be_served_as_it_is(desk: Desk) -> None:
    before = desk.answers()
    desk.run("backup", str(desk.folder / "backup"))
    after = desk.answers(f"sqlite:///{desk.folder / 'backup'}")
    assert {question for question in before if after[question] != before[question]} <= {"/v1/health"}


def test_a_backup_says_what_is_in_it(desk: Desk) -> None:
    done = desk.run("backup", str(desk.folder / "backup"))
    size = (desk.folder / "backup").stat().st_size
    assert done.output.endswith(f": 4 items, the newest of 2026-11-20 11:00 UTC, 3 sources, {size:,} bytes.\n")


def test_a_backup_is_not_overwritten_unasked(desk: Desk) -> None:
    (desk.folder / "backup").write_text("precious")
    done = desk.run("backup", str(desk.folder / "backup"))
    assert (done.exit_code, "--force" in done.output) == (2, True)
    assert (desk.folder / "backup").read_text() == "precious"


def test_a_backup_is_overwritten_when_told_to(desk: Desk) -> None:
    (desk.folder / "backup").write_text("precious")
    assert desk.run("backup", "--force", str(desk.folder / "backup")).exit_code == 0


def test_a_backup_into_a_folder_that_is_not_there_says_so(desk: Desk) -> None:
    done = desk.run("backup", str(desk.folder / "nowhere" / "backup"))
    assert (done.exit_code, "No such file or directory" in done.output) == (2, True)


WRONG_COUNT = (
    "UPDATE term_day SET items = items + 1 "
    "WHERE term_id = (SELECT id FROM term WHERE axis = 'tracked' AND code = 'yes')"
)


def test_a_backup_with_numbers_that_do_not_add_up_says_so_and_is_kept(desk: Desk) -> None:
    desk.spoil(WRONG_COUNT)
    done = desk.run("backup", str(desk.folder / "backup"))
    assert (done.exit_code, "craftwatch rebuild" in done.stderr) == (0, True)


def test_a_backup_whose_index_of_words_is_damaged_says_so_and_is_kept(desk: Desk) -> None:
    if not desk.url.startswith("sqlite"):
        pytest.skip("PostgreSQL's is not in the backup, where it is made anew")
    desk.spoil("DELETE FROM item_search_data WHERE id > 10")
    done = desk.run("backup", str(desk.folder / "backup"))
    assert (done.exit_code, "Searches fail" in done.stderr, "craftwatch rebuild" in done.stderr) == (0, True, True)


def test_searches_that_failed_are_answered_again_when_rebuilt(desk: Desk) -> None:
    if not desk.url.startswith("sqlite"):
        pytest.skip("PostgreSQL derives the words of an item with each write")

    def searched() -> tuple[int, list[str]]:
        status, _, body = desk.answers()["/v1/items?q=title"]
        return status, [item["id"] for item in json.loads(body).get("data", [])]

    before = searched()
    desk.spoil("DELETE FROM item_search_data WHERE id > 10")
    failing = searched()
    desk.run("rebuild")
    assert (failing, searched()) == ((503, []), before)


def test_a_backup_whose_numbers_add_up_says_nothing_of_them(desk: Desk) -> None:
    assert desk.run("backup", str(desk.folder / "backup")).stderr == ""


def test_numbers_that_do_not_add_up_are_set_right(desk: Desk) -> None:
    def totals() -> list[int]:
        answers = desk.answers()
        return [json.loads(answers[asked][2])["total"] for asked in QUESTIONS if asked.startswith("/v1/items?")]

    before = totals()
    desk.spoil(WRONG_COUNT)
    wrong = totals()
    done = desk.run("rebuild")
    assert (done.output, wrong != before, totals()) == ("Set right: 2 counts.\n", True, before)


def test_where_all_numbers_add_up_nothing_is_set_right(desk: Desk) -> None:
    assert desk.run("rebuild").output == "Nothing was wrong.\n"


def test_items_are_not_replaced_unasked(desk: Desk) -> None:
    desk.run("backup", str(desk.folder / "backup"))
    done = desk.run("restore", str(desk.folder / "backup"))
    assert (done.exit_code, "--force" in done.output) == (3, True)


def test_items_are_replaced_when_told_to(desk: Desk, shelf: Shelf) -> None:
    desk.run("backup", str(desk.folder / "backup"))
    shelf.add("five", "ai")
    assert desk.run("restore", "--force", str(desk.folder / "backup")).exit_code == 0
    assert "Title of five" not in desk.answers()["/v1/items?q=title"][2]


def test_what_is_no_backup_is_refused_in_a_sentence(desk: Desk) -> None:
    (desk.folder / "notes").write_text("not a backup")
    done = desk.run("restore", "--force", str(desk.folder / "notes"))
    assert (done.exit_code, "not a backup" in done.output, "Traceback" in done.output) == (3, True, False)


def test_a_copy_tells_rows_and_checksum_of_each_table(desk: Desk, other_url: str) -> None:
    lines = desk.run("copy", "--to", other_url).output.splitlines()
    words = {line.split()[0]: line.split()[1:] for line in lines}
    assert words["item"][:2] == ["4", "rows"]
    assert len(words["item"][2]) == 32


@pytest.mark.parametrize("url", ["mysql://x", "other.db", ""])
def test_a_copy_to_something_else_is_refused(desk: Desk, url: str) -> None:
    done = desk.run("copy", "--to", url)
    assert (done.exit_code, "postgresql://" in done.output) == (2, True)


def test_a_copy_to_a_server_that_is_away_exits_3(desk: Desk) -> None:
    done = desk.run("copy", "--to", "postgresql://desk:s3cret@127.0.0.1:9/news")
    assert (done.exit_code, "s3cret" in done.output, "Traceback" in done.output) == (3, False, False)


def test_old_checks_are_forgotten_and_counted(desk: Desk, shelf: Shelf) -> None:
    old = make_check(started_at=NOW - 5000 * DAY)
    shelf.store.save_check(shelf.sources["ledger"], make_memory(), old, now=NOW)
    assert desk.run("prune", "--older-than", "P10Y").output == "1 check forgotten.\n"


@pytest.mark.parametrize("age", ["90", "-P1D", "soon", "P"])
def test_an_age_that_is_none_is_refused(desk: Desk, age: str) -> None:
    done = desk.run("prune", "--older-than", age)
    assert (done.exit_code, "P90D" in done.output) == (2, True)


def test_nothing_is_done_with_a_database_that_is_not_there(desk: Desk) -> None:
    desk.use(f"sqlite:///{desk.folder / 'none.db'}")
    for words in (["backup", str(desk.folder / "backup")], ["prune"], ["copy", "--to", desk.url]):
        done = desk.run(*words)
        assert (done.exit_code, "craftwatch migrate" in done.output) == (3, True), words
