"""A filter as SQL: walk the rarest choice of terms, newest first, and look each item up under the others.

Every axis is one table, (term, item), with ancestors stored: so any filter is an intersection on it, and ids are in the
order of publication, so a walk that stops after a page costs the same in any archive.
"""

# ruff: noqa: S608 -- statements are put together from our own words and numbers; values are parameters

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from db.archive import ALL_DAYS, SECONDS_PER_DAY, TIE_BITS, Days, Snapshot
from db.filters import LABEL_AXES, Filter

LOWEST_ID, HIGHEST_ID = -(2**63), 2**63 - 1
SQL = tuple[str, list[Any]]


@dataclass(frozen=True, slots=True)
class Choice:
    """An item under any of these terms, by at least this confidence (hundredths)."""

    term_ids: tuple[int, ...]
    confidence: int
    items: int  # at most so many, within the dates


@dataclass(frozen=True, slots=True)
class Plan:
    """A filter against one snapshot. `driver` is the rarest choice; `low` ≤ id < `high`."""

    filter: Filter
    driver: Choice
    others: tuple[Choice, ...]
    unwanted: tuple[int, ...]
    low: int
    high: int
    days: Days
    sqlite: bool

    def walk(self, low: int, high: int, limit: int | None, sample: int = 1, *, oldest_first: bool = False) -> SQL:
        """SQL for the ids that match, `low` ≤ id < `high`, newest first; one item in `sample`, a power of two."""
        order = "ASC" if oldest_first else "DESC"
        if self.filter.search:
            return self._walk_search(low, high, limit, sample, order)
        walks = [self._walk_term(term, low, high, limit, sample, order) for term in self.driver.term_ids]
        if len(walks) == 1:
            return walks[0]
        # Each walk stops by itself; the first `limit` of all are among the first `limit` of each.
        union = " UNION ".join(f"SELECT item_id FROM ({sql}) AS walk{n}" for n, (sql, _) in enumerate(walks))
        parameters = [value for _, values in walks for value in values]
        return f"{union} ORDER BY item_id {order}{_limit(limit)}", parameters

    def is_kept(self) -> bool:
        """Whether the counts kept for each day say how many items match."""
        wanted = self.filter
        narrowed = self.others or self.unwanted or wanted.search or wanted.changed_since is not None
        return len(self.driver.term_ids) == 1 and not self.driver.confidence and not narrowed

    def matches(self, column: str, *, driver: bool) -> SQL:
        """SQL conditions, each begun by AND, that hold where the item of `column` matches; `driver`: its choice too."""
        parts: list[str] = []
        parameters: list[Any] = []
        for choice in (self.driver, *self.others) if driver else self.others:
            parts.append(f"AND EXISTS ({_filed(choice.term_ids, column)}{_confident(choice)})")
            parameters.extend(choice.term_ids)
        if self.unwanted:
            parts.append(f"AND NOT EXISTS ({_filed(self.unwanted, column)})")
            parameters.extend(self.unwanted)
        if self.filter.changed_since is not None:
            parts.append(f"AND EXISTS (SELECT 1 FROM item AS changed WHERE changed.id = {column} AND updated_at >= ?)")
            parameters.append(self.filter.changed_since)
        return " ".join(parts), parameters

    def words(self, limit: int) -> SQL:
        """SQL for the ids of the newest items with the words looked for, whatever their terms."""
        assert self.filter.search is not None
        if self.sqlite:
            sql = "SELECT rowid FROM item_search WHERE item_search MATCH ? AND rowid >= ? AND rowid < ?"
            return f"{sql} ORDER BY rowid DESC{_limit(limit)}", [self.filter.search.fts5(), self.low, self.high]
        query, phrases = self.filter.search.tsquery()
        sql = f"SELECT id FROM item WHERE search @@ {query} AND id >= ? AND id < ?"
        return f"{sql} ORDER BY id DESC{_limit(limit)}", [*phrases, self.low, self.high]

    def _walk_term(self, term_id: int, low: int, high: int, limit: int | None, sample: int, order: str) -> SQL:
        conditions, parameters = self.matches("walked.item_id", driver=False)
        sql = (
            "SELECT walked.item_id FROM item_term AS walked WHERE walked.term_id = ? AND walked.item_id >= ? "
            f"AND walked.item_id < ?{_sampled('walked.item_id', sample)}{_confident(self.driver, 'walked.')} "
            f"{conditions} ORDER BY walked.item_id {order}{_limit(limit)}"
        )
        return sql, [term_id, low, high, *parameters]

    def _walk_search(self, low: int, high: int, limit: int | None, sample: int, order: str) -> SQL:
        assert self.filter.search is not None
        if self.sqlite:
            conditions, parameters = self.matches("item_search.rowid", driver=True)
            sql = (
                "SELECT rowid AS item_id FROM item_search WHERE item_search MATCH ? AND rowid >= ? AND rowid < ?"
                f"{_sampled('rowid', sample)} {conditions} ORDER BY rowid {order}{_limit(limit)}"
            )
            return sql, [self.filter.search.fts5(), low, high, *parameters]
        conditions, parameters = self.matches("found.id", driver=True)
        query, phrases = self.filter.search.tsquery()
        sql = (
            f"SELECT found.id AS item_id FROM item AS found WHERE found.search @@ {query} AND found.id >= ? "
            f"AND found.id < ?{_sampled('found.id', sample)} {conditions} ORDER BY found.id {order}{_limit(limit)}"
        )
        return sql, [*phrases, low, high, *parameters]


