"""All forms of the vocabulary by a word or two of theirs: one pass over a text finds them all, overlaps included."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, combinations

from scraper.tagging.frequency import commonness
from scraper.tagging.tokens import EXACT, Form, Text, coarse, expand, read_form

Span = tuple[int, int]  # words [start, end) of a Text
Found = dict[int, list[Span]]  # phrase -> where it stands

_Letters = tuple[tuple[int, int, str], ...]  # (word, CAPITAL | EXACT, as written)
_Short = tuple[int, _Letters]  # phrase
_Long = tuple[int, list[str], int, _Letters]  # where the two words stand in it; all its words, [] for two; phrase
_ACRONYM_AT_MOST = 5  # letters of a word that may also be written with dots


class Phrases:
    """Numbers for phrases (and for named sets, "@games"), and the indexes that find them."""

    def __init__(self) -> None:
        self._numbers: dict[str | Form, int] = {}
        self._by_form: dict[str, tuple[int, ...]] = {}
        self._forms: dict[int, Form] = {}
        self._next = 0

    def __getstate__(self) -> dict[str, object]:
        """What is asked for once all is compiled: the numbers of named sets."""
        named = {key: number for key, number in self._numbers.items() if isinstance(key, str)}
        return {"_numbers": named, "_by_form": {}, "_forms": {}, "_next": self._next}

    def named(self, name: str) -> int:
        """The number of a named set; nothing in a text matches it by itself."""
        return self._number(name, _NO_FORM)

    def numbers(self, form: str) -> tuple[int, ...]:
        """The numbers of all phrases that a form, or the name of a set, stands for."""
        known = self._by_form.get(form)
        if known is None:
            known = self._by_form[form] = (self.named(form),) if form.startswith("@") else self._read(form)
        return known

    def _read(self, form: str) -> tuple[int, ...]:
        forms = map(read_form, expand(form))
        return tuple([self._number(each, each) for each in forms if each.keys])

    def all_numbers(self, forms: Iterable[str]) -> frozenset[int]:
        return frozenset(chain.from_iterable(map(self.numbers, forms)))

    def index(self, numbers: Iterable[int]) -> Index:
        """What finds these phrases."""
        index = Index()
        for number in sorted(numbers):
            form = self._forms[number]
            if form.keys:
                index.add(number, form)
        return index

    def coarse_words(self, number: int) -> frozenset[bytes]:
        """The words of a phrase as `words_of` reads them in a text; none for a named set."""
        keys = self._forms[number].keys
        joined = "".join(keys)
        if joined.isascii() and joined.isalnum():
            return frozenset([key.encode() for key in keys])
        return frozenset().union(*map(coarse, keys))

    def _number(self, key: str | Form, form: Form) -> int:
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = self._next
            self._forms[number] = form
            self._next += 1
        return number


_NO_FORM = Form((), ())


class Index:
    """Phrases of one word by that word, longer ones by their rarest two in a row, which few places of a text hold."""

    __slots__ = ("_words",)

    def __init__(self) -> None:
        # word -> phrases of this word alone; second word -> longer phrases of both
        self._words: dict[str, tuple[list[_Short], dict[str, list[_Long]]]] = {}

    def add(self, number: int, form: Form) -> None:
        place = _rarest_pair(form.keys) if len(form.keys) > 2 else 0
        self._add(number, form.keys, place, form.letters)
        acronyms = [at for at, asked, word in form.letters if asked == EXACT and len(word) <= _ACRONYM_AT_MOST]
        if acronyms:
            for keys in _dotted(form.keys, acronyms):
                self._add(number, keys, place, form.letters)

    def _add(self, number: int, keys: tuple[str, ...], place: int, letters: _Letters) -> None:
        alone, longer = self._words.setdefault(keys[place], ([], {}))
        if len(keys) == 1:
            alone.append((number, letters))
        else:
            all_words = list(keys) if len(keys) > 2 else []
            longer.setdefault(keys[place + 1], []).append((place, all_words, number, letters))

    def find(self, text: Text) -> Found:
        """Every phrase that stands in the text, each with its places from first to last."""
        found: Found = {}
        keys, words = text.keys, text.words
        seconds = [*keys[1:], ""]
        for start, known in enumerate(map(self._words.get, keys)):
            if known is None:
                continue
            alone, longer = known
            for number, letters in alone:
                if not letters or _letters_agree(words, start, letters):
                    found.setdefault(number, []).append((start, start + 1))
            if longer and (begun := longer.get(seconds[start])) is not None:
                for place, all_words, number, letters in begun:
                    first = start - place
                    end = first + (len(all_words) or 2)
                    if all_words and (first < 0 or keys[first:end] != all_words):
                        continue
                    if not letters or _letters_agree(words, first, letters):
                        found.setdefault(number, []).append((first, end))
        return found


def _rarest_pair(keys: tuple[str, ...]) -> int:
    common = [commonness(key.encode()) for key in keys]
    return min(range(len(keys) - 1), key=lambda place: common[place] + common[place + 1])


def _dotted(keys: tuple[str, ...], acronyms: list[int]) -> Iterator[tuple[str, ...]]:
    """AI also as A.I., alone and with each of the other acronyms of a form."""
    for count in range(1, len(acronyms) + 1):
        for dotted in combinations(acronyms, count):
            yield tuple([".".join(key) if place in dotted else key for place, key in enumerate(keys)])


def _letters_agree(words: list[str], start: int, letters: _Letters) -> bool:
    for offset, asked, written in letters:
        word = words[start + offset]
        if asked == EXACT:
            if word != written and word.replace(".", "") != written:
                return False
        elif not word[0].isupper():
            return False
    return True
