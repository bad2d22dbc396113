"""Bytes of a feed document to its entries: RSS 0.9x–2.0, Atom 0.3 and 1.0, JSON Feed 1.0 and 1.1."""

from __future__ import annotations

import io
import re
import time
from calendar import timegm
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from html import escape
from itertools import islice
from typing import Any

from db.shapes import Entry, Failure, ParsedFeed
from scraper.cleaning.urls import absolute_url
from scraper.parsing.advice import read_advice
from scraper.parsing.charset import decode_document
from scraper.parsing.dates import read_date
from scraper.parsing.entries import PAGE_TYPES, make_entry, newest, person_name
from scraper.parsing.errors import ParseError
from scraper.parsing.fastparse import parse_quickly
from scraper.parsing.jsonfeed import parse_json_feed

_ROOT = re.compile(r"<(?:rss|feed|(?:\w{1,20}:)?rdf|channel)[\s>/]", re.IGNORECASE)
_HTML = re.compile(r"<!doctype\s+html|<html[\s>]", re.IGNORECASE)
_CHARACTER_REFERENCE = re.compile(r"&#(?:[xX]([0-9a-fA-F]+)|([0-9]+));?")
# An honest tag has a dozen attributes; the XML parser's time grows with their square.
_SWOLLEN_TAG = re.compile(r"<([A-Za-z][\w:.-]{0,100})\s[^<>]{20000,}>")
# Nor has an author a name of 500 letters, in which feedparser searches for an address in the square of its length.
_SWOLLEN_AUTHOR = re.compile(
    r"(<(?:\w{1,20}:)?(?:author|creator|managingEditor|webMaster|publisher|name)\b[^<>]{0,500}>[^<]{500})[^<]+",
    re.IGNORECASE,
)
_ENTRY_START = re.compile(r"<(?:\w{1,20}:)?(?:item|entry)[\s>]", re.IGNORECASE)
_MAX_STARTS = 1_500  # a document that needs feedparser and holds more is cut there: feedparser reads few per second
_DOCTYPE = re.compile(r"<!DOCTYPE[^\[<>]*(?:\[.*?\]\s*)?>", re.IGNORECASE | re.DOTALL)
_START_LENGTH = 4_096


def parse_feed(body: bytes, content_type: str = "", url: str = "") -> ParsedFeed:
    """The newest 1,000 entries of a document, in its order, links resolved against `url` (the feed's own address).

    Raises ParseError and nothing else: EMPTY, HTML_NOT_FEED, NOT_A_FEED or PARSE_FAILED.
    """
    try:
        return _parse(body, content_type, url)
    except ParseError:
        raise
    except MemoryError as error:
        raise ParseError(Failure.PARSE_FAILED, "the document needs more memory than there is") from error
    except Exception as error:  # whatever a parser of others raises costs this document and no more
        raise ParseError(Failure.PARSE_FAILED, f"{type(error).__name__}: {error}"[:300]) from error


def _parse(body: bytes, content_type: str, url: str) -> ParsedFeed:
    text = decode_document(body, content_type)
    if not text:
        raise ParseError(Failure.EMPTY, "the document is empty")
    if text[0] in "{[":
        feed = parse_json_feed(text, url)
        if feed is None:
            raise ParseError(Failure.NOT_A_FEED, "JSON, but not a JSON Feed")
    else:
        if "<" not in text:
            raise ParseError(Failure.NOT_A_FEED, "neither XML nor JSON")
        feed = parse_quickly(text, url) or parse_leniently(text, url)
    if not feed.entries:
        raise ParseError(Failure.EMPTY, f"a {feed.format} document without entries")
    return feed


def parse_leniently(text: str, url: str) -> ParsedFeed:
    """The feed in `text`, well-formed or not, by feedparser; raises ParseError when it is none."""
    start = text[:_START_LENGTH]
    if _HTML.search(start) and not _ROOT.search(start):
        raise ParseError(Failure.HTML_NOT_FEED, "an HTML page, not a feed")
    document = _read_with_feedparser(_scrub(text))
    version = str(dict.get(document, "version") or "")
    if not version and not document.entries:
        raise ParseError(Failure.NOT_A_FEED, "no RSS, RDF or Atom element in it")
    head = document.feed
    base = url or str(head.get("link") or "")
    return ParsedFeed(
        format=version or "unknown",
        title=str(head.get("title") or "")[:500],
        language=str(head.get("language") or "")[:35],
        entries=newest([_entry(found, version, base) for found in document.entries]),
        advice=read_advice(text),
    )


