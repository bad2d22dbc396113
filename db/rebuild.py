"""Making anew what is derived from items: the terms they are filed under, the counts per day, the search index."""

# ruff: noqa: S608 -- statements are put together from our own words and numbers

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import BigInteger, Column, Connection, Engine, Integer, MetaData, Row, SmallInteger, Table, text

from db.bulk import run
from db.copying import add_rows, tidy
from db.engine import is_sqlite
from db.filing import Wholes, filing_terms
from db.labels import unpack_figures, unpack_tags
from db.migrations import locked_archive
from db.numbering import TermNumbers
from db.shapes import Tagging
from db.store import SECONDS_PER_DAY, TIE_BITS, next_version
from db.words import are_words_right, index_words

BATCH = 2_000  # items read at once
_EPOCHS = 1_000_000  # days by which a moment is moved before it is divided: databases round towards 1970

_temporary = MetaData()
_FILED = Table(
    "filed_anew",
    _temporary,
    Column("term_id", Integer),
    Column("item_id", BigInteger),
    Column("confidence", SmallInteger),
    prefixes=["TEMPORARY"],
)
_COUNTED = Table(
    "counted_anew",
    _temporary,
    Column("term_id", Integer),
    Column("day", Integer),
    Column("items", Integer),
    prefixes=["TEMPORARY"],
)
_DIFFERING = Table("filed_otherwise", _temporary, Column("item_id", BigInteger), prefixes=["TEMPORARY"])


@dataclass(frozen=True, slots=True)
class Mended:
    """What was wrong: items under other terms than their own, counts of a term on a day, the search index."""

    items: int
    counts: int
    search: bool  # PostgreSQL's index is made anew without asking

    def __bool__(self) -> bool:
        return bool(self.items or self.counts or self.search)


def rebuild(
    engine: Engine,
    wholes: Wholes,
    now: datetime,
    on_items: Callable[[int], None] = lambda count: None,
) -> Mended:
    """Derive anew what can be derived; tags and everything else about an item stay as they are.

    One transaction: interrupted, nothing has changed, and readers see the old numbers until all are right. Only what
    differs is written, so repeating it changes nothing. `wholes`: of `Vocabulary.wholes`.
    Raises AlreadyRunning beside a scrape.
    """
    with locked_archive(engine):
        with engine.begin() as connection:
            _temporary.create_all(connection, checkfirst=False)
            _file(connection, wholes, on_items)
            _count(connection)
            mended = Mended(
                _set_filings_right(connection), _set_counts_right(connection), _set_search_right(connection)
            )
            if mended:
                version = {"version": next_version(connection, now)}
                connection.execute(text(_NEW_VERSION), version)
            _temporary.drop_all(connection, checkfirst=False)
        _reindex(engine)
    tidy(engine)
    return mended


def _file(connection: Connection, wholes: Wholes, on_items: Callable[[int], None]) -> None:
    """Under which terms each item belongs, in a table of this transaction; what an item says of itself is set right."""
    numbers = TermNumbers()
    for items in _items(connection):
        sources = _sources(connection, items[0].id, items[-1].id)
        rows, changed = [], []
        for item in items:
            keys = filing_terms(
                Tagging(unpack_tags(orjson.loads(item.tags)), unpack_figures(orjson.loads(item.figures))),
                sources=sources[item.id] | {item.source_id},
                sector=item.sector,
                language=item.language,
                wholes=wholes,
            )
            numbers.learn(connection, keys)
            terms = sorted((numbers[key], confidence) for key, confidence in keys.items())
            rows += [(term_id, item.id, confidence) for term_id, confidence in terms]
            said = orjson.dumps(terms).decode()
            if said != item.terms:
                changed.append((said, item.id))
        add_rows(connection, _FILED, rows)
        run(connection, "UPDATE item SET terms = ? WHERE id = ?", changed)
        add_rows(connection, _DIFFERING, [(item_id,) for _, item_id in changed])
        on_items(len(items))
    connection.execute(text("CREATE INDEX filed_anew_key ON filed_anew (term_id, item_id)"))
    if connection.dialect.name == "postgresql":
        connection.execute(text("ANALYZE filed_anew"))