def make_plan(snapshot: Snapshot, wanted: Filter) -> Plan | None:
    """None where no item can match: a term that none was ever filed under."""
    if wanted not in snapshot.plans:
        snapshot.plans[wanted] = _work_out(snapshot, wanted)
    plan: Plan | None = snapshot.plans[wanted]
    return plan


def _work_out(snapshot: Snapshot, wanted: Filter) -> Plan | None:
    low = LOWEST_ID if wanted.start is None else first_id(wanted.start)
    high = HIGHEST_ID if wanted.end is None else first_id(wanted.end)
    days = (
        ALL_DAYS[0] if wanted.start is None else wanted.start // SECONDS_PER_DAY,
        ALL_DAYS[1] if wanted.end is None else (wanted.end - 1) // SECONDS_PER_DAY,
    )
    ids = snapshot.term_ids()
    choices = []
    for keys in (*wanted.wanted, *_tracked(wanted)):
        term_ids = tuple(sorted({ids[key] for key in keys if key in ids}))
        confidence = wanted.min_confidence if keys[0][0] in LABEL_AXES else 0
        choices.append(Choice(term_ids, confidence, sum(snapshot.count(term, days) for term in term_ids)))
    if not all(choice.items for choice in choices) or low >= high:
        return None
    driver, *others = sorted(choices, key=lambda choice: choice.items)
    unwanted = tuple(sorted({ids[key] for key in wanted.unwanted if key in ids}))
    return Plan(wanted, driver, tuple(others), unwanted, low, high, days, snapshot.sqlite)


def first_id(seconds: int) -> int:
    """The lowest id of the items published in this second; as far as ids reach."""
    return max(LOWEST_ID, min(HIGHEST_ID, seconds << TIE_BITS))


def _tracked(wanted: Filter) -> list[tuple[tuple[str, str], ...]]:
    """What `tracked` asks of the item: nothing more where a topic is asked for, since that is what tracked means."""
    if wanted.tracked is None:
        return [] if wanted.wanted else [(("tracked", "yes"), ("tracked", "no"))]
    if wanted.tracked and any(choice[0][0] == "topic" for choice in wanted.wanted):
        return []
    return [(("tracked", "yes" if wanted.tracked else "no"),)]


def _filed(term_ids: tuple[int, ...], column: str) -> str:
    marks = "= ?" if len(term_ids) == 1 else f"IN ({', '.join('?' * len(term_ids))})"
    return f"SELECT 1 FROM item_term AS filed WHERE filed.term_id {marks} AND filed.item_id = {column}"


def _confident(choice: Choice, prefix: str = "filed.") -> str:
    return f" AND {prefix}confidence >= {choice.confidence:d}" if choice.confidence else ""


def _sampled(column: str, sample: int) -> str:
    # The low bits of an id are a hash of the item's key: one item in `sample`, whatever its date.
    return f" AND {column} & {sample - 1:d} = 0" if sample > 1 else ""


def _limit(limit: int | None) -> str:
    return f" LIMIT {limit:d}" if limit is not None else ""
