"""A short run of the mutations; the long one is a command."""

from __future__ import annotations

from tests.scraper.mutate import main


def test_five_hundred_mutations_raise_nothing(capsys):
    assert main(["--count", "500", "--seed", "7"]) == 0
    assert "0 exceptions" in capsys.readouterr().out
