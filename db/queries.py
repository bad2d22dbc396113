"""Every read of items: find them, count them, fetch them, follow their changes."""

# ruff: noqa: S608 -- statements are put together from our own words and numbers; values are parameters

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from pyroaring import BitMap

from db.archive import ALL_DAYS, SECONDS_PER_DAY, TIE_BITS, Moved, Snapshot
from db.filters import Filter, Position, Sort
from db.plan import HIGHEST_ID, LOWEST_ID, Plan, make_plan
from db.sets import TermSets

RELEVANCE_WINDOW = 1_000  # newest matches among which `relevance` orders
GATHER = 5_000  # items that are put in order at once
SEARCH_EXACTLY = 2_500  # items with the words looked for, or changed since, that are counted one by one
FEW = 200  # matches among the newest with the words: too few to say how many there are in all
WORDS_AT_MOST = 50_000  # items with the words that are read to find few
COUNT_EXACTLY = 8_192  # candidates that are looked at one by one to count; beyond, a sample of about as many


class Total(NamedTuple):
    """How many items match; exact unless said otherwise."""

    items: int
    is_estimate: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """Item ids in the order asked for; `next` is None on the last page."""

    ids: list[int]
    next: Position | None


class Matched(NamedTuple):
    """The positions of items in the sets they were found in; `scale`: each stands for so many."""

    sets: TermSets
    found: BitMap
    scale: float = 1.0


class StoredItem(NamedTuple):
    """A row of `item` as it is kept: moments in seconds since 1970, lists as JSON text."""

    id: int
    source_id: str
    url: str
    title: str
    summary: str
    authors: str
    published_at: int
    date_quality: str
    received_at: int
    updated_at: int
    language: str
    tracked: int
    sector: str
    stage: str
    tags: str
    figures: str
    terms: str
    rules_version: str
    version: int


class Change(NamedTuple):
    """An item that is new, edited or retagged as of data version `version`."""

    version: int
    item_id: int
    tracked: bool


def find_items(snapshot: Snapshot, wanted: Filter, sort: Sort, limit: int, after: Position | None = None) -> Page:
    """One page of the ids that match, after the item that was seen last."""
    plan = make_plan(snapshot, wanted)
    if plan is None:
        return Page([], None)
    if sort is Sort.RELEVANCE:
        return _find_relevant(snapshot, plan, limit, after)
    if sort is Sort.RECEIVED:
        return _find_received(snapshot, plan, limit, after)
    high = min(plan.high, after.item_id) if after else plan.high
    matched = match_items(snapshot, plan, newest_words=True)
    if matched is not None:
        ids = matched.sets.newest(matched.found, high, limit + 1)
        if matched.scale == 1 or len(ids) > limit:  # else there are more than those that were found
            return _page(ids, limit, lambda place: Position(ids[place]))
    ids = [row[0] for row in snapshot.rows(*plan.walk(plan.low, high, limit + 1))]
    return _page(ids, limit, lambda place: Position(ids[place]))


def count_items(snapshot: Snapshot, wanted: Filter) -> Total:
    """How many items match: from the kept counts or the sets in memory, else one by one, else from a sample."""
    plan = make_plan(snapshot, wanted)
    if plan is None:
        return Total(0)
    if not plan.others and not plan.unwanted and not _needs_rows(wanted, plan):
        return Total(plan.driver.items - _outside(snapshot, plan))
    matched = match_items(snapshot, plan, newest_words=True)
    if matched is not None:
        return Total(round(len(matched.found) * matched.scale), matched.scale != 1)
    sample = sample_size(plan.driver.items, COUNT_EXACTLY)
    if wanted.search and sample > 1:
        found = _count(snapshot, plan, COUNT_EXACTLY + 1)  # the words may well be rarer than any term
        if found <= COUNT_EXACTLY:
            return Total(found)
    return Total(_count(snapshot, plan, None, sample) * sample, sample > 1)


def match_items(snapshot: Snapshot, plan: Plan, *, newest_words: bool = False) -> Matched | None:
    """All items that match, from the sets in memory; None where the tables must be asked.

    `newest_words`: where very many items have the words looked for, the newest of them stand for all.
    """
    question = (plan.filter, newest_words)
    matched: Matched | None = snapshot.matches.get(question)
    if matched is None:
        matched = _match(snapshot, plan, newest_words)
        if matched is not None:
            snapshot.matches[question] = matched
    return matched


