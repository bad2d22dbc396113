"""What a reader types into `q`, as a query of FTS5 or of PostgreSQL's text search."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

MAX_WORDS = 32
# Quotation marks as people and their programs write them; spelt alike, so that a phrase is a phrase.
_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»", '"'))
_TOKEN = re.compile(r'(?P<minus>-?)(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))')


@dataclass(frozen=True, slots=True)
class Search:
    """All of `wanted` (each a choice of phrases), none of `unwanted`; a phrase is one or more words in a row."""

    wanted: tuple[tuple[str, ...], ...]
    unwanted: tuple[str, ...] = ()

    def fts5(self) -> str:
        """As SQLite's FTS5 reads it: every phrase quoted, so that none of its own syntax is left."""
        wanted = " AND ".join(f"({' OR '.join(map(_quote, choice))})" for choice in self.wanted)
        if not self.unwanted:
            return wanted
        return f"({wanted}) NOT ({' OR '.join(map(_quote, self.unwanted))})"

    def tsquery(self) -> tuple[str, tuple[str, ...]]:
        """As a PostgreSQL expression with `?` for each phrase, and the phrases."""
        wanted = " && ".join(f"({' || '.join([_PHRASE] * len(choice))})" for choice in self.wanted)
        phrases = tuple(phrase for choice in self.wanted for phrase in choice) + self.unwanted
        return f"({wanted}{f' && !!{_PHRASE}' * len(self.unwanted)})", phrases

    def __str__(self) -> str:
        wanted = " ".join(" OR ".join(map(_show, choice)) for choice in self.wanted)
        return " ".join([wanted, *(f"-{_show(phrase)}" for phrase in self.unwanted)])


_PHRASE = "phraseto_tsquery('simple', ?)"


def parse_search(text: str) -> Search:
    """Words and "phrases" that must all be there; OR between two is a choice, a leading - or NOT excludes.

    Raises ValueError, with a sentence for the reader, when there is nothing to look for or too much.
    """
    wanted: list[tuple[str, ...]] = []
    unwanted: list[str] = []
    joining = negating = False
    text = unicodedata.normalize("NFC", text).translate(_QUOTES)
    for match in _TOKEN.finditer(text.replace("\0", " ")):
        if match["word"] == "OR" and not match["minus"]:
            joining = bool(wanted)
            continue
        if match["word"] == "AND" and not match["minus"]:
            continue
        if match["word"] == "NOT" and not match["minus"]:
            negating = True
            continue
        phrase = _words_of(match["word"] if match["word"] is not None else match["phrase"])
        if not phrase:
            continue
        if match["minus"] or negating:
            unwanted.append(phrase)
        elif joining:
            wanted[-1] += (phrase,)
        else:
            wanted.append((phrase,))
        joining = negating = False
    if not wanted:
        raise ValueError("needs at least one word to look for")
    if len(wanted) < sum(map(len, wanted)) and re.search(r"[()]", re.sub(r'"[^"]*"', "", text)):
        raise ValueError("has brackets, which are not understood: OR joins the word before it and the word after it")
    if sum(map(len, wanted)) + len(unwanted) > MAX_WORDS:
        raise ValueError(f"has more than {MAX_WORDS} words or phrases")
    return Search(tuple(wanted), tuple(unwanted))


def _words_of(text: str) -> str:
    """The words alone: letters, digits and marks, so that both databases cut them the same way."""
    return " ".join(re.findall(r"\w+", text.replace("_", " ")))


def _quote(phrase: str) -> str:
    return f'"{phrase}"'


def _show(phrase: str) -> str:
    return f'"{phrase}"' if " " in phrase else phrase