def _items(connection: Connection) -> Iterator[list[Row[Any]]]:
    columns = "id, source_id, sector, language, tags, figures, terms"
    query = text(f"SELECT {columns} FROM item WHERE id > :last ORDER BY id LIMIT :batch")
    last = -(2**63)
    while items := list(connection.execute(query, {"last": last, "batch": BATCH})):
        yield items
        last = items[-1].id


def _sources(connection: Connection, first: int, last: int) -> Mapping[int, set[str]]:
    """Item → the sources that had it."""
    query = text("SELECT item_id, source_id FROM entry WHERE item_id BETWEEN :first AND :last")
    sources: dict[int, set[str]] = defaultdict(set)
    for item_id, source_id in connection.execute(query, {"first": first, "last": last}):
        sources[item_id].add(source_id)
    return sources


def _set_filings_right(connection: Connection) -> int:
    connection.execute(text(_WRONG_FILINGS))
    items = connection.scalar(text("SELECT count(DISTINCT item_id) FROM filed_otherwise")) or 0
    if items:
        connection.execute(text(f"DELETE FROM item_term WHERE NOT {_IS_FILED}"))
        connection.execute(text(_FILE))
    return items


def _count(connection: Connection) -> None:
    connection.execute(text(_COUNT))
    connection.execute(text("CREATE INDEX counted_anew_key ON counted_anew (term_id, day)"))
    if connection.dialect.name == "postgresql":
        connection.execute(text("ANALYZE counted_anew"))


def _set_counts_right(connection: Connection) -> int:
    superfluous = connection.execute(text(f"DELETE FROM term_day WHERE items <> 0 AND NOT {_IS_COUNTED}"))
    wrong = connection.execute(text(_SET_COUNTS))
    return superfluous.rowcount + wrong.rowcount


def _set_search_right(connection: Connection) -> bool:
    """Whether SQLite's index differed from the items. PostgreSQL derives the words with each row."""
    if connection.dialect.name != "sqlite":
        return False
    if are_words_right(connection):
        return False
    index_words(connection)
    return True


def _reindex(engine: Engine) -> None:
    """PostgreSQL's index of words, while it is read; what an interrupted attempt left of it goes first."""
    if is_sqlite(engine):
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("DROP INDEX CONCURRENTLY IF EXISTS item_search_ccnew"))
        connection.execute(text("REINDEX INDEX CONCURRENTLY item_search"))


_IS_FILED = (
    "EXISTS (SELECT 1 FROM filed_anew AS anew WHERE anew.term_id = item_term.term_id "
    "AND anew.item_id = item_term.item_id)"
)
_WRONG_FILINGS = (
    "INSERT INTO filed_otherwise SELECT item_id FROM filed_anew AS anew WHERE NOT EXISTS (SELECT 1 FROM item_term "
    "WHERE term_id = anew.term_id AND item_id = anew.item_id AND confidence = anew.confidence) "
    f"UNION ALL SELECT item_id FROM item_term WHERE NOT {_IS_FILED}"
)
_FILE = (
    "INSERT INTO item_term (term_id, item_id, confidence) SELECT term_id, item_id, confidence FROM filed_anew "
    "WHERE item_id IN (SELECT item_id FROM filed_otherwise) "
    "ON CONFLICT (term_id, item_id) DO UPDATE SET confidence = excluded.confidence"
)
_NEW_VERSION = "UPDATE item SET version = :version WHERE id IN (SELECT item_id FROM filed_otherwise)"
_IS_COUNTED = (
    "EXISTS (SELECT 1 FROM counted_anew AS anew WHERE anew.term_id = term_day.term_id AND anew.day = term_day.day)"
)
_DAY = f"((item_id >> {TIE_BITS}) + CAST({_EPOCHS * SECONDS_PER_DAY} AS BIGINT)) / {SECONDS_PER_DAY} - {_EPOCHS}"
_COUNT = f"INSERT INTO counted_anew SELECT term_id, CAST({_DAY} AS INTEGER), count(*) FROM filed_anew GROUP BY 1, 2"
_SET_COUNTS = (
    "INSERT INTO term_day (term_id, day, items) SELECT term_id, day, items FROM counted_anew AS anew WHERE NOT EXISTS "
    "(SELECT 1 FROM term_day WHERE term_id = anew.term_id AND day = anew.day AND items = anew.items) "
    "ON CONFLICT (term_id, day) DO UPDATE SET items = excluded.items"
)
