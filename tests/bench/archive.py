"""Archives of any size: made-up items with tags as skewed as real ones, in the tables that db.store fills.

One by one a million items would take half an hour; so rows are made from a few thousand different taggings, and each
table is filled in the order of its key. Equal arguments give equal archives.
"""

from __future__ import annotations

import itertools
import random
import sqlite3
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import psycopg

from db.engine import is_sqlite, open_engine, sqlite_path
from db.filing import TermKey, Wholes, filing_terms
from db.labels import pack_figures, pack_tags
from db.migrations import migrate
from db.shapes import Axis, Evidence, Figure, Source, Tag, Tagging
from db.store import SECONDS_PER_DAY, TIE_BITS, item_id
from db.vocabulary import Vocabulary, load_vocabulary
from db.watch import sync_sources
from tests.db.factory import NOW, make_source

SOURCES = 200
TAGGINGS = 5_000
WORDS = 30_000
YEARS = 6
ITEMS_PER_VERSION = 40  # as a run brings them
BATCH = 20_000
COLUMNS = (
    "id, key, source_id, url, title, summary, authors, categories, published_at, date_quality, received_at, "
    "updated_at, language, tracked, sector, stage, tags, figures, terms, rules_version, version"
)
ENTRY_COLUMNS = "source_id, entry_key, item_id, content_hash, first_seen_at"
CHECK_COLUMNS = (
    "source_id, started_at, duration_ms, outcome, reason, detail, http_status, bytes, new, changed, unchanged"
)
DAYS_OF_CHECKS = 90  # as `craftwatch prune` leaves them


def make_sources() -> list[Source]:
    return [make_source(f"paper-{number:03}", scope="entertainment") for number in range(SOURCES)]


def build_archive(url: str, items: int) -> None:
    """An empty database becomes an archive of so many tracked items."""
    engine = open_engine(url)
    migrate(engine)
    sync_sources(engine, make_sources())
    rows = _Rows(items)
    if is_sqlite(engine):
        _fill_sqlite(sqlite_path(engine), rows)
    else:
        _fill_postgresql(engine.url.set(drivername="postgresql").render_as_string(hide_password=False), rows)
    engine.dispose()


@dataclass(frozen=True, slots=True)
class _Labels:
    """A tagging as the columns of a row keep it."""

    tags: str
    figures: str
    terms: tuple[tuple[int, int], ...]  # (term, confidence)
    stage: str


