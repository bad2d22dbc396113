"""How long the command takes to answer, from nothing; the best of a few, since other work only adds."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.options import Options
from tests.bench.processes import run_to_end
from tests.bench.report import Row

TIMES = 7
COMMANDS = {("--version",): "≤ 0.25", ("sources",): "≤ 1.0", ("--help",): ""}


def run(options: Options) -> Iterator[Row]:
    with TemporaryDirectory() as name:
        environment = {"CRAFTWATCH_DATABASE_URL": f"sqlite:///{Path(name) / 'start.db'}"}
        run_to_end([sys.executable, "-m", "scraper", "migrate"], environment)
        for arguments, goal in COMMANDS.items():
            command = [Path(sys.executable).parent / "craftwatch", *arguments]
            costs = [run_to_end(command, environment) for _ in range(TIMES)]
            shown = f"craftwatch {' '.join(arguments)}"
            yield Row("startup", shown, min(cost.wall for cost in costs), "s", goal=goal)
            yield Row("startup", f"{shown}: CPU", min(cost.cpu for cost in costs), "s")
