"""A tagging as the JSON that an item's row keeps, and back."""

from __future__ import annotations

from typing import Any

from db.shapes import Axis, Evidence, Figure, Tag


def pack_tags(tags: tuple[Tag, ...]) -> list[dict[str, Any]]:
    """`[{axis, term, confidence, implied_by, evidence: [[field, start, end, text, rule], …]}, …]`, order kept."""
    return [
        {
            "axis": tag.axis.value,
            "term": tag.term,
            "confidence": tag.confidence,
            "implied_by": tag.implied_by,
            "evidence": [list(words) for words in tag.evidence],
        }
        for tag in tags
    ]


def unpack_tags(packed: list[dict[str, Any]]) -> tuple[Tag, ...]:
    return tuple(
        Tag(
            Axis(tag["axis"]),
            tag["term"],
            tag["confidence"],
            tuple(Evidence(*words) for words in tag["evidence"]),
            tag["implied_by"],
        )
        for tag in packed
    )


def pack_figures(figures: tuple[Figure, ...]) -> list[dict[str, Any]]:
    """`[{kind, value, qualifier, status, evidence: [field, start, end, text, rule]}, …]`."""
    return [
        {
            "kind": figure.kind,
            "value": figure.value,
            "qualifier": figure.qualifier,
            "status": figure.status,
            "evidence": list(figure.evidence),
        }
        for figure in figures
    ]


def unpack_figures(packed: list[dict[str, Any]]) -> tuple[Figure, ...]:
    return tuple(Figure(**{**figure, "evidence": Evidence(*figure["evidence"])}) for figure in packed)
