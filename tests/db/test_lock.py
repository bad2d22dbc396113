"""Two runs never meet, and a lock outlives nobody."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest
from sqlalchemy import Engine

from db.engine import open_engine
from db.lock import AlreadyRunning, run_lock


def test_a_second_run_is_told_at_once(engine: Engine, database_url: str) -> None:
    other = open_engine(database_url)
    with run_lock(engine), pytest.raises(AlreadyRunning, match="under way"), run_lock(other):
        pass
    other.dispose()


def test_the_lock_is_free_again_after_a_run(engine: Engine) -> None:
    with run_lock(engine):
        pass
    with run_lock(engine):
        pass


def test_the_lock_dies_with_a_killed_owner(engine: Engine, database_url: str) -> None:
    code = (
        "import sys; from db.engine import open_engine; from db.lock import run_lock\n"
        "with run_lock(open_engine(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, database_url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"held\n"
        with pytest.raises(AlreadyRunning), run_lock(engine):
            pass
        owner.kill()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:  # PostgreSQL notices the lost connection a moment later
        try:
            with run_lock(engine):
                return
        except AlreadyRunning:
            continue
    pytest.fail("the lock of a killed owner was never released")