def _match(snapshot: Snapshot, plan: Plan, newest_words: bool) -> Matched | None:
    if any(choice.confidence for choice in (plan.driver, *plan.others)):
        return None
    sets = snapshot.sets()
    if sets is None:
        return None
    changed = _changed_since(snapshot, plan)
    if changed is not None and len(changed) > SEARCH_EXACTLY:
        return None
    words = _newest_with_words(snapshot, plan) if plan.filter.search else None
    if words is None or len(words) <= SEARCH_EXACTLY:
        both = changed if words is None else words if changed is None else set(words).intersection(changed)
        return Matched(sets, _under_terms(sets, plan, both))
    if changed is not None or not newest_words:
        return None
    found = _under_terms(sets, plan, words)
    if len(found) < FEW and (all_found := _among_all_words(snapshot, sets, plan)) is not None:
        return Matched(sets, all_found)
    return Matched(sets, found, sets.share(plan.low, plan.high, min(words)))


def _under_terms(sets: TermSets, plan: Plan, ids: Iterable[int] | None) -> BitMap:
    choices = [choice.term_ids for choice in (plan.driver, *plan.others)]
    return sets.match(choices, plan.unwanted, plan.low, plan.high, ids)


def _among_all_words(snapshot: Snapshot, sets: TermSets, plan: Plan) -> BitMap | None:
    """What matches of a filter whose terms are rare; None where they are not, or the words are too frequent to look."""
    candidates = _under_terms(sets, plan, None)
    if len(candidates) > WORDS_AT_MOST // 2:
        return None
    rows = snapshot.rows(*plan.words(WORDS_AT_MOST + 1))
    if len(rows) > WORDS_AT_MOST:
        return None
    under = set(sets.newest(candidates, HIGHEST_ID, len(candidates)))
    return _under_terms(sets, plan, [row[0] for row in rows if row[0] in under])


def sample_size(candidates: int, exactly: int) -> int:
    """The power of two of which one item in so many leaves about `exactly` candidates; 1 where they are fewer."""
    sample = 1
    while candidates > exactly * sample * 2 and sample < 1 << TIE_BITS:
        sample *= 2
    return sample if candidates > exactly else 1


def get_items(snapshot: Snapshot, ids: Sequence[int]) -> dict[int, StoredItem]:
    """The rows of these ids, as far as they exist."""
    if not ids:
        return {}
    marks, values = _padded(ids)
    statement = f"SELECT {_COLUMNS} FROM item WHERE id IN ({marks})"
    items = {row[0]: StoredItem(*row) for row in snapshot.rows_of_any_moment(statement, values)}
    if any(item.version > snapshot.version for item in items.values()):
        raise Moved
    return items


def find_changes(snapshot: Snapshot, after: tuple[int, int], limit: int) -> list[Change]:
    """Items that changed after (version, id), oldest change first; an item changed twice is there once, at its last."""
    version, item_id = after
    statement = (
        "SELECT version, id, tracked FROM item WHERE version >= ? AND (version > ? OR id > ?) "
        f"ORDER BY version, id LIMIT {limit:d}"
    )
    return [Change(row[0], row[1], bool(row[2])) for row in snapshot.rows(statement, (version, version, item_id))]


def changed_ids(snapshot: Snapshot, since_version: int, limit: int) -> list[int] | None:
    """Ids of the items that changed after a data version; None when they are more than `limit`."""
    rows = snapshot.rows(f"SELECT id FROM item WHERE version > ? LIMIT {limit + 1:d}", (since_version,))
    return [row[0] for row in rows] if len(rows) <= limit else None


def newest_id(snapshot: Snapshot, wanted: Filter) -> int | None:
    """The newest item that matches."""
    page = find_items(snapshot, wanted, Sort.PUBLISHED, 1)
    return page.ids[0] if page.ids else None


def _padded(ids: Sequence[int]) -> tuple[str, list[int]]:
    """Marks for a few lengths only, so that the statements stay few enough to be prepared; a repeated id comes once."""
    length = next(size for size in (1, 10, 50, 201, 1000) if size >= len(ids))
    return ", ".join("?" * length), [*ids, *[ids[0]] * (length - len(ids))]


def _count(snapshot: Snapshot, plan: Plan, limit: int | None, sample: int = 1) -> int:
    walk, parameters = plan.walk(plan.low, plan.high, limit, sample)
    return int(snapshot.one(f"SELECT count(*) FROM ({walk}) AS matching", parameters))


def _newest_with_words(snapshot: Snapshot, plan: Plan) -> list[int]:
    """The newest items with the words looked for, whatever their terms: all, or one more than SEARCH_EXACTLY."""
    return [row[0] for row in snapshot.rows(*plan.words(SEARCH_EXACTLY + 1))]


def _changed_since(snapshot: Snapshot, plan: Plan) -> list[int] | None:
    """The items that changed since, whatever their terms: all, or one more than SEARCH_EXACTLY; None if not asked."""
    if plan.filter.changed_since is None:
        return None
    statement = f"SELECT id FROM item WHERE updated_at >= ? LIMIT {SEARCH_EXACTLY + 1:d}"
    return [row[0] for row in snapshot.rows(statement, (plan.filter.changed_since,))]


