"""What a run that finds nothing new has no need to load: most runs are such runs."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "module", ["sqlmodel", "sqlalchemy.orm", "scraper.tag", "db.vocabulary", "scraper.parse", "scraper.clean"]
)
def test_a_run_is_put_together_without(module: str) -> None:
    code = f"import sys, scraper.run; sys.exit({module!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_who_has_sqlite_loads_nothing_of_postgresql() -> None:
    code = "import sys, db.archive, scraper.health; sys.exit('psycopg' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
