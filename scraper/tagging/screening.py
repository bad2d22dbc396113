"""Whether a text could hold what the topics ask for, told from its words alone: most texts are left here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set

from scraper.tagging import figures
from scraper.tagging.frequency import commonness
from scraper.tagging.phrases import Phrases
from scraper.tagging.rules import Judge
from scraper.tagging.tokens import A_NUMBER

Words = frozenset[bytes]
Hint = tuple[Words, Words | None]  # words that must all stand in the text; words of which one must

NUMBER_WORDS = frozenset(word.encode() for word in figures.NUMBER_WORDS)


class Screen:
    """Every form by its rarest word, with what else must stand in a text for the form to count."""

    def __init__(self, hints: Mapping[bytes, list[Hint]]) -> None:
        self._hints, self._rare_words = hints, frozenset(hints)

    def may_match(self, words: Set[bytes]) -> bool:
        """False only if no rule can hold in a text of these words."""
        for word in words & self._rare_words:
            for others, company in self._hints[word]:
                if others <= words and (company is None or not company.isdisjoint(words)):
                    return True
        return False


def screen_of(judges: Iterable[Judge], phrases: Phrases, members: Mapping[int, Set[int]], headcount: int) -> Screen:
    """`members` are the phrases that call each named set; `headcount` is the set that numbers call."""
    hints: dict[bytes, dict[Hint, None]] = {}
    words: dict[int, Words] = {}
    rarest: dict[int, bytes] = {}
    companies: dict[frozenset[int], Words | None] = {frozenset(): None}
    judges = list(judges)
    for number in {each for judge in judges for each in _flat(judge.forms | judge.near, members)}:
        if read := phrases.coarse_words(number):
            words[number], rarest[number] = read, min(read, key=_rareness)
    for judge in judges:
        if judge.near not in companies:
            company = {rarest[number] for number in _flat(judge.near, members) if number in rarest}
            numbers = NUMBER_WORDS | {A_NUMBER} if headcount in judge.near else frozenset()
            companies[judge.near] = frozenset(company | numbers)
        for number in _flat(judge.forms, members):
            if number in words:
                hint = words[number] - {rarest[number]}, companies[judge.near]
                hints.setdefault(rarest[number], {})[hint] = None
    return Screen({word: sorted(found, key=lambda hint: len(hint[0])) for word, found in hints.items()})


def _rareness(word: bytes) -> tuple[int, int, bytes]:
    """The smallest is the rarest; of equals the longest."""
    return commonness(word), -len(word), word


def _flat(asked: Set[int], members: Mapping[int, Set[int]]) -> Iterator[int]:
    """The phrases that a side of a rule asks for, those of its named sets included."""
    for number in asked:
        yield from members.get(number, (number,))
