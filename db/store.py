"""Every write of items: what readers see of a source and what we remember of it change in one transaction."""

from __future__ import annotations

import hashlib
from collections import Counter as Tally
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple, TypeVar

import orjson
from sqlalchemy import Connection, Engine, Row, bindparam, func, select, text, update

from db import bulk
from db.filing import TermKey, Wholes, filing_terms
from db.labels import pack_figures, pack_tags
from db.numbering import TermNumbers
from db.shapes import ItemDraft, Source, SourceMemory, Tagging
from db.tables import ENTRY, ITEM, SOURCE
from db.types import JSONText, to_epoch
from db.watch import Check, record_checks
from db.words import insert_items

TIE_BITS = 20  # of an item's id: what tells apart the items of one second
SECONDS_PER_DAY = 86_400

Tagged = tuple[ItemDraft, Tagging]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of a document's entries."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0


class Checked(NamedTuple):
    """A check of a source, what is remembered of it from now on, and the entries of its document that are new to the
    source or differ from when last met. `unchanged` is how many the caller knows to be as they were."""

    source: Source
    memory: SourceMemory
    check: Check
    entries: Sequence[Tagged] = ()
    unchanged: int = 0


class Store:
    """Writes items. `wholes` gives what terms are part of, under which an item is filed as well; asked once."""

    def __init__(self, engine: Engine, wholes: Callable[[], Wholes]) -> None:
        self.engine = engine
        self._wholes = lru_cache(maxsize=1)(wholes)
        self._numbers = TermNumbers()

    def save_check(
        self,
        source: Source,
        memory: SourceMemory,
        check: Check,
        entries: Sequence[Tagged] = (),
        *,
        unchanged: int = 0,
        now: datetime,
    ) -> Counts:
        """Save one check, as `save_checks` does."""
        return self.save_checks([Checked(source, memory, check, entries, unchanged)], now=now)[0]

    def save_checks(self, checks: Sequence[Checked], *, now: datetime) -> list[Counts]:
        """Save these checks, of a source each, and their entries in one transaction; saved twice, they add no item."""
        with self._batch(now) as batch:
            counts = batch.save(checks)
            record_checks(
                batch.connection, [(each.memory, each.check, of) for each, of in zip(checks, counts, strict=True)]
            )
        return counts

    def relabel(self, items: Sequence[tuple[Row[Any], Tagging]], *, now: datetime) -> int:
        """Give stored items (rows of `item`) a new tagging; nothing else about them changes. How many differed."""
        sectors = {source_id: facts.sector for source_id, facts in source_facts(self.engine).items()}
        differing = [(row, tagging) for row, tagging in items if labels_differ(row, tagging, sectors[row.source_id])]
        if not differing:
            return 0
        with self._batch(now) as batch:
            batch.relabel(differing, sectors)
        return len(differing)

    @contextmanager
    def _batch(self, now: datetime) -> Iterator[_Batch]:
        numbers = TermNumbers(self._numbers)  # those given in a transaction that fails are no numbers
        with self.engine.begin() as connection:
            yield _Batch(connection, numbers, self._wholes, now)
        self._numbers = numbers


def labels_differ(row: Row[Any], tagging: Tagging, source_sector: str) -> bool:
    """Whether a stored item's labels are other than this tagging, the rules version aside."""
    labels = _labels(tagging, source_sector)
    return any(getattr(row, name) != value for name, value in labels.items() if name != "rules_version")


class SourceFacts(NamedTuple):
    """What the tags of an item depend on besides its words, as the archive keeps it of every source it ever had.

    The sector is that of items whose text shows none.
    """

    scope: str
    sector: str


def source_facts(engine: Engine) -> dict[str, SourceFacts]:
    """By source id."""
    query = select(SOURCE.c.id, SOURCE.c.scope, SOURCE.c.sector)
    with engine.connect() as connection:
        return {row.id: SourceFacts(row.scope, row.sector) for row in connection.execute(query)}


class _Entry(NamedTuple):
    """`row`: its item, where there is one; `content_hash`: as the source last had it, None where it never did."""

    draft: ItemDraft
    tagging: Tagging
    row: Row[Any] | None
    content_hash: str | None


class _Found(NamedTuple):
    """A check, and what there is of its entries. `items`: by id, or by key where they are new."""

    source: Source
    entries: Sequence[_Entry]
    unchanged: int
    items: set[int | str]


