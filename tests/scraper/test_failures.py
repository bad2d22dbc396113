"""Every named failure, reached through the whole scraper: in the log, the state, the fetch log, `sources` and the exit.

Failure → what a server (or its absence) does to reach it: SITUATIONS below.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from db.engine import open_engine
from db.shapes import Failure, Selectors
from scraper.cli import main
from scraper.parsing import workers
from scraper.trial import REMEDIES
from tests.newsroom import Newsroom, open_newsroom
from tests.server import FEED, Behaviour, gzip_bomb, raw, redirect, reply, silent

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Situation:
    """What the server does at the source's address; or another address; and what else is special."""

    behaviour: Behaviour = field(default_factory=lambda: reply(404))
    url: Callable[[Newsroom], str] | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    source: dict[str, Any] = field(default_factory=dict)


def page(body: bytes, **headers: str) -> Behaviour:
    return reply(body=body, content_type="text/html", **headers)


def https_on_the_same_port(room: Newsroom) -> str:
    return room.server.url("/feed").replace("http:", "https:")


QUOTED = Selectors(item="article", title="h2", link="a")
CUT = b"HTTP/1.1 200 OK\r\ncontent-type: application/rss+xml\r\ncontent-length: 9999\r\n\r\n" + FEED

SITUATIONS = {
    Failure.DNS: Situation(url=lambda room: "http://no-such-outlet.invalid/feed"),
    Failure.TLS: Situation(url=https_on_the_same_port),
    Failure.CONNECT: Situation(raw(b"")),
    Failure.TIMEOUT: Situation(silent(), settings={"fetch_timeout_seconds": 0.3}),
    Failure.TOO_LARGE: Situation(gzip_bomb(16), settings={"max_body_bytes": 1_000_000}),
    Failure.TRUNCATED: Situation(raw(CUT)),
    Failure.HTTP_4XX: Situation(reply(404)),
    Failure.BLOCKED: Situation(reply(403)),
    Failure.CHALLENGE: Situation(reply(403, b"", cf_mitigated="challenge")),
    Failure.HTTP_5XX: Situation(reply(502)),
    Failure.RATE_LIMITED: Situation(reply(429)),
    Failure.GONE: Situation(reply(410)),
    Failure.HTML_NOT_FEED: Situation(page(b"<!doctype html><html><body>Subscribe now</body></html>")),
    Failure.NOT_A_FEED: Situation(reply(body=b"\x89PNG\r\n\x1a\n" + bytes(99), content_type="image/png")),
    Failure.PARSE_TIMEOUT: Situation(reply(body=FEED), settings={"parse_limit": 0.0}),
    Failure.PARSE_FAILED: Situation(reply(body=FEED + bytes(8_000_000)), settings={"parse_memory": 1}),
    Failure.EMPTY: Situation(reply(body=b"<rss version='2.0'><channel><title>Nothing</title></channel></rss>")),
    Failure.REFUSED_ADDRESS: Situation(redirect("http://169.254.169.254/latest/meta-data/")),
    Failure.SELECTOR_MATCHED_NOTHING: Situation(
        page(b"<html><body><p>New design</p></body></html>"), source={"format": "page", "selectors": QUOTED}
    ),
}


@pytest.fixture(params=list(Failure), ids=lambda failure: failure.value)
def reached(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> Any:
    """A newsroom after a run in which its only source failed for this reason, and the reason."""
    situation = SITUATIONS[request.param]
    settings = dict(situation.settings)
    limits = {"time_limit": settings.pop("parse_limit", None), "memory_limit": settings.pop("parse_memory", None)}
    _limit_parsers(monkeypatch, {name: value for name, value in limits.items() if value is not None})
    caplog.set_level(logging.WARNING, "craftwatch.scrape")
    with open_newsroom(tmp_path, **settings) as room:
        room.server.add("/feed", situation.behaviour)
        address = situation.url(room) if situation.url else room.server.url("/feed")
        room.watch("/feed", **{**situation.source, "feed_url": address})
        room.run_at()
        yield room, request.param


def _limit_parsers(monkeypatch: pytest.MonkeyPatch, limits: dict[str, Any]) -> None:
    original = workers.ParserPool.__init__
    monkeypatch.setattr(workers.ParserPool, "__init__", lambda self, size=1: original(self, size, **limits))


def test_every_failure_has_a_situation_and_a_remedy() -> None:
    assert set(SITUATIONS) == set(REMEDIES) == set(Failure)


@pytest.mark.parametrize("failure", list(Failure))
def test_every_remedy_is_a_sentence_that_says_what_to_do(failure: Failure) -> None:
    assert REMEDIES[failure].endswith(".")
    assert f"`{failure.value}`" in README


def test_a_failure_is_told_everywhere_by_its_name(
    reached: tuple[Newsroom, Failure], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    room, failure = reached
    told = {
        "report": dict(room.report.failures),
        "exit code": room.report.exit_code,
        "log": [record.message.split()[:2] for record in caplog.get_records("setup")],
        "state": room.memory("feed").last_failure_reason,
        "fetch log": _fetch_log(room),
        "sources": _sources(room, monkeypatch)["last_failure_reason"],
    }
    assert told == {
        "report": {failure.value: 1},
        "exit code": 1,
        "log": [["feed:", failure.value]],
        "state": failure.value,
        "fetch log": [("failed", failure.value)],
        "sources": failure.value,
    }


def test_a_failure_is_told_with_its_time_and_what_comes_next(
    reached: tuple[Newsroom, Failure], monkeypatch: pytest.MonkeyPatch
) -> None:
    room, failure = reached
    source = _sources(room, monkeypatch)
    assert source["last_failure_at"] == "2026-11-20T12:00:00Z"
    assert source["last_failure_detail"]
    assert source["failures_in_a_row"] == 1
    assert source["next_check_reason"].startswith(failure.value.partition("_")[0])
    assert (source["next_check_at"] is None) == (failure is Failure.GONE)


def _fetch_log(room: Newsroom) -> list[tuple[str, str]]:
    engine = open_engine(room.url)
    with engine.connect() as connection:
        rows = [tuple(row) for row in connection.execute(text("SELECT outcome, reason FROM fetch_log"))]
    engine.dispose()
    return rows  # type: ignore[return-value]  # two columns


def _sources(room: Newsroom, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setenv("CRAFTWATCH_DATABASE_URL", room.url)
    done = CliRunner().invoke(main, ["sources", "--json"])
    assert done.exit_code == 0, done.output
    source: dict[str, Any] = json.loads(done.output)
    return source
