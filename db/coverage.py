"""Which sources could have answered a filter, and whether they were looked at in its window."""

from __future__ import annotations

from dataclasses import dataclass, replace

from db.archive import Snapshot
from db.filing import primary_language
from db.filters import Filter
from db.plan import make_plan
from db.queries import match_items, newest_id
from db.sources import SourceHealth, load_sources

ANY_SECTOR = frozenset({"", "general"})  # of a source whose items may be of any


@dataclass(frozen=True, slots=True)
class Watched:
    """A source in a window. `state`: "healthy", "partly blind" (some checks failed) or "blind" (no good check).

    `since` is its last good check as far as known, in seconds since 1970; `reason` why the checks failed; `proven`:
    it has had items of these terms, whenever.
    """

    id: str
    name: str
    state: str
    reason: str | None
    since: int | None
    checks: int
    failed: int
    proven: bool = True


def watch_of(snapshot: Snapshot, wanted: Filter, start: int, end: int) -> list[Watched]:
    """The enabled sources that could have had such items in a window, `start` ≤ moment < `end`.

    Those are the sources that the filter names, or all, but for those of another sector or language, unless they have
    had such items all the same. Where an item is and whom it concerns is for the item to say: no source is ruled out.
    """
    checks = _checks(snapshot, start, end)
    sources = [source for source in load_sources(snapshot) if source.enabled and _may_answer(source.id, wanted)]
    proven = _proven(snapshot, wanted, [source.id for source in sources])
    return [
        _watched(source, *checks.get(source.id, (0, 0, None)), end, source.id in proven)
        for source in sources
        if source.id in proven or _fits(source, wanted)
    ]


def _may_answer(source_id: str, wanted: Filter) -> bool:
    key = ("source", source_id)
    named = all(key in choice for choice in wanted.wanted if choice[0][0] == "source")
    return named and key not in wanted.unwanted


def _fits(source: SourceHealth, wanted: Filter) -> bool:
    """Whether its sector and its language, where they are known, are such as the filter asks for."""
    known = {} if source.sector in ANY_SECTOR else {"sector": source.sector}
    if source.language:
        known["language"] = primary_language(source.language)
    asked = all((choice[0][0], known[choice[0][0]]) in choice for choice in wanted.wanted if choice[0][0] in known)
    return asked and not any(known.get(axis) == code for axis, code in wanted.unwanted)


def _proven(snapshot: Snapshot, wanted: Filter, source_ids: list[str]) -> set[str]:
    """The sources that ever had an item of these terms: dates, words and confidence aside."""
    terms = replace(wanted.without(["source"]), start=None, end=None, search=None, changed_since=None, min_confidence=0)
    plan = make_plan(snapshot, terms)
    if plan is None:
        return set()
    matched = match_items(snapshot, plan)
    if matched is None:
        return {source for source in source_ids if newest_id(snapshot, terms.also(("source", source))) is not None}
    ids = snapshot.term_ids()
    sources = {ids["source", source]: source for source in source_ids if ("source", source) in ids}
    with matched.sets.lock:
        return {sources[term_id] for term_id in matched.sets.tally(matched.found, sources)}


def _watched(source: SourceHealth, checks: int, failed: int, reason: str | None, end: int, proven: bool) -> Watched:
    good = checks - failed
    state = "blind" if not good else "partly blind" if failed else "healthy"
    if state == "blind" and not checks:
        reason = "stopped" if source.stopped_at is not None else "not checked"
    since = source.last_success_at if source.last_success_at is not None and source.last_success_at < end else None
    return Watched(source.id, source.name, state, reason, since, checks, failed, proven)


def _checks(snapshot: Snapshot, start: int, end: int) -> dict[str, tuple[int, int, str | None]]:
    """source → (checks, failed ones, one of their reasons) in a window."""
    rows = snapshot.rows(
        "SELECT source_id, count(*), sum(CASE WHEN outcome = 'failed' THEN 1 ELSE 0 END), max(reason) FROM fetch_log "
        "WHERE started_at >= ? AND started_at < ? GROUP BY source_id",
        (start, end),
    )
    return {source_id: (int(checks), int(failed), reason) for source_id, checks, failed, reason in rows}
