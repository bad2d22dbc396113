"""JSON Feed 1.0 and 1.1 (jsonfeed.org), of which feedparser knows nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from html import escape
from typing import Any

import orjson

from db.shapes import Entry, ParsedFeed
from scraper.cleaning.urls import absolute_url
from scraper.parsing.dates import read_date
from scraper.parsing.entries import make_entry, newest

_VERSION = re.compile(r"https?://(?:www\.)?jsonfeed\.org/version/1(\.1)?/?")


def parse_json_feed(text: str, url: str) -> ParsedFeed | None:
    """The feed in `text`; None when it is no JSON or JSON of another kind."""
    document = _load(text)
    if not isinstance(document, dict) or not isinstance(document.get("items"), list):
        return None
    version = _VERSION.fullmatch(_text(document, "version").strip())
    if version is None:
        return None
    base = url or _text(document, "feed_url") or _text(document, "home_page_url")
    return ParsedFeed(
        format="json11" if version[1] else "json1",
        title=_text(document, "title")[:500],
        language=_text(document, "language")[:35],
        entries=newest([_entry(item, base) for item in document["items"] if isinstance(item, dict)]),
    )


def _load(text: str) -> Any:
    try:
        return orjson.loads(text)
    except ValueError:
        pass
    try:
        return json.loads(text, strict=False)  # takes lone surrogates and control characters, which orjson refuses
    except (ValueError, RecursionError):
        return None


def _entry(item: dict[str, Any], base: str) -> Entry:
    id = _text(item, "id")
    links = (absolute_url(base, _text(item, "url")), absolute_url(base, _text(item, "external_url")), _web_id(id))
    return make_entry(
        id=id,
        title=escape(_text(item, "title"), quote=False),
        link=next((link for link in links if link), ""),
        published=read_date(_text(item, "date_published")),
        updated=read_date(_text(item, "date_modified")),
        summary=_summary(item),
        authors=_authors(item),
        categories=(tag for tag in _list(item, "tags") if isinstance(tag, str)),
        language=_text(item, "language"),
    )


def _summary(item: dict[str, Any]) -> str:
    """As HTML: only content_html is written so; summary and content_text are plain text."""
    if summary := _text(item, "summary"):
        return escape(summary, quote=False)
    return _text(item, "content_html") or escape(_text(item, "content_text"), quote=False)


def _authors(item: dict[str, Any]) -> Iterable[str]:
    """`authors` of 1.1, else `author` of 1.0."""
    people = _list(item, "authors") or [item.get("author")]
    return (_text(person, "name") for person in people if isinstance(person, dict))


def _web_id(id: str) -> str:
    return absolute_url("", id)


def _list(item: dict[str, Any], key: str) -> list[Any]:
    value = item.get(key)
    return value if isinstance(value, list) else []


def _text(item: dict[str, Any], key: str) -> str:
    """A string, or a number written out: the standard asks readers to take numbers as ids."""
    value = item.get(key)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value) if not isinstance(value, int) or abs(value) < 10**30 else ""
