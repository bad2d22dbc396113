"""Under which terms an item is filed: what its tags say, and what is known of it without reading it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from db.shapes import Axis, Tagging

TermKey = tuple[str, str]  # (axis, code)
CERTAIN = 100  # confidence in hundredths


def filing_terms(
    tagging: Tagging, *, sources: Iterable[str], sector: str, language: str, departments: Mapping[str, str]
) -> dict[TermKey, int]:
    """(axis, code) → confidence in hundredths; a craft files its item under the craft's department as well."""
    terms: dict[TermKey, int] = {("tracked", "yes" if tagging.tracked else "no"): CERTAIN}
    terms.update({("source", source): CERTAIN for source in sources})
    if sector:
        terms["sector", sector] = CERTAIN
    if language:
        terms["language", primary_language(language)] = CERTAIN
    terms.update({("figure", figure.kind): CERTAIN for figure in tagging.figures})
    for tag in tagging.tags:
        confidence = round(tag.confidence * 100)
        _raise_to(terms, (tag.axis.value, tag.term), confidence)
        if tag.axis is Axis.CRAFT and tag.term in departments:
            _raise_to(terms, ("department", departments[tag.term]), confidence)
    return terms


def primary_language(language: str) -> str:
    """The primary subtag: en for en-us."""
    return language.partition("-")[0].lower()


def _raise_to(terms: dict[TermKey, int], key: TermKey, confidence: int) -> None:
    terms[key] = max(confidence, terms.get(key, 0))
