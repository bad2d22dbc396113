"""A stored item as the JSON that readers get: what its publisher says, and under `labels` what our rules make of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import orjson

from api.names import Names
from db.filing import TermKey
from db.queries import StoredItem
from db.shapes import Axis
from db.vocabulary import Vocabulary

FACTS = (
    *("url", "title", "summary", "authors", "source", "other_sources"),
    *("published_at", "received_at", "updated_at", "date_quality", "language"),
)
LABELS = (
    *("tracked", "sector", "topics", "crafts", "regions", "employers", "unions"),
    *("headcount", "headcount_pct", "figures", "stage", "rules_version"),
)
FIELDS = (*FACTS, *LABELS)
ITEM_FIELDS = ("id", "self", *FIELDS)  # what may be asked for; the first two come always
_LISTS = {"topic": "topics", "craft": "crafts", "region": "regions", "employer": "employers", "union": "unions"}


class ItemDocuments:
    """Makes documents for one state of the names; `term_keys` says which (axis, code) a term's number means."""

    def __init__(self, vocabulary: Vocabulary, names: Names, term_keys: Mapping[int, TermKey], public_url: str) -> None:
        self._vocabulary, self._names, self._term_keys, self._public_url = vocabulary, names, term_keys, public_url

    def make(self, item: StoredItem, fields: Collection[str] = ()) -> dict[str, Any]:
        """All of an item, or its id, its address and these of ITEM_FIELDS."""
        facts, labels = self._facts(item), self._labels(item)
        if fields:
            facts = {name: value for name, value in facts.items() if name in fields}
            labels = {name: value for name, value in labels.items() if name in fields}
        head = {"id": str(item.id), "self": f"{self._public_url}/v1/items/{item.id}"}
        return {**head, **facts, **({"labels": labels} if labels else {})}

    def render(self, item: StoredItem, fields: Collection[str] = ()) -> bytes:
        return orjson.dumps(self.make(item, fields))

    def _facts(self, item: StoredItem) -> dict[str, Any]:
        return {
            "url": item.url,
            "title": item.title,
            "summary": item.summary,
            "authors": orjson.loads(item.authors),
            "source": self._source(item.source_id),
            "other_sources": [self._source(source_id) for source_id in self._other_sources(item)],
            "published_at": iso(item.published_at),
            "received_at": iso(item.received_at),
            "updated_at": iso(item.updated_at),
            "date_quality": item.date_quality,
            "language": item.language,
        }

    def _labels(self, item: StoredItem) -> dict[str, Any]:
        lists: dict[str, list[dict[str, Any]]] = {name: [] for name in _LISTS.values()}
        for tag in orjson.loads(item.tags):
            lists[_LISTS[tag["axis"]]].append(self._tag(tag))
        figures = [_figure(figure) for figure in orjson.loads(item.figures)]
        return {
            "tracked": bool(item.tracked),
            "sector": item.sector,
            **lists,
            "headcount": _first(figures, "headcount"),
            "headcount_pct": _first(figures, "headcount_pct"),
            "figures": figures,
            "stage": item.stage,
            "rules_version": item.rules_version,
        }

    def _tag(self, tag: Mapping[str, Any]) -> dict[str, Any]:
        axis, term = tag["axis"], tag["term"]
        document = {
            "id": term,
            "label": self._names.label(axis, term),
            "confidence": tag["confidence"],
            "implied": bool(tag["implied_by"]),
            "implied_by": tag["implied_by"] or None,
            "evidence": [_evidence(words) for words in tag["evidence"]],
        }
        if codes := term_codes(self._vocabulary, axis, term):
            document["codes"] = codes
        return document

    def _source(self, source_id: str) -> dict[str, str]:
        source = self._names.sources.get(source_id)
        return {
            "id": source_id,
            "name": source.name if source else source_id,
            "kind": source.kind if source else "",
        }

    def _other_sources(self, item: StoredItem) -> list[str]:
        filed = (self._term_keys.get(term_id, ("", "")) for term_id, _ in orjson.loads(item.terms))
        return sorted(code for axis, code in filed if axis == "source" and code != item.source_id)


@lru_cache(maxsize=8_192)
def term_codes(vocabulary: Vocabulary, axis: str, term: str) -> dict[str, list[str]]:
    """Codes of other schemes: iptc (Media Topics), soc (SOC 2018), isco (ISCO-08), iso3166; those that there are."""
    if axis == Axis.TOPIC and term in vocabulary.topics:
        return _codes(iptc=[code["code"] for code in vocabulary.topics[term].iptc])
    if axis == Axis.CRAFT and term in vocabulary.crafts:
        craft = vocabulary.crafts[term]
        return _codes(soc=[code["code"] for code in craft.soc], isco=[code["code"] for code in craft.isco])
    if axis == Axis.REGION and term in vocabulary.regions:
        region = vocabulary.regions[term]
        iso3166 = [region.id] if region.level in ("country", "subdivision") else []
        return _codes(iso3166=[*iso3166, *filter(None, [region.alpha3])])
    return {}


@lru_cache(maxsize=100_000)
def iso(seconds: int) -> str:
    """Seconds since 1970 as RFC 3339, UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _codes(**codes: list[str]) -> dict[str, list[str]]:
    return {scheme: listed for scheme, listed in codes.items() if listed}


def _evidence(words: list[Any]) -> dict[str, Any]:
    field, start, end, text, rule = words
    return {"field": field, "start": start, "end": end, "text": text, "rule": rule}


def _figure(figure: Mapping[str, Any]) -> dict[str, Any]:
    return {**figure, "evidence": _evidence(figure["evidence"])}


def _first(figures: list[dict[str, Any]], kind: str) -> dict[str, Any] | None:
    return next((figure for figure in figures if figure["kind"] == kind), None)


def with_list(head: dict[str, Any], name: str, rendered: Iterable[bytes]) -> bytes:
    """A JSON object of `head` and a list of what is rendered already, the longest part by far, which is copied once."""
    first = orjson.dumps(head)[:-1] + f',"{name}":['.encode()
    pieces = list(rendered) or [b""]
    pieces[0] = first + pieces[0]
    pieces[-1] += b"]}"
    return b",".join(pieces)
