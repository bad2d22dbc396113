"""/sources: who is watched, who gives nothing, since when and why, in words."""

from __future__ import annotations

from typing import NamedTuple

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.dependencies import Context
from api.names import Names
from api.pages import words
from api.pages.answering import Page, page_answer
from api.pages.stories import safe_address
from db.archive import Snapshot
from db.sources import (
    OVERDUE_AFTER_SECONDS,
    SourceHealth,
    SourceItems,
    health_of,
    items_of_sources,
    load_sources,
    newest_items,
)

router = APIRouter(include_in_schema=False)

#: health → (heading, what it means); those that a reader should know of first.
GROUPS = {
    "failing": ("Cannot be read at the moment", "News of these may be missing. We go on trying."),
    "overdue": (
        "Not asked for too long",
        "These could be read when they were last asked, but nobody has asked since: their news is missing.",
    ),
    "stopped": ("Ended", "These publications took their feed down for good."),
    "silent": ("Silent", "These can be read, but have published nothing for a month."),
    "never checked": ("Not asked yet", "These are new on the list."),
    "healthy": ("Read without trouble", "What these publish is here within about an hour."),
    "disabled": ("Not watched", "These are listed, with the reason why they are not asked."),
}


class Line(NamedTuple):
    id: str
    name: str
    homepage: str
    about: str
    state: str
    newest: int | None
    items: int
    tracked: int


@router.get("/sources")
async def get_sources(request: Request) -> Response:
    def build(context: Context, snapshot: Snapshot, names: Names) -> Page:
        now = int(context.moment().timestamp())
        newest, counts = newest_items(snapshot, "source"), items_of_sources(snapshot)
        groups: dict[str, list[Line]] = {health: [] for health in GROUPS}
        sources = load_sources(snapshot)
        for source in sources:
            health = health_of(source, newest.get(source.id), now)
            brought = counts.get(source.id, SourceItems())
            groups[health].append(_line(context, source, health, newest.get(source.id), brought, now))
        values = {
            "title": "Sources",
            "groups": [
                (GROUPS[health], health, sorted(lines, key=lambda line: line.name.casefold()))
                for health, lines in groups.items()
                if lines
            ],
            "watched": sum(len(lines) for health, lines in groups.items() if health != "disabled"),
            "healthy": len(groups["healthy"]),
            "asked": max((source.last_checked_at or 0 for source in sources), default=0),
        }
        return Page("sources.html", values)

    return await page_answer(request, build)


def _line(
    context: Context, source: SourceHealth, health: str, newest: int | None, brought: SourceItems, now: int
) -> Line:
    sector = context.vocabulary.sectors.get(source.sector, "")
    region = context.vocabulary.regions.get(source.country)
    about = " · ".join(
        part for part in (source.kind.replace("-", " "), sector, region.label if region else source.country) if part
    )
    state = in_words(source, health, newest, now)
    return Line(source.id, source.name, safe_address(source.homepage), about, state, newest, *brought)


def _again(source: SourceHealth, health: str, now: int) -> str:
    if source.next_check_at is None or health == "stopped":
        return ""
    if source.next_check_at < now - OVERDUE_AFTER_SECONDS:
        return f"; a next try was due {words.moment(source.next_check_at)}, and nobody has made it"
    return f"; next try {words.moment(source.next_check_at)}"


def in_words(source: SourceHealth, health: str, newest: int | None, now: int) -> str:
    """What is the matter, since when, and when we try again."""
    if health == "disabled":
        return source.note
    if health in ("failing", "stopped"):
        last = source.last_success_at
        since = f"last read on {words.moment(last)}" if last is not None else "never read so far"
        return f"{words.reason(source.last_failure_reason).capitalize()}; {since}{_again(source, health, now)}."
    if health == "silent":
        return f"Newest item of {words.moment(newest)}." if newest is not None else "No item so far."
    if health == "never checked":
        return ""
    return f"Last read {words.moment(source.last_success_at)}."
