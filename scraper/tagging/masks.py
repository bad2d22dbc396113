"""Words inside a title, a person's name or an idiom mean nothing; names of organisations are kept."""

from __future__ import annotations

from scraper.tagging.phrases import Found
from scraper.tagging.reading import Reading, inside, inside_longer


def mask(reading: Reading) -> None:
    """Drop what lies inside a mask; what is left calls the named sets that it belongs to."""
    found, masks = reading.found, reading.rules.masks
    reading.masked = [span for phrase in masks.intersection(found) for span in found[phrase]]
    reading.found = unmasked(reading, found)
    _call_sets(reading)


def unmasked(reading: Reading, found: Found) -> Found:
    """What lies in no mask. An organisation may be as long as a mask, other words must not."""
    masked = reading.masked
    if not masked:
        return found
    kept: Found = {}
    for phrase, spans in found.items():
        hides = inside_longer if phrase in reading.rules.organisations else inside
        left = [span for span in spans if not any(hides(span, mask) for mask in masked)]
        if left:
            kept[phrase] = left
    return kept


def _call_sets(reading: Reading) -> None:
    sets, found = reading.rules.sets, reading.found
    for phrase, numbers in [(phrase, sets[phrase]) for phrase in found if phrase in sets]:
        for number in numbers:
            reading.call(number, found[phrase])
