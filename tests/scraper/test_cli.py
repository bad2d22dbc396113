"""The `craftwatch` command as a person and as cron use it."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from db.engine import open_engine
from db.lock import run_lock
from scraper.cli import main
from tests.blocks import source_block
from tests.server import LoopbackServer, feed, reply


class Desk:
    """A command line with a sources file, an empty database and a server of its own."""

    def __init__(self, folder: Path, server: LoopbackServer, patch: pytest.MonkeyPatch) -> None:
        self.folder, self.server = folder, server
        self.database = f"sqlite:///{folder / 'desk.db'}"
        patch.setenv("CRAFTWATCH_DATABASE_URL", self.database)
        patch.setenv("CRAFTWATCH_SOURCES", str(folder / "sources.toml"))
        patch.setenv("CRAFTWATCH_ALLOW_ADDRESSES", server.pair)
        patch.setenv("CRAFTWATCH_HOST_INTERVAL_SECONDS", "0")
        self.list_sources(good="/feed")

    def list_sources(self, **paths: str) -> None:
        blocks = (source_block(name, self.server.url(path)) for name, path in paths.items())
        (self.folder / "sources.toml").write_text("".join(blocks))

    def run(self, *words: str, given: str | None = None) -> Result:
        return CliRunner().invoke(main, words, input=given)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    with LoopbackServer() as server:
        server.add("/feed", feed())
        desk = Desk(tmp_path, server, monkeypatch)
        assert desk.run("migrate").exit_code == 0
        yield desk


def test_a_run_of_healthy_sources_is_silent_and_exits_0(desk: Desk) -> None:
    done = desk.run("scrape")
    assert (done.exit_code, done.output) == (0, "")


def test_a_run_in_which_some_sources_fail_exits_1(desk: Desk) -> None:
    desk.list_sources(good="/feed", lost="/nowhere")
    assert desk.run("scrape").exit_code == 1


def test_a_run_in_which_the_one_source_that_is_due_fails_exits_1(desk: Desk) -> None:
    desk.list_sources(lost="/nowhere")
    assert desk.run("scrape").exit_code == 1


def waits(desk: Desk) -> list[timedelta]:
    lines = desk.run("sources", "--json").output.splitlines()
    moments = [datetime.fromisoformat(json.loads(line)["next_check_at"]) for line in lines]
    return [moment - datetime.now(UTC) for moment in moments]


def test_a_run_in_which_nothing_could_be_reached_exits_2_and_is_repeated_soon(desk: Desk) -> None:
    blocks = (source_block(name, f"http://{name}.invalid/feed") for name in ("one", "two"))
    (desk.folder / "sources.toml").write_text("".join(blocks))
    for longest in (timedelta(minutes=10), timedelta(hours=1), timedelta(hours=1)):
        assert desk.run("scrape", "--all").exit_code == 2
        assert max(waits(desk)) <= longest
    assert "Every source fails" in desk.run("doctor").output


def test_sources_that_cannot_be_reached_while_others_can_wait_as_usual(desk: Desk) -> None:
    assert desk.run("scrape").exit_code == 0
    blocks = (source_block(name, f"http://{name}.invalid/feed") for name in ("one", "two"))
    (desk.folder / "sources.toml").write_text("".join([source_block("good", desk.server.url("/feed")), *blocks]))
    assert desk.run("scrape").exit_code == 2
    assert min(waits(desk)[1:]) > timedelta(hours=1)


@pytest.mark.parametrize("others", [["good"], ["--all"], ["--json"]])
def test_watching_goes_with_nothing_else(desk: Desk, others: list[str]) -> None:
    done = desk.run("scrape", "--watch", *others)
    assert (done.exit_code, "--watch" in done.output) == (2, True)


def test_a_summary_for_programs_has_the_exit_code(desk: Desk) -> None:
    desk.list_sources(good="/feed", lost="/nowhere")
    done = desk.run("scrape", "--json")
    summary = json.loads(done.stdout)
    assert (summary["exit_code"], summary["interrupted"], done.exit_code) == (1, False, 1)


def test_retag_files_items_anew_as_well(desk: Desk) -> None:
    desk.run("scrape")
    engine = open_engine(desk.database)
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM item_term"))
        connection.execute(text("UPDATE item SET terms = '[]'"))
    engine.dispose()
    done = desk.run("retag")
    assert (done.exit_code, "filed otherwise" in done.output) == (0, True)
    assert "filed otherwise" not in desk.run("retag").output


def test_sigterm_leaves_no_half_backup_behind(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.run("scrape")
    monkeypatch.setattr("db.backup._seal", lambda part: os.kill(os.getpid(), signal.SIGTERM))
    before = set(desk.folder.iterdir())
    assert desk.run("backup", str(desk.folder / "backup.db")).exit_code == 143
    assert {path for path in desk.folder.iterdir() if path not in before and "desk" not in path.name} == set()


def test_a_backup_never_takes_the_place_of_the_database(desk: Desk) -> None:
    (desk.folder / "link.db").symlink_to(desk.folder / "desk.db")
    for name in ("desk.db", "link.db"):
        done = desk.run("backup", "--force", str(desk.folder / name))
        assert (done.exit_code, "the database itself" in done.output) == (3, True)


@pytest.mark.parametrize(
    ("line", "told"),
    [("", "no headline"), ("nonsense", "line 1"), ('{"title": "Strike"}', "line 1")],
)
def test_a_file_that_holds_no_labelled_headlines_is_told_in_a_sentence(desk: Desk, line: str, told: str) -> None:
    (desk.folder / "gold.jsonl").write_text(line)
    done = desk.run("evaluate", str(desk.folder / "gold.jsonl"))
    assert (done.exit_code, told in done.output) == (2, True)


def test_a_headline_may_be_labelled_by_topics_alone(desk: Desk) -> None:
    (desk.folder / "gold.jsonl").write_text('{"title": "Actors strike in Hollywood", "topics": ["contracts"]}')
    figures = json.loads(desk.run("evaluate", "--json", str(desk.folder / "gold.jsonl")).output)
    assert figures["axes"]["topics"]["f1"] == 1
    assert figures["axes"]["crafts"]["right"] == figures["axes"]["crafts"]["wrong"] == 0


def test_opml_out_and_in_again_adds_nothing_and_says_so(desk: Desk) -> None:
    (desk.folder / "mine.opml").write_text(desk.run("sources", "export").output)
    done = desk.run("sources", "import", str(desk.folder / "mine.opml"))
    assert (done.exit_code, done.stdout, "1 left out" in done.stderr) == (0, "", True)


def test_a_second_run_beside_another_exits_75(desk: Desk) -> None:
    with run_lock(open_engine(desk.database)):
        done = desk.run("scrape")
    assert done.exit_code == 75
    assert "under way" in done.output


@pytest.mark.parametrize("command", ["migrate", "up --port 0"])
def test_a_database_is_not_brought_up_to_date_beside_a_run(desk: Desk, command: str) -> None:
    engine = open_engine(desk.database)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0002'"))
    with run_lock(engine):
        done = desk.run(*command.split())
    with engine.connect() as connection:
        version = connection.scalar(text("SELECT version_num FROM alembic_version"))
    assert (done.exit_code, version) == (75, "0002")


def test_a_database_that_is_up_to_date_is_left_alone_beside_a_run(desk: Desk) -> None:
    with run_lock(open_engine(desk.database)):
        done = desk.run("migrate")
    assert (done.exit_code, "is up to date" in done.output) == (0, True)


def test_the_summary_can_be_read_by_programs(desk: Desk) -> None:
    summary = json.loads(desk.run("scrape", "--json").output)
    assert (summary["sources"], summary["new"], summary["failed"]) == (1, 1, {})
    assert summary["by_source"][0] | {"seconds": 0, "bytes": 0} == {
        "id": "good",
        "outcome": "ok",
        "new": 1,
        "changed": 0,
        "unchanged": 0,
        "reason": None,
        "detail": None,
        "seconds": 0,
        "bytes": 0,
    }


def test_a_source_that_is_not_due_is_not_asked(desk: Desk) -> None:
    desk.run("scrape")
    desk.run("scrape")
    assert desk.server.paths == ["/feed"]


def test_a_named_source_is_asked_due_or_not(desk: Desk) -> None:
    desk.run("scrape")
    desk.run("scrape", "good")
    assert desk.server.paths == ["/feed", "/feed"]


def test_a_named_source_is_told_of_and_a_run_of_cron_is_silent(desk: Desk) -> None:
    assert desk.run("scrape").output == ""
    assert "1 source" in desk.run("scrape", "good").output


def test_an_unknown_source_is_answered_with_the_nearest(desk: Desk) -> None:
    done = desk.run("scrape", "god")
    assert done.exit_code == 2
    assert "Did you mean good?" in done.output


def test_robots_txt_is_read_once_a_day_and_not_once_a_run(desk: Desk) -> None:
    desk.run("scrape")
    desk.run("scrape", "good")
    asked = [request.path for request in desk.server.requests]
    assert asked.count("/robots.txt") == 1


@pytest.mark.parametrize(
    ("name", "value", "hint"),
    [
        ("CRAFTWATCH_DATABASE_URL", "mysql://x", "CRAFTWATCH_DATABASE_URL"),
        ("CRAFTWATCH_ALLOW_ADDRESSES", "everything", "CRAFTWATCH_ALLOW_ADDRESSES"),
        ("CRAFTWATCH_SOURCES", "/nowhere/sources.toml", "/nowhere/sources.toml"),
    ],
)
def test_a_bad_setting_stops_the_start_and_is_named(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, name: str, value: str, hint: str
) -> None:
    monkeypatch.setenv(name, value)
    done = desk.run("scrape")
    assert done.exit_code == 2
    assert hint in done.output


def test_a_wrong_block_stops_the_start(desk: Desk) -> None:
    (desk.folder / "sources.toml").write_text('[broken]\nname = "Broken"\n')
    done = desk.run("scrape")
    assert done.exit_code == 2
    assert "broken" in done.output
    assert "feed_url" in done.output


def test_a_database_without_tables_exits_3_and_says_what_to_run(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRAFTWATCH_DATABASE_URL", f"sqlite:///{desk.folder / 'other.db'}")
    done = desk.run("scrape")
    assert done.exit_code == 3
    assert "nothing in the database yet. Run: craftwatch migrate" in done.output


@pytest.mark.parametrize("option", ["--port", "--metrics-port"])
def test_a_port_that_there_is_not_is_refused(desk: Desk, option: str) -> None:
    done = desk.run("serve", option, "99999")
    assert done.exit_code == 2
    assert "0<=x<=65535" in done.output


def test_sources_are_listed_with_their_health(desk: Desk) -> None:
    desk.list_sources(good="/feed", lost="/nowhere")
    desk.run("scrape")
    lines = {line.split()[0]: line for line in desk.run("sources").output.splitlines()}
    assert "http_4xx" in lines["lost"]
    assert "failing" in lines["lost"]
    assert "http_4xx" not in lines["good"]


def test_sources_are_listed_as_json_lines(desk: Desk) -> None:
    desk.run("scrape")
    (line,) = desk.run("sources", "--json").output.splitlines()
    source = json.loads(line)
    assert (source["id"], source["last_failure_reason"], source["failures_in_a_row"]) == ("good", None, 0)


def test_a_source_can_be_tried_without_saving_anything(desk: Desk) -> None:
    done = desk.run("sources", "check", "good")
    assert done.exit_code == 0
    assert "Sound mixers ratify a first contract" in done.output
    assert "never" in desk.run("sources").output or "No source" in desk.run("sources").output


def test_trying_a_source_that_fails_says_what_to_do(desk: Desk) -> None:
    desk.list_sources(page="/page")
    desk.server.add("/page", reply(body=b"<html><body>Hello</body></html>", content_type="text/html"))
    done = desk.run("sources", "check", "page")
    assert done.exit_code == 1
    assert "html_not_feed" in done.output
    assert "looks for the feed" in done.output


def test_a_document_is_parsed_to_json_lines(desk: Desk) -> None:
    (desk.folder / "feed.xml").write_bytes(
        b"<rss version='2.0'><channel><title>T</title><item><title>A &amp; B</title>"
        b"<link>https://x.example/1?utm_source=rss</link><pubDate>Fri, 20 Nov 2026 10:00:00 GMT</pubDate>"
        b"</item></channel></rss>"
    )
    entry = json.loads(desk.run("parse", str(desk.folder / "feed.xml")).output)
    assert (entry["title"], entry["link"], entry["published"]) == (
        "A & B",
        "https://x.example/1",
        "2026-11-20T10:00:00Z",
    )


def test_what_cannot_be_parsed_is_named(desk: Desk) -> None:
    (desk.folder / "page.html").write_text("<html><body>No feed</body></html>")
    done = desk.run("parse", str(desk.folder / "page.html"))
    assert done.exit_code == 2
    assert "html_not_feed" in done.output


def test_headlines_on_standard_input_are_tagged_with_evidence(desk: Desk) -> None:
    given = json.dumps({"id": 7, "title": "Voice actors in Los Angeles sue over AI clones", "summary": ""})
    tagged = json.loads(desk.run("tag", given=given + "\n\n").output)
    assert (tagged["id"], tagged["crafts"], tagged["regions"]) == (7, ["voice-actor"], ["US-CA"])
    assert "ai" in tagged["topics"]
    assert any(words["text"] == "Voice actors" for words in tagged["evidence"])


def test_a_line_that_is_no_record_is_named(desk: Desk) -> None:
    done = desk.run("tag", given='{"id": 1, "title": "x", "summary": ""}\nnot json\n')
    assert done.exit_code == 2
    assert "line 2" in done.output