def _scrub(text: str) -> str:
    """The document without what makes parsers raise or crawl."""
    text = _CHARACTER_REFERENCE.sub(_sound_reference, text)
    text = _SWOLLEN_AUTHOR.sub(r"\1", _SWOLLEN_TAG.sub(r"<\1>", text))
    surplus = next(islice(_ENTRY_START.finditer(text), _MAX_STARTS, None), None)
    return text[: surplus.start()] if surplus else text


def _sound_reference(found: re.Match[str]) -> str:
    """The reference itself, or U+FFFD for one to a character that XML forbids (XML 1.0 §4.1)."""
    digits, base = (found[1], 16) if found[1] else (found[2], 10)
    number = int(digits, base) if len(digits) <= 12 else -1
    sound = number in (9, 10, 13) or 0x20 <= number <= 0xD7FF or 0xE000 <= number <= 0xFFFD
    return found[0] if sound or 0x10000 <= number <= 0x10FFFF else "\ufffd"


def _read_with_feedparser(text: str) -> Any:
    """What feedparser makes of `text`; where it raises (feedparser#591, #599), what its lenient parser makes of it."""
    with suppress(Exception):
        return _feedparser(text)
    # Not well-formed from the start, so that the strict parser gives way at once.
    return _feedparser("&" + _DOCTYPE.sub("", text, count=1))


def _feedparser(text: str) -> Any:
    import feedparser  # slow to import, and most runs meet no document that needs it

    return feedparser.parse(
        io.BytesIO(text.encode("utf-8", "replace")),  # feedparser opens bare bytes as a file name; a stream it reads
        # No Content-Location: against it feedparser would resolve ids too, which must not change with the address.
        response_headers={"content-type": "application/xml; charset=utf-8"},
        resolve_relative_uris=False,  # only plain text is kept of any markup
        sanitize_html=False,
    )


def _entry(found: Any, version: str, base: str) -> Entry:
    published, updated = _date(found, "published"), _date(found, "updated")
    if version.startswith("rss") and published is None:
        published, updated = updated, None  # dc:date, which feedparser calls "updated", is when RSS 1.0 published
    return make_entry(
        id=_text(found, "id"),
        title=_markup(found, "title", version),
        link=_link(found, version, base),
        published=published or _date(found, "created"),
        updated=updated,
        summary=_summary(found, version),
        authors=_authors(found),
        categories=(_text(tag, "label") or _text(tag, "term") for tag in dict.get(found, "tags") or ()),
        language=_text(dict.get(found, "title_detail") or {}, "language"),
    )


def _text(found: Any, key: str) -> str:
    """A field by its own name: feedparser's `[]` gives other fields in the place of absent ones."""
    value = dict.get(found, key)
    return value if isinstance(value, str) else ""


def _markup(found: Any, key: str, version: str) -> str:
    return _as_html(_text(found, key), _text(dict.get(found, f"{key}_detail") or {}, "type"), version)


def _summary(found: Any, version: str) -> str:
    """The summary, else the first content: which feedparser calls the summary too, but without its type."""
    has_content = bool(dict.get(found, "content"))
    if ("summary_detail" in found or not has_content) and (summary := _markup(found, "summary", version)):
        return summary
    for part in dict.get(found, "content") or ():
        if value := _text(part, "value"):
            return _as_html(value, _text(part, "type"), version)
    return ""


def _as_html(value: str, kind: str, version: str) -> str:
    """`value` as HTML: Atom says which text is plain (RFC 4287 §3.1), RSS never does."""
    return escape(value, quote=False) if kind == "text/plain" and version.startswith("atom") else value


def _link(found: Any, version: str, base: str) -> str:
    """The original of a proxied link, the first alternate page, any other alternate, or an id that is a URL."""
    links = [link for link in dict.get(found, "links") or () if _text(link, "rel") == "alternate"]
    pages = [link for link in links if _text(link, "type") in PAGE_TYPES]
    stated = [_text(found, "feedburner_origlink"), *(_text(link, "href") for link in (*pages, *links))]
    candidates = [absolute_url(base, link) for link in stated]
    if version.startswith("atom") or dict.get(found, "guidislink"):
        candidates.append(absolute_url("", _text(found, "id")))  # an address only where it is a whole one
    return next((link for link in candidates if link), "")


def _authors(found: Any) -> Iterable[str]:
    names = [_text(person, "name") for person in dict.get(found, "authors") or ()]
    # Of an RSS author with an address feedparser may take a part of the address for the name.
    return names if len(names) > 1 or "@" not in _text(found, "author") else [person_name(_text(found, "author"))]


def _date(found: Any, key: str) -> datetime | None:
    return read_date(_text(found, key)) or _from_struct(dict.get(found, f"{key}_parsed"))


def _from_struct(moment: time.struct_time | None) -> datetime | None:
    try:
        return datetime.fromtimestamp(timegm(moment), UTC) if moment else None
    except (ValueError, OverflowError, OSError):
        return None
