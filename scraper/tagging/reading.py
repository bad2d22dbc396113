"""One item being read: its words, and what each step found in them for the steps after it."""

from __future__ import annotations

from collections.abc import Iterator

from db.shapes import Evidence, Figure
from scraper.tagging.phrases import Found, Span
from scraper.tagging.rulebook import SECTOR_SETS, Name, Rulebook
from scraper.tagging.rules import Hit
from scraper.tagging.tokens import Text

COMPANY_WITHIN = 8  # words between a weak name and the word that makes it sure
WORK = ("@labour", "@headcount_loss", "@workforce", "@cut_verb")


class Reading:
    """What one item says. Each step adds to it and uses what the steps before it found."""

    def __init__(self, rules: Rulebook, text: Text, sector: str) -> None:
        self.rules, self.text, self.source_sector = rules, text, sector
        self.title_length = text.title_length
        self.found: Found = rules.first.find(text)
        self.masked: list[Span] = []
        self.names: dict[Span, list[Name]] = {}
        self.figures: list[Figure] | None = None  # None: nobody has counted yet
        self.topics: list[Hit] = []
        self.places: dict[str, Span] = {}  # by region
        self.crafts: list[Hit] = []
        self.regions: list[Hit] = []
        # named sets that hold for the whole item
        self.ambient: set[int] = {rules.phrases.named(SECTOR_SETS[sector])} if sector in SECTOR_SETS else set()

    def call(self, number: int, spans: list[Span]) -> None:
        """Let a named set hold at these places."""
        self.found.setdefault(number, []).extend(spans)

    def in_title(self, span: Span) -> bool:
        return span[0] < self.title_length

    def in_company(self, span: Span, sets: tuple[str, ...], within: int = COMPANY_WITHIN) -> bool:
        """A form of one of the sets stands near, and is not the name itself."""
        for name in sets:
            for other in self.found.get(self.rules.phrases.named(name), ()):
                if 0 <= gap(span, other) < within:
                    return True
        return False

    def all_names(self) -> Iterator[tuple[Span, Name]]:
        """Organisations in the order of the text."""
        for span, names in sorted(self.names.items()):
            for name in names:
                yield span, name

    def root(self, hit: Hit) -> str:
        """The root topic of a topic found."""
        return self.rules.vocabulary.topics[hit.term].parent or hit.term

    def evidence(self, span: Span, rule: str) -> Evidence:
        field, start, end = self.text.locate(*span)
        text = self.text.title if field == "title" else self.text.summary
        return Evidence(field, start, end, text[start:end], rule)


def inside(span: Span, other: Span) -> bool:
    return other[0] <= span[0] and span[1] <= other[1]


def inside_longer(span: Span, other: Span) -> bool:
    return other[0] <= span[0] and span[1] <= other[1] and other != span


def gap(span: Span, other: Span) -> int:
    """Words between the two; below 0 where they overlap."""
    return other[0] - span[1] if other[0] >= span[1] else span[0] - other[1]
