"""The rules of one axis, compiled to phrase numbers and judged over what was found in a text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from typing import NamedTuple

from db.vocabulary import Rule, Words
from scraper.tagging.phrases import Found, Phrases, Span

UNLESS_WITHIN = 25  # words: an `unless` form further off than this speaks of something else

_NONE: frozenset[int] = frozenset()


Reach = tuple[int, int]  # judges called and judges accompanied, a bit for each


class Judge(NamedTuple):
    """One way in which a term can be earned: its forms, and the company they need."""

    term: str
    rule: str  # "form" or "when-2"
    forms: frozenset[int]
    near: frozenset[int] = _NONE
    within: int | None = None
    unless: frozenset[int] = _NONE
    fallback: bool = False
    field: str = ""


class Hit(NamedTuple):
    """A rule that holds."""

    term: str
    rule: str
    spans: tuple[Span, ...]  # the form, then the company it needed
    sure: bool
    places: tuple[Span, ...]  # wherever a form of the rule stands


class Axis:
    """Judges of all terms of one axis.

    Judges are numbered, and a set of them is an integer with a bit for each: which of several hundred have both a form
    and its company in a text is known from one look at each phrase found.
    """

    def __init__(self, phrases: Phrases, language: str) -> None:
        self.judges: list[Judge] = []
        self.never: dict[str, frozenset[int]] = {}
        self.sure_forms: dict[int, set[str]] = {}  # phrase -> terms it earns by itself
        self._phrases, self._language = phrases, language
        self._called_by: dict[int, int] = {}  # phrase -> judges that it is a form of
        self._company: dict[int, int] = {}  # phrase -> judges that want it nearby
        self._alone = 0  # judges that need no company

    def add(self, term: str, words: Words) -> None:
        if self._language != "en":
            self._add(Judge(term, "form", self._phrases.all_numbers(words.foreign.get(self._language, ()))))
            return
        self._add(Judge(term, "form", self._phrases.all_numbers(words.forms)))
        self.add_rules(term, words.when)
        if words.never:
            self.never[term] = self._phrases.all_numbers(words.never)

    def add_rules(self, term: str, rules: Iterable[Rule]) -> None:
        for number, rule in enumerate(rules, 1):
            forms, near, unless = map(self._phrases.all_numbers, (rule.forms, rule.near, rule.unless))
            self._add(Judge(term, f"when-{number}", forms, near, rule.within, unless, rule.fallback, rule.field))

    def _add(self, judge: Judge) -> None:
        bit = 1 << len(self.judges)
        self.judges.append(judge)
        for phrase in judge.forms:
            self._called_by[phrase] = self._called_by.get(phrase, 0) | bit
        for phrase in judge.near:
            self._company[phrase] = self._company.get(phrase, 0) | bit
        if not judge.near:
            self._alone |= bit
            for phrase in judge.forms:
                self.sure_forms.setdefault(phrase, set()).add(judge.term)

    def phrases(self) -> Iterator[int]:
        """Every phrase that any judge asks for."""
        for judge in self.judges:
            yield from judge.forms
            yield from judge.near
            yield from judge.unless
        for never in self.never.values():
            yield from never

    def reach_of(self, numbers: Iterable[int]) -> Reach:
        """The judges that have one of these among their forms, and those that have one as company."""
        return _either(self._called_by, numbers), _either(self._company, numbers)

    def may_hold(self, reaches: Iterable[Reach], ambient: Set[int]) -> bool:
        """Whether phrases of this reach can give any judge both its sides."""
        called, company = 0, self._alone | _either(self._company, ambient)
        for calls, accompanies in reaches:
            called |= calls
            company |= accompanies
        return called & company != 0

    def callers_of(self, company: int) -> frozenset[int]:
        """The forms that ask for this company."""
        return frozenset().union(*(judge.forms for judge in self.judges if company in judge.near))

    def hits(
        self, found: Found, ambient: Set[int], title_length: int, covered: Mapping[Span, set[str]] | None = None
    ) -> list[Hit]:
        """What the axis says: sure and near rules first, fallbacks only where those gave nothing.

        `ambient` are named sets that hold for the whole item; `covered` are longer names with the terms
        (maybe none) that they earn: words inside speak for no other term.
        """
        judges = self._ready(found, ambient)
        if not judges:
            return []
        court = _Court(self.never, found, ambient, title_length, covered or {})
        hits = [hit for judge in judges if not judge.fallback if (hit := court.judge(judge))]
        if any(hit.sure or hit.spans[0][0] < title_length for hit in hits):
            return hits
        return hits + [hit for judge in judges if judge.fallback if (hit := court.judge(judge))]

    def _ready(self, found: Found, ambient: Set[int]) -> list[Judge]:
        """The judges that have a form in the text, and company if they need it, in their order."""
        called = _either(self._called_by, found)
        ready = called and called & (self._alone | _either(self._company, found) | _either(self._company, ambient))
        judges = []
        while ready:
            lowest = ready & -ready
            judges.append(self.judges[lowest.bit_length() - 1])
            ready ^= lowest
        return judges


def _either(judges: Mapping[int, int], phrases: Iterable[int]) -> int:
    united = 0
    for some in map(judges.get, phrases):
        if some is not None:
            united |= some
    return united


class _Court:
    """Judges the rules of an axis over one text."""

    def __init__(
        self,
        never: Mapping[str, frozenset[int]],
        found: Found,
        ambient: Set[int],
        title_length: int,
        covered: Mapping[Span, set[str]],
    ) -> None:
        self._never, self._found, self._present, self._ambient = never, found, set(found), ambient
        self._title_length = title_length
        self._covered = [(start, end, terms) for (start, end), terms in covered.items() if end - start > 1]
        self._silenced: dict[str, list[Span]] = {}  # by a term's own `never`

    def judge(self, judge: Judge) -> Hit | None:
        """The first place at which the rule holds."""
        spans = self._free(judge.term, self._spans(judge.forms))
        if not judge.near:
            return Hit(judge.term, judge.rule, (spans[0],), True, tuple(spans)) if spans else None
        if not judge.unless.isdisjoint(self._ambient):
            return None
        if judge.field:
            spans = [span for span in spans if (span[0] < self._title_length) is (judge.field == "title")]
        if spans and (against := judge.unless & self._present):
            spans = _far_from(spans, [span for phrase in against for span in self._found[phrase]])
        if not spans:
            return None
        company = [span for phrase in judge.near & self._present for span in self._found[phrase]]
        pair = _nearest(spans, company, judge.within)
        if pair:
            return Hit(judge.term, judge.rule, pair, False, tuple(spans))
        around = not judge.near.isdisjoint(self._ambient)
        return Hit(judge.term, judge.rule, (spans[0],), False, tuple(spans)) if around else None

    def _spans(self, phrases: frozenset[int]) -> list[Span]:
        """Where any of the phrases stands, first to last, the longest first among equals."""
        spans = [span for phrase in phrases & self._present for span in self._found[phrase]]
        return sorted(set(spans), key=_by_place) if len(spans) > 1 else spans

    def _free(self, term: str, spans: list[Span]) -> list[Span]:
        """Without those inside a `never` span of the term, or inside a longer name of another."""
        silenced = self._silenced.get(term)
        if silenced is None:
            never = self._never.get(term)
            standing = never & self._present if never else _NONE
            silenced = self._silenced[term] = [span for phrase in standing for span in self._found[phrase]]
        if silenced:
            spans = [span for span in spans if not any(span[0] < end and start < span[1] for start, end in silenced)]
        if self._covered:
            spans = [span for span in spans if not self._inside_another(term, span)]
        return spans

    def _inside_another(self, term: str, span: Span) -> bool:
        first, last = span
        return any(
            start <= first and last <= end and end - start > last - first and term not in terms
            for start, end, terms in self._covered
        )


def _by_place(span: Span) -> Span:
    return span[0], -span[1]


def _far_from(spans: list[Span], others: list[Span]) -> list[Span]:
    return [
        (start, end)
        for start, end in spans
        if all(other[0] - end >= UNLESS_WITHIN or start - other[1] >= UNLESS_WITHIN for other in others)
    ]


def _nearest(forms: list[Span], company: list[Span], within: int | None) -> tuple[Span, Span] | None:
    """The first form with the nearest company that does not overlap it, no more than `within` words off.

    Of two that are equally near, the leftmost: the evidence must not depend on the order in which sets are walked.
    """
    for form in forms:
        best: tuple[int, Span] | None = None
        for other in company:
            gap = other[0] - form[1] if other[0] >= form[1] else form[0] - other[1]
            if gap >= 0 and (within is None or gap < within) and (best is None or (gap, other) < best):
                best = gap, other
        if best:
            return form, best[1]
    return None
