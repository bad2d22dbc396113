"""Whatever is wrong, doctor finds it and says what to do; and it finds nothing wrong where all is well."""

from __future__ import annotations

import errno
import json
import os
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, make_url, text

from db.checkup import note_retagged
from db.engine import open_engine
from db.shapes import Axis
from db.store import Store
from db.vocabulary import load_vocabulary
from db.watch import sync_sources
from db.words import WordIndex
from scraper.cli import main
from scraper.doctor import Finding, Grade, examine, exit_code, report_text
from scraper.options import settings_of_options
from tests.blocks import source_block
from tests.db.factory import DAY, HOUR, NOW, make_check, make_draft, make_memory, make_source, make_tagging

LEDGER, GAZETTE = make_source("ledger"), make_source("gazette")


class Answering(BaseHTTPRequestHandler):
    """Another program, until it is told what ours would say."""

    body = b"It works!"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, format: str, *values: object) -> None:
        pass


@pytest.fixture(scope="module")
def neighbour() -> Iterator[HTTPServer]:
    """What listens on a port that we may want."""
    with HTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


class Clinic:
    """A sound installation: settings, a sources file, and an archive of two sources that were asked an hour ago."""

    def __init__(
        self, folder: Path, url: str, engine: Engine, neighbour: HTTPServer, patch: pytest.MonkeyPatch
    ) -> None:
        self.folder, self.url, self.engine, self.neighbour, self.patch = folder, url, engine, neighbour, patch
        self.sources_file = folder / "sources.toml"
        self.sources_file.write_text(source_block("ledger", "https://ledger.example/feed/"))
        for name in [name for name in os.environ if name.startswith("CRAFTWATCH_")]:
            patch.delenv(name)
        patch.setenv("CRAFTWATCH_DATABASE_URL", url)
        patch.setenv("CRAFTWATCH_SOURCES", str(self.sources_file))
        patch.setenv("CRAFTWATCH_CONTACT", "desk@craftwatch.example")
        patch.setenv("CRAFTWATCH_PORT", "0")  # any that is free
        patch.setattr("db.checkup.seconds_ahead", lambda connection, now: 0.0)  # our now is fixed, the server's is not
        sync_sources(engine, [LEDGER, GAZETTE])
        for source in (LEDGER, GAZETTE):
            self.check(source.id, item=f"of-{source.id}")

    def check(self, source_id: str, *, item: str = "", at: datetime = NOW - HOUR, **memory: object) -> None:
        """A check, by default one that went well; `item` is what it found."""
        found = make_draft(item, entry_key=item, item_key=item, published_at=at)
        tagging = make_tagging((Axis.TOPIC, "ai"), rules_version=load_vocabulary().rules_version)
        state = {"last_checked_at": at, "last_success_at": at, **memory}
        source = {"ledger": LEDGER, "gazette": GAZETTE}[source_id]
        Store(self.engine, dict).save_check(
            source, make_memory(source_id, **state), make_check(), [(found, tagging)] if item else [], now=at
        )

    def run(self, statement: str) -> None:
        with self.engine.begin() as connection:
            connection.execute(text(statement))

    def findings(self) -> list[Finding]:
        self.engine.dispose()
        return examine(NOW, os.environ, settings_of_options(main, os.environ))

    @property
    def on_sqlite(self) -> bool:
        return self.url.startswith("sqlite")

    @property
    def file(self) -> Path:
        return Path(make_url(self.url).database or "")


