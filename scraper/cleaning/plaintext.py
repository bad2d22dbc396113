"""Markup to plain text: what publishers put into any field, as one line that is safe to show and to search."""

from __future__ import annotations

import html
import re
import unicodedata
import warnings

_SIMPLE_TAG = re.compile(r"""<(/?)([A-Za-z][\w:.-]*+)(?:[^<>"']++|"[^"<]*+"|'[^'<]*+')*+>""")
_UNREAD_ELEMENTS = ["script", "style", "template", "noscript", "svg", "math", "figure", "iframe", "video", "audio"]
_UNREAD = re.compile(rf"<!--.*?(?:-->|$)|<({'|'.join(_UNREAD_ELEMENTS)})\b.*?(?:</\1\s*>|$)", re.IGNORECASE | re.DOTALL)
_STILL_MARKUP = re.compile(r"<[A-Za-z/!?]")
_BROKEN_TAG = re.compile(r"<[A-Za-z/!?][^<>]*>?")
_MAX_SOUP = 2_000  # html.parser's time grows with the square of some broken markup
_CUT_TAG = re.compile(r"<[^<>]*$")
# Text that still shows markup after one decoding was encoded more than once: an entity, a closing tag, a tag with
# attributes, or one that nobody writes about in a headline.
_ENCODED_MARKUP = re.compile(
    r"&(?:#\d{2,7}|#[xX][0-9a-fA-F]{2,6}|[A-Za-z][A-Za-z0-9]{1,30});|</[a-z]|<[a-z][a-z0-9]{0,15}[\s/][^<>]{0,400}?[=>]"
    r"|<(?:p|br|hr|img|div|span|script|style|iframe|object|embed|svg|math|link|meta|base|form|!--)\b",
    re.IGNORECASE,
)
_MOST_ENCODINGS = 4
# Elements that stand inside a word without parting it; every other tag parts words.
_INLINE = {
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i",
    "ins", "kbd", "mark", "nobr", "q", "rp", "rt", "ruby", "s", "samp", "small", "span", "strike", "strong", "sub",
    "sup", "time", "tt", "u", "var", "wbr",
}  # fmt: skip
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0e-\x1b\x7f-\x9f\xad\ufeff\ufff9-\ufffb\ud800-\udfff\ufdd0-\ufdef"
    + "".join(chr(plane * 0x10000 + last) for plane in range(17) for last in (0xFFFE, 0xFFFF))
    + "]"
)
_VERTICAL_TAB, _NEXT_LINE = "\x0b", "\x85"  # the only ones of these that are white space to Python
_C1 = re.compile("[\x80-\x9f]")
# C1 controls in a text are Windows-1252 read as ISO-8859-1 (HTML Living Standard §13.2.5.80).
_WINDOWS_1252 = {
    code: bytes((code,)).decode("cp1252") for code in range(0x80, 0xA0) if code not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)
}
_SENTENCE_END = re.compile(r"[.!?…][\"'”’»)\]]*(?=\s)|[。！？][」』）]*")


def plain_text(markup: str) -> str:
    """`markup` as one line of text: no tags, no entities, no controls, NFC. Tolerates text that was encoded twice."""
    if "<" in markup or "&" in markup:
        markup = _without_markup(markup)
        for _ in range(_MOST_ENCODINGS - 1):
            if not _ENCODED_MARKUP.search(markup):
                break
            markup = _without_markup(markup)
        else:
            markup = _BROKEN_TAG.sub(" ", markup)
    return tidy(markup)


def tidy(text: str) -> str:
    """`text` in NFC on one line, without controls, surrogates and characters that are never seen."""
    line = " ".join(text.split())
    if line.isprintable() and _VERTICAL_TAB not in text and _NEXT_LINE not in text:  # nothing to take out or replace
        return line if line.isascii() else unicodedata.normalize("NFC", line)
    if _C1.search(text):
        text = text.translate(_WINDOWS_1252)
    return " ".join(unicodedata.normalize("NFC", _INVISIBLE.sub("", text)).split())


def shorten(text: str, limit: int) -> str:
    """`text`, or its whole sentences within `limit` characters, or its whole words with an ellipsis."""
    if len(text) <= limit:
        return text
    ends = [found.end() for found in _SENTENCE_END.finditer(text, 0, limit + 1) if found.end() <= limit]
    if ends and ends[-1] >= limit // 2:
        return text[: ends[-1]]
    words = text[:limit].rpartition(" ")[0] or text[: limit - 1]
    return words.rstrip(" ,;:–—-(") + "…"


def _without_markup(markup: str) -> str:
    text = _SIMPLE_TAG.sub(_space, _UNREAD.sub(" ", markup)) if "<" in markup else markup
    if _STILL_MARKUP.search(text):
        text = _CUT_TAG.sub("", text)
        if _STILL_MARKUP.search(text):
            text = _by_soup(markup) if len(markup) <= _MAX_SOUP else _BROKEN_TAG.sub(" ", text)
    return html.unescape(text)


def _space(found: re.Match[str]) -> str:
    return "" if found[2].lower() in _INLINE else " "


def _by_soup(markup: str) -> str:
    """The text of markup that a pattern cannot read, still with its entities."""
    from bs4 import BeautifulSoup, ParserRejectedMarkup  # slow to import, rarely needed

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # bs4 warns of markup that looks like XML or like addresses
            soup = BeautifulSoup(markup, "html.parser")
    except ParserRejectedMarkup:
        return _BROKEN_TAG.sub(" ", markup)
    for unread in soup.find_all(_UNREAD_ELEMENTS):
        unread.decompose()
    return html.escape(soup.get_text(" "), quote=False)
