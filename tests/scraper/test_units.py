"""The systemd units that are written for an installation."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from scraper.cli import main
from scraper.units import NAMES, make_units

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
MOST_EXPOSED = 2.0  # of 10, as systemd-analyze counts


def units(**changes: str) -> dict[str, str]:
    chosen = {"user": "watcher", "listen": "127.0.0.1:8000", "settings": "/etc/watch.env", "program": sys.executable}
    paths = {
        name: Path(value) if name in ("settings", "program") else value for name, value in (chosen | changes).items()
    }
    return make_units(**paths)  # type: ignore[arg-type]  # each name has its type


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    done = CliRunner().invoke(main, ["units", str(tmp_path / "units")])
    assert done.exit_code == 0, done.output
    return tmp_path / "units"


def test_the_command_writes_every_unit(folder: Path) -> None:
    assert {path.name for path in folder.iterdir()} == set(NAMES)


@needs_systemd
@pytest.mark.parametrize("name", NAMES)
def test_systemd_finds_nothing_wrong(folder: Path, name: str) -> None:
    done = subprocess.run(["systemd-analyze", "verify", str(folder / name)], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


@needs_systemd
@pytest.mark.parametrize("name", [name for name in NAMES if name.endswith(".service")])
def test_a_service_may_do_little(folder: Path, name: str) -> None:
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", "--no-pager", str(folder / name)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    exposure = re.search(r"exposure level for \S+: ([\d.]+)", done.stdout)
    assert exposure is not None, done.stderr
    assert float(exposure[1]) <= MOST_EXPOSED


def test_services_run_as_the_user_that_was_named() -> None:
    assert all("\nUser=watcher\n" in text for name, text in units().items() if name.endswith(".service"))


def test_services_run_this_installation() -> None:
    assert (
        "ExecStart=/opt/watch/bin/craftwatch serve" in units(program="/opt/watch/bin/craftwatch")["craftwatch.service"]
    )


def test_a_path_with_a_percent_sign_and_a_space_is_itself() -> None:
    assert (
        'ExecStart="/opt/100%% watch/craftwatch" serve'
        in units(program="/opt/100% watch/craftwatch")["craftwatch.service"]
    )


@pytest.mark.parametrize(
    ("program", "hidden"), [("/srv/watch/bin/craftwatch", "yes"), ("/home/w/craftwatch", "read-only")]
)
def test_homes_are_hidden_unless_the_program_is_there(program: str, hidden: str) -> None:
    assert f"ProtectHome={hidden}" in units(program=program)["craftwatch.service"]


def test_homes_are_not_hidden_if_the_python_of_the_program_is_there(tmp_path: Path) -> None:
    (tmp_path / "python").symlink_to("/home/w/.pyenv/bin/python3")
    assert "ProtectHome=read-only" in units(program=str(tmp_path / "craftwatch"))["craftwatch.service"]


def test_no_place_to_write_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = CliRunner().invoke(main, ["units", str(tmp_path / "file")])
    assert done.exit_code == 2
    assert "cannot be written" in done.output
