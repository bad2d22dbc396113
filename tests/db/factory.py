"""Sources, drafts and taggings for tests, valid unless told otherwise."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from db.shapes import Axis, DateQuality, Evidence, ItemDraft, Source, SourceMemory, Tag, Tagging
from db.watch import Check

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

WHOLES = {("craft", "voice-actor"): (("department", "performing"),), ("craft", "vfx-artist"): (("department", "vfx"),)}


def make_source(source_id: str = "ledger", **changes: Any) -> Source:
    values: dict[str, Any] = {
        "id": source_id,
        "name": source_id.title(),
        "homepage": f"https://{source_id}.example/",
        "feed_url": f"https://{source_id}.example/feed/",
        "kind": "trade",
        "sector": "film-tv",
        "country": "US",
        "language": "en-us",
        "scope": "entertainment",
    }
    return Source(**{**values, **changes})


def make_draft(name: str = "one", **changes: Any) -> ItemDraft:
    url = f"https://ledger.example/{name}"
    values: dict[str, Any] = {
        "entry_key": f"guid-{name}",
        "item_key": url,
        "url": url,
        "title": f"Title of {name}",
        "summary": f"Summary of {name}.",
        "authors": ("A. Writer",),
        "categories": (),
        "published_at": NOW - HOUR,
        "date_quality": DateQuality.STATED,
        "updated_at": None,
        "language": "",
        "content_hash": f"hash of {name}",
    }
    return ItemDraft(**{**values, **changes})


def make_tagging(*terms: tuple[Axis, str], **changes: Any) -> Tagging:
    words = (Evidence("title", 0, 5, "Title", "test/rule/form"),)
    tags = tuple(Tag(axis, term, 0.9, words) for axis, term in terms)
    return Tagging(**{"tags": tags, "rules_version": "test", **changes})


def make_memory(source_id: str = "ledger", **changes: Any) -> SourceMemory:
    return SourceMemory(source_id=source_id, **changes)


def make_check(**changes: Any) -> Check:
    return Check(**{"started_at": NOW, "duration_ms": 12, "outcome": "ok", **changes})
