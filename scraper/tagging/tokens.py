"""Text to words, the same way for articles and for the forms of the vocabulary."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from itertools import accumulate, product
from typing import NamedTuple

# A word may go on over ".x" (A.I, U.S) and over digits (97.85, 1,900). A possessive 's belongs to no word.
# The end of a sentence is a token of its own, so that no phrase runs across it; "St." and "Sen." end none.
WORD = re.compile(r"(\w++(?:[.,](?:(?<=\.)\w(?!\w)|\d++))*+|[.!?;](?<=\w{4}.)(?=\s))(['’][sS]\b|)")
# Chinese, Japanese and Korean set no spaces: each character is a token.
CHARACTER = re.compile(r"([\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+)()")
EAST_ASIAN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")

_DOTTED, _DOT = re.compile(rb"\w(?:\.\w)+(?!\w)"), re.compile(rb"\.\w\b")
# ASCII punctuation, and the bytes of typographic quotes and dashes in UTF-8.
_PUNCTUATION = {byte for byte in range(128) if not chr(byte).isalnum() and chr(byte) != "_"}
_BETWEEN_WORDS = _PUNCTUATION | set(b"\xe2\x80\x93\x94\x98\x99\x9c\x9d")
_TO_SPACE = bytes(ord(" ") if byte in _BETWEEN_WORDS else byte for byte in range(256))
# What to delete so that nothing is left of a text without digits, or without the first bytes of U+3000 to U+DFFF.
_ALL_BUT_DIGITS = bytes(byte for byte in range(256) if not chr(byte).isascii() or not chr(byte).isdigit())
_ALL_BUT_EAST_ASIAN = bytes(byte for byte in range(256) if byte not in range(0xE3, 0xEE))
A_NUMBER = b"#"  # stands for any number in digits among the words of a text
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
    raw = text.encode("utf-8", "replace")
    if raw.translate(None, _ALL_BUT_EAST_ASIAN) and EAST_ASIAN.search(text):
        return {word.encode() for word in CHARACTER.split(text)[1::3]}
    words = set(raw.translate(_TO_SPACE).split())
    if has_digit(raw):
        words.add(A_NUMBER)
    if _DOT.search(raw):
        words.update(word.replace(b".", b"") for word in _DOTTED.findall(raw))
    return words


def has_digit(raw: bytes) -> bool:
    return bool(raw.translate(None, _ALL_BUT_DIGITS))


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
    pattern = WORD if form.isascii() or not EAST_ASIAN.search(form) else CHARACTER
    words = pattern.split(form)[1::3]
    if "." in form:
        words = [word.replace(".", "") if _ACRONYM.fullmatch(word) else word for word in words]
    keys = tuple(map(str.lower, words))
    if words == list(keys):
        return Form(keys, ())
    letters = [(place, _letters(word), word) for place, word in enumerate(words) if word != keys[place]]
    return Form(keys, tuple(each for each in letters if each[1] != ANY))


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

    __slots__ = ("_offsets", "_pieces", "keys", "summary", "title", "title_length", "words")

    def __init__(self, title: str, summary: str) -> None:
        self.title, self.summary = title, summary
        pattern = WORD
        if not (title.isascii() and summary.isascii()) and EAST_ASIAN.search(title + summary):
            pattern = CHARACTER
        # what lies before a word, the word, its possessive; and again
        head, rest = pattern.split(_without_noise(title)), pattern.split(_without_noise(summary))
        self._pieces = head, rest
        self._offsets: tuple[list[int], list[int]] | None = None
        self.words: list[str] = [*head[1::3], BREAK, *rest[1::3]]
        self.title_length = len(head) // 3
        self.keys = "\n".join(self.words).lower().split("\n")

    def words_at(self, field: str, start: int, end: int) -> tuple[int, int] | None:
        """The words that stand in the characters [start, end) of a field."""
        offsets, skipped = self._ends(field == "title")
        first = bisect_right(offsets[1::3], start)
        last = bisect_left(offsets[:-1:3], end, first)
        return (first + skipped, last + skipped) if first < last else None

    def locate(self, start: int, end: int) -> tuple[str, int, int]:
        """Field and character offsets of the words [start, end)."""
        offsets, skipped = self._ends(start < self.title_length)
        field = "summary" if skipped else "title"
        return field, offsets[3 * (start - skipped)], offsets[3 * (end - 1 - skipped) + 1]

    def _ends(self, in_title: bool) -> tuple[list[int], int]:
        """Where each piece of a field ends, and how many words stand before the field."""
        if self._offsets is None:
            head, rest = self._pieces
            self._offsets = list(accumulate(map(len, head))), list(accumulate(map(len, rest)))
        return (self._offsets[0], 0) if in_title else (self._offsets[1], self.title_length + 1)
