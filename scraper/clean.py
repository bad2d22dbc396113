"""Entries made ours: plain text, tidy URL, a date in UTC that can be believed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from db.shapes import DateQuality, Entry, ItemDraft, ParsedFeed, Source
from scraper.cleaning.identity import digest, entry_keys, item_key
from scraper.cleaning.plaintext import plain_text, shorten
from scraper.cleaning.summaries import summarise
from scraper.cleaning.urls import canonical_url

MAX_TITLE = 500
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
        own_key = item_key(source.id, key, url, owned=url not in shared)
        language = _language(entry.language or feed.language or source.language)
        draft = _draft(entry, key, own_key, url or canonical_url(source.homepage), language, now)
        if draft is not None:
            drafts.setdefault(key, draft)
    return list(drafts.values())


def _draft(entry: Entry, key: str, own_key: str, url: str, language: str, now: datetime) -> ItemDraft | None:
    title = shorten(plain_text(entry.title), MAX_TITLE)
    authors = _names(entry.authors)
    summary = summarise(entry.summary, title, authors)
    title = title or shorten(summary, _TITLE_FROM_SUMMARY)
    if not title:
        return None
    published_at, quality = _dated(entry, now)
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
    return tuple(dict.fromkeys(tidied for name in names if (tidied := _name(name))))


@lru_cache(maxsize=1_000)  # the same few authors and categories come again and again
def _name(name: str) -> str:
    return plain_text(name)[:MAX_NAME].rstrip()


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
