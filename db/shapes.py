"""The values that pass between the steps: entry (theirs) → item (ours) → tagging. Plain, immutable, no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple


class Axis(StrEnum):
    """The ways in which an item can be filed; one term on one axis is one tag."""

    TOPIC = "topic"
    CRAFT = "craft"
    REGION = "region"
    EMPLOYER = "employer"
    UNION = "union"


class DateQuality(StrEnum):
    """How far `published_at` can be trusted."""

    STATED = "stated"  # the entry says so
    UPDATED = "updated"  # the entry gives only the date of its last change
    CLAMPED = "clamped"  # the entry's date is absurd (the future, before 1995): the moment of receipt instead
    MISSING = "missing"  # the entry has no readable date: the moment of receipt instead


@dataclass(frozen=True, slots=True)
class Entry:
    """One element of a publisher's feed, as sent; text may still hold HTML."""

    id: str  # guid / atom:id / JSON Feed id, stripped; "" when the entry has none
    title: str
    link: str  # absolute, as sent; "" when there is none or it is not http(s)
    published: datetime | None  # UTC
    updated: datetime | None  # UTC
    summary: str
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    language: str = ""


@dataclass(frozen=True, slots=True)
class FeedAdvice:
    """What a feed document says about when to ask again (RSS 2.0 ttl, skipHours, skipDays; sy: module)."""

    ttl_minutes: int | None = None
    update_minutes: float | None = None  # sy:updatePeriod / sy:updateFrequency
    skip_hours: frozenset[int] = frozenset()  # 0–23, GMT
    skip_days: frozenset[int] = frozenset()  # 0 Monday – 6 Sunday, GMT


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """What a document holds: its entries in document order and its advice."""

    format: str  # "rss20", "atom10", "json11", … as feedparser names them; JSON Feed is "json1" / "json11"
    title: str
    language: str
    entries: tuple[Entry, ...]
    advice: FeedAdvice = FeedAdvice()


@dataclass(frozen=True, slots=True)
class ItemDraft:
    """An entry made ours: plain text, tidy URL, a date in UTC. What `save` receives, beside its tagging."""

    entry_key: str  # identifies the entry within its source, the same in every run
    item_key: str  # identifies the item across sources: the canonical URL, or source and entry where no link is its own
    url: str  # canonical, http(s); the source's homepage when the entry has no link
    title: str
    summary: str
    authors: tuple[str, ...]
    categories: tuple[str, ...]
    published_at: datetime  # UTC, whole seconds
    date_quality: DateQuality
    updated_at: datetime | None  # UTC: the publisher's own "updated"; None when not stated
    language: str  # BCP 47, lower-case primary tag first ("en-us"); "" when unknown
    content_hash: str  # of everything above that a reader sees; equal hash = unchanged entry


class Evidence(NamedTuple):
    """The words that earned a tag: `text == getattr(item, field)[start:end]`, offsets in code points."""

    field: str  # "title", "summary", or "category:<n>" with n the index in the item's categories
    start: int
    end: int
    text: str
    rule: str  # "<file>/<block>/<kind>", e.g. "topics/layoffs/form" or "crafts/actor/when-2"


