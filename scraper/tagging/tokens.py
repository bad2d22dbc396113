"""Text to words, the same way for articles and for the forms of the vocabulary."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from itertools import product
from typing import NamedTuple

# A word may go on over ".x" (A.I, U.S) and over digits (97.85, 1,900). A possessive 's belongs to no word.
# The end of a sentence is a token of its own, so that no phrase runs across it; "St." and "Sen." end none.
_WORD = r"(\w+(?:\.\w(?!\w)|[.,]\d+)*|(?<=\w{4})[.!?;](?=\s))(?:['’][sS]\b)?"
# Chinese, Japanese and Korean set no spaces: each character is a token.
_CHARACTER = r"([\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+)"

_DOTTED, _DOT = re.compile(rb"\w(?:\.\w)+(?!\w)"), re.compile(rb"\.\w\b")
# ASCII punctuation, and the bytes of typographic quotes and dashes in UTF-8.
_PUNCTUATION = {byte for byte in range(128) if not chr(byte).isalnum() and chr(byte) != "_"}
_BETWEEN_WORDS = _PUNCTUATION | set(b"\xe2\x80\x93\x94\x98\x99\x9c\x9d")
_TO_SPACE = bytes(ord(" ") if byte in _BETWEEN_WORDS else byte for byte in range(256))
_DIGIT = re.compile(rb"\d")
A_NUMBER = b"#"  # stands for any number in digits among the words of a text
WORD = re.compile(_WORD)
CHARACTER = re.compile(_CHARACTER)
EAST_ASIAN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
# What feeds add around a text: tags cut in half, addresses, picture credits, "The post … appeared first on …".
_NOISE = re.compile(
    r"<[^>]*(?:>|$)|https?://\S+|\bThe post .{0,200}? appeared first on .*$"
    r"|\b(?:Image|Images|Photo|Photos|Illustration|Photo illustration|Graphic|Credit|Screenshot)"
    r"(?:s? by |: )[^|.]{0,80}?"
    r"(?: / | via )[A-Z]\w+(?: (?:[A-Z]\w+|of|the))*"
)
BREAK = "\0"  # stands between title and summary
_SIMPLE = re.compile(r"[a-z0-9 ]+")
_ACRONYM = re.compile(r"\w(?:\.\w)+")
_BRACES = re.compile(r"\{([^{}]*)\}")

ANY, CAPITAL, EXACT = 0, 1, 2  # what a form asks of the letters of a word


def words_of(title: str, summary: str) -> set[bytes]:
    """All words in lower case, read coarsely and fast: enough to see that a text holds nothing to look for."""
    text = f"{title} {summary}".lower()
    if not text.isascii() and EAST_ASIAN.search(text):
        return {word.encode() for word in CHARACTER.findall(text)}
    raw = text.encode("utf-8", "replace")
    words = set(raw.translate(_TO_SPACE).split())
    if _DIGIT.search(raw):
        words.add(A_NUMBER)
    if _DOT.search(raw):
        words.update(word.replace(b".", b"") for word in _DOTTED.findall(raw))
    return words


def coarse(word: str) -> set[bytes]:
    """A word of a form as `words_of` would read it."""
    return {word.encode()} if word.isalnum() and word.isascii() else words_of(word, "")


class Form(NamedTuple):
    """The words of one form, and which of them ask for more than the word: (place, CAPITAL or EXACT, as written)."""

    keys: tuple[str, ...]
    letters: tuple[tuple[int, int, str], ...]


def expand(form: str) -> list[str]:
    """`cut{,s}` -> cut, cuts. Several braces multiply; they do not nest."""
    if "{" not in form:
        return [form]
    parts = _BRACES.split(form)
    choices = [[_choice(each) for each in part.split(",")] if n % 2 else [part] for n, part in enumerate(parts)]
    return ["".join(choice) for choice in product(*choices)]


def _choice(text: str) -> str:
    """`{a, b}` reads as `{a,b}`; a space alone is a space."""
    return text.lstrip() or text


def read_form(form: str) -> Form:
    """One form without braces: AI as written, Hollywood with a capital, film any way."""
    if _SIMPLE.fullmatch(form):
        return Form(tuple(form.split()), ())
    pattern = CHARACTER if EAST_ASIAN.search(form) else WORD
    words = [word.replace(".", "") if _ACRONYM.fullmatch(word) else word for word in pattern.findall(form)]
    letters = ((place, _letters(word), word) for place, word in enumerate(words))
    return Form(tuple(word.lower() for word in words), tuple(each for each in letters if each[1] != ANY))


def _letters(word: str) -> int:
    if len(word) > 1 and word.isupper():
        return EXACT
    return CAPITAL if word[:1].isupper() else ANY


def _without_noise(text: str) -> str:
    """The same text with blanks where the noise was, so that every offset stays."""
    if "<" not in text and "http" not in text and " / " not in text and " via " not in text and "The post " not in text:
        return text
    return _NOISE.sub(lambda match: " " * len(match[0]), text)


class Text:
    """Title and summary as one run of words. Offsets are worked out only when evidence is wanted."""

    __slots__ = ("_read", "_spans", "keys", "pattern", "summary", "title", "title_length", "words")

    def __init__(self, title: str, summary: str) -> None:
        self.title, self.summary = title, summary
        self.pattern = WORD
        if not (title.isascii() and summary.isascii()) and EAST_ASIAN.search(title + summary):
            self.pattern = CHARACTER
        self._read = _without_noise(title), _without_noise(summary)
        head = self.pattern.findall(self._read[0])
        self.title_length = len(head)
        self.words: list[str] = [*head, BREAK, *self.pattern.findall(self._read[1])]
        self.keys = list(map(str.lower, self.words))
        self._spans: list[tuple[int, int]] = []

    def words_at(self, field: str, start: int, end: int) -> tuple[int, int] | None:
        """The words that stand in the characters [start, end) of a field."""
        self.locate(0, 1)
        low, high = (0, self.title_length) if field == "title" else (self.title_length + 1, len(self.keys))
        first = bisect_right(self._spans, start, low, high, key=lambda span: span[1])
        last = bisect_left(self._spans, end, first, high, key=lambda span: span[0])
        return (first, last) if first < last else None

    def locate(self, start: int, end: int) -> tuple[str, int, int]:
        """Field and character offsets of the words [start, end)."""
        if not self._spans:
            spans = [match.span(1) for match in self.pattern.finditer(self._read[0])]
            spans.append((0, 0))
            spans += [match.span(1) for match in self.pattern.finditer(self._read[1])]
            self._spans = spans
        field = "title" if start < self.title_length else "summary"
        return field, self._spans[start][0], self._spans[end - 1][1]
