"""The tables.

    source ─1─ source_state          what a publication is / what we remember of it
       │ └─n─ fetch_log              its last runs      robots: one row per origin, site_lease: one per host
       └─n── entry ──n─1── item      their elements as we met them → our articles
                            ├─n── item_title   titles it had before
                            └─n── item_term ──n─1── term     the one index that every filter walks
                                                     └─n── term_day   how many items a day

An item's id is its publication second times 2²⁰ plus a number that tells apart the items of one second. So the newest
items are the highest ids, on every index that ends in an id, without a date beside it; 52 bits, exact in JavaScript.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Double, ForeignKey, Index, Integer, SmallInteger, Text
from sqlmodel import Field, SQLModel

from db.types import JSONText, UTCDateTime

metadata = SQLModel.metadata  # of all the tables below


def _moment(**options: Any) -> Any:
    return Column(UTCDateTime, **options)


class SourceRow(SQLModel, table=True):
    """One block of sources.toml, as last loaded; sources that left the file stay, disabled, for their items' sake."""

    __tablename__ = "source"

    id: str = Field(sa_column=Column(Text, primary_key=True))
    name: str = Field(sa_column=Column(Text, nullable=False))
    homepage: str = Field(sa_column=Column(Text, nullable=False))
    feed_url: str = Field(sa_column=Column(Text, nullable=False))
    kind: str = Field(sa_column=Column(Text, nullable=False))
    sector: str = Field(sa_column=Column(Text, nullable=False))
    country: str = Field(sa_column=Column(Text, nullable=False))
    language: str = Field(sa_column=Column(Text, nullable=False))
    scope: str = Field(sa_column=Column(Text, nullable=False))
    enabled: bool
    note: str = Field(sa_column=Column(Text, nullable=False))
    format: str = Field(default="feed", sa_column=Column(Text, nullable=False, server_default="feed"))
    selectors: str = Field(default="", sa_column=Column(Text, nullable=False, server_default=""))  # of a page, as JSON


class SourceState(SQLModel, table=True):
    """What we remember of a source between runs: validators, timers, health."""

    __tablename__ = "source_state"

    source_id: str = Field(sa_column=Column(Text, ForeignKey("source.id", ondelete="CASCADE"), primary_key=True))
    etag: str | None = Field(default=None, sa_column=Column(Text))  # byte for byte, Latin-1
    last_modified: str | None = Field(default=None, sa_column=Column(Text))
    body_hash: str | None = Field(default=None, sa_column=Column(Text))
    max_age_seconds: int | None = None  # what the source last asked for; obeyed after a 304 as well
    advice: Any = Field(default=None, sa_column=Column(JSONText))  # ttl, sy:, skipHours, skipDays of its last document
    next_check_at: datetime | None = Field(default=None, sa_column=_moment(index=True))
    next_check_reason: str = Field(default="", sa_column=Column(Text, nullable=False))
    failures: int = 0  # in a row
    last_checked_at: datetime | None = Field(default=None, sa_column=_moment())
    last_success_at: datetime | None = Field(default=None, sa_column=_moment())
    last_failure_at: datetime | None = Field(default=None, sa_column=_moment())
    last_failure_reason: str | None = Field(default=None, sa_column=Column(Text))
    last_failure_detail: str | None = Field(default=None, sa_column=Column(Text))
    last_full_at: datetime | None = Field(default=None, sa_column=_moment())  # last answer with a body
    moved_to: str | None = Field(default=None, sa_column=Column(Text))  # where permanent redirects point
    moved_count: int = 0
    moved_since: datetime | None = Field(default=None, sa_column=_moment())
    stopped_at: datetime | None = Field(default=None, sa_column=_moment())  # 410: not asked again
    paused_until: datetime | None = Field(default=None, sa_column=_moment())  # its host wants to be left alone


class FetchLog(SQLModel, table=True):
    """One check of one source."""

    __tablename__ = "fetch_log"
    __table_args__ = (
        Index("fetch_log_source", "source_id", "id"),
        Index("fetch_log_window", "source_id", "started_at", "outcome", "reason"),
    )

    id: int | None = Field(
        default=None,
        sa_column=Column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    )
    source_id: str = Field(sa_column=Column(Text, ForeignKey("source.id", ondelete="CASCADE"), nullable=False))
    started_at: datetime = Field(sa_column=_moment(nullable=False))
    duration_ms: int
    outcome: str = Field(sa_column=Column(Text, nullable=False))  # "ok", "not_modified" or "failed"
    reason: str | None = Field(default=None, sa_column=Column(Text))  # a db.shapes.Failure
    detail: str | None = Field(default=None, sa_column=Column(Text))
    http_status: int | None = None
    bytes: int = 0  # on the wire
    new: int = 0
    changed: int = 0
    unchanged: int = 0


class RobotsRow(SQLModel, table=True):
    """What is known of one origin's robots.txt, so that it is read once a day and not once a run."""

    __tablename__ = "robots"

    origin: str = Field(sa_column=Column(Text, primary_key=True))  # "https://example.com"
    text: str | None = Field(default=None, sa_column=Column(Text))  # "" when there is none, None when never had
    fetched_at: datetime | None = Field(default=None, sa_column=_moment())
    unreachable_since: datetime | None = Field(default=None, sa_column=_moment())