class _Rows:
    """The rows of every table; the smaller tables are known once all items were taken."""

    def __init__(self, items: int) -> None:
        self._items = items
        self._chance = random.Random(7)
        self.term_ids: dict[TermKey, int] = {}
        self._words = _make_words(self._chance)
        self._labels = _make_labels(self._chance, load_vocabulary(), self._number)
        self._sources = [
            (source.id, self._number(("source", source.id)), self._number(("sector", source.sector)))
            for source in make_sources()
        ]
        self._language = self._number(("language", "en"))
        self.entries: list[tuple[str, str, int, str, int]] = []
        self._filed: dict[tuple[int, int], array[int]] = {}
        self._days: Counter[tuple[int, int]] = Counter()
        self.version = items // ITEMS_PER_VERSION + 1

    def items(self) -> Iterator[tuple[Any, ...]]:
        """Rows of `item`, oldest first."""
        first = int(NOW.timestamp()) - YEARS * 365 * SECONDS_PER_DAY
        step = YEARS * 365 * SECONDS_PER_DAY / self._items
        weights = list(itertools.accumulate(1 / (place + 3) for place in range(SOURCES)))
        labels = list(itertools.accumulate(1 / (place + 20) for place in range(len(self._labels))))
        moments = sorted(first + int((number + self._chance.random()) * step) for number in range(self._items))
        last = 0
        for number, moment in enumerate(moments):
            source, source_term, sector_term = self._chance.choices(self._sources, cum_weights=weights)[0]
            label = self._chance.choices(self._labels, cum_weights=labels)[0]
            key = f"https://{source}.example/{number}"
            last = max(last + 1, item_id(datetime.fromtimestamp(moment, UTC), key))
            terms = sorted((*label.terms, (source_term, 100), (sector_term, 100), (self._language, 100)))
            self._file(last, terms)
            self.entries.append((source, f"guid-{number}", last, f"{number:032x}", moment + 600))
            yield self._item(last, key, source, moment, label, terms, number)

    def _item(
        self,
        row_id: int,
        key: str,
        source: str,
        moment: int,
        label: _Labels,
        terms: Sequence[tuple[int, int]],
        number: int,
    ) -> tuple[Any, ...]:
        title = " ".join(self._chance.choices(self._words, k=10)).capitalize()
        summary = " ".join(self._chance.choices(self._words, k=45)).capitalize() + "."
        version = number // ITEMS_PER_VERSION + 1
        return (
            *(row_id, key, source, key, title, summary, '["A. Writer"]', '["Business"]', moment, "stated"),
            *(moment + 600, moment + 600, "en", True, "film-tv", label.stage, label.tags, label.figures),
            *(orjson.dumps(terms).decode(), "bench", version),
        )

    def _file(self, row_id: int, terms: Iterable[tuple[int, int]]) -> None:
        day = (row_id >> TIE_BITS) // SECONDS_PER_DAY
        for term, confidence in terms:
            self._filed.setdefault((term, confidence), array("q")).append(row_id)
            self._days[term, day] += 1

    def filed(self) -> Iterator[tuple[int, int, int]]:
        """Rows of `item_term`, in the order of its key."""
        for term, group in itertools.groupby(sorted(self._filed), key=lambda pair: pair[0]):
            pairs = [zip(self._filed[pair], itertools.repeat(pair[1])) for pair in group]
            for row_id, confidence in sorted(itertools.chain.from_iterable(pairs)):
                yield term, row_id, confidence

    def terms(self) -> list[tuple[int, str, str]]:
        return [(number, axis, code) for (axis, code), number in self.term_ids.items()]

    def days(self) -> list[tuple[int, int, int]]:
        return [(term, day, count) for (term, day), count in sorted(self._days.items())]

    def checks(self) -> Iterator[tuple[Any, ...]]:
        """Rows of `fetch_log`, oldest first: every source every hour, one check in twenty in vain."""
        last = int(NOW.timestamp())
        for moment in range(last - DAYS_OF_CHECKS * SECONDS_PER_DAY, last, 3_600):
            for source, *_ in self._sources:
                failed = self._chance.random() < 0.05
                told = ("failed", "timeout", "No answer within 30 s.", None) if failed else ("ok", None, None, 200)
                yield (source, moment + self._chance.randrange(60), 900, *told, 20_000, 0, 0, 50)

    def _number(self, key: TermKey) -> int:
        return self.term_ids.setdefault(key, len(self.term_ids) + 1)


