"""What was found about one matter, and how it is told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum


class Grade(StrEnum):
    FINE = "fine"
    WARNING = "warning"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found about one matter; `advice` is what to do, or may be done where all is well, else ""."""

    matter: str
    grade: Grade
    found: str
    advice: str = ""


Findings = Iterator[Finding]


def in_utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
