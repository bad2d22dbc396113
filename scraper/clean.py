"""Entries made ours: plain text, tidy URL, a date in UTC that can be believed."""

from __future__ import annotations

import html
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from db.shapes import DateQuality, Entry, ItemDraft, ParsedFeed, Source
from scraper.identity import digest, entry_keys, item_key
from scraper.urls import canonical_url

MAX_TITLE = 500
MAX_SUMMARY = 500
MAX_NAME = 120
EARLIEST = datetime(1995, 1, 1, tzinfo=UTC)
LEAD = timedelta(hours=24)


def to_drafts(feed: ParsedFeed, source: Source, now: datetime) -> list[ItemDraft]:
    """One draft per entry that says anything, in document order; `now` (UTC) dates what has no date to be believed.

    Entries with neither title nor summary, and repetitions equal in everything, are left out:
    `len(feed.entries) - len(drafts)` of them.
    """
    urls = [canonical_url(entry.link) for entry in feed.entries]
    shared = {url for url, times in Counter(urls).items() if times > 1}
    shared |= {"", canonical_url(source.homepage), canonical_url(source.feed_url)}
    drafts: dict[str, ItemDraft] = {}
    for entry, url, key in zip(feed.entries, urls, entry_keys(feed.entries), strict=True):
        key = _readable(key)
        own_key = item_key(source.id, key, url, owned=url not in shared)
        language = _language(entry.language or feed.language or source.language)
        draft = _draft(entry, key, own_key, url or canonical_url(source.homepage), language, now)
        if draft is not None:
            drafts.setdefault(key, draft)
    return list(drafts.values())


def plain_text(markup: str) -> str:
    """`markup` as one line of text: no tags, no entities, no controls, NFC. Tolerates text that was encoded twice."""
    if "<" in markup or "&" in markup:
        markup = _without_markup(markup)
        if _ENCODED_MARKUP.search(markup):
            markup = _without_markup(markup)
    return tidy(markup)


def tidy(text: str) -> str:
    """`text` in NFC on one line, without controls, surrogates and characters that are never seen."""
    text = " ".join(text.split())
    if text.isascii() and text.isprintable():
        return text
    text = _INVISIBLE.sub("", text.translate(_WINDOWS_1252))
    return " ".join(unicodedata.normalize("NFC", text).split())


def shorten(text: str, limit: int) -> str:
    """`text`, or its whole sentences within `limit` characters, or its whole words with an ellipsis."""
    if len(text) <= limit:
        return text
    head = text[:limit]
    ends = [found.end(1) for found in _SENTENCE_END.finditer(text[: limit + 1])]
    if ends and ends[-1] >= limit // 2:
        return text[: ends[-1]]
    words = head[: limit - 1].rpartition(" ")[0] or head[: limit - 1]
    return words.rstrip(" ,;:–—-(") + "…"


def _draft(entry: Entry, key: str, own_key: str, url: str, language: str, now: datetime) -> ItemDraft | None:
    title = shorten(plain_text(entry.title), MAX_TITLE)
    summary = _summary(entry.summary, title)
    title = title or shorten(summary, _TITLE_FROM_SUMMARY)
    if not title:
        return None
    published_at, quality = _dated(entry, now)
    authors = _names(entry.authors)
    categories = _names(entry.categories)
    stated = published_at.isoformat() if quality in (DateQuality.STATED, DateQuality.UPDATED) else ""
    return ItemDraft(
        entry_key=key,
        item_key=own_key,
        url=url,
        title=title,
        summary=summary,
        authors=authors,
        categories=categories,
        published_at=published_at,
        date_quality=quality,
        updated_at=_believable(entry.updated, now),
        language=language,
        content_hash=digest(title, summary, url, *authors, "", *categories, "", stated),
    )


_TITLE_FROM_SUMMARY = 100
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{1,8})*")


def _language(tag: str) -> str:
    tag = tag.strip().lower().replace("_", "-")
    return tag if _LANGUAGE.fullmatch(tag) else ""


def _names(names: Iterable[str]) -> tuple[str, ...]:
    tidied = (plain_text(name)[:MAX_NAME].rstrip() for name in names)
    return tuple(dict.fromkeys(name for name in tidied if name))


def _readable(key: str) -> str:
    """A key that every database takes."""
    return _INVISIBLE.sub("", key)


# Dates


def _dated(entry: Entry, now: datetime) -> tuple[datetime, DateQuality]:
    """The entry's date, else that of its last change; the present moment where neither can be believed."""
    stated = entry.published or entry.updated
    if stated is None:
        return now.replace(microsecond=0), DateQuality.MISSING
    believed = _believable(stated, now)
    if believed is None:
        return now.replace(microsecond=0), DateQuality.CLAMPED
    return believed, DateQuality.STATED if entry.published else DateQuality.UPDATED


def _believable(moment: datetime | None, now: datetime) -> datetime | None:
    if moment is None or not EARLIEST <= moment <= now + LEAD:
        return None
    return moment.astimezone(UTC).replace(microsecond=0)


# Text