@dataclass(frozen=True, slots=True)
class Tag:
    """A term on an item. An implied tag (a parent, a guild's craft, an institution's region) names its origin."""

    axis: Axis
    term: str  # id in the vocabulary; regions: ISO 3166-1 alpha-2 or ISO 3166-2, or a place id
    confidence: float  # 0–1, on the scale documented in db/vocabulary/README.md
    evidence: tuple[Evidence, ...]  # never empty, except for implied parents, whose child holds it
    implied_by: str = ""  # term of the child (same axis), or "axis:term" of another tag that implies this one


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that an item states, with the words that state it."""

    kind: str  # "headcount", "headcount_pct", "vote_pct", "turnout_pct"
    value: float
    qualifier: str  # "", "about", "more_than", "up_to", "fewer_than", "at_least"
    status: str  # "", "announced", "planned", "reported", "rumoured"
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Tagging:
    """All that the rules say about one item. `tracked` is true exactly when it has a topic."""

    tags: tuple[Tag, ...] = ()
    figures: tuple[Figure, ...] = ()
    stage: str = ""  # contracts: the furthest step named ("talks", "strike-authorisation", "strike", "tentative", …)
    sector: str = ""  # of the item, when the text shows it; else of its source
    language: str = ""  # detected or stated, primary tag
    rules_version: str = ""

    @property
    def tracked(self) -> bool:
        return any(tag.axis is Axis.TOPIC for tag in self.tags)

    def terms(self, axis: Axis) -> tuple[str, ...]:
        return tuple(tag.term for tag in self.tags if tag.axis is axis)


class Failure(StrEnum):
    """Why a source gave nothing this time: a closed set, the same words in log, database, `sources` and API."""

    DNS = "dns"
    TLS = "tls"
    CONNECT = "connect"
    TIMEOUT = "timeout"
    TOO_LARGE = "too_large"
    TRUNCATED = "truncated"
    HTTP_4XX = "http_4xx"
    BLOCKED = "blocked"
    CHALLENGE = "challenge"
    HTTP_5XX = "http_5xx"
    RATE_LIMITED = "rate_limited"
    GONE = "gone"
    HTML_NOT_FEED = "html_not_feed"
    NOT_A_FEED = "not_a_feed"
    PARSE_TIMEOUT = "parse_timeout"
    PARSE_FAILED = "parse_failed"
    EMPTY = "empty"
    REFUSED_ADDRESS = "refused_address"
    SELECTOR_MATCHED_NOTHING = "selector_matched_nothing"


UNREACHED = frozenset({Failure.DNS, Failure.CONNECT, Failure.TIMEOUT})  # no server answered


@dataclass(frozen=True, slots=True)
class Selectors:
    """Where a page has its items: CSS selectors, all but `item` seen from one item.

    "h3 a" is the text of the first match, "time@datetime" an attribute of it, "." the item itself, "@href" an attribute
    of the item; "" where the page has none.
    """

    item: str
    title: str
    link: str  # of an element without a stated attribute: its href
    date: str = ""  # of an element without a stated attribute: its datetime, else its text
    date_format: str = ""  # strptime, English names; "" for the usual ways to write a date
    summary: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """A publication we watch: one block of sources.toml."""

    id: str
    name: str
    homepage: str
    feed_url: str
    kind: str  # "trade", "news", "union", "government", …
    sector: str  # "film-tv", "games", …; "general" when it covers many
    country: str  # ISO 3166-1 alpha-2 of the publication, never of its stories
    language: str
    scope: str = "general"  # "entertainment": every item is in the field; "general": an item must show that it is
    enabled: bool = True
    note: str = ""
    format: str = "feed"  # what is at feed_url: "feed", "page" or "sitemap"
    selectors: Selectors | None = None  # of a page


@dataclass(frozen=True, slots=True)
class SourceMemory:
    """What we remember of a source between runs; a row of `source_state`."""

    source_id: str
    etag: str | None = None  # byte for byte, Latin-1
    last_modified: str | None = None
    body_hash: str | None = None
    max_age_seconds: int | None = None
    advice: dict[str, Any] | None = None  # scraper.schedule.pack_advice
    next_check_at: datetime | None = None  # None: now
    next_check_reason: str = ""
    failures: int = 0  # in a row
    last_checked_at: datetime | None = None
    last_success_at: datetime | None = None
    last_failure_at: datetime | None = None
    last_failure_reason: str | None = None
    last_failure_detail: str | None = None
    last_full_at: datetime | None = None
    moved_to: str | None = None
    moved_count: int = 0
    moved_since: datetime | None = None
    stopped_at: datetime | None = None
    paused_until: datetime | None = None  # what it asked for holds for all of its host
