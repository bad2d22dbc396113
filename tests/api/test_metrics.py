"""The numbers that Prometheus is told."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Engine, text

from db.shapes import Failure
from tests.api.archive import Shelf, make_client
from tests.db.factory import NOW

PORT = 9464
AT_PORT = f"http://127.0.0.1:{PORT}"


@pytest.fixture
def metered(database_url: str, shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setattr("api.metrics.KEPT_SECONDS", 0)
    with make_client(database_url, metrics_port=PORT) as client:
        yield client


def numbers(client: TestClient) -> dict[str, float]:
    """`name{label=value,…}`, its labels in alphabetical order → its number."""
    told = client.get(f"{AT_PORT}/metrics", headers={"Accept": "text/plain"}).text
    samples = (sample for family in text_string_to_metric_families(told) for sample in family.samples)
    return {named(sample.name, sample.labels): sample.value for sample in samples}


def named(name: str, labels: dict[str, str]) -> str:
    return f"{name}{{{','.join(f'{label}={labels[label]}' for label in sorted(labels))}}}" if labels else name


def check(engine: Engine, reason: Failure | None = None, *, seconds: float = 2.0, new: int = 0) -> None:
    outcome = "failed" if reason else "ok"
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO fetch_log (source_id, started_at, duration_ms, outcome, reason, bytes, new, changed, "
                "unchanged) VALUES ('ledger', 0, :ms, :outcome, :reason, 100, :new, 0, 0)"
            ),
            {"ms": int(seconds * 1000), "outcome": outcome, "reason": reason and reason.value, "new": new},
        )


def test_items_are_counted_tracked_and_not(metered: TestClient, shelf: Shelf) -> None:
    shelf.add("one", "ai")
    shelf.add("two", "layoffs")
    shelf.add("three")
    told = numbers(metered)
    assert (told["craftwatch_items{tracked=yes}"], told["craftwatch_items{tracked=no}"]) == (2, 1)


def test_sources_are_counted_by_how_they_fare(metered: TestClient, shelf: Shelf) -> None:
    shelf.add("one", "ai")
    told = numbers(metered)
    words = ("healthy", "never checked", "disabled", "failing")
    assert [told[f"craftwatch_sources{{health={word}}}"] for word in words] == [1, 1, 1, 0]


def test_failing_sources_are_counted_by_reason(metered: TestClient, shelf: Shelf) -> None:
    shelf.save([], failures=2, last_failure_at=NOW, last_failure_reason=Failure.DNS.value)
    told = numbers(metered)
    assert {name for name, value in told.items() if name.startswith("craftwatch_sources_failing") and value} == {
        "craftwatch_sources_failing{reason=dns}"
    }


def test_every_reason_has_its_number(metered: TestClient) -> None:
    told = numbers(metered)
    assert all(f"craftwatch_sources_failing{{reason={reason.value}}}" in told for reason in Failure)


def test_a_source_tells_how_long_ago_it_was_read(metered: TestClient, shelf: Shelf) -> None:
    shelf.save([], last_success_at=NOW.replace(hour=NOW.hour - 1))
    told = numbers(metered)
    assert told["craftwatch_source_seconds_since_success{source=ledger}"] == 3600


def test_a_source_never_read_was_read_infinitely_long_ago(metered: TestClient) -> None:
    assert numbers(metered)["craftwatch_source_seconds_since_success{source=gazette}"] == float("inf")


def test_a_disabled_source_is_not_waited_for(metered: TestClient) -> None:
    assert "craftwatch_source_seconds_since_success{source=quiet}" not in numbers(metered)


def test_the_rules_are_named(metered: TestClient) -> None:
    assert any(name.startswith("craftwatch_info") and "rules_version=rules-1" in name for name in numbers(metered))


def test_checks_are_counted_from_when_we_began(metered: TestClient, engine: Engine) -> None:
    check(engine)
    numbers(metered)
    check(engine, seconds=2)
    told = numbers(metered)
    assert told["craftwatch_fetch_seconds_count{outcome=ok}"] == 1
    assert told["craftwatch_fetch_seconds_bucket{le=1.0,outcome=ok}"] == 0
    assert told["craftwatch_fetch_seconds_bucket{le=2.5,outcome=ok}"] == 1


def test_failed_checks_are_counted_by_reason(metered: TestClient, engine: Engine) -> None:
    numbers(metered)
    check(engine, Failure.TIMEOUT)
    assert numbers(metered)["craftwatch_fetch_failures_total{reason=timeout}"] == 1


def test_pruning_the_log_takes_nothing_back(metered: TestClient, engine: Engine) -> None:
    numbers(metered)
    for _ in range(3):
        check(engine)
    before = numbers(metered)
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM fetch_log"))
    check(engine)
    name = "craftwatch_fetch_seconds_count{outcome=ok}"
    assert before[name] <= numbers(metered)[name]


def test_requests_are_counted_by_endpoint_and_status(metered: TestClient) -> None:
    metered.get("/v1/items?topic=ai")
    metered.get("/v1/items?topic=nonsense")
    metered.head("/v1/sources/ledger")
    metered.get("/wp-login.php")
    told = numbers(metered)
    assert {name: value for name, value in told.items() if name.startswith("craftwatch_requests_total")} == {
        "craftwatch_requests_total{route=/v1/items,status=200}": 1,
        "craftwatch_requests_total{route=/v1/items,status=400}": 1,
        "craftwatch_requests_total{route=/v1/sources/{source_id},status=200}": 1,
        "craftwatch_requests_total{route=other,status=404}": 1,
    }


@pytest.mark.parametrize(
    ("path", "route"),
    [("/", "/"), ("/crafts/voice-actor", "/crafts/{code}"), ("/static/page.0.css", "/static/{name}")],
)
def test_pages_are_counted_by_page(metered: TestClient, path: str, route: str) -> None:
    metered.get(path, headers={"Accept": "text/html"})
    assert numbers(metered)[f"craftwatch_requests_total{{route={route},status=200}}"] == 1


def test_reads_are_timed(metered: TestClient) -> None:
    before = numbers(metered)["craftwatch_read_seconds_count"]
    metered.get("/v1/items")
    assert numbers(metered)["craftwatch_read_seconds_count"] == before + 1


def test_a_database_out_of_reach_is_a_number(tmp_path: object) -> None:
    with make_client(f"sqlite:///{tmp_path}/none.db", metrics_port=PORT) as client:
        told = numbers(client)
    assert told["craftwatch_database_up"] == 0
    assert "craftwatch_items{tracked=yes}" not in told


def test_several_that_ask_at_once_cost_one_look(database_url: str, shelf: Shelf) -> None:
    with make_client(database_url, metrics_port=PORT) as client:
        numbers(client)
        shelf.add("one", "ai")
        assert numbers(client)["craftwatch_items{tracked=yes}"] == 0


def test_readers_do_not_see_the_numbers(metered: TestClient) -> None:
    assert metered.get("/metrics").status_code == 404


def test_the_port_of_the_numbers_gives_nothing_else(metered: TestClient) -> None:
    assert metered.get(f"{AT_PORT}/v1/items").status_code == 404


def test_without_the_port_nothing_of_it_is_loaded() -> None:
    code = "import sys; from api.app import create_app; create_app(); print('prometheus_client' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout == "False\n"
