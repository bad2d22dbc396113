"""What every parser does with what it read: cut it to a size that we can afford, and keep the newest."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from db.shapes import Entry

MAX_ENTRIES = 1_000
MAX_ID = 2_048
MAX_TITLE = 4_000
MAX_SUMMARY = 16_000  # of markup: far more than the 500 characters of text that are kept
PAGE_TYPES = ("text/html", "html", "application/xhtml+xml", "xhtml")
MAX_NAMES = 50
MAX_NAME = 400
_ADDRESS = re.compile(r"[^\s<>()@]{1,64}@[^\s<>()]{1,255}")
_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)


def make_entry(
    *,
    id: str,
    title: str,
    link: str,
    published: datetime | None,
    updated: datetime | None,
    summary: str,
    authors: Iterable[str],
    categories: Iterable[str],
    language: str,
) -> Entry:
    """An entry of bounded size, its outer blanks gone."""
    return Entry(
        id=id.strip()[:MAX_ID],
        title=title.strip()[:MAX_TITLE],
        link=link,
        published=published,
        updated=updated,
        summary=summary.strip()[:MAX_SUMMARY],
        authors=_names(authors),
        categories=_names(categories),
        language=language.strip()[:35],
    )


def person_name(author: str) -> str:
    """The name in an RSS author, which by RSS 2.0 is an e-mail address: "kim@a.example (Kim Vale)", "Kim <kim@…>"."""
    name = _ADDRESS.sub("", author[:MAX_NAME])
    return author if name == author else name.strip(" ()<>")


def newest(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """At most 1,000 entries in document order: the latest by their dates, the earlier in the document among equals."""
    if len(entries) <= MAX_ENTRIES:
        return tuple(entries)
    order = sorted(range(len(entries)), key=lambda place: _moment(entries[place]), reverse=True)
    return tuple(entries[place] for place in sorted(order[:MAX_ENTRIES]))


def _moment(entry: Entry) -> datetime:
    return entry.published or entry.updated or _LONG_AGO


def _names(names: Iterable[str]) -> tuple[str, ...]:
    """Without blanks and repetitions, in their order."""
    tidy = (" ".join(name[:MAX_NAME].split()) for name in names)
    return tuple(dict.fromkeys(name for name in tidy if name))[:MAX_NAMES]
