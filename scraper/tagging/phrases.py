"""All forms of the vocabulary in one trie of words: one pass over a text finds every form in it, overlaps included."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from scraper.tagging.tokens import ANY, EXACT, FormToken, Text, coarse, expand, form_tokens

Span = tuple[int, int]  # words [start, end) of a Text
Found = dict[int, list[Span]]  # phrase -> where it stands
Node = dict[str, Any]  # word -> node; "" -> the phrases that end here, each with the letters it asks for

_Letters = tuple[tuple[int, int, str], ...]  # (word, CAPITAL | EXACT, as written)


class Phrases:
    """Numbers for phrases (and for named sets, "@games"), and the tries that find them."""

    def __init__(self) -> None:
        self._numbers: dict[object, int] = {}
        self._forms: dict[str, tuple[int, ...]] = {}
        self._tokens: list[tuple[FormToken, ...]] = []

    def named(self, name: str) -> int:
        """The number of a named set; nothing in a text matches it by itself."""
        return self._number(name, ())

    def numbers(self, form: str) -> tuple[int, ...]:
        """The numbers of all phrases that a form stands for."""
        known = self._forms.get(form)
        if known is None:
            tokens = (form_tokens(text) for text in expand(form))
            known = self._forms[form] = tuple({self._number(phrase, phrase) for phrase in tokens if phrase})
        return known

    def all_numbers(self, forms: Iterable[str]) -> frozenset[int]:
        return frozenset(number for form in forms for number in self.numbers(form))

    def trie(self, numbers: Iterable[int]) -> Node:
        root: Node = {}
        for number in numbers:
            if tokens := self._tokens[number]:
                _insert(root, tokens, number)
        return root

    def coarse_words(self, number: int) -> frozenset[bytes]:
        """The words of a phrase as `words_of` reads them in a text; none for a named set."""
        return frozenset(word for token in self._tokens[number] for word in coarse(token.key))

    def _number(self, key: object, tokens: tuple[FormToken, ...]) -> int:
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self._tokens)
            self._tokens.append(tokens)
        return number


def _insert(root: Node, tokens: tuple[FormToken, ...], number: int) -> None:
    node = root
    for token in tokens:
        following = node.get(token.key)
        if following is None:
            following = node[token.key] = {}
        if token.letters == EXACT and len(token.key) <= 5:
            node.setdefault(".".join(token.key), following)  # AI also as A.I.
        node = following
    letters = tuple((i, token.letters, token.text) for i, token in enumerate(tokens) if token.letters != ANY)
    node.setdefault("", []).append((number, letters))


def find(text: Text, root: Node, found: Found) -> None:
    """Add every phrase of the trie that stands in the text."""
    keys, words, count = text.keys, text.words, len(text.keys)
    for start, key in enumerate(keys):
        node = root.get(key)
        end = start
        while node is not None:
            end += 1
            ending = node.get("")
            if ending is not None:
                for number, letters in ending:
                    if not letters or _letters_agree(words, start, letters):
                        if number in found:
                            found[number].append((start, end))
                        else:
                            found[number] = [(start, end)]
            if end == count:
                break
            node = node.get(keys[end])


def _letters_agree(words: list[str], start: int, letters: _Letters) -> bool:
    for offset, asked, written in letters:
        word = words[start + offset]
        if asked == EXACT:
            if word != written and word.replace(".", "") != written:
                return False
        elif not word[0].isupper():
            return False
    return True