def _find_received(snapshot: Snapshot, plan: Plan, limit: int, after: Position | None) -> Page:
    """Few items are gathered and put in order; of many, those that came last are looked at until there are enough."""
    if plan.driver.items <= GATHER or plan.filter.search:
        walk, values = plan.walk(plan.low, plan.high, None)
        where = f"item.id IN ({walk})"
    else:
        conditions, values = plan.matches("item.id", driver=True)
        where = f"item.received_at IS NOT NULL {conditions}"
        if plan.low != LOWEST_ID or plan.high != HIGHEST_ID:
            where += " AND item.id >= ? AND item.id < ?"
            values = [*values, plan.low, plan.high]
    if after:
        where += " AND (item.received_at < ? OR (item.received_at = ? AND item.id < ?))"
        where += " AND item.received_at <= ?"  # said once more, so that an index is walked from there
        values = [*values, after.received_at, after.received_at, after.item_id, after.received_at]
    statement = (
        f"SELECT item.id, item.received_at FROM item WHERE {where} "
        f"ORDER BY item.received_at DESC, item.id DESC LIMIT {limit + 1:d}"
    )
    rows = snapshot.rows(statement, values)
    return _page([row[0] for row in rows], limit, lambda place: Position(rows[place][0], received_at=rows[place][1]))


def _find_relevant(snapshot: Snapshot, plan: Plan, limit: int, after: Position | None) -> Page:
    """By rank among the newest matches; later pages look at the same matches, up to the newest of the first page."""
    search = plan.filter.search
    assert search is not None, "relevance needs words"
    newest = min(plan.high, after.item_id + 1) if after else plan.high
    seen = after.seen if after else 0
    if plan.sqlite:
        conditions, parameters = plan.matches("item_search.rowid", driver=True)
        statement = (
            "SELECT item_id FROM (SELECT rowid AS item_id, rank AS score FROM item_search WHERE item_search MATCH ? "
            f"AND rowid >= ? AND rowid < ? {conditions} ORDER BY rowid DESC LIMIT {RELEVANCE_WINDOW}) AS found "
            "ORDER BY score, item_id DESC"
        )
        values = [search.fts5(), plan.low, newest, *parameters]
    else:
        conditions, parameters = plan.matches("item.id", driver=True)
        query, phrases = search.tsquery()
        statement = (
            f"SELECT item_id FROM (SELECT item.id AS item_id, -ts_rank(item.search, {query}) AS score FROM item "
            f"WHERE item.search @@ {query} AND item.id >= ? AND item.id < ? {conditions} "
            f"ORDER BY item.id DESC LIMIT {RELEVANCE_WINDOW}) AS found ORDER BY score, item_id DESC"
        )
        values = [*phrases, *phrases, plan.low, newest, *parameters]
    ids = [row[0] for row in snapshot.rows(statement, values)]
    top = max(ids, default=0)
    shown = ids[seen : seen + limit + 1]
    return _page(shown, limit, lambda place: Position(top, seen=seen + place + 1))


def _page(ids: list[int], limit: int, position: Callable[[int], Position]) -> Page:
    """Of `limit` + 1 ids or fewer; `position` of the item at a place among them."""
    return Page(ids[:limit], position(limit - 1) if len(ids) > limit else None)


def _needs_rows(wanted: Filter, plan: Plan) -> bool:
    """Whether the kept counts cannot say how many items match."""
    overlapping = len(plan.driver.term_ids) > 1 and plan.filter.wanted != ()
    return bool(wanted.search or wanted.changed_since is not None or plan.driver.confidence or overlapping)


def _outside(snapshot: Snapshot, plan: Plan) -> int:
    """How many items of the first and the last day lie before `low` or from `high` on."""
    parts = []
    if plan.low != LOWEST_ID and plan.days[0] != ALL_DAYS[0]:
        parts.append((_first_id_of(plan.days[0]), plan.low))
    if plan.high != HIGHEST_ID and plan.days[1] != ALL_DAYS[1]:
        parts.append((plan.high, _first_id_of(plan.days[1] + 1)))
    statement = "SELECT count(*) FROM item_term WHERE term_id = ? AND item_id >= ? AND item_id < ?"
    return sum(
        int(snapshot.one(statement, (term, low, high)))
        for low, high in parts
        if low < high
        for term in plan.driver.term_ids
    )


def _first_id_of(day: int) -> int:
    return max(LOWEST_ID, min(HIGHEST_ID, day * SECONDS_PER_DAY << TIE_BITS))


_COLUMNS = ", ".join(StoredItem._fields)
