"""The topics of an item: what the rules say, but for what the summary only mentions."""

from __future__ import annotations

from scraper.tagging.phrases import Span
from scraper.tagging.reading import Reading, gap
from scraper.tagging.rules import Hit

EFFECT_WITHIN = 12  # words

STAGES = {
    "contracts-negotiations": "talks",
    "contracts-expiry-extension": "deadline",
    "contracts-strike-authorization": "strike-authorisation",
    "contracts-strike": "strike",
    "contracts-lockout": "strike",
    "contracts-tentative-agreement": "tentative",
    "contracts-ratification-vote": "ratification",
}  # in the order in which a dispute goes: the furthest one named is its stage


def judge_topics(reading: Reading) -> None:
    hits = reading.rules.topics.hits(reading.found, reading.ambient, reading.title_length)
    if not hits:
        return
    passing = _passing(reading, hits)
    reading.topics = [hit for hit in hits if reading.root(hit) not in passing]
    for hit in reading.topics:
        terms = hit.term, reading.root(hit)
        reading.ambient.update(reading.rules.phrases.named(f"@topic.{term}") for term in terms)


def stage_of(reading: Reading) -> str:
    """The furthest step of the dispute that the item names."""
    named = {hit.term for hit in reading.topics}
    return next((stage for topic, stage in reversed(STAGES.items()) if topic in named), "")


def _passing(reading: Reading, hits: list[Hit]) -> set[str]:
    """Root topics that the summary mentions once while the title speaks of something else."""
    spans: dict[str, set[Span]] = {}
    for hit in hits:
        spans.setdefault(reading.root(hit), set()).add(hit.spans[0])
    return {root for root, stated in spans.items() if not _is_about(reading, root, stated)}


def _is_about(reading: Reading, root: str, stated: set[Span]) -> bool:
    return _title_is_about(reading, root, stated) or _apart(stated) > 1 or _has_effects(reading, root, stated)


def _title_is_about(reading: Reading, root: str, stated: set[Span]) -> bool:
    about = reading.rules.about.get(root)
    if about is None or any(map(reading.in_title, stated)):
        return True
    return any(reading.in_title(span) for phrase in about.intersection(reading.found) for span in reading.found[phrase])


def _has_effects(reading: Reading, root: str, stated: set[Span]) -> bool:
    effects = reading.rules.effects.get(root, frozenset()).intersection(reading.found)
    places = [place for phrase in effects for place in reading.found[phrase]]
    return any(0 <= gap(span, place) < EFFECT_WITHIN for span in stated for place in places)


def _apart(spans: set[Span]) -> int:
    """How many of the spans stand side by side, none over another."""
    count, reached = 0, -1
    for start, end in sorted(spans):
        if start >= reached:
            count, reached = count + 1, end
    return count
