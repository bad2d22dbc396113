"""How a benchmark is asked for; the benchmarks themselves are commands, not tests."""

from __future__ import annotations

import pytest

from tests.bench.__main__ import SECTIONS, read_arguments


@pytest.mark.parametrize(
    ("words", "sections"),
    [([], list(SECTIONS)), (["reading"], ["reading"]), (["pages", "startup"], ["pages", "startup"])],
)
def test_all_sections_are_run_where_none_is_named(words: list[str], sections: list[str]) -> None:
    assert read_arguments(words).section == sections


def test_a_section_that_is_not_there_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        read_arguments(["readings"])
    assert "reading" in capsys.readouterr().err
