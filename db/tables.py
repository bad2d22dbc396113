"""The tables as those who write see them: db.models without SQLModel, which takes longer to import than a run to ask
a hundred unchanged feeds. A test holds the two against each other."""

from __future__ import annotations

from sqlalchemy import Boolean, column, table

from db.types import JSONText, UTCDateTime

SOURCE = table(
    "source",
    *map(column, ("id", "name", "homepage", "feed_url", "kind", "sector", "country", "language", "scope")),
    column("enabled", Boolean),
    *map(column, ("note", "format", "selectors")),
)

SOURCE_STATE = table(
    "source_state",
    *map(column, ("source_id", "etag", "last_modified", "body_hash", "max_age_seconds")),
    column("advice", JSONText),
    column("next_check_at", UTCDateTime),
    *map(column, ("next_check_reason", "failures")),
    *(column(name, UTCDateTime) for name in ("last_checked_at", "last_success_at", "last_failure_at")),
    *map(column, ("last_failure_reason", "last_failure_detail")),
    column("last_full_at", UTCDateTime),
    *map(column, ("moved_to", "moved_count")),
    *(column(name, UTCDateTime) for name in ("moved_since", "stopped_at", "paused_until")),
)

FETCH_LOG = table(
    "fetch_log",
    *map(column, ("id", "source_id")),
    column("started_at", UTCDateTime),
    *map(column, ("duration_ms", "outcome", "reason", "detail", "http_status", "bytes", "new", "changed", "unchanged")),
)

ROBOTS = table(
    "robots",
    *map(column, ("origin", "text")),
    *(column(name, UTCDateTime) for name in ("fetched_at", "unreachable_since")),
)

ITEM = table(
    "item",
    *map(column, ("id", "key", "source_id", "url", "title", "summary")),
    *(column(name, JSONText) for name in ("authors", "categories")),
    column("published_at", UTCDateTime),
    column("date_quality"),
    *(column(name, UTCDateTime) for name in ("received_at", "updated_at")),
    column("language"),
    column("tracked", Boolean),
    *map(column, ("sector", "stage")),
    *(column(name, JSONText) for name in ("tags", "figures", "terms")),
    *map(column, ("rules_version", "version")),
)

ENTRY = table(
    "entry",
    *map(column, ("source_id", "entry_key", "item_id", "content_hash")),
    column("first_seen_at", UTCDateTime),
)

TERM = table("term", *map(column, ("id", "axis", "code")))