@dataclass
class _Batch:
    """The writes of one transaction, gathered and then sent in bulk."""

    connection: Connection
    numbers: TermNumbers
    wholes: Callable[[], Wholes]
    now: datetime
    version: int = 0
    seconds: int = field(init=False)  # of `now`, as the driver takes it
    items: list[tuple[Any, ...]] = field(default_factory=list)
    edits: list[dict[str, Any]] = field(default_factory=list)
    titles: list[tuple[int, int, int, str]] = field(default_factory=list)
    edited: set[int] = field(default_factory=set)  # items: two entries of one item edit it once
    entries: list[tuple[Any, ...]] = field(default_factory=list)
    filed: list[tuple[int, int, int]] = field(default_factory=list)
    unfiled: list[tuple[int, int]] = field(default_factory=list)
    days: Tally[tuple[int, int]] = field(default_factory=Tally)  # (term, day) → change of its count

    def __post_init__(self) -> None:
        self.seconds = to_epoch(self.now)

    def save(self, checks: Sequence[Checked]) -> list[Counts]:
        """What the checks brought, in their order; at once as far as no two of them have an item in common."""
        if not any(each.entries for each in checks):
            return [Counts(unchanged=each.unchanged) for each in checks]
        self._begin()
        # Most that are new are sources: they are asked for together.
        self.numbers.learn(self.connection, [("source", each.source.id) for each in checks if each.entries])
        counts: list[Counts] = []
        together: list[_Found] = []
        touched: set[int | str] = set()  # items that may be otherwise than they were when they were looked up
        for check, looked_up in zip(checks, self._look_up(checks), strict=True):
            found = looked_up
            if found.items & touched:
                counts += self._save_together(together)
                together = []
                (found,) = self._look_up([check])
            together.append(found)
            touched |= found.items
        return counts + self._save_together(together)

    def _look_up(self, checks: Sequence[Checked]) -> list[_Found]:
        met = {each.source.id: self._entries_met(each) for each in checks if each.entries}
        by_id = {
            row.id: row for row in self._rows(_BY_ID, [item_id for of in met.values() for item_id, _ in of.values()])
        }
        by_key = {
            row.key: row
            for row in self._rows(_BY_KEY, [draft.item_key for each in checks for draft, _ in each.entries])
        }
        found = []
        for each in checks:
            entries = []
            for draft, tagging in each.entries:
                item_id, content_hash = met[each.source.id].get(draft.entry_key, (None, None))
                row = by_id.get(item_id) if item_id is not None else by_key.get(draft.item_key)
                entries.append(_Entry(draft, tagging, row, content_hash))
            items = {entry.draft.item_key if entry.row is None else entry.row.id for entry in entries}
            found.append(_Found(each.source, entries, each.unchanged, items))
        return found

    def _save_together(self, checks: Sequence[_Found]) -> list[Counts]:
        counts: list[Counts] = []
        fresh: dict[str, tuple[Source, _Entry]] = {}
        for source, entries, unchanged, _ in checks:
            new, changed = 0, 0
            for entry in entries:
                if entry.row is None:
                    new += entry.draft.item_key not in fresh
                    fresh.setdefault(entry.draft.item_key, (source, entry))
                elif entry.content_hash != entry.draft.content_hash:
                    changed += entry.row.id not in self.edited and self._meet(
                        source, entry.row, entry.draft, entry.tagging
                    )
                    self._remember(source, entry.draft, entry.row.id)
            counts.append(Counts(new, changed, len(entries) - new - changed + unchanged))
        ids = self._allocate([entry.draft for _, entry in fresh.values()])
        for source, entry in fresh.values():
            self._add(source, ids[entry.draft.item_key], entry.draft, entry.tagging)
        for source, entries, *_ in checks:
            for entry in entries:
                if entry.row is None and entry.content_hash is None:
                    self._remember(source, entry.draft, ids[entry.draft.item_key])
        self._flush()
        return counts

    def relabel(self, items: Iterable[tuple[Row[Any], Tagging]], sectors: Mapping[str, str]) -> None:
        self._begin()
        for row, tagging in items:
            labels = _labels(tagging, sectors[row.source_id])
            self._edit(row, labels, self._terms_of(row, tagging, labels["sector"], self._sources_of(row)))
        self._flush()

    def _begin(self) -> None:
        self.version = self.version or next_version(self.connection, self.now)

    def _meet(self, source: Source, row: Row[Any], draft: ItemDraft, tagging: Tagging) -> bool:
        """An entry of an item that we have: its own source edits it, another source is added to it."""
        sources = self._sources_of(row)
        if row.source_id != source.id:
            if source.id not in sources:
                self._edit(row, {}, self._terms_of_filed(row, source.id))
            return False
        facts = _facts(draft)
        if all(getattr(row, name) == value for name, value in facts.items()):
            return False
        if row.title != draft.title:
            self.titles.append((row.id, self.version, self.seconds, row.title))
        labels = _labels(tagging, source.sector)
        changes = {**facts, **labels, "updated_at": self.now}
        self._edit(row, changes, self._terms_of(row, tagging, labels["sector"], sources))
        return True

    def _add(self, source: Source, item_id: int, draft: ItemDraft, tagging: Tagging) -> None:
        labels = _labels(tagging, source.sector)
        language = draft.language or tagging.language or source.language.lower()
        terms = self._numbered(
            filing_terms(
                tagging,
                sources=(source.id,),
                sector=labels["sector"],
                language=language,
                wholes=self.wholes(),
            )
        )
        values = {
            "id": item_id,
            "key": draft.item_key,
            "source_id": source.id,
            **_facts(draft),
            "published_at": to_epoch(draft.published_at),
            "date_quality": draft.date_quality.value,
            "received_at": self.seconds,
            "updated_at": self.seconds,
            "language": language,
            **labels,
            "terms": sorted(terms.items()),
            "version": self.version,
        }
        for name in _LISTS:
            values[name] = orjson.dumps(values[name]).decode() if values[name] else "[]"
        self.items.append(_in_columns(values))
        self._refile(item_id, {}, terms)

    def _edit(self, row: Row[Any], changes: dict[str, Any], terms: dict[int, int]) -> None:
        self.edited.add(row.id)
        unchanged = {name: getattr(row, name) for name in _EDITABLE}
        edited = {**unchanged, **changes, "terms": sorted(terms.items()), "version": self.version}
        self.edits.append({"item_id": row.id, **{f"new_{name}": value for name, value in edited.items()}})
        self._refile(row.id, dict(row.terms), terms)

    def _refile(self, item_id: int, old: dict[int, int], new: dict[int, int]) -> None:
        day = (item_id >> TIE_BITS) // SECONDS_PER_DAY
        for term_id in old.keys() - new.keys():
            self.unfiled.append((term_id, item_id))
            self.days[term_id, day] -= 1
        for term_id in new.keys() - old.keys():
            self.days[term_id, day] += 1
        for term_id, confidence in new.items():
            if old.get(term_id) != confidence:
                self.filed.append((term_id, item_id, confidence))

    def _terms_of(self, row: Row[Any], tagging: Tagging, sector: str, sources: Iterable[str]) -> dict[int, int]:
        return self._numbered(
            filing_terms(tagging, sources=sources, sector=sector, language=row.language, wholes=self.wholes())
        )

    def _terms_of_filed(self, row: Row[Any], source_id: str) -> dict[int, int]:
        return {**dict(row.terms), **self._numbered({("source", source_id): 100})}

    def _sources_of(self, row: Row[Any]) -> set[str]:
        query = select(ENTRY.c.source_id).where(ENTRY.c.item_id == row.id).distinct()
        return {row.source_id, *self.connection.scalars(query)}

    def _remember(self, source: Source, draft: ItemDraft, item_id: int) -> None:
        self.entries.append((source.id, draft.entry_key, item_id, draft.content_hash, self.seconds))

    def _entries_met(self, check: Checked) -> dict[str, tuple[int, str]]:
        """entry_key → (item_id, content_hash) of the entries that the source has had before."""
        return {
            row.entry_key: (row.item_id, row.content_hash)
            for some in _batches([draft.entry_key for draft, _ in check.entries])
            for row in self.connection.execute(_MET, {"source_id": check.source.id, "some": some})
        }

    def _rows(self, query: Any, values: list[Any]) -> Iterator[Row[Any]]:
        for some in _batches(values):
            yield from self.connection.execute(query, {"some": some})

    def _allocate(self, drafts: list[ItemDraft]) -> dict[str, int]:
        """item_key → id; the key decides the tie, so a rebuilt archive has the same ids, collisions aside."""
        wanted = {draft.item_key: item_id(draft.published_at, draft.item_key) for draft in drafts}
        taken = {row_id for some in _batches(list(wanted.values())) for row_id in self._ids_taken(some)}
        ids: dict[str, int] = {}
        for key, wish in wanted.items():
            while wish in taken:
                wish = _next_tie(wish)
                taken.update(self._ids_taken([wish]))
            taken.add(wish)
            ids[key] = wish
        return ids

    def _ids_taken(self, ids: list[int]) -> list[int]:
        return list(self.connection.scalars(_IDS, {"some": ids}))

    def _numbered(self, terms: Mapping[TermKey, int]) -> dict[int, int]:
        numbers = self.numbers
        if not terms.keys() <= numbers.keys():
            numbers.learn(self.connection, terms)
        return {numbers[key]: confidence for key, confidence in terms.items()}

    def _flush(self) -> None:
        """Rows in the order of their keys: neighbours are on one page."""
        insert_items(self.connection, _ITEM_COLUMNS, sorted(self.items))
        if self.edits:
            self.connection.execute(_EDIT, self.edits)
        bulk.insert(self.connection, "item_title", ("item_id", "version", "replaced_at", "title"), self.titles)
        bulk.run(self.connection, _REMEMBER, self.entries)
        bulk.run(self.connection, "DELETE FROM item_term WHERE term_id = ? AND item_id = ?", sorted(self.unfiled))
        bulk.run(self.connection, _FILE, sorted(self.filed))
        bulk.run(self.connection, _COUNT, [(term, day, n) for (term, day), n in sorted(self.days.items()) if n])
        for sent in (
            self.items,
            self.edits,
            self.titles,
            self.edited,
            self.entries,
            self.filed,
            self.unfiled,
            self.days,
        ):
            sent.clear()


