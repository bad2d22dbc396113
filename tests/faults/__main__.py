"""`make faults`: every fault with its promise, what was measured, and whether the promise was kept.

    python -m tests.faults              all rows, a few minutes
    python -m tests.faults 5 28         these rows
    python -m tests.faults --quick      less of each

Exits 1 when a row fails.
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from collections.abc import Sequence

from tests.faults.rows import ROWS, Row


def main(arguments: Sequence[str] | None = None) -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("numbers", nargs="*")
    options.add_argument("--quick", action="store_true")
    chosen = options.parse_args(arguments)
    rows = [row for row in ROWS if not chosen.numbers or row.number in chosen.numbers]
    print("| # | fault | promise | measured | s | pass |\n|---|---|---|---|---|---|")
    passed = [print_row(row, chosen.quick) for row in rows]
    return 0 if all(passed) else 1


def print_row(row: Row, quick: bool) -> bool:
    """Whether it passed; a row that is measured elsewhere does."""
    if row.measure is None:
        print(f"| {row.number} | {row.fault} | – | {row.elsewhere} | – | – |", flush=True)
        return True
    began = time.monotonic()
    try:
        measured, passed = row.measure(quick)
    except Exception as error:
        traceback.print_exc()
        measured, passed = f"raised {type(error).__name__}: {str(error)[:200]}", False
    seconds, verdict = time.monotonic() - began, "yes" if passed else "NO"
    print(f"| {row.number} | {row.fault} | {row.promise} | {measured} | {seconds:.1f} | {verdict} |", flush=True)
    return passed


if __name__ == "__main__":
    sys.exit(main())
