"""The log of a process, for people and for programs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.processes import PATIENCE_SECONDS, Program, line_with, program_in
from tests.server import LoopbackServer, feed


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    """One outlet that answers and one whose feed is lost."""
    with LoopbackServer() as server, program_in(tmp_path, CRAFTWATCH_ALLOW_ADDRESSES=server.pair) as program:
        server.add("/feed", feed())
        program.list_sources(good=server.url("/feed"), lost=server.url("/lost"))
        program.run("migrate")
        yield program


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_json_has_a_line_for_every_source_with_its_fields(program: Program) -> None:
    told = {line["source"]: line for line in lines(program.run("scrape", CRAFTWATCH_LOG="json").stderr)}
    assert (told["good"]["level"], told["good"]["outcome"]) == ("INFO", "ok")
    assert (told["lost"]["level"], told["lost"]["reason"]) == ("WARNING", "http_4xx")


def test_every_line_has_time_level_logger_and_message(program: Program) -> None:
    told = lines(program.run("scrape", CRAFTWATCH_LOG="json").stderr)
    assert [list(line)[:4] for line in told] == [["time", "level", "logger", "message"]] * 2


def test_times_are_in_utc(program: Program) -> None:
    told = lines(program.run("scrape", CRAFTWATCH_LOG="json", TZ="Asia/Tokyo").stderr)
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"]) for line in told)


def test_what_ends_the_command_is_json_too(program: Program) -> None:
    done = program.run("scrape", "unknown", CRAFTWATCH_LOG="json")
    assert ["There is no source 'unknown'" in line["message"] for line in lines(done.stderr)] == [True]


def test_a_bug_is_one_line_with_its_trace(program: Program) -> None:
    code = "import sys; from scraper.logs import configure_logging; configure_logging('json'); 1 / 0"
    process = program.start(code=code)
    _, errors = process.communicate(timeout=PATIENCE_SECONDS)
    (line,) = lines(errors)
    assert (line["level"], "ZeroDivisionError" in line["exc_info"]) == ("CRITICAL", True)


def test_the_server_logs_in_the_same_form_and_nobody_who_reads(program: Program) -> None:
    process = program.start("serve", "--port", "0", CRAFTWATCH_LOG="json")
    assert process.stderr is not None
    first = json.loads(line_with("Serving on", process.stderr))
    process.terminate()
    rest = lines(process.communicate(timeout=PATIENCE_SECONDS)[1])
    assert {first["logger"], *(line["logger"] for line in rest)} == {"craftwatch", "uvicorn.error"}


def test_up_logs_in_json_what_it_tells_and_what_the_scraper_beside_it_does(program: Program) -> None:
    process = program.start("--log", "json", "up", "--port", "0")
    assert process.stderr is not None
    told = iter(
        [json.loads(line_with("sources asked", process.stderr)), json.loads(line_with("Serving", process.stderr))]
    )
    process.terminate()
    output, rest = process.communicate(timeout=PATIENCE_SECONDS)
    assert ([line["logger"] for line in told], output) == (["craftwatch"] * 2, "")
    assert lines(rest)


def test_a_mistake_in_the_command_is_json_too(program: Program) -> None:
    done = program.run("scrape", "--nothing", CRAFTWATCH_LOG="json")
    assert done.returncode == 2
    assert ["--nothing" in line["message"] for line in lines(done.stderr)] == [True]


def test_the_plain_log_of_a_usual_run_is_empty(program: Program) -> None:
    assert program.run("scrape").stderr == ""


def test_the_plain_log_tells_of_every_source_when_asked(program: Program) -> None:
    told = program.run("-v", "scrape").stderr
    assert re.search(r"INFO good: ok", told)
    assert re.search(r"WARNING lost: http_4xx", told)


def test_another_form_stops_the_start_and_names_the_setting(program: Program) -> None:
    done = program.run("scrape", CRAFTWATCH_LOG="xml")
    assert done.returncode == 2
    assert "CRAFTWATCH_LOG" in done.stderr
    assert "'plain', 'json'" in done.stderr
