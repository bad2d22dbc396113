"""Web pages read by CSS selectors: for publications without a feed, and to find the feeds that a page declares."""

from __future__ import annotations

import re
import warnings
from datetime import UTC, datetime
from html import escape
from itertools import islice

from bs4 import BeautifulSoup, Tag
from bs4.exceptions import ParserRejectedMarkup

from db.shapes import Entry, Failure, ParsedFeed, Selectors
from scraper.cleaning.plaintext import tidy
from scraper.cleaning.urls import absolute_url
from scraper.parsing.charset import decode_document
from scraper.parsing.dates import read_date
from scraper.parsing.entries import MAX_ENTRIES, MAX_SUMMARY, MAX_TITLE, make_entry
from scraper.parsing.errors import ParseError
from scraper.parsing.links import PageLinks, is_feed_link, web_addresses
from scraper.parsing.selectors import read_place

MAX_TAGS = 20_000  # a page that holds more is cut there: an honest list has a tenth of them

_TAG = re.compile(r"<[A-Za-z]")
# An honest tag has a dozen attributes; html.parser's time grows faster than the length of one.
_SWOLLEN_TAG = re.compile(r"<([A-Za-z][\w:.-]{0,100})\s[^<>]{20000,}>")
_META_CHARSET = re.compile(rb"<meta[^>]{0,300}?charset\s*=\s*[\"']?\s*([A-Za-z][\w.:-]{0,40})", re.IGNORECASE)
_PRESCAN_BYTES = 1_024  # HTML Living Standard §13.2.3.2


def parse_page(body: bytes, content_type: str, url: str, selectors: Selectors) -> ParsedFeed:
    """The first 1,000 items of a page, one per address, links resolved against its `base` or `url`.

    Raises ParseError and nothing else: EMPTY, SELECTOR_MATCHED_NOTHING or PARSE_FAILED.
    """
    soup = _read(body, content_type)
    found = soup.select(selectors.item, limit=MAX_ENTRIES)
    if not found:
        raise ParseError(Failure.SELECTOR_MATCHED_NOTHING, f"no element matches item = {selectors.item!r}")
    base = _base(soup, url)
    entries = [_entry(item, selectors, base) for item in found]
    by_link: dict[str, Entry] = {}
    for entry in entries:
        if entry.title and entry.link:
            by_link.setdefault(entry.link, entry)
    if not by_link:
        raise ParseError(Failure.SELECTOR_MATCHED_NOTHING, _what_is_missing(entries))
    return ParsedFeed(
        format="page", title=_page_title(soup), language=_page_language(soup), entries=tuple(by_link.values())
    )


def read_links(body: bytes, content_type: str, url: str) -> PageLinks:
    """The feeds that a page declares (`<link rel="alternate">` with the type of a feed). Raises ParseError."""
    soup = _read(body, content_type)
    base = _base(soup, url)
    declared = (
        _attribute(link, "href")
        for link in soup.find_all("link", limit=1_000)
        if is_feed_link(_attribute(link, "rel"), _attribute(link, "type"))
    )
    return PageLinks(_page_title(soup), _page_language(soup), web_addresses(base, declared))


def _read(body: bytes, content_type: str) -> BeautifulSoup:
    text = decode_document(body, _with_charset(body, content_type))
    if not text:
        raise ParseError(Failure.EMPTY, "the document is empty")
    surplus = next(islice(_TAG.finditer(text), MAX_TAGS, None), None)
    text = _SWOLLEN_TAG.sub(r"<\1>", text[: surplus.start()] if surplus else text)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # bs4 warns of documents that look like XML or like addresses
            return BeautifulSoup(text, "html.parser")
    except ParserRejectedMarkup as error:
        raise ParseError(Failure.PARSE_FAILED, f"html.parser gave up: {error}"[:300]) from error


def _with_charset(body: bytes, content_type: str) -> str:
    """The header, or what the page says of its own charset where the header has none."""
    declared = None if "charset" in content_type.lower() else _META_CHARSET.search(body[:_PRESCAN_BYTES])
    return f"{content_type}; charset={declared[1].decode('ascii')}" if declared else content_type


def _entry(item: Tag, selectors: Selectors, base: str) -> Entry:
    return make_entry(
        id="",
        title=_markup(item, selectors.title, MAX_TITLE),
        link=absolute_url(base, _link(item, selectors.link)),
        published=_date(item, selectors),
        updated=None,
        summary=_markup(item, selectors.summary, MAX_SUMMARY),
        authors=(),
        categories=(),
        language="",
    )


def _find(item: Tag, value: str) -> tuple[Tag | None, str]:
    selector, attribute = read_place(value)
    return (item.select_one(selector) if selector else item), attribute


def _markup(item: Tag, value: str, limit: int) -> str:
    """As HTML, which cleaning makes plain: it knows which tags part words and what nobody reads."""
    element, attribute = _find(item, value) if value else (None, "")
    if element is None:
        return ""
    if attribute:
        return escape(_attribute(element, attribute)[:limit], quote=False)
    return element.decode_contents()[:limit]


def _link(item: Tag, value: str) -> str:
    element, attribute = _find(item, value)
    return "" if element is None else _attribute(element, attribute or "href")


def _date(item: Tag, selectors: Selectors) -> datetime | None:
    element, attribute = _find(item, selectors.date) if selectors.date else (None, "")
    if element is None:
        return None
    if attribute:
        stated = _attribute(element, attribute)
    else:  # a date_format is of what the page shows
        stated = "" if selectors.date_format else _attribute(element, "datetime")
        stated = stated or element.get_text(" ")
    text = " ".join(stated.split())
    return _read_as(text, selectors.date_format) if selectors.date_format else read_date(text)


def _read_as(text: str, date_format: str) -> datetime | None:
    try:
        moment = datetime.strptime(text, date_format)  # noqa: DTZ007  # a format with %z is as good
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).replace(microsecond=0)


def _attribute(element: Tag, name: str) -> str:
    value = element.get(name)
    return " ".join(value) if isinstance(value, list) else value or ""


def _base(soup: BeautifulSoup, url: str) -> str:
    """What links are relative to: the first `base` with an address (HTML Living Standard §4.2.3)."""
    element = soup.find("base", href=True)
    return (absolute_url(url, _attribute(element, "href")) if isinstance(element, Tag) else "") or url


def _page_title(soup: BeautifulSoup) -> str:
    return tidy(soup.title.get_text(" "))[:500] if soup.title else ""


def _page_language(soup: BeautifulSoup) -> str:
    root = soup.find("html")
    return _attribute(root, "lang")[:35] if isinstance(root, Tag) else ""


def _what_is_missing(entries: list[Entry]) -> str:
    titles = sum(bool(entry.title) for entry in entries)
    links = sum(bool(entry.link) for entry in entries)
    return f"{len(entries)} elements match item, {titles} with a title, {links} with a link, none with both"