_ITEM_COLUMNS = tuple(column.name for column in ITEM.columns)
_LISTS = tuple(column.name for column in ITEM.columns if isinstance(column.type, JSONText))
_in_columns: Callable[[Mapping[str, Any]], tuple[Any, ...]] = itemgetter(*_ITEM_COLUMNS)
_FACTS = ("url", "title", "summary", "authors", "categories")
_LABELS = ("tracked", "sector", "stage", "tags", "figures", "rules_version")
_EDITABLE = (*_FACTS, *_LABELS, "updated_at")
_EDIT = (
    update(ITEM)
    .where(ITEM.c.id == bindparam("item_id"))
    .values({name: bindparam(f"new_{name}") for name in (*_EDITABLE, "terms", "version")})
)
_SOME: Any = bindparam("some", expanding=True)
_BY_ID = select(ITEM).where(ITEM.c.id.in_(_SOME))
_BY_KEY = select(ITEM).where(ITEM.c.key.in_(_SOME))
_IDS = select(ITEM.c.id).where(ITEM.c.id.in_(_SOME))
_MET = select(ENTRY.c.entry_key, ENTRY.c.item_id, ENTRY.c.content_hash).where(
    ENTRY.c.source_id == bindparam("source_id"), ENTRY.c.entry_key.in_(_SOME)
)
_REMEMBER = bulk.insert_statement(
    "entry",
    ("source_id", "entry_key", "item_id", "content_hash", "first_seen_at"),
    "(source_id, entry_key) DO UPDATE SET content_hash = excluded.content_hash",
)
_FILE = bulk.insert_statement(
    "item_term",
    ("term_id", "item_id", "confidence"),
    "(term_id, item_id) DO UPDATE SET confidence = excluded.confidence",
)
_COUNT = bulk.insert_statement(
    "term_day", ("term_id", "day", "items"), "(term_id, day) DO UPDATE SET items = term_day.items + excluded.items"
)


