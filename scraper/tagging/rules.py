"""The rules of one axis, compiled to phrase numbers and judged over what was found in a text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from db.vocabulary import Words
from scraper.tagging.phrases import Found, Phrases, Span

UNLESS_WITHIN = 25  # words: an `unless` form further off than this speaks of something else


@dataclass(frozen=True, slots=True)
class Judge:
    """One way in which a term can be earned: its forms, and the company they need."""

    term: str
    rule: str  # "form" or "when-2"
    forms: frozenset[int]
    near: frozenset[int]
    within: int | None
    unless: frozenset[int]
    fallback: bool
    field: str = ""

    @property
    def sure(self) -> bool:
        return not self.near


@dataclass(frozen=True, slots=True)
class Hit:
    term: str
    rule: str
    spans: tuple[Span, ...]  # the form, then the company it needed
    sure: bool
    places: tuple[Span, ...]  # wherever a form of the rule stands


class Axis:
    """Judges of all terms of one axis, found by the phrases that call them."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.judges: list[Judge] = []
        self.by_phrase: dict[int, list[int]] = {}
        self.never: dict[str, frozenset[int]] = {}
        self.sure_forms: dict[int, set[str]] = {}  # phrase -> terms it earns by itself

    def add(self, phrases: Phrases, term: str, words: Words, language: str) -> None:
        if language != "en":
            self._add(Judge(term, "form", phrases.all_numbers(words.foreign.get(language, ())), *_ALONE))
            return
        self._add(Judge(term, "form", phrases.all_numbers(words.forms), *_ALONE))
        for number, rule in enumerate(words.when, 1):
            self._add(
                Judge(
                    term,
                    f"when-{number}",
                    numbers_of(phrases, rule.forms),
                    numbers_of(phrases, rule.near),
                    rule.within,
                    numbers_of(phrases, rule.unless),
                    rule.fallback,
                    rule.field,
                )
            )
        if words.never:
            self.never[term] = phrases.all_numbers(words.never)

    def _add(self, judge: Judge) -> None:
        place = len(self.judges)
        self.judges.append(judge)
        for phrase in judge.forms:
            self.by_phrase.setdefault(phrase, []).append(place)
            if judge.sure:
                self.sure_forms.setdefault(phrase, set()).add(judge.term)

    def phrases(self) -> Iterator[int]:
        """Every phrase that any judge asks for."""
        for judge in self.judges:
            yield from judge.forms
            yield from judge.near
            yield from judge.unless
        for never in self.never.values():
            yield from never

    def hits(
        self,
        found: Found,
        present: set[int],
        ambient: set[int],
        covered: Mapping[Span, set[str]],
        title_length: int,
    ) -> list[Hit]:
        """What the axis says: sure and near rules first, fallbacks only where those gave nothing.

        `ambient` are named sets that hold for the whole item; `covered` are longer names with the terms
        (maybe none) that they earn: words inside speak for no other term.
        """
        called = {place for phrase in present if phrase in self.by_phrase for place in self.by_phrase[phrase]}
        judges = [self.judges[place] for place in sorted(called)]
        blocked = _Blocked(self, found, present, covered, title_length)
        hits = [
            hit for judge in judges if not judge.fallback if (hit := _judge(judge, found, present, ambient, blocked))
        ]
        if any(hit.sure or hit.spans[0][0] < title_length for hit in hits):
            return hits
        return hits + [
            hit for judge in judges if judge.fallback if (hit := _judge(judge, found, present, ambient, blocked))
        ]


_ALONE: tuple[frozenset[int], None, frozenset[int], bool] = (frozenset(), None, frozenset(), False)


def numbers_of(phrases: Phrases, forms: Iterable[str]) -> frozenset[int]:
    """Forms and names of sets to phrase numbers."""
    numbers: set[int] = set()
    for form in forms:
        if form.startswith("@"):
            numbers.add(phrases.named(form))
        else:
            numbers.update(phrases.numbers(form))
    return frozenset(numbers)


class _Blocked:
    """Spans in which a term's forms mean nothing: its own `never` spans and the longer names of other terms."""

    def __init__(
        self, axis: Axis, found: Found, present: set[int], covered: Mapping[Span, set[str]], title_length: int
    ) -> None:
        self._axis, self._found, self._present, self._covered = axis, found, present, covered
        self._never: dict[str, list[Span]] = {}
        self.title_length = title_length

    def free(self, term: str, spans: list[Span]) -> list[Span]:
        never = self._never.get(term)
        if never is None:
            asked = self._axis.never.get(term)
            hit = asked & self._present if asked else ()
            never = self._never[term] = [span for phrase in hit for span in self._found[phrase]]
        if never:
            spans = [span for span in spans if not any(span[0] < end and start < span[1] for start, end in never)]
        if self._covered:
            spans = [span for span in spans if not self._inside_another(term, span)]
        return spans

    def _inside_another(self, term: str, span: Span) -> bool:
        return any(
            start <= span[0] and span[1] <= end and end - start > span[1] - span[0] and term not in terms
            for (start, end), terms in self._covered.items()
        )


def _judge(judge: Judge, found: Found, present: set[int], ambient: set[int], blocked: _Blocked) -> Hit | None:
    if not judge.near:
        spans = blocked.free(judge.term, spans_of(judge.forms, found, present))
        return Hit(judge.term, judge.rule, (spans[0],), True, tuple(spans)) if spans else None
    around = not judge.near.isdisjoint(ambient)
    if judge.near.isdisjoint(present) and not around:
        return None
    if not judge.unless.isdisjoint(ambient):
        return None
    company = judge.near & present
    spans = blocked.free(judge.term, spans_of(judge.forms, found, present))
    if judge.field:
        spans = [span for span in spans if (span[0] < blocked.title_length) is (judge.field == "title")]
    if against := judge.unless & present:
        spans = _far_from(spans, [span for phrase in against for span in found[phrase]])
    if not spans:
        return None
    pair = _nearest(spans, [span for phrase in company for span in found[phrase]], judge.within)
    if pair:
        return Hit(judge.term, judge.rule, pair, False, tuple(spans))
    return Hit(judge.term, judge.rule, (spans[0],), False, tuple(spans)) if around else None


def _far_from(spans: list[Span], others: list[Span]) -> list[Span]:
    return [
        (start, end)
        for start, end in spans
        if all(other[0] - end >= UNLESS_WITHIN or start - other[1] >= UNLESS_WITHIN for other in others)
    ]


def spans_of(phrases: frozenset[int], found: Found, present: set[int]) -> list[Span]:
    """Where any of the phrases stands, first to last, the longest first among equals."""
    spans = {span for phrase in phrases & present for span in found[phrase]}
    return sorted(spans, key=lambda span: (span[0], -span[1]))


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