@pytest.fixture
def clinic(
    tmp_path: Path, database_url: str, engine: Engine, neighbour: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> Clinic:
    return Clinic(tmp_path, database_url, engine, neighbour, monkeypatch)


def test_nothing_is_found_where_all_is_well(clinic: Clinic) -> None:
    assert [finding for finding in clinic.findings() if finding.grade is not Grade.FINE] == []


# Each of these breaks one thing.


def a_wrong_setting(clinic: Clinic) -> None:
    clinic.patch.setenv("CRAFTWATCH_CACHE_SECONDS", "often")


def a_setting_that_there_is_not(clinic: Clinic) -> None:
    clinic.patch.setenv("CRAFTWATCH_CONTCT", "desk@craftwatch.example")


def a_port_that_is_no_number(clinic: Clinic) -> None:
    clinic.patch.setenv("CRAFTWATCH_PORT", "http")


def a_port_out_of_range(clinic: Clinic) -> None:
    clinic.patch.setenv("CRAFTWATCH_METRICS_PORT", "70000")


def a_form_of_the_log_that_there_is_not(clinic: Clinic) -> None:
    clinic.patch.setenv("CRAFTWATCH_LOG", "xml")


def a_host_that_nobody_knows(clinic: Clinic) -> None:
    clinic.patch.setenv("CRAFTWATCH_HOST", "desk..invalid")  # no label is empty: no name server is asked
    clinic.patch.setenv("CRAFTWATCH_PORT", "8000")


def a_host_of_another_machine(clinic: Clinic) -> None:
    clinic.patch.setenv("CRAFTWATCH_HOST", "192.0.2.1")
    clinic.patch.setenv("CRAFTWATCH_PORT", "8000")


def a_port_of_the_system(clinic: Clinic) -> None:
    def refuse(*place: object, **options: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    clinic.patch.setattr("socket.create_server", refuse)
    clinic.patch.setenv("CRAFTWATCH_PORT", "80")


def a_port_that_is_taken(clinic: Clinic) -> None:
    clinic.patch.setenv("CRAFTWATCH_METRICS_PORT", str(clinic.neighbour.server_port))


def one_port_for_both(clinic: Clinic) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    clinic.patch.setenv("CRAFTWATCH_PORT", port)
    clinic.patch.setenv("CRAFTWATCH_METRICS_PORT", port)
    clinic.patch.setenv("CRAFTWATCH_METRICS_HOST", "0.0.0.0")


def a_proxy_that_is_not_there(clinic: Clinic) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    clinic.patch.setenv("CRAFTWATCH_PROXY", f"http://desk:s3cret@127.0.0.1:{port}")


def a_proxy_whose_port_is_no_number(clinic: Clinic) -> None:
    clinic.patch.setenv("CRAFTWATCH_PROXY", "http://127.0.0.1:web")


def a_contact_where_nobody_can_write_to(clinic: Clinic) -> None:
    clinic.patch.setenv("CRAFTWATCH_CONTACT", "the desk")


def no_contact(clinic: Clinic) -> None:
    clinic.patch.delenv("CRAFTWATCH_CONTACT")


def a_wrong_block_of_a_source(clinic: Clinic) -> None:
    clinic.sources_file.write_text(source_block("ledger", "no address"))


def no_sources_file(clinic: Clinic) -> None:
    clinic.sources_file.unlink()


def a_sources_file_with_nothing_in_it(clinic: Clinic) -> None:
    clinic.sources_file.write_text("")


def a_sources_file_of_another_form(clinic: Clinic) -> None:
    clinic.sources_file.write_text("sources:\n  - ledger\n")


def no_source_enabled(clinic: Clinic) -> None:
    block = source_block("ledger", "https://ledger.example/feed/")
    clinic.sources_file.write_text(block.replace("enabled = true", "enabled = false"))


def no_database(clinic: Clinic) -> None:
    place = f"sqlite:///{clinic.folder / 'none.db'}"
    if not clinic.on_sqlite:
        place = make_url(clinic.url).set(database="nowhere").render_as_string(hide_password=False)
    clinic.patch.setenv("CRAFTWATCH_DATABASE_URL", place)


def a_folder_for_a_database(clinic: Clinic) -> None:
    clinic.patch.setenv("CRAFTWATCH_DATABASE_URL", f"sqlite:///{clinic.folder}")


def a_database_that_was_lost(clinic: Clinic) -> None:
    (clinic.folder / "lost.db.lock").touch()
    clinic.patch.setenv("CRAFTWATCH_DATABASE_URL", f"sqlite:///{clinic.folder / 'lost.db'}")


def a_folder_that_cannot_be_made(clinic: Clinic) -> None:
    clinic.patch.setattr("os.access", lambda place, mode: Path(place) != clinic.folder)
    clinic.patch.setenv("CRAFTWATCH_DATABASE_URL", f"sqlite:///{clinic.folder / 'new' / 'none.db'}")


def a_file_for_a_folder(clinic: Clinic) -> None:
    clinic.patch.setenv("CRAFTWATCH_DATABASE_URL", f"sqlite:///{clinic.sources_file / 'none.db'}")


def a_file_that_cannot_be_made(clinic: Clinic) -> None:
    clinic.patch.setattr("os.access", lambda place, mode: Path(place) != clinic.folder)
    clinic.patch.setenv("CRAFTWATCH_DATABASE_URL", f"sqlite:///{clinic.folder / 'none.db'}")


def an_older_schema(clinic: Clinic) -> None:
    clinic.run("UPDATE alembic_version SET version_num = '0001'")


def a_newer_schema(clinic: Clinic) -> None:
    clinic.run("UPDATE alembic_version SET version_num = '9999'")


def a_database_of_another_program(clinic: Clinic) -> None:
    engine = open_engine(f"sqlite:///{clinic.folder / 'books.db'}")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE invoice (id INTEGER)"))
    engine.dispose()
    clinic.patch.setenv("CRAFTWATCH_DATABASE_URL", f"sqlite:///{clinic.folder / 'books.db'}")


def a_copy_that_was_interrupted(clinic: Clinic) -> None:
    clinic.run("INSERT INTO counter VALUES ('half_copied', 1)")


def damage(clinic: Clinic) -> None:
    if not clinic.on_sqlite:
        clinic.run("UPDATE pg_index SET indisvalid = false WHERE indexrelid = CAST('item_version' AS regclass)")
        return
    with clinic.engine.connect() as connection:
        root = connection.scalar(text("SELECT rootpage FROM sqlite_master WHERE name = 'item_version'"))
    clinic.engine.dispose()
    with clinic.file.open("r+b") as file:
        file.seek((root - 1) * 4096)
        file.write(b"\xff" * 4096)


def a_clock_that_was_fast(clinic: Clinic) -> None:
    clinic.run(f"UPDATE item SET received_at = {int((NOW + 3 * DAY).timestamp())}")


def a_server_whose_clock_is_fast(clinic: Clinic) -> None:
    clinic.patch.setattr("db.checkup.seconds_ahead", lambda connection, now: 600.0)


def counts_that_do_not_add_up(clinic: Clinic) -> None:
    clinic.run("UPDATE term_day SET items = items + 1 WHERE term_id = (SELECT min(term_id) FROM term_day)")


def an_item_that_is_not_filed(clinic: Clinic) -> None:
    filed = "term_id = (SELECT id FROM term WHERE axis = 'tracked')"
    clinic.run(f"DELETE FROM item_term WHERE {filed}")
    clinic.run(f"DELETE FROM term_day WHERE {filed}")


def an_entry_that_was_lost(clinic: Clinic) -> None:
    clinic.run("DELETE FROM entry WHERE item_id = (SELECT max(id) FROM item)")


def an_index_of_words_with_blocks_missing(clinic: Clinic) -> None:
    if not clinic.on_sqlite:
        pytest.skip("PostgreSQL derives the words of an item with each write")
    clinic.run("DELETE FROM item_search_data WHERE id > 10")


def older_rules(clinic: Clinic) -> None:
    clinic.run("UPDATE item SET rules_version = 'of last year' WHERE id = (SELECT max(id) FROM item)")


def no_run_for_days(clinic: Clinic) -> None:
    clinic.run(f"UPDATE source_state SET last_checked_at = {int((NOW - 3 * DAY).timestamp())}")


def no_run_ever(clinic: Clinic) -> None:
    clinic.run("UPDATE source_state SET last_checked_at = NULL, last_success_at = NULL")


def a_source_that_fails(clinic: Clinic) -> None:
    clinic.check("ledger", failures=4, last_success_at=NOW - 5 * DAY, last_failure_reason="http_4xx")


def every_source_that_fails(clinic: Clinic) -> None:
    for source in ("ledger", "gazette"):
        clinic.check(source, failures=4, last_failure_reason="dns")


def a_source_that_is_silent(clinic: Clinic) -> None:
    clinic.run("DELETE FROM item_term WHERE term_id = (SELECT id FROM term WHERE code = 'gazette')")
    clinic.run("DELETE FROM term_day WHERE term_id = (SELECT id FROM term WHERE code = 'gazette')")


def a_source_that_is_gone(clinic: Clinic) -> None:
    clinic.check("ledger", stopped_at=NOW - 2 * DAY)


def a_replica_that_is_away(clinic: Clinic) -> None:
    clinic.patch.setenv("CRAFTWATCH_READ_DATABASE_URL", f"sqlite:///{clinic.folder / 'none.db'}")


WARNING, BROKEN = Grade.WARNING, Grade.BROKEN
FAULTS: list[tuple[Callable[[Clinic], None], Grade, str, str, str]] = [
    (a_wrong_setting, BROKEN, "settings", "CRAFTWATCH_CACHE_SECONDS", "what is expected"),
    (a_setting_that_there_is_not, WARNING, "settings", "CRAFTWATCH_CONTCT", "CRAFTWATCH_CONTACT"),
    (a_port_that_is_no_number, BROKEN, "settings", "CRAFTWATCH_PORT: 'http'", "what is expected"),
    (a_port_out_of_range, BROKEN, "settings", "CRAFTWATCH_METRICS_PORT: 70000", "what is expected"),
    (a_form_of_the_log_that_there_is_not, BROKEN, "settings", "'plain', 'json'", "Set CRAFTWATCH_LOG"),
    (a_host_that_nobody_knows, BROKEN, "listening", "not known", "CRAFTWATCH_HOST"),
    (a_host_of_another_machine, BROKEN, "listening", "no address of this machine", "CRAFTWATCH_HOST"),
    (a_port_of_the_system, BROKEN, "listening", "below 1024", "CRAFTWATCH_PORT"),
    (a_port_that_is_taken, WARNING, "listening", "another program", "CRAFTWATCH_METRICS_PORT"),
    (one_port_for_both, BROKEN, "listening", "both to be served on port", "CRAFTWATCH_METRICS_PORT"),
    (a_proxy_that_is_not_there, BROKEN, "proxy", "No proxy answers at 127.0.0.1", "CRAFTWATCH_PROXY"),
    (a_proxy_whose_port_is_no_number, BROKEN, "proxy", "No proxy answers at 127.0.0.1", "CRAFTWATCH_PROXY"),
    (a_contact_where_nobody_can_write_to, WARNING, "contact", "'the desk'", "you@example.org"),
    (no_contact, WARNING, "contact", "not told", "CRAFTWATCH_CONTACT"),
    (a_wrong_block_of_a_source, BROKEN, "sources file", "[ledger]: feed_url", "Mend the block"),
    (no_sources_file, BROKEN, "sources file", "No such file", "Put a sources.toml there"),
    (a_sources_file_with_nothing_in_it, BROKEN, "sources file", "no source", "Write a block"),
    (a_sources_file_of_another_form, BROKEN, "sources file", "not TOML", "Mend that line of"),
    (no_source_enabled, BROKEN, "sources file", "No source is enabled", "enabled = true"),
    (no_database, BROKEN, "database", "no", ""),
    (a_folder_for_a_database, BROKEN, "database", "is a folder", "Name a file in CRAFTWATCH_DATABASE_URL"),
    (a_database_that_was_lost, BROKEN, "database", "There was one", "Run: craftwatch restore"),
    (a_folder_that_cannot_be_made, BROKEN, "database", "cannot make", "install -d -o"),
    (a_file_for_a_folder, BROKEN, "database", "is a file", "another place"),
    (a_file_that_cannot_be_made, BROKEN, "database", "cannot make", "chgrp"),
    (an_older_schema, BROKEN, "database", "older version", "craftwatch migrate"),
    (a_newer_schema, BROKEN, "database", "later craftwatch", "Update craftwatch"),
    (a_database_of_another_program, BROKEN, "database", "another program's", "CRAFTWATCH_DATABASE_URL"),
    (a_copy_that_was_interrupted, BROKEN, "database", "not copied", "craftwatch copy again"),
    (damage, BROKEN, "integrity", "damaged", ""),
    (a_clock_that_was_fast, WARNING, "clock", "2026-11-23", "set-ntp"),
    (a_server_whose_clock_is_fast, WARNING, "clock", "600 s ahead", "set-ntp"),
    (counts_that_do_not_add_up, BROKEN, "counts", "per day", "craftwatch rebuild"),
    (an_item_that_is_not_filed, BROKEN, "counts", "not filed", "craftwatch rebuild"),
    (an_entry_that_was_lost, BROKEN, "counts", "no entry", "craftwatch restore"),
    (an_index_of_words_with_blocks_missing, BROKEN, "search", "index of words is damaged", "craftwatch rebuild"),
    (older_rules, WARNING, "rules", "1 items", "craftwatch retag"),
    (no_run_for_days, WARNING, "runs", "3 days ago", "cron"),
    (no_run_ever, WARNING, "runs", "No scrape", "craftwatch scrape"),
    (a_source_that_fails, WARNING, "sources", "http_4xx: ledger (since 2026-11-15)", "craftwatch sources check ledger"),
    (every_source_that_fails, BROKEN, "sources", "all 2", "CRAFTWATCH_PROXY"),
    (a_source_that_is_silent, WARNING, "sources", "gazette (since the beginning)", "craftwatch sources check"),
    (a_source_that_is_gone, WARNING, "sources", "ledger (since 2026-11-18)", "disable or remove"),
    (a_replica_that_is_away, BROKEN, "replica", "no database", "CRAFTWATCH_READ_DATABASE_URL"),
]


@pytest.mark.parametrize(
    ("plant", "grade", "matter", "found", "advice"), FAULTS, ids=[fault[0].__name__ for fault in FAULTS]
)
def test_a_fault_is_found_as_what_it_is_and_what_to_do_is_said(
    clinic: Clinic, plant: Callable[[Clinic], None], grade: Grade, matter: str, found: str, advice: str
) -> None:
    plant(clinic)
    faults = [finding for finding in clinic.findings() if finding.grade is not Grade.FINE]
    assert {fault.matter for fault in faults} == {matter}
    assert [fault for fault in faults if fault.grade is grade and found in fault.found and advice in fault.advice]
    assert all(fault.advice for fault in faults)


@pytest.mark.parametrize(("free", "grade"), [(10 << 20, BROKEN), (500 << 20, WARNING), (5 << 30, Grade.FINE)])
def test_a_disk_that_runs_full_is_found(
    tmp_path: Path, migrated_file: Path, monkeypatch: pytest.MonkeyPatch, free: int, grade: Grade
) -> None:
    shutil.copy(migrated_file, tmp_path / "disk.db")
    monkeypatch.setenv("CRAFTWATCH_DATABASE_URL", f"sqlite:///{tmp_path / 'disk.db'}")
    monkeypatch.setattr("shutil.disk_usage", lambda path: shutil._ntuple_diskusage(10 << 30, (10 << 30) - free, free))
    (finding,) = [finding for finding in examine(NOW, {}) if finding.matter == "disk"]
    assert (finding.grade, str(tmp_path) in finding.advice) == (grade, grade is not Grade.FINE)


def test_a_folder_without_rights_is_found(tmp_path: Path, migrated_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(migrated_file, tmp_path / "closed.db")
    monkeypatch.setenv("CRAFTWATCH_DATABASE_URL", f"sqlite:///{tmp_path / 'closed.db'}")
    monkeypatch.setattr("os.access", lambda path, mode: Path(path) != tmp_path)
    (finding,) = [finding for finding in examine(NOW, {}) if finding.matter == "rights"]
    assert (finding.grade, "chown" in finding.advice) == (BROKEN, True)


def test_a_user_who_may_only_read_is_found(postgresql_database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = open_engine(postgresql_database_url)
    with owner.begin() as connection:
        connection.execute(text("CREATE ROLE onlooker LOGIN"))
        connection.execute(text("GRANT SELECT ON ALL TABLES IN SCHEMA public TO onlooker"))
    url = make_url(postgresql_database_url).set(username="onlooker").render_as_string(hide_password=False)
    monkeypatch.setenv("CRAFTWATCH_DATABASE_URL", url)
    findings = [finding for finding in examine(NOW, {}) if finding.matter == "rights"]
    with owner.begin() as connection:
        connection.execute(text("DROP OWNED BY onlooker"))
        connection.execute(text("DROP ROLE onlooker"))
    owner.dispose()
    assert [(finding.grade, "user who may write" in finding.advice) for finding in findings] == [(BROKEN, True)]


def test_comparing_the_index_of_words_takes_less_than_a_scrape_waits(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not clinic.on_sqlite:
        pytest.skip("PostgreSQL derives the words of an item with each write")
    given: list[float] = []

    def look(file: Path, seconds: float) -> WordIndex:
        given.append(seconds)
        return WordIndex()

    monkeypatch.setattr("scraper.examining.database.look_at_words", look)
    for wait in ("6", "3600"):
        monkeypatch.setenv("CRAFTWATCH_DATABASE_WAIT_SECONDS", wait)
        clinic.findings()
    assert given == [2.0, 10.0]


def test_where_there_is_no_database_a_backup_may_be_the_answer(clinic: Clinic) -> None:
    clinic.patch.setenv("CRAFTWATCH_DATABASE_URL", f"sqlite:///{clinic.folder / 'none.db'}")
    (finding,) = [finding for finding in clinic.findings() if finding.matter == "database"]
    assert ("craftwatch migrate" in finding.advice, "craftwatch restore" in finding.advice) == (True, True)


def test_users_who_share_a_file_are_told_to_share_a_group(
    tmp_path: Path, migrated_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = Path(shutil.copy(migrated_file, tmp_path / "shared.db"))
    lock = Path(f"{file}.lock")
    lock.touch()
    monkeypatch.setenv("CRAFTWATCH_DATABASE_URL", f"sqlite:///{file}")
    monkeypatch.setattr("os.access", lambda path, mode: Path(path) not in (file, lock))
    (finding,) = [finding for finding in examine(NOW, {}) if finding.matter == "rights"]
    names = f"{tmp_path} {file} {lock}"
    assert f"chgrp GROUP {names}; chmod g+rwX {names}; chmod g+s {tmp_path}." in finding.advice


@pytest.mark.parametrize("fault", [no_run_for_days, no_run_ever])
def test_the_line_for_cron_needs_no_path(clinic: Clinic, fault: Callable[[Clinic], None]) -> None:
    fault(clinic)
    (finding,) = [finding for finding in clinic.findings() if finding.matter == "runs"]
    program = finding.advice.partition("*/10 * * * * ")[2].split()[0]
    assert (Path(program).is_file(), "CRAFTWATCH_DATABASE_URL" in finding.advice) == (True, True)


@pytest.mark.parametrize(
    ("reasons", "is_ours"),
    [
        (["dns"] * 20, True),
        (["dns"] * 12 + ["timeout"] * 7 + ["http_4xx"], True),
        (["dns"] * 17 + ["http_4xx"] * 3, False),
        (["dns"] * 4, False),
    ],
)
def test_sources_that_fail_together_for_want_of_a_network_are_not_to_blame(
    clinic: Clinic, reasons: list[str], is_ours: bool
) -> None:
    failing = {f"outlet-{number}": reason for number, reason in enumerate(reasons)}
    sync_sources(clinic.engine, [LEDGER, GAZETTE, *map(make_source, failing)])
    for source_id, reason in failing.items():
        clinic.run(
            f"UPDATE source_state SET failures = 5, last_checked_at = {int(NOW.timestamp())}, "
            f"last_failure_reason = '{reason}' WHERE source_id = '{source_id}'"
        )
    (dns,) = [finding for finding in clinic.findings() if "as dns" in finding.found]
    assert ("this machine's network" in dns.advice, "typing error" in dns.advice) == (is_ours, not is_ours)


def test_that_wrong_tags_cannot_be_reported_is_no_fault(clinic: Clinic) -> None:
    (finding,) = [finding for finding in clinic.findings() if finding.matter == "reports"]
    assert (finding.grade, "CRAFTWATCH_REPORT_URL" in finding.advice) == (Grade.FINE, True)


def test_a_proxy_that_answers_is_fine(clinic: Clinic) -> None:
    clinic.patch.setenv("CRAFTWATCH_PROXY", f"http://127.0.0.1:{clinic.neighbour.server_port}")
    assert [finding.grade for finding in clinic.findings() if finding.matter == "proxy"] == [Grade.FINE]


def test_no_password_is_told(clinic: Clinic) -> None:
    clinic.patch.setenv("CRAFTWATCH_DATABASE_URL", "postgresql://desk:s3cret@127.0.0.1:9/news")
    clinic.patch.setenv("CRAFTWATCH_PROXY", "socks://desk:s3cret@proxy.example")
    assert "s3cret" not in report_text(clinic.findings())


def test_items_that_retagging_left_alone_are_not_of_older_rules(clinic: Clinic) -> None:
    older_rules(clinic)
    note_retagged(clinic.engine, load_vocabulary().rules_version)
    assert {finding.grade for finding in clinic.findings() if finding.matter == "rules"} == {Grade.FINE}


def test_nothing_is_changed_by_looking(clinic: Clinic, tmp_path: Path) -> None:
    before = sorted(path.name for path in tmp_path.iterdir())
    clinic.patch.setenv("CRAFTWATCH_DATABASE_URL", f"sqlite:///{tmp_path / 'none.db'}")
    clinic.findings()
    assert [path.name for path in sorted(tmp_path.iterdir()) if path.name.startswith("none")] == []
    assert before


@pytest.mark.parametrize(("grades", "code"), [([Grade.FINE], 0), ([Grade.FINE, WARNING], 1), ([WARNING, BROKEN], 2)])
def test_the_exit_code_is_that_of_the_worst_finding(grades: list[Grade], code: int) -> None:
    assert exit_code(Finding("disk", grade, "") for grade in grades) == code


def test_the_command_prints_each_finding_with_its_advice(clinic: Clinic) -> None:
    no_contact(clinic)
    done = CliRunner().invoke(main, ["doctor"])
    assert "→ Set CRAFTWATCH_CONTACT" in done.output


def test_the_findings_can_be_read_by_programs(clinic: Clinic) -> None:
    no_database(clinic)
    done = CliRunner().invoke(main, ["doctor", "--json"])
    report = json.loads(done.output)
    assert (done.exit_code, report["exit_code"]) == (2, 2)
    assert {"matter", "grade", "found", "advice"} == set(report["findings"][0])


def test_what_stands_for_an_option_is_a_setting(clinic: Clinic) -> None:
    done = CliRunner().invoke(main, ["doctor", "--json"])
    assert "CRAFTWATCH_PORT" not in done.output


def test_a_port_that_craftwatch_has_itself_is_fine(clinic: Clinic) -> None:
    clinic.patch.setattr(Answering, "body", b'{"status": "ok", "rules_version": "of today"}')
    clinic.patch.setenv("CRAFTWATCH_PORT", str(clinic.neighbour.server_port))
    found = [finding for finding in clinic.findings() if finding.matter == "listening"]
    assert [(finding.grade, "craftwatch serves" in finding.found) for finding in found] == [(Grade.FINE, True)]


def test_doctor_itself_runs_with_a_wrong_form_of_the_log(clinic: Clinic) -> None:
    a_form_of_the_log_that_there_is_not(clinic)
    done = CliRunner().invoke(main, ["doctor"])
    assert (done.exit_code, "→ Set CRAFTWATCH_LOG" in done.output) == (2, True)


def test_a_wrong_form_on_its_command_line_is_a_mistake(clinic: Clinic) -> None:
    done = CliRunner().invoke(main, ["--log", "xml", "doctor"])
    assert "Usage:" in done.output
