"""How well the tagger does, as last measured.

`craftwatch evaluate GOLD --json | python -m api.measured "what GOLD is"` writes measured.json beside this file:
figures only, no headline enters it.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import orjson

FILE = Path(__file__).with_name("measured.json")

#: The axes that are measured, in words.
AXES = {
    "relevant": "Whether an item is about AI, layoffs or contracts at all",
    "topics": "Topics",
    "crafts": "Crafts",
    "regions": "Regions",
    "headcount": "Headcounts of layoffs",
}


class Figures(NamedTuple):
    """Of the tags given, how many are right; of those that should be given, how many are; 0–1."""

    precision: float
    recall: float
    right: int
    wrong: int
    missed: int


class Measured(NamedTuple):
    """`on`: how many headlines, and of what kind; `when`: day of the measurement, ISO 8601."""

    on: str
    when: str
    items: int
    rules_version: str
    axes: dict[str, Figures]


@lru_cache(maxsize=1)
def load_measured(path: Path = FILE) -> Measured | None:
    """None where nothing was measured."""
    if not path.exists():
        return None
    kept = orjson.loads(path.read_bytes())
    return Measured(**{**kept, "axes": {axis: Figures(**figures) for axis, figures in kept["axes"].items()}})


def keep(evaluation: dict[str, Any], on: str, when: str) -> dict[str, Any]:
    """What is kept of an evaluation."""
    return {
        "on": on,
        "when": when,
        "items": evaluation["items"],
        "rules_version": evaluation["rules_version"],
        "axes": {
            axis: {name: evaluation["axes"][axis][name] for name in Figures._fields}
            for axis in AXES
            if axis in evaluation["axes"]
        },
    }


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print('usage: craftwatch evaluate GOLD --json | python -m api.measured "what GOLD is"', file=sys.stderr)
        return 2
    kept = keep(orjson.loads(sys.stdin.buffer.read()), arguments[0], datetime.now(UTC).date().isoformat())
    FILE.write_bytes(orjson.dumps(kept, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