def _make_words(chance: random.Random) -> list[str]:
    """A list in which word n stands about 1/n times as often as the first: drawn from evenly, it is like a language."""
    vowels, consonants = "aeiou", "bcdfghklmnprstvw"
    words = []
    for number in range(WORDS):
        syllables = chance.randint(2, 4)
        name = "".join(chance.choice(consonants) + chance.choice(vowels) for _ in range(syllables))
        words.extend([f"{name}{'' if number < 2_000 else chance.choice(consonants)}"] * max(1, 3_000 // (number + 10)))
    return words


def _make_labels(chance: random.Random, vocabulary: Vocabulary, number: Any) -> list[_Labels]:
    axes = {
        Axis.TOPIC: _skewed(chance, vocabulary.topics),
        Axis.CRAFT: _skewed(chance, vocabulary.crafts),
        Axis.REGION: _skewed(chance, vocabulary.filed_regions()),
        Axis.EMPLOYER: _skewed(chance, vocabulary.employers),
        Axis.UNION: _skewed(chance, vocabulary.unions),
    }
    wholes = vocabulary.wholes()
    labels = []
    for _ in range(TAGGINGS):
        wanted = ((Axis.TOPIC, (1, 2)), (Axis.CRAFT, (0, 2)), (Axis.REGION, (0, 2)), (Axis.EMPLOYER, (0, 1)))
        tags: dict[tuple[Axis, str], Tag] = {}
        for axis, (least, most) in (*wanted, (Axis.UNION, (0, 1))):
            names, weights = axes[axis]
            for term in chance.choices(names, cum_weights=weights, k=chance.randint(least, most)):
                _add_tag(tags, vocabulary, axis, term, round(chance.uniform(0.6, 0.98), 2))
        labels.append(_pack(tuple(tags.values()), wholes, number, chance))
    return labels


def _skewed(chance: random.Random, terms: Iterable[str]) -> tuple[list[str], list[float]]:
    names = sorted(terms)
    chance.shuffle(names)
    return names, list(itertools.accumulate(1 / (place + 2) for place in range(len(names))))


def _add_tag(
    tags: dict[tuple[Axis, str], Tag], vocabulary: Vocabulary, axis: Axis, term: str, confidence: float
) -> None:
    words = (Evidence("title", 0, 8, "whatever", f"{axis.value}s/{term}/form"),)
    tags[axis, term] = Tag(axis, term, confidence, words)
    child = term
    for parent in vocabulary.ancestors(axis, term):
        tags.setdefault((axis, parent), Tag(axis, parent, confidence, (), implied_by=child))
        child = parent


def _pack(tags: tuple[Tag, ...], wholes: Wholes, number: Any, chance: random.Random) -> _Labels:
    figures = (Figure("headcount", 120.0, "about", "announced", Evidence("title", 0, 3, "120", "shapes/headcount")),)
    tagging = Tagging(tags=tags, figures=figures if chance.random() < 0.2 else (), rules_version="bench")
    terms = filing_terms(tagging, sources=(), sector="", language="", wholes=wholes)
    return _Labels(
        orjson.dumps(pack_tags(tagging.tags)).decode(),
        orjson.dumps(pack_figures(tagging.figures)).decode(),
        tuple((number(key), confidence) for key, confidence in terms.items()),
        chance.choice(("", "", "", "ratified")),
    )


def _fill_sqlite(path: Path, rows: _Rows) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA cache_size = -200000")
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("BEGIN")

    def insert(table: str, columns: str, values: Iterable[Sequence[Any]]) -> None:
        marks = ", ".join("?" * (columns.count(",") + 1))
        connection.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", values)

    insert("item", COLUMNS, rows.items())
    connection.execute("INSERT INTO item_search (rowid, title, summary) SELECT id, title, summary FROM item")
    insert("entry", ENTRY_COLUMNS, sorted(rows.entries))
    insert("term", "id, axis, code", rows.terms())
    insert("item_term", "term_id, item_id, confidence", rows.filed())
    insert("term_day", "term_id, day, items", rows.days())
    insert("fetch_log", CHECK_COLUMNS, rows.checks())
    connection.execute("UPDATE counter SET value = ? WHERE name = 'data_version'", (rows.version,))
    connection.execute("UPDATE counter SET value = ? WHERE name = 'data_changed_at'", (int(NOW.timestamp()),))
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def _fill_postgresql(address: str, rows: _Rows) -> None:
    with psycopg.connect(address) as connection, connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")

        def insert(table: str, columns: str, values: Iterable[Sequence[Any]]) -> None:
            with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                for row in values:
                    copy.write_row(row)

        insert("item", COLUMNS, rows.items())
        insert("entry", ENTRY_COLUMNS, rows.entries)
        insert("term", "id, axis, code", rows.terms())
        cursor.execute("SELECT setval(pg_get_serial_sequence('term', 'id'), max(id)) FROM term")
        insert("item_term", "term_id, item_id, confidence", rows.filed())
        insert("term_day", "term_id, day, items", rows.days())
        insert("fetch_log", CHECK_COLUMNS, rows.checks())
        cursor.execute("UPDATE counter SET value = %s WHERE name = 'data_version'", (rows.version,))
        cursor.execute("UPDATE counter SET value = %s WHERE name = 'data_changed_at'", (int(NOW.timestamp()),))
        connection.commit()
        connection.autocommit = True
        cursor.execute("VACUUM ANALYZE")
