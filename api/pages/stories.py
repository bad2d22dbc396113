"""Stored items as a page shows them: their tags as links, and the words that earned each tag."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

import orjson

from api.dependencies import Context
from api.names import Names
from api.pages import words
from api.pages.views import View
from api.syndication import plain
from db.archive import SECONDS_PER_DAY
from db.queries import StoredItem
from db.shapes import Axis
from db.vocabulary import Vocabulary

AXES = {Axis.TOPIC: "topic", Axis.CRAFT: "craft", Axis.REGION: "region", Axis.UNION: "union", Axis.EMPLOYER: "employer"}
MOST_TAGS = 8  # shown under an item; the rest under "why tagged" and on paper


class Piece(NamedTuple):
    """A stretch of text, marked where it earned a tag."""

    text: str
    marked: bool


class TagLink(NamedTuple):
    axis: str
    code: str
    label: str
    address: str


class Why(NamedTuple):
    """A tag and its reasons, in words."""

    tag: TagLink
    axis: str
    because: str
    confidence: str
    rule: str
    report: str  # address under which a wrong tag is reported; "" where there is none


@dataclass(frozen=True, slots=True)
class Story:
    id: int
    url: str
    title: list[Piece]
    plain_title: str
    summary: list[Piece]
    source: str
    source_address: str
    other_sources: list[str]
    published_at: int
    date_note: str
    language: str  # as HTML's lang wants it; "" for the page's own
    tags: list[TagLink]
    more_tags: list[TagLink]
    figures: list[str]
    why: list[Why]


class Day(NamedTuple):
    seconds: int  # its first
    stories: list[Story]


class Stories:
    """Makes stories for one view: their tags narrow it."""

    def __init__(self, context: Context, names: Names, view: View, term_keys: Mapping[int, tuple[str, str]]) -> None:
        self._context, self._names, self._view, self._term_keys = context, names, view, term_keys
        self._links: dict[tuple[str, str], TagLink] = {}  # most tags of a page are on several items

    def by_day(self, items: Sequence[StoredItem]) -> list[Day]:
        """The items as they come, a heading wherever the day changes."""
        days = groupby(items, key=lambda item: item.published_at // SECONDS_PER_DAY)
        return [Day(day * SECONDS_PER_DAY, [self.make(item) for item in of_day]) for day, of_day in days]

    def make(self, item: StoredItem) -> Story:
        tags = orjson.loads(item.tags)
        figures = orjson.loads(item.figures)
        links = {(tag["axis"], tag["term"]): self._link(tag) for tag in tags}
        shown = [links[tag["axis"], tag["term"]] for tag in _telling(self._context.vocabulary, tags)]
        source = self._names.sources.get(item.source_id)
        return Story(
            id=item.id,
            url=safe_address(item.url),
            title=mark(item.title, "title", tags, figures),
            plain_title=plain(item.title),
            summary=mark(item.summary, "summary", tags, figures),
            source=source.name if source else item.source_id,
            source_address=self._view.narrowed(("source", item.source_id)),
            other_sources=self._other_sources(item),
            published_at=item.published_at,
            date_note="" if item.date_quality in ("stated", "updated") else "date not stated; this is when we saw it",
            language=item.language if item.language[:2] not in ("en", "") else "",
            tags=shown[:MOST_TAGS],
            more_tags=shown[MOST_TAGS:],
            figures=[figure_in_words(figure) for figure in figures],
            why=[self._why(item, tag, links[tag["axis"], tag["term"]], tags) for tag in tags],
        )

    def _link(self, tag: Mapping[str, Any]) -> TagLink:
        axis, code = key = tag["axis"], tag["term"]
        if key not in self._links:
            self._links[key] = TagLink(axis, code, self._names.label(axis, code), self._view.narrowed((axis, code)))
        return self._links[key]

    def _why(self, item: StoredItem, tag: Mapping[str, Any], link: TagLink, tags: list[dict[str, Any]]) -> Why:
        implied = bool(tag["implied_by"])
        rules = sorted({evidence[4] for evidence in tag["evidence"]})
        return Why(
            link,
            words.sentence(tag["axis"]),
            words.sentence(self._because(tag, tags)),
            words.sentence(words.confidence(tag["confidence"], implied)),
            ", ".join(rules),
            report_address(self._context.settings.report_url, self._context.url(f"/items/{item.id}"), link),
        )

    def _because(self, tag: Mapping[str, Any], tags: list[dict[str, Any]]) -> str:
        if tag["implied_by"]:
            axis, _, code = tag["implied_by"].rpartition(":")
            origin = self._names.label(axis or tag["axis"], code)
            return f"{origin} is part of it" if not axis else f"it goes with {origin}"
        parts = []
        for field, texts in _by_field(tag["evidence"]).items():
            parts.append(f"{' with '.join(f'“{plain(text)}”' for text in texts)} {_place(field)}")
        return " and ".join(parts) or "no words kept"

    def _other_sources(self, item: StoredItem) -> list[str]:
        filed = (self._term_keys.get(term_id, ("", "")) for term_id, _ in orjson.loads(item.terms))
        return sorted(
            self._names.label(axis, code) for axis, code in filed if axis == "source" and code != item.source_id
        )


def mark(text: str, field: str, tags: Sequence[Mapping[str, Any]], figures: Sequence[Mapping[str, Any]]) -> list[Piece]:
    """The text in pieces, those marked that evidence of this field points at. Evidence of another text is ignored."""
    evidence = [words for tag in tags for words in tag["evidence"]] + [figure["evidence"] for figure in figures]
    spans = sorted({(e[1], e[2]) for e in evidence if e[0] == field and e[3] and text[e[1] : e[2]] == e[3]})
    pieces: list[Piece] = []
    end = 0
    for first, last in _joined(spans):
        if first > end:
            pieces.append(Piece(plain(text[end:first]), False))
        pieces.append(Piece(plain(text[first:last]), True))
        end = last
    if end < len(text):
        pieces.append(Piece(plain(text[end:]), False))
    return pieces


def figure_in_words(figure: Mapping[str, Any]) -> str:
    """About 340 jobs (announced)."""
    amount = f"{words.QUALIFIERS.get(figure['qualifier'], '')}{figure['value']:,.6g}"
    text = {
        "headcount": f"{words.QUALIFIERS.get(figure['qualifier'], '')}{figure['value']:,.0f} jobs",
        "headcount_pct": f"{amount} % of staff",
        "vote_pct": f"{amount} % of votes",
        "turnout_pct": f"{amount} % turnout",
    }.get(figure["kind"], f"{amount} {figure['kind'].replace('_', ' ')}")
    return f"{text}, {figure['status']}" if figure["status"] else text


def report_address(report_url: str, item_address: str, tag: TagLink) -> str:
    """Where a wrong tag is reported: the setting, with the item and the tag in it."""
    if not report_url:
        return ""
    named = f"{tag.axis} {tag.code}"
    if "{item}" in report_url or "{tag}" in report_url:
        values = {"item": item_address, "tag": named}
        return re.sub(r"\{(item|tag)\}", lambda match: _quoted(values[match[1]]), report_url)
    subject, body = f"Wrong tag: {named}", f"{named} is wrong on {item_address}"
    title = "subject" if report_url.startswith("mailto:") else "title"
    query = urlencode({title: subject, "body": body}, quote_via=lambda text, *_: _quoted(text))
    return f"{report_url}{'&' if '?' in report_url else '?'}{query}"


def safe_address(url: str) -> str:
    """Only what a reader's browser fetches as a page; anything else is no link."""
    try:
        return url if urlsplit(url).scheme in ("http", "https") else ""
    except ValueError:
        return ""


def _quoted(text: str) -> str:
    return quote(text, safe="")


def _joined(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans that overlap become one."""
    joined: list[tuple[int, int]] = []
    for first, last in spans:
        if joined and first < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return joined


def _telling(vocabulary: Vocabulary, tags: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without those that only contain another tag, topics first, then crafts, regions, unions, employers."""
    containing = {
        (tag["axis"], parent)
        for tag in tags
        if tag["term"] in (vocabulary.topics if tag["axis"] == "topic" else vocabulary.regions)
        for parent in vocabulary.ancestors(Axis(tag["axis"]), tag["term"])
    }
    order = list(AXES.values())
    telling = [tag for tag in tags if (tag["axis"], tag["term"]) not in containing]
    return sorted(telling, key=lambda tag: order.index(tag["axis"]))


def _by_field(evidence: Sequence[Sequence[Any]]) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    for field, _, _, text, _ in evidence:
        texts = fields.setdefault(field, [])
        if text not in texts:
            texts.append(text)
    return fields


def _place(field: str) -> str:
    return "in the publisher’s own keywords" if field.startswith("category") else f"in the {field}"
