"""The rows of `make faults` that take about a second, and a few kills; the others run with `make faults` only."""

from __future__ import annotations

import pytest

from tests.faults.kill import kill_often
from tests.faults.rows import ROWS, Row

NUMBERS = [str(number) for number in range(1, 33)]


def test_every_fault_of_the_plan_has_a_row() -> None:
    covered = {number for row in ROWS for number in _numbers(row)}
    assert covered == set(NUMBERS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.number)
def test_a_row_is_measured_or_says_why_not(row: Row) -> None:
    assert (row.measure is not None) != bool(row.elsewhere)
    assert bool(row.promise) == (row.measure is not None)


@pytest.mark.parametrize("row", [row for row in ROWS if row.quick and row.measure], ids=lambda row: row.fault)
def test_a_promise_is_kept(row: Row) -> None:
    assert row.measure is not None
    measured, passed = row.measure(True)
    assert passed, measured


def test_three_kills_lose_and_double_nothing() -> None:
    tally = kill_often("sqlite", 3, seed=7, outlets=6)
    assert tally.passed, tally


def _numbers(row: Row) -> list[str]:
    first, _, last = row.number.partition("-")
    return [str(number) for number in range(int(first), int(last or first) + 1)]
