"""What a pool and its workers say to each other: lengths, a JSON header, the body; and back a JSON reply."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from db.shapes import DateQuality, FeedAdvice, ItemDraft
from scraper.parsing.errors import ParseError

LENGTHS = struct.Struct("!II")  # of a request: header, body
REPLY = struct.Struct("!I?")  # length of the reply, whether its worker retires
MAX_REPLY = 64 * 1024 * 1024
OUT_OF_MEMORY = 3  # exit code of a worker


@dataclass(frozen=True, slots=True)
class FeedItems:
    """What a document gave: its drafts, its advice, and how many of its `entries` there were before cleaning."""

    format: str
    title: str
    entries: int
    drafts: list[ItemDraft]
    advice: FeedAdvice


def write_items(items: FeedItems) -> bytes:
    reply = {name: getattr(items, name) for name in ("format", "title", "entries", "drafts")}
    advice = {name: getattr(items.advice, name) for name in ("ttl_minutes", "update_minutes")} | {
        "skip_hours": sorted(items.advice.skip_hours),
        "skip_days": sorted(items.advice.skip_days),
    }
    return orjson.dumps(reply | {"advice": advice})


def write_failure(error: ParseError) -> bytes:
    detail = error.detail.encode("utf-8", "replace").decode()
    return orjson.dumps({"failure": error.reason, "detail": detail})


def read_items(answer: Mapping[str, Any]) -> FeedItems:
    advice = answer["advice"]
    return FeedItems(
        format=answer["format"],
        title=answer["title"],
        entries=answer["entries"],
        drafts=[_read_draft(draft) for draft in answer["drafts"]],
        advice=FeedAdvice(
            ttl_minutes=advice["ttl_minutes"],
            update_minutes=advice["update_minutes"],
            skip_hours=frozenset(advice["skip_hours"]),
            skip_days=frozenset(advice["skip_days"]),
        ),
    )


def _read_draft(fields: Mapping[str, Any]) -> ItemDraft:
    return ItemDraft(
        **{
            **fields,
            "authors": tuple(fields["authors"]),
            "categories": tuple(fields["categories"]),
            "published_at": datetime.fromisoformat(fields["published_at"]),
            "date_quality": DateQuality(fields["date_quality"]),
            "updated_at": datetime.fromisoformat(fields["updated_at"]) if fields["updated_at"] else None,
        }
    )
