"""Under which terms an item is filed: what its tags say, and what is known of it without reading it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from db.shapes import Tagging

TermKey = tuple[str, str]  # (axis, code)
Wholes = Mapping[TermKey, Sequence[TermKey]]  # term → what it is part of
CERTAIN = 100  # confidence in hundredths


def filing_terms(
    tagging: Tagging, *, sources: Iterable[str], sector: str, language: str, wholes: Wholes
) -> dict[TermKey, int]:
    """(axis, code) → confidence in hundredths. What is part of something files its item under that as well: a craft
    under its departments, a company under its owners; the parents of topics and regions are tags themselves."""
    terms: dict[TermKey, int] = {("tracked", "yes" if tagging.tracked else "no"): CERTAIN}
    terms.update({("source", source): CERTAIN for source in sources})
    if sector:
        terms["sector", sector] = CERTAIN
    if language:
        terms["language", primary_language(language)] = CERTAIN
    terms.update({("figure", figure.kind): CERTAIN for figure in tagging.figures})
    for tag in tagging.tags:
        confidence = round(tag.confidence * 100)
        key = tag.axis.value, tag.term
        for filed in (key, *wholes.get(key, ())):
            _raise_to(terms, filed, confidence)
    return terms


def primary_language(language: str) -> str:
    """The primary subtag: en for en-us."""
    return language.partition("-")[0].lower()


def _raise_to(terms: dict[TermKey, int], key: TermKey, confidence: int) -> None:
    terms[key] = max(confidence, terms.get(key, 0))
