"""All forms of the vocabulary in one trie of words: one pass over a text finds every form in it, overlaps included."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from scraper.tagging.tokens import EXACT, Form, Text, coarse, expand, read_form

Span = tuple[int, int]  # words [start, end) of a Text
Found = dict[int, list[Span]]  # phrase -> where it stands
Node = dict[str, Any]  # word -> node; "" -> the phrases that end here, each with the letters it asks for

_Letters = tuple[tuple[int, int, str], ...]  # (word, CAPITAL | EXACT, as written)


class Phrases:
    """Numbers for phrases (and for named sets, "@games"), and the tries that find them."""

    def __init__(self) -> None:
        self._numbers: dict[object, int] = {}
        self._by_form: dict[str, tuple[int, ...]] = {}
        self._forms: list[Form] = []

    def named(self, name: str) -> int:
        """The number of a named set; nothing in a text matches it by itself."""
        return self._number(name, _NO_FORM)

    def numbers(self, form: str) -> tuple[int, ...]:
        """The numbers of all phrases that a form stands for."""
        known = self._by_form.get(form)
        if known is None:
            forms = map(read_form, expand(form))
            known = self._by_form[form] = tuple(self._number(each, each) for each in forms if each.keys)
        return known

    def all_numbers(self, forms: Iterable[str]) -> frozenset[int]:
        return frozenset(number for form in forms for number in self.numbers(form))

    def trie(self, numbers: Iterable[int]) -> Node:
        root: Node = {}
        for number in numbers:
            form = self._forms[number]
            if form.keys:
                _insert(root, form, number)
        return root

    def coarse_words(self, number: int) -> frozenset[bytes]:
        """The words of a phrase as `words_of` reads them in a text; none for a named set."""
        return frozenset(word for key in self._forms[number].keys for word in coarse(key))

    def _number(self, key: object, form: Form) -> int:
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self._forms)
            self._forms.append(form)
        return number


_NO_FORM = Form((), ())


def _insert(root: Node, form: Form, number: int) -> None:
    node = root
    for key in form.keys:
        following = node.get(key)
        node = node.setdefault(key, {}) if following is None else following
    node.setdefault("", []).append((number, form.letters))
    if form.letters:
        _insert_dotted(root, form)


def _insert_dotted(root: Node, form: Form) -> None:
    """AI also as A.I.: another way to the same node."""
    exact = {place for place, asked, _ in form.letters if asked == EXACT and len(form.keys[place]) <= 5}
    node = root
    for place, key in enumerate(form.keys):
        if place in exact:
            node.setdefault(".".join(key), node[key])
        node = node[key]


def find(text: Text, root: Node, found: Found) -> None:
    """Add every phrase of the trie that stands in the text."""
    keys, words, count = text.keys, text.words, len(text.keys)
    for start, key in enumerate(keys):
        if key not in root:
            continue
        node, end = root[key], start + 1
        while True:
            if "" in node:
                for number, letters in node[""]:
                    if not letters or _letters_agree(words, start, letters):
                        if number in found:
                            found[number].append((start, end))
                        else:
                            found[number] = [(start, end)]
            if end == count or keys[end] not in node:
                break
            node, end = node[keys[end]], end + 1


def _letters_agree(words: list[str], start: int, letters: _Letters) -> bool:
    for offset, asked, written in letters:
        word = words[start + offset]
        if asked == EXACT:
            if word != written and word.replace(".", "") != written:
                return False
        elif not word[0].isupper():
            return False
    return True
