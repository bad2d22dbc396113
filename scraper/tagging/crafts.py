"""Whom an item is about: the crafts that it names, the more specific before the general."""

from __future__ import annotations

from scraper.tagging.phrases import Span
from scraper.tagging.reading import Reading, gap
from scraper.tagging.rules import Hit

TOPIC_WITHIN = 12  # words
ROLL = frozenset({"represents", "representing"})  # what opens a list of trades
ROLL_WITHIN = 30  # words


def judge_crafts(reading: Reading) -> None:
    """Where the title names crafts, others count only beside what the summary says of the topic."""
    crafts = reading.rules.details.crafts
    hits = crafts.hits(reading.found, reading.ambient, reading.title_length, _covered(reading))
    in_title = {hit.term for hit in hits if reading.in_title(hit.spans[0])}
    hits = _without_rolls(reading, hits, in_title)
    if in_title:
        hits = [hit for hit in hits if hit.term in in_title or _beside_topic(reading, hit.spans[0])]
    yielding = _yielding(reading, {hit.term for hit in hits}, in_title)
    reading.crafts = [hit for hit in hits if hit.term not in yielding]


def _covered(reading: Reading) -> dict[Span, set[str]]:
    """Names and sure forms, with the crafts that they earn."""
    found, sure_forms = reading.found, reading.rules.details.crafts.sure_forms
    covered: dict[Span, set[str]] = {span: set() for span in reading.names}
    for phrase in found:
        if phrase in sure_forms:
            for span in found[phrase]:
                covered.setdefault(span, set()).update(sure_forms[phrase])
    return covered


def _beside_topic(reading: Reading, span: Span) -> bool:
    return any(gap(span, place) < TOPIC_WITHIN for hit in reading.topics for place in hit.places)


def _without_rolls(reading: Reading, hits: list[Hit], in_title: set[str]) -> list[Hit]:
    """A union that "represents actors, dancers and hosts" says whom it speaks for, not whom the news is about."""
    keys = reading.text.keys
    if ROLL.isdisjoint(keys):
        return hits
    most = 1 if in_title else 2  # trades that a union may be said to speak for before it is a roll
    for place in [place for place, word in enumerate(keys) if word in ROLL]:
        listed = [hit for hit in hits if hit.spans[0][0] - place in range(ROLL_WITHIN) and hit.term not in in_title]
        if len({hit.term for hit in listed}) > most:
            hits = [hit for hit in hits if hit not in listed]
    return hits


def _yielding(reading: Reading, terms: set[str], in_title: set[str]) -> set[str]:
    """General crafts are not meant where a more specific one is found, unless the title names only the general."""
    crafts = reading.rules.vocabulary.crafts
    specific = {term: terms.intersection(crafts[term].yields_to) for term in terms if crafts[term].yields_to}
    return {
        term
        for term, others in specific.items()
        if others and (term not in in_title or not others.isdisjoint(in_title))
    }