_SIMPLE_TAG = re.compile(r"""<(/?)([A-Za-z][\w:.-]*+)(?:[^<>"']++|"[^"<]*+"|'[^'<]*+')*+>""")
_UNREAD = re.compile(r"<!--.*?(?:-->|$)|<(script|style|template|noscript|svg|math)\b.*?(?:</\1\s*>|$)", re.I | re.S)
_STILL_MARKUP = re.compile(r"<[A-Za-z/!?]")
_CUT_TAG = re.compile(r"<[^<>]*$")
_ENTITY = re.compile(r"&(?:#\d{2,7}|#[xX][0-9a-fA-F]{2,6}|[A-Za-z][A-Za-z0-9]{1,30});")
# Text that still shows markup after one decoding was encoded twice: an entity, a closing tag, a break, an opening <p>.
_ENCODED_MARKUP = re.compile(
    r"&(?:#\d{2,7}|#[xX][0-9a-fA-F]{2,6}|[A-Za-z][A-Za-z0-9]{1,30});"
    r"|</(?:p|a|b|i|u|em|strong|span|div|h[1-6]|li|ul|ol|blockquote|figure|cite)>|<br\s*/?>|<(?:p|img)[\s>]",
    re.IGNORECASE,
)
# Elements that stand inside a word without parting it; every other tag parts words.
_INLINE = re.compile(
    r"a|abbr|acronym|b|bdi|bdo|big|cite|code|data|del|dfn|em|font|i|ins|kbd|mark|nobr|q|rp|rt|ruby|s|samp|small|span"
    r"|strike|strong|sub|sup|time|tt|u|var|wbr",
    re.IGNORECASE,
)
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\ufeff\ufff9-\ufffb\ud800-\udfff\ufdd0-\ufdef"
    + "".join(chr(plane * 0x10000 + last) for plane in range(17) for last in (0xFFFE, 0xFFFF))
    + "]"
)
# C1 controls in a text are Windows-1252 read as ISO-8859-1 (HTML Living Standard §13.2.5.80).
_WINDOWS_1252 = {
    code: bytes((code,)).decode("cp1252") for code in range(0x80, 0xA0) if code not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)
}
_SENTENCE_END = re.compile(r"([.!?…。！？][\"'”’»)\]]*)(?=\s|$)")


def _without_markup(markup: str) -> str:
    text = _SIMPLE_TAG.sub(_space, _UNREAD.sub(" ", markup)) if "<" in markup else markup
    if _STILL_MARKUP.search(text):
        text = _CUT_TAG.sub("", text)
        if _STILL_MARKUP.search(text):
            return _by_soup(markup)
    return html.unescape(text)


def _space(found: re.Match[str]) -> str:
    return "" if _INLINE.fullmatch(found[2]) else " "


def _by_soup(markup: str) -> str:
    """The text of markup too broken for a pattern."""
    import warnings

    from bs4 import BeautifulSoup, MarkupResemblesLocatorWarning  # slow to import, rarely needed

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MarkupResemblesLocatorWarning)
        soup = BeautifulSoup(markup, "html.parser")
    for unread in soup.find_all(["script", "style", "template", "noscript"]):
        unread.decompose()
    return soup.get_text(" ")


# Summaries

_TAILS = re.compile(
    r"""(?:
      (?:The\ post\ .{0,400}?|The\ article\ .{0,400}?|This\ (?:post|article|story)(?:\ .{0,400}?)?)
        \ (?:appeared\ first|first\ appeared|was\ first\ published|was\ originally\ published|originally\ appeared)
        \ (?:on|in|at)\ .{1,120}
    | \(?(?:Continue|Keep)\ reading(?:\ .{0,200})?
    | (?:Read|View|See)\ (?:the\ )?(?:more|full|entire|rest|original|complete)
        (?:\ (?:of\ (?:this\ |the\ )?)?(?:post|article|story|entry|review|report|here))?(?:\ (?:at|on|in)\ .{1,80})?
        \s*(?:[»›→>…]|\.{3})*[.)]?
    | submitted\ by\ /?u/\S+.{0,200}
    | [»›→]
    )$""",
    re.VERBOSE | re.IGNORECASE,
)
_CUT_MARK = re.compile(r"\s*(?:[\[(]\s*(?:…|\.{2,4}|\.\s\.\s\.|&hellip;)\s*[\])]|…|\.{3,})\s*$")
_LAST_SENTENCES = 700


def _summary(markup: str, title: str) -> str:
    text = _without_tails(plain_text(markup))
    if title and text.startswith(title):
        rest = text[len(title) :]
        text = rest.lstrip(" -–—:|.") if not rest or not rest[0].isalnum() else text
    return shorten(text, MAX_SUMMARY)


def _without_tails(text: str) -> str:
    """`text` without what a publishing system hangs on its end; a mark that the text was cut becomes "…"."""
    for _ in range(3):
        start = max(0, len(text) - _LAST_SENTENCES)
        trimmed = text[:start] + _TAILS.sub("", text[start:]).rstrip()
        if trimmed == text:
            break
        text = trimmed
    cut = _CUT_MARK.sub("", text)
    return text if cut == text or not cut else cut if cut[-1] in ".!?" else cut + "…"
