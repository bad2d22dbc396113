"""The shapes of answers, for the OpenAPI document alone: answers are rendered to bytes without them.

Tests hold the two together: what is answered validates against these.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Shape(BaseModel):
    """New keys may appear in any object; those that are here stay."""

    model_config = ConfigDict(extra="allow")


class Evidence(Shape):
    """The words that earned a label: characters start to end of a field."""

    field: str = Field(description="title, summary, or category:<n>, a category that the publisher gave")
    start: int
    end: int
    text: str
    rule: str = Field(description="Which rule of the vocabulary: file/block/kind")


class Codes(Shape):
    """Codes of the same thing in other schemes."""

    iptc: list[str] = Field(default=[], description="IPTC Media Topics")
    soc: list[str] = Field(default=[], description="SOC 2018")
    isco: list[str] = Field(default=[], description="ISCO-08")
    iso3166: list[str] = Field(default=[], description="ISO 3166-1 and -2")


class Tag(Shape):
    id: str
    label: str
    confidence: float = Field(ge=0, le=1)
    implied: bool = Field(description="Filed by way of another tag, which holds the evidence")
    implied_by: str | None
    evidence: list[Evidence]
    codes: Codes | None = None


class Figure(Shape):
    """A number that the item states."""

    kind: str = Field(description="headcount, headcount_pct, vote_pct or turnout_pct")
    value: float
    qualifier: str = Field(description='"", about, more_than, up_to, fewer_than or at_least')
    status: str = Field(description='"", announced, planned, reported or rumoured')
    evidence: Evidence


class SourceName(Shape):
    id: str
    name: str
    kind: str


class Labels(Shape):
    """What our rules make of the item. With `fields`, only the labels asked for."""

    tracked: bool | None = Field(default=None, description="Whether it has a topic")
    sector: str | None = None
    topics: list[Tag] | None = None
    crafts: list[Tag] | None = None
    regions: list[Tag] | None = None
    employers: list[Tag] | None = None
    unions: list[Tag] | None = None
    headcount: Figure | None = Field(default=None, description="The first number of people that it states")
    headcount_pct: Figure | None = None
    figures: list[Figure] | None = None
    stage: str | None = Field(default=None, description="Contracts: the furthest step that is named")
    rules_version: str | None = None


class Item(Shape):
    """An article: what its publisher says, and our labels apart. With `fields`, only the keys asked for."""

    id: str
    self: str
    url: str | None = None
    title: str | None = None
    summary: str | None = None
    authors: list[str] | None = None
    source: SourceName | None = Field(default=None, description="The source that had it first")
    other_sources: list[SourceName] | None = Field(default=None, description="Sources that had the same address later")
    published_at: str | None = Field(default=None, description="RFC 3339, UTC")
    received_at: str | None = Field(default=None, description="When we first saw it")
    updated_at: str | None = Field(default=None, description="When what the publisher says last changed")
    date_quality: Literal["stated", "updated", "clamped", "missing"] | None = Field(
        default=None, description="How far published_at can be trusted"
    )
    language: str | None = None
    labels: Labels | None = None


class ItemPage(Shape):
    self: str
    next: str | None
    next_cursor: str | None
    total: int
    total_is_estimate: bool = Field(
        description="True where counting all would take too long. A sample was counted, within a few per cent; of very "
        "many items with the words looked for, the newest, so that words that come in waves are misjudged"
    )
    data_version: int = Field(description="Grows with every change of the archive")
    coverage: str = Field(description="How many sources could have answered this, and how many looked")
    data: list[Item]


class JsonFeedAuthor(Shape):
    name: str


class JsonFeedItem(Shape):
    id: str = Field(description="A tag: URI, for good")
    url: str
    title: str
    content_text: str
    summary: str
    date_published: str
    date_modified: str
    authors: list[JsonFeedAuthor]
    tags: list[str]
    language: str = ""
    craftwatch: dict[str, Any] = Field(alias="_craftwatch", description="The item in the API, its source and its tags")


class JsonFeed(Shape):
    """JSON Feed 1.1."""

    authors: list[JsonFeedAuthor]
    version: Literal["https://jsonfeed.org/version/1.1"]
    title: str
    home_page_url: str
    feed_url: str
    description: str
    next_url: str = ""
    hubs: list[dict[str, str]] = []
    items: list[JsonFeedItem]


class TermUse(Shape):
    id: str
    label: str
    codes: Codes | None = None
    items: int = Field(description="Tracked items, those of its parts included")
    last_seen: str | None = Field(description="When the newest of them was published")


class Topic(TermUse):
    parent: str | None
    definition: str


class Department(Shape):
    id: str
    label: str
    parent: str | None = Field(description="The department that it is part of, for the same parameter")


class Craft(TermUse):
    department: Department
    sectors: list[str]
    unions: list[str]
    code_match: str | None = Field(description="How well the codes fit: exact, close or residual")
    exposure: list[dict[str, Any]] = Field(description="Published figures of exposure to AI, each with its source")


class Region(TermUse):
    level: str = Field(description="supranational, country or subdivision")
    parent: str | None


class Union(TermUse):
    type: str
    country: str | None
    sectors: list[str]
    crafts: list[str]


class Employer(TermUse):
    type: str | None
    country: str | None
    parent: str | None
    sectors: list[str]


class TopicList(Shape):
    self: str
    total: int
    data: list[Topic]


class CraftList(Shape):
    self: str
    total: int
    data: list[Craft]


class RegionList(Shape):
    self: str
    total: int
    data: list[Region]


class UnionList(Shape):
    self: str
    total: int
    data: list[Union]


class EmployerList(Shape):
    self: str
    total: int
    data: list[Employer]


class Source(Shape):
    id: str
    self: str
    name: str
    homepage: str
    feed_url: str
    format: Literal["feed", "page", "sitemap"] = Field(description="What is at feed_url")
    kind: str
    sector: str
    country: str = Field(description="Of the publication, never of its stories")
    language: str
    scope: str
    note: str
    health: Literal["healthy", "failing", "silent", "overdue", "never checked", "stopped", "disabled"]
    reason: str | None
    detail: str | None
    since: str | None = Field(description="Since when it has given nothing")
    last_checked_at: str | None
    last_success_at: str | None
    next_check_at: str | None
    items: int = Field(description="All that it brought")
    tracked: int = Field(description="Those about AI, layoffs or contracts, which lists show")
    newest_item_at: str | None


class SourceList(Shape):
    self: str
    total: int
    data: list[Source]


class FacetTerm(Shape):
    id: str
    label: str
    items: int


class Facet(Shape):
    dimension: str
    total: int = Field(description="Items under all filters but those of this dimension")
    is_estimate: bool
    terms: list[FacetTerm]
    more_terms: int


class FacetList(Shape):
    self: str
    data: list[Facet]


class Row(Shape):
    total: int
    items: list[int] = Field(description="One number for each of `periods`")


class SeriesRow(Row):
    id: str
    label: str


class Stats(Shape):
    self: str
    by: str
    over: str
    is_estimate: bool
    periods: list[str]
    all: Row
    series: list[SeriesRow]


class Change(Shape):
    id: str
    version: int
    tracked: bool
    item: Item | None = None


class ChangePage(Shape):
    self: str
    next: str
    next_cursor: str
    has_more: bool
    data_version: int
    data: list[Change]


class Blind(Shape):
    id: str
    name: str
    proven: bool = Field(description="It has had such items, whenever")
    reason: str | None
    since: str | None = Field(description="Its last good check")
    checks: int
    failed_checks: int


class Window(Shape):
    # "from" is a word of Python
    model_config = ConfigDict(extra="allow", populate_by_name=True)

    from_: str = Field(alias="from")
    to: str


class Coverage(Shape):
    self: str
    window: Window
    sources: int = Field(description="Enabled sources that could have had such items")
    proven: int = Field(description="Those of them that have had such items, whenever")
    healthy: int
    partly_blind: list[Blind]
    blind: list[Blind]
    in_words: str


class DatabaseHealth(Shape):
    kind: Literal["sqlite", "postgresql"]
    replica: bool = Field(description="Follows another server, perhaps some way behind: the data version tells")
    data_version: int
    changed_at: str | None


class ItemsHealth(Shape):
    tracked: int
    all: int
    newest_published_at: str | None


class Health(Shape):
    status: Literal["ok"]
    version: str
    rules_version: str
    database: DatabaseHealth
    items: ItemsHealth
    sources: dict[str, int]
    last_checked_at: str | None = Field(description="When any source was last asked: whether anything scrapes at all")


class FaultDocument(Shape):
    parameter: str
    value: str
    detail: str
    nearest: list[str] = Field(default=[], description="Valid names to try instead; left out where none is near")


class ProblemDocument(Shape):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str = Field(description="Promised; the sentences are not")
    errors: list[FaultDocument] = Field(default=[], description="Every fault of the request")


class ProblemMeaning(Shape):
    code: str
    status: int
    title: str
    meaning: str


class ProblemList(Shape):
    data: list[ProblemMeaning]
