"""Employers and unions that an item names, and whether it is about the field at all."""

from __future__ import annotations

from collections.abc import Sequence

from scraper.tagging.phrases import Span
from scraper.tagging.reading import WORK, Reading, inside_longer
from scraper.tagging.tokens import Text

_BEFORE_OUTLET = (" - ", " – ", " — ", " | ")


def find_organisations(reading: Reading) -> None:
    """The longest name at each place; a weak name only beside a word of work."""
    found, organisations = reading.found, reading.rules.organisations
    standing = {span: organisations[phrase] for phrase in found if phrase in organisations for span in found[phrase]}
    for span, names in standing.items():
        if len(standing) > 1 and any(inside_longer(span, other) for other in standing):
            continue
        sure = [name for name in names if not name.weak or reading.in_company(span, WORK)]
        if _signs_title(reading, span):
            outlets = reading.rules.phrases.named("@employer.news")
            sure = [name for name in sure if outlets not in name.calls]
        if sure:
            reading.names[span] = sure
    for span, names in reading.names.items():
        for name in names:
            for number in name.calls:
                reading.call(number, [span])


def _signs_title(reading: Reading, span: Span) -> bool:
    """Whether the name is all that follows a dash or a bar at the end of the title, as that of an outlet may."""
    if not 0 < span[0] < span[1] == reading.title_length:
        return False
    _, start, end = reading.text.locate(*span)
    title = reading.text.title
    return title[:start].endswith(_BEFORE_OUTLET) and not title[end:].strip()


def in_the_field(reading: Reading, categories: Sequence[str]) -> bool:
    """Entertainment words, or an organisation of the field, or the feed's own category."""
    rules, found = reading.rules, reading.found
    if rules.entertainment in found or rules.makers in found:
        return True
    if any(name.sectors for names in reading.names.values() for name in names):
        return True
    in_categories = (phrase for category in categories for phrase in rules.first.find(Text(category, "")))
    return any(rules.entertainment in rules.sets.get(phrase, ()) for phrase in in_categories)
