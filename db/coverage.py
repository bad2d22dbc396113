"""Which sources could have answered a filter, and whether they were looked at in its window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from db.archive import Snapshot
from db.filing import primary_language
from db.filters import Filter
from db.plan import make_plan
from db.queries import match_items, newest_id

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


def watched_since(snapshot: Snapshot) -> int | None:
    """When the first item came, in seconds since 1970: of what is older there is only what feeds still held then."""
    began: int | None = snapshot.one("SELECT min(received_at) FROM item")
    return began


class _Source(NamedTuple):
    """What decides whether an enabled source counts; moments in seconds since 1970."""

    id: str
    name: str
    sector: str
    language: str
    stopped_at: int | None
    last_success_at: int | None


class Checked(NamedTuple):
    """How often a source was checked, how often that failed, and one of the reasons."""

    checks: int = 0
    failed: int = 0
    reason: str | None = None


class Checks:
    """The checks of each source in a window, read once for each window until there are new ones."""

    LIMIT = 50  # windows that are remembered

    def __init__(self) -> None:
        self._kept: dict[tuple[int | None, int, int], Mapping[str, Checked]] = {}

    def between(self, snapshot: Snapshot, start: int, end: int) -> Mapping[str, Checked]:
        """By source; none for a source that was not checked. `start` ≤ moment < `end`, in seconds since 1970."""
        window = (snapshot.one("SELECT max(id) FROM fetch_log"), start, end)
        checked = self._kept.get(window)
        if checked is None:
            rows = snapshot.rows(_CHECKS, (start, end))
            checked = {row[0]: Checked(int(row[1]), int(row[2]), row[3]) for row in rows}
            if len(self._kept) >= self.LIMIT:
                self._kept = {}
            self._kept[window] = checked
        return checked


def watch_of(snapshot: Snapshot, wanted: Filter, start: int, end: int, checks: Checks) -> list[Watched]:
    """The enabled sources that could have had such items in a window, `start` ≤ moment < `end`.

    Those are the sources that the filter names, or all, but for those of another sector or language, unless they have
    had such items all the same. Where an item is and whom it concerns is for the item to say: no source is ruled out.
    """
    checked = checks.between(snapshot, start, end)
    sources = [source for source in map(_Source._make, snapshot.rows(_SOURCES)) if _may_answer(source.id, wanted)]
    proven = _proven(snapshot, wanted, [source.id for source in sources])
    return [
        _watched(source, checked.get(source.id, Checked()), end, source.id in proven)
        for source in sources
        if source.id in proven or _fits(source, wanted)
    ]


def _may_answer(source_id: str, wanted: Filter) -> bool:
    """What two sources are to have both, either may bring."""
    key = ("source", source_id)
    named = [choice for choice in wanted.wanted if choice[0][0] == "source"]
    return (not named or any(key in choice for choice in named)) and key not in wanted.unwanted


def _fits(source: _Source, wanted: Filter) -> bool:
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
    return {sources[term_id] for term_id in matched.sets.tally(matched.found, sources)}


def _watched(source: _Source, checked: Checked, end: int, proven: bool) -> Watched:
    checks, failed, reason = checked
    state = "blind" if failed == checks else "partly blind" if failed else "healthy"
    if state == "blind" and not checks:
        reason = "stopped" if source.stopped_at is not None else "not checked"
    since = source.last_success_at if source.last_success_at is not None and source.last_success_at < end else None
    return Watched(source.id, source.name, state, reason, since, checks, failed, proven)


_SOURCES = (
    "SELECT id, name, sector, language, stopped_at, last_success_at FROM source "
    "LEFT JOIN source_state ON source_id = id WHERE enabled ORDER BY id"
)  # the fields of _Source
_CHECKS = (
    "SELECT source.id, count(*), sum(CASE WHEN outcome = 'failed' THEN 1 ELSE 0 END), max(reason) FROM source "
    "JOIN fetch_log ON source_id = source.id WHERE started_at >= ? AND started_at < ? GROUP BY source.id"
)
