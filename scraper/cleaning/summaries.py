"""The text that stands for an article: its own first sentences, without what a publishing system hangs on them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from scraper.cleaning.plaintext import plain_text, shorten

MAX_SUMMARY = 500
_MORE = (
    r"(?:Read|View|See)\ (?:the\ )?(?:more|full|entire|rest|original|complete)"
    r"(?:\ (?:of\ (?:this\ |the\ )?)?(?:post|article|story|entry|review|report))?"
    r"(?:\ here)?(?:\ (?:at|on|in)\ .{1,80})?"
)
_TAIL = re.compile(
    rf"""(?:
      (?:The\ (?:post|article)|This\ (?:post|article|story))(?:\ .{{0,400}}?)?
        \ (?:appeared\ first|first\ appeared|was\ first\ published|was\ originally\ published|originally\ appeared)
        \ (?:on|in|at)\ .{{1,120}}
    | \(?(?-i:Continue|Keep)\ reading(?:\W.{{0,200}})?
    | {_MORE}\s*(?:[»›→>]|…|\.{{3}})+
    | (?:(?<=^)|(?<=[.!?…\])"”’»:]\ )){_MORE}[.)]?
    | (?:Leggi\ tutto|Weiterlesen|Lire\ la\ suite|Leer\ más|Lees\ (?:meer|verder)|Läs\ mer|Czytaj\ więcej)\W{{0,5}}
    | submitted\ by\ /?u/\S+.{{0,200}}
    | [»›→]
    )$""",
    re.VERBOSE | re.IGNORECASE,
)
# Every tail starts with one of these: finding them is far quicker than trying the pattern at each character.
_TAIL_STARTS = (
    "the post", "the article", "this post", "this article", "this story", "(continue reading", "continue reading",
    "(keep reading", "keep reading", "read ", "view ", "see ", "leggi tutto", "weiterlesen", "lire la suite",
    "leer más", "lees ", "läs mer", "czytaj", "submitted by", "»", "›", "→",
)  # fmt: skip
_MOST_TAILS = 3
_TAIL_LENGTH = 700
_CUT_MARK = re.compile(r" ?(?:[\[(]\s*(?:…|\.{2,4}|\.\s\.\s\.)\s*[\])]|…|\.{3,4})$")
_MARK_LENGTH = 20
_HEADING_DATE = re.compile(
    r"\A(?:\w{3,9},?\s+)?(?:[A-Z]\w{2,8}\.?\s+\d{1,2},?|\d{1,2}\s+[A-Z]\w{2,8})\s+\d{4}\s*[-–—:|]?\s*"
)


def summarise(markup: str, title: str = "", authors: Sequence[str] = ()) -> str:
    """At most 500 characters of `markup` as plain text, without a repeated title and "Continue reading"; "" if none."""
    text = _without_tails(plain_text(markup))
    if title and text.startswith(title):
        text = _without_heading(text[len(title) :], authors) or text
    return "" if text == title else shorten(text, MAX_SUMMARY)


def _without_tails(text: str) -> str:
    """`text` without what a publishing system hangs on its end; a mark that the text was cut becomes "…"."""
    for _ in range(_MOST_TAILS):
        trimmed = _without_tail(text)
        if trimmed == text:
            break
        text = trimmed
    whole = text[:-_MARK_LENGTH] + _CUT_MARK.sub("", text[-_MARK_LENGTH:])
    if whole == text or not whole:
        return text
    return whole if whole[-1] in ".!?" else whole + "…"


def _without_tail(text: str) -> str:
    tail = text[-_TAIL_LENGTH:]
    lowered = tail.lower()
    starts = {start for word in _TAIL_STARTS if word in lowered for start in _places(lowered, word)}
    first = next((start for start in sorted(starts) if _TAIL.match(tail, start)), None)
    return text if first is None else (text[:-_TAIL_LENGTH] + tail[:first]).rstrip()


def _places(text: str, word: str) -> Iterator[int]:
    start = text.find(word)
    while start >= 0:
        yield start
        start = text.find(word, start + 1)


def _without_heading(rest: str, authors: Sequence[str]) -> str:
    """What follows a repeated title, less by-line and date; "" when the title was only the start of a sentence."""
    body = rest.lstrip(" -–—:|.")
    for author in authors:
        body = body.removeprefix(author).lstrip(" -–—:|,")
    body = _HEADING_DATE.sub("", body)
    return body if body != rest and not body[:1].islower() else ""
