"""Where an item is: the places that it names, and the regions that rules give where it names none."""

from __future__ import annotations

from collections.abc import Mapping

from scraper.tagging.masks import unmasked
from scraper.tagging.phrases import Span
from scraper.tagging.reading import WORK, Reading, inside_longer
from scraper.tagging.rulebook import Name

FIELD = (*WORK, "@entertainment", "@ai", "@lawmaking")


def find_places(reading: Reading) -> None:
    """The longest place name at each place, not inside a masked span or an organisation's name."""
    details, vocabulary = reading.rules.details, reading.rules.vocabulary
    for phrase, spans in unmasked(reading, details.index.find(reading.text)).items():
        reading.found.setdefault(phrase, []).extend(spans)
    found, places = reading.found, details.places
    standing = {span: places[phrase] for phrase in found if phrase in places for span in found[phrase]}
    for span, names in sorted(standing.items()):
        if not _within_longer(reading, span, standing):
            for name in names:
                if not name.weak or reading.in_company(span, FIELD):
                    reading.places.setdefault(vocabulary.filed_region(name.term), span)
    _let_title_speak(reading)


def judge_regions(reading: Reading) -> None:
    """Rules (an actors' strike without a place is Hollywood's), used where nothing else says where."""
    reading.regions = reading.rules.details.regions.hits(reading.found, reading.ambient, reading.title_length)


def _within_longer(reading: Reading, span: Span, places: Mapping[Span, list[Name]]) -> bool:
    """New Mexico is not Mexico, the Chicago Tribune not Chicago; but Ubisoft Montreal is in Montreal."""
    if any(inside_longer(span, other) for other in places):
        return True
    return any(inside_longer(span, other) and span[1] != other[1] for other in reading.names)


def _let_title_speak(reading: Reading) -> None:
    """Where the title says where, places that only the summary names are left out."""
    if any(map(reading.in_title, reading.places.values())):
        reading.places = {region: span for region, span in reading.places.items() if reading.in_title(span)}
