"""`python -m tests.bench [SECTION]…`: ours and the yardsticks side by side, as a table of medians and ratios."""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from tests.bench.options import Options, postgresql_server
from tests.bench.report import Row, as_json, table

SECTIONS = ("startup", "tagging", "ingest", "reading", "pages", "serving", "writing")
ROOT = Path(__file__).parents[2]


def main() -> int:
    arguments = read_arguments()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    rows: list[Row] = []
    with ExitStack() as stack:
        archived = {"reading", "pages", "serving", "writing"}
        needs_server = "postgresql" in arguments.databases and archived & set(arguments.section)
        options = Options(
            sizes=tuple(sorted(arguments.items)),
            databases=tuple(arguments.databases),
            folder=arguments.folder.absolute(),
            yardsticks=arguments.yardsticks if arguments.yardsticks.exists() else None,
            seconds=arguments.seconds,
            postgresql=stack.enter_context(postgresql_server(arguments.folder.absolute())) if needs_server else "",
        )
        if options.yardsticks is None:
            print(f"No yardsticks: {arguments.yardsticks} is missing. Run: make bench", file=sys.stderr)
        for section in arguments.section:
            for row in importlib.import_module(f"tests.bench.{section}").run(options):
                rows.append(row)
                print(f"{row.section}: {row.name}: {row.value:.3g} {row.unit}", file=sys.stderr)
    print(table(rows))
    if arguments.json:
        arguments.json.write_text(json.dumps(as_json(rows), indent=1) + "\n")
    return 0


def read_arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    # Without `choices`: argparse of Python 3.11 takes no list that is empty for one of them.
    parser.add_argument("section", nargs="*", type=_section, help=f"{', '.join(SECTIONS)}; all where none is named")
    parser.add_argument("--items", type=int, nargs="+", default=[100_000, 1_000_000], help="sizes of the archives")
    parser.add_argument("--databases", nargs="+", choices=("sqlite", "postgresql"), default=["sqlite", "postgresql"])
    parser.add_argument("--folder", type=Path, default=ROOT / ".bench", help="where archives are built and kept")
    parser.add_argument("--yardsticks", type=Path, default=ROOT / ".venv" / "bench" / "bin" / "python")
    parser.add_argument("--seconds", type=float, default=5.0, help="how long a server is asked for one figure")
    parser.add_argument("--json", type=Path, help="write the rows there as well")
    arguments = parser.parse_args(words)
    arguments.section = arguments.section or list(SECTIONS)
    return arguments


def _section(name: str) -> str:
    if name not in SECTIONS:
        raise argparse.ArgumentTypeError(f"there is no section {name!r}, but {', '.join(SECTIONS)}")
    return name


if __name__ == "__main__":
    sys.exit(main())
