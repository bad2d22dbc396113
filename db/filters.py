"""What a reader asks for, as values: which items, in which order, from where on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from db.filing import TermKey
from db.search import Search

LABEL_AXES = frozenset({"topic", "craft", "department", "region", "employer", "union"})


class Sort(StrEnum):
    PUBLISHED = "published"  # newest publication first
    RECEIVED = "received"  # newest arrival first
    RELEVANCE = "relevance"  # best match of `q` first, among its newest matches


@dataclass(frozen=True, slots=True)
class Filter:
    """Items filed under a term of every choice in `wanted` and under none of `unwanted`."""

    wanted: tuple[tuple[TermKey, ...], ...] = ()
    unwanted: tuple[TermKey, ...] = ()
    tracked: bool | None = True  # None: either
    search: Search | None = None
    start: int | None = None  # seconds since 1970, inclusive, of publication
    end: int | None = None  # exclusive
    changed_since: int | None = None  # seconds since 1970, inclusive
    min_confidence: int = 0  # hundredths, of the wanted labels

    def axes(self) -> set[str]:
        return {axis for choice in self.wanted for axis, _ in choice} | {axis for axis, _ in self.unwanted}

    def without(self, axes: Iterable[str]) -> Filter:
        """The same, asking nothing of these axes."""
        left_out = set(axes)
        return replace(
            self,
            wanted=tuple(choice for choice in self.wanted if choice[0][0] not in left_out),
            unwanted=tuple(key for key in self.unwanted if key[0] not in left_out),
        )

    def also(self, *keys: TermKey) -> Filter:
        """The same, and filed under one of these terms."""
        return replace(self, wanted=(*self.wanted, keys))


@dataclass(frozen=True, slots=True)
class Position:
    """The last item that a reader has seen: his next page begins after it."""

    item_id: int
    received_at: int = 0  # seconds since 1970; where the order is by arrival
    seen: int = 0  # items before it; where the order is by relevance, among the matches up to `item_id`