class SiteLease(SQLModel, table=True):
    """Which scraper has a site, and when the site may be asked next (db.leases); empty on SQLite.

    Moments are seconds since 1970 with their fractions, by the clock of the database.
    """

    __tablename__ = "site_lease"
    __table_args__ = {"sqlite_with_rowid": False}

    site: str = Field(sa_column=Column(Text, primary_key=True))
    holder: str = Field(sa_column=Column(Text, nullable=False))  # "" when nobody has it
    until: float = Field(sa_column=Column(Double, nullable=False))
    next_turn: float = Field(sa_column=Column(Double, nullable=False))


class ItemRow(SQLModel, table=True):
    """One article. Text and dates are facts; tags, figures, stage and sector are labels, made by the rules."""

    __tablename__ = "item"
    __table_args__ = (Index("item_version", "version", "id"),)

    # INTEGER on SQLite, which makes it the row's own number: one look-up in place of two.
    id: int = Field(
        sa_column=Column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False)
    )
    key: str = Field(sa_column=Column(Text, nullable=False, unique=True))  # ItemDraft.item_key
    source_id: str = Field(sa_column=Column(Text, ForeignKey("source.id"), nullable=False))  # that had it first
    url: str = Field(sa_column=Column(Text, nullable=False))
    title: str = Field(sa_column=Column(Text, nullable=False))
    summary: str = Field(sa_column=Column(Text, nullable=False))
    authors: Any = Field(sa_column=Column(JSONText, nullable=False))  # list of str
    categories: Any = Field(sa_column=Column(JSONText, nullable=False))  # list of str
    published_at: datetime = Field(sa_column=_moment(nullable=False))  # as first seen: it never moves, nor does the id
    date_quality: str = Field(sa_column=Column(Text, nullable=False))
    received_at: datetime = Field(sa_column=_moment(nullable=False, index=True))
    updated_at: datetime = Field(sa_column=_moment(nullable=False, index=True))  # last change of what is said
    language: str = Field(sa_column=Column(Text, nullable=False))
    tracked: bool
    sector: str = Field(sa_column=Column(Text, nullable=False))
    stage: str = Field(sa_column=Column(Text, nullable=False))
    tags: Any = Field(sa_column=Column(JSONText, nullable=False))  # as db.labels packs them
    figures: Any = Field(sa_column=Column(JSONText, nullable=False))
    terms: Any = Field(sa_column=Column(JSONText, nullable=False))  # its item_term rows: [[term_id, confidence], …]
    rules_version: str = Field(sa_column=Column(Text, nullable=False))
    version: int = Field(sa_column=Column(BigInteger, nullable=False))  # data version of its last change or retag


class EntryRow(SQLModel, table=True):
    """A publisher's element that we have met, and the item it became."""

    __tablename__ = "entry"
    __table_args__ = (Index("entry_item", "item_id"), {"sqlite_with_rowid": False})

    source_id: str = Field(sa_column=Column(Text, ForeignKey("source.id"), primary_key=True))
    entry_key: str = Field(sa_column=Column(Text, primary_key=True))
    item_id: int = Field(sa_column=Column(BigInteger, ForeignKey("item.id", ondelete="CASCADE"), nullable=False))
    content_hash: str = Field(sa_column=Column(Text, nullable=False))
    first_seen_at: datetime = Field(sa_column=_moment(nullable=False))


class ItemTitle(SQLModel, table=True):
    """A title that an item had until `replaced_at`, when data version `version` came."""

    __tablename__ = "item_title"

    item_id: int = Field(sa_column=Column(BigInteger, ForeignKey("item.id", ondelete="CASCADE"), primary_key=True))
    version: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    replaced_at: datetime = Field(sa_column=_moment(nullable=False))
    title: str = Field(sa_column=Column(Text, nullable=False))


class Term(SQLModel, table=True):
    """A number for every (axis, code) that an item can be filed under.

    Axes: those of db.shapes.Axis and `department`, `sector`, `source`, `language`, `tracked` ("yes", "no").
    """

    __tablename__ = "term"
    __table_args__ = (Index("term_code", "axis", "code", unique=True),)

    id: int | None = Field(default=None, sa_column=Column(Integer, primary_key=True, autoincrement=True))
    axis: str = Field(sa_column=Column(Text, nullable=False))
    code: str = Field(sa_column=Column(Text, nullable=False))


class ItemTerm(SQLModel, table=True):
    """An item under a term, ancestors included: one walk of (term_id, item_id desc) answers any single filter."""

    __tablename__ = "item_term"
    __table_args__ = {"sqlite_with_rowid": False}

    term_id: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    item_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    confidence: int = Field(sa_column=Column(SmallInteger, nullable=False))  # hundredths


class TermDay(SQLModel, table=True):
    """How many items a term has on a day (UTC, days since 1970), kept up by every write."""

    __tablename__ = "term_day"
    __table_args__ = {"sqlite_with_rowid": False}

    term_id: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    day: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    items: int = Field(sa_column=Column(Integer, nullable=False))


class Counter(SQLModel, table=True):
    """Numbers of the whole database.

    `data_version` grows with every transaction that changes what readers see; `data_changed_at` (seconds since 1970)
    is when that was.
    """

    __tablename__ = "counter"

    name: str = Field(sa_column=Column(Text, primary_key=True))
    value: int = Field(sa_column=Column(BigInteger, nullable=False))
