"""What a measurement says, as a table and as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. `ratio` is to the row or program named by `against`; `goal` such as "≥ 0.55" is for the ratio, where
    there is one, else for the value."""

    section: str
    name: str
    value: float
    unit: str
    ratio: float | None = None
    against: str = ""
    goal: str = ""

    @property
    def holds(self) -> bool | None:
        """None without a goal."""
        if not self.goal:
            return None
        sign, _, bound = self.goal.partition(" ")
        measured = self.value if self.ratio is None else self.ratio
        return measured <= float(bound) if sign == "≤" else measured >= float(bound)


def table(rows: Iterable[Row]) -> str:
    """As a Markdown table, columns in line."""
    head = ("section", "what", "measured", "ratio", "goal", "met")
    lines = [head, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    rule = tuple("-" * width for width in widths)
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |"
        for line in (head, rule, *lines[1:])
    )


def as_json(rows: Iterable[Row]) -> list[dict[str, object]]:
    return [{**asdict(row), "holds": row.holds} for row in rows]


def _cells(row: Row) -> tuple[str, ...]:
    ratio = "" if row.ratio is None else f"{row.ratio:.2f} × {row.against}"
    met = {None: "", True: "yes", False: "NO"}[row.holds]
    return row.section, row.name, f"{_figure(row.value)} {row.unit}", ratio, row.goal, met


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
