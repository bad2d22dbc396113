"""How the sources fare, for the steward at a terminal."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from db.archive import Archive
from db.sources import (
    SourceHealth,
    health_of,
    items_per_week,
    load_sources,
    newest_items,
    not_modified_shares,
)
from db.types import from_epoch, to_epoch

_HEADINGS = ("source", "health", "last success", "last failure", "items/week", "304", "next check")


def load_health(url: str, now: datetime) -> list[dict[str, Any]]:
    """A JSON-ready dict per source, by id; moments as ISO 8601. Raises DatabaseError."""
    archive = Archive(url)
    with archive.snapshot() as snapshot:
        sources, newest = load_sources(snapshot), newest_items(snapshot, "source")
        shares, weekly = not_modified_shares(snapshot), items_per_week(snapshot, to_epoch(now))
    archive.close()
    return [
        _as_json(source, newest.get(source.id), shares.get(source.id), weekly.get(source.id, 0.0), now)
        for source in sources
    ]


def health_table(health: list[dict[str, Any]]) -> str:
    if not health:
        return "No source is known yet. Run: craftwatch scrape"
    rows = [_HEADINGS, *(_row(source) for source in health)]
    widths = [max(len(row[n]) for row in rows) for n in range(len(_HEADINGS))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def _as_json(
    source: SourceHealth, newest: int | None, share: float | None, weekly: float, now: datetime
) -> dict[str, Any]:
    return {
        "id": source.id,
        "name": source.name,
        "format": source.format,
        "health": health_of(source, newest, to_epoch(now)),
        "last_success_at": _stamp(source.last_success_at),
        "last_failure_at": _stamp(source.last_failure_at),
        "last_failure_reason": source.last_failure_reason,
        "last_failure_detail": source.last_failure_detail,
        "failures_in_a_row": source.failures or 0,
        "items_per_week": round(weekly, 1),
        "not_modified_share": None if share is None else round(share, 2),
        "next_check_at": _stamp(source.next_check_at),
        "next_check_reason": source.next_check_reason,
    }


def _row(source: dict[str, Any]) -> tuple[str, ...]:
    failure = _short(source["last_failure_at"])
    if source["last_failure_reason"]:
        failure += f" {source['last_failure_reason']}"
    upcoming = _short(source["next_check_at"])
    if source["next_check_reason"]:
        upcoming += f" ({source['next_check_reason']})"
    share = source["not_modified_share"]
    return (
        source["id"],
        source["health"],
        _short(source["last_success_at"]),
        failure,
        f"{source['items_per_week']:g}",
        "–" if share is None else f"{share:.0%}",
        upcoming,
    )


def _stamp(seconds: int | None) -> str | None:
    return None if seconds is None else from_epoch(seconds).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _short(stamp: str | None) -> str:
    return "–" if stamp is None else stamp[:16].replace("T", " ")
