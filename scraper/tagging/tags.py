"""What a reading found as tags: one per term, each with the words that earned it and how directly they do."""

from __future__ import annotations

from collections.abc import Iterable

from db.shapes import Axis, Tag
from scraper.tagging.phrases import Span
from scraper.tagging.reading import WORK, Reading
from scraper.tagging.rulebook import Name
from scraper.tagging.rules import Hit

# The confidence scale; db/vocabulary/README.md says what each step means.
SURE_IN_TITLE, SURE_IN_SUMMARY, RULE_IN_TITLE, RULE_IN_SUMMARY, IMPLIED = 1.0, 0.9, 0.8, 0.7, 0.6

Tags = dict[str, Tag]  # by term


def tags_of(reading: Reading) -> tuple[Tag, ...]:
    topics = _with_parents(reading, Axis.TOPIC, _from_hits(reading, Axis.TOPIC, "topics", reading.topics))
    crafts = _from_hits(reading, Axis.CRAFT, "crafts", reading.crafts) or _implied_crafts(reading)
    regions = _with_parents(reading, Axis.REGION, _region_tags(reading))
    regions.sort(key=lambda tag: "-" not in tag.term)  # the most specific first
    return (*topics, *crafts.values(), *regions, *_organisation_tags(reading).values())


def sector_of(reading: Reading) -> str:
    """Of the source; of a general source's item, the sector of the organisation or craft it names first."""
    if reading.source_sector not in ("", "general"):
        return reading.source_sector
    for _, name in reading.all_names():
        if len(name.sectors) == 1:
            return name.sectors[0]
    crafts = reading.rules.vocabulary.crafts
    sectors = (crafts[hit.term].sectors for hit in reading.crafts)
    return next((each[0] for each in sectors if each), reading.source_sector)


def _from_hits(reading: Reading, axis: Axis, file: str, hits: Iterable[Hit]) -> Tags:
    """One tag per term, from its most direct hit."""
    best: dict[str, tuple[float, Hit]] = {}
    for hit in hits:
        confidence = _confidence(reading, hit)
        if hit.term not in best or confidence > best[hit.term][0]:
            best[hit.term] = confidence, hit
    return {term: _tag(reading, axis, file, confidence, hit) for term, (confidence, hit) in best.items()}


def _confidence(reading: Reading, hit: Hit) -> float:
    if reading.in_title(hit.spans[0]):
        return SURE_IN_TITLE if hit.sure else RULE_IN_TITLE
    return SURE_IN_SUMMARY if hit.sure else RULE_IN_SUMMARY


def _tag(reading: Reading, axis: Axis, file: str, confidence: float, hit: Hit) -> Tag:
    rule = f"{file}/{hit.term}/{hit.rule}"
    return Tag(axis, hit.term, confidence, tuple([reading.evidence(span, rule) for span in hit.spans]))


def _named(reading: Reading, axis: Axis, term: str, span: Span, rule: str) -> Tag:
    confidence = SURE_IN_TITLE if reading.in_title(span) else SURE_IN_SUMMARY
    return Tag(axis, term, confidence, (reading.evidence(span, rule),))


def _implied(reading: Reading, axis: Axis, term: str, span: Span, name: Name) -> Tag:
    evidence = reading.evidence(span, f"organisations/{name.term}/implies")
    return Tag(axis, term, IMPLIED, (evidence,), implied_by=f"{name.axis}:{name.term}")


def _implied_crafts(reading: Reading) -> Tags:
    """Whom the unions named speak for, first of all."""
    tags: Tags = {}
    for span, name in reading.all_names():
        crafts = reading.rules.vocabulary.unions[name.term].crafts if name.axis is Axis.UNION else ()
        if crafts and crafts[0] not in tags:
            tags[crafts[0]] = _implied(reading, Axis.CRAFT, crafts[0], span, name)
    return tags


def _region_tags(reading: Reading) -> Tags:
    """Places and the regions of unions; else those of employers; else what the rules say."""
    places = {
        region: _named(reading, Axis.REGION, region, span, f"regions/{region}/form")
        for region, span in reading.places.items()
    }
    return (
        _implied_regions(reading, Axis.UNION) | places
        or _implied_regions(reading, Axis.EMPLOYER)
        or _from_hits(reading, Axis.REGION, "regions", reading.regions)
    )


def _implied_regions(reading: Reading, axis: Axis) -> Tags:
    """Regions of the unions or employers named, each with its first name as evidence."""
    tags: Tags = {}
    for span, name in reading.all_names():
        region = _region_of(reading, span, name) if name.axis is axis else ""
        if region and region not in tags:
            tags[region] = _implied(reading, Axis.REGION, region, span, name)
    return tags


def _region_of(reading: Reading, span: Span, name: Name) -> str:
    """An employer's only where the item speaks of its staff: the BBC also reports."""
    vocabulary = reading.rules.vocabulary
    if name.axis is Axis.UNION:
        return vocabulary.unions[name.term].region
    region = vocabulary.employers[name.term].region
    return region if region and reading.in_company(span, WORK) else ""


def _organisation_tags(reading: Reading) -> Tags:
    tags: Tags = {}
    for span, name in reading.all_names():
        if name.term not in tags:
            rule = f"organisations/{name.term}/{'weak' if name.weak else 'form'}"
            tags[name.term] = _named(reading, name.axis, name.term, span, rule)
    return tags


def _with_parents(reading: Reading, axis: Axis, tags: Tags) -> list[Tag]:
    """A parent is implied by its first child; its evidence is the child's."""
    parents: Tags = {}
    for term, tag in tags.items():
        child = term
        for parent in reading.rules.vocabulary.ancestors(axis, term):
            if parent not in tags and parent not in parents:
                parents[parent] = Tag(axis, parent, tag.confidence, (), implied_by=child)
            child = parent
    return [*tags.values(), *parents.values()]