def item_id(published_at: datetime, key: str) -> int:
    """The id that an item of this key wishes for: its second, then twenty bits of its key's hash."""
    tie = int.from_bytes(hashlib.sha256(key.encode()).digest()[:4]) % (1 << TIE_BITS)
    return (to_epoch(published_at) << TIE_BITS) + tie


def _next_tie(item_id: int) -> int:
    """The next id of the same second, round the corner after the last."""
    tie = (item_id + 1) % (1 << TIE_BITS)
    return (item_id >> TIE_BITS << TIE_BITS) + tie


def _facts(draft: ItemDraft) -> dict[str, Any]:
    return {
        "url": draft.url,
        "title": draft.title,
        "summary": draft.summary,
        "authors": list(draft.authors),
        "categories": list(draft.categories),
    }


def _labels(tagging: Tagging, source_sector: str) -> dict[str, Any]:
    return {
        "tracked": tagging.tracked,
        "sector": tagging.sector or source_sector,
        "stage": tagging.stage,
        "tags": pack_tags(tagging.tags),
        "figures": pack_figures(tagging.figures),
        "rules_version": tagging.rules_version,
    }


def next_version(connection: Connection, now: datetime) -> int:
    """Grow the data version. On PostgreSQL the row's lock lets one writer in at a time, so versions commit in order."""
    grow = "UPDATE counter SET value = value + 1 WHERE name = 'data_version' RETURNING value"
    version = int(connection.execute(text(grow)).scalar_one())
    connection.execute(text("UPDATE counter SET value = :now WHERE name = 'data_changed_at'"), {"now": to_epoch(now)})
    return version


def _batches(values: list[T], size: int = 500) -> Iterator[list[T]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]


def stored_items(engine: Engine, size: int = 500) -> Iterator[list[Row[Any]]]:
    """Every stored item as rows of `item`, in batches, oldest first. No transaction is open between two batches."""
    last = -1
    while True:
        with engine.connect() as connection:
            query = select(ITEM).where(ITEM.c.id > last).order_by(ITEM.c.id).limit(size)
            rows = list(connection.execute(query).all())
        if not rows:
            return
        yield rows
        last = rows[-1].id


def count_items(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(ITEM)).scalar_one())
