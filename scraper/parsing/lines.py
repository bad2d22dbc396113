"""What our parser makes of a document, for people and checks to read: one plain record per entry."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from db.shapes import Entry, ParsedFeed
from scraper.cleaning.plaintext import plain_text, tidy
from scraper.cleaning.urls import untracked_url


def entry_lines(feed: ParsedFeed) -> list[dict[str, Any]]:
    """One dict per entry, ready for JSON: text is plain and whole, dates are RFC 3339 in UTC, null where absent."""
    return [_line(entry) for entry in feed.entries]


def _line(entry: Entry) -> dict[str, Any]:
    return {
        "id": tidy(entry.id),
        "title": plain_text(entry.title),
        "link": untracked_url(tidy(entry.link)),
        "published": _stamp(entry.published),
        "updated": _stamp(entry.updated),
        "summary": plain_text(entry.summary),
        "authors": [plain_text(name) for name in entry.authors],
        "categories": [plain_text(name) for name in entry.categories],
    }


def _stamp(moment: datetime | None) -> str | None:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0") if moment else None
