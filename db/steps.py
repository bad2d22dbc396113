"""Work that is done step by step: its thread is free for others between two steps."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

T = TypeVar("T")
Steps = Generator[None, None, T]  # returns what comes of it


def at_once(steps: Steps[T]) -> T:
    """What comes of it, for one who has nothing else to do meanwhile."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: T = end.value
            return result
