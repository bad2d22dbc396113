"""systemd units for this installation, filled in from the templates beside this file."""

from __future__ import annotations

import sys
from pathlib import Path
from string import Template

NAMES = ("craftwatch.socket", "craftwatch.service", "craftwatch-scrape.service", "craftwatch-scrape.timer")
_HOMES = ("/home", "/root", "/run/user")  # what ProtectHome= hides


def make_units(*, user: str, listen: str, settings: Path, program: Path | None = None) -> dict[str, str]:
    """File name → content. `listen` is an address and port; `settings` need not exist; `program` is else this one."""
    program = program or this_program()
    places = program, program.with_name("python").resolve()  # its Python may lie elsewhere
    at_home = any(place.is_relative_to(home) for place in places for home in _HOMES)
    values = {
        "user": user,
        "listen": listen,
        "settings": str(settings).replace("%", "%%"),
        "program": _as_word(program),
        "protect_home": "read-only" if at_home else "yes",
    }
    folder = Path(__file__).parent
    return {name: Template((folder / name).read_text(encoding="utf-8")).substitute(values) for name in NAMES}


def this_program() -> Path:
    """Where the command is: what cron and systemd start have another PATH than a shell."""
    return Path(sys.executable).with_name("craftwatch")


def _as_word(path: Path) -> str:
    """A word of a command line in a unit: a percent sign begins a specifier, a space the next word."""
    word = str(path).replace("%", "%%")
    return f'"{word}"' if " " in word else word
