"""Every query parameter: what it means, what it may be, and an example. For the documents; api.filters reads them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from api.filters import DEFAULT_LIMIT, MAX_LIMIT, MAX_SEARCH


@dataclass(frozen=True, slots=True)
class Parameter:
    """`schema` is JSON Schema; a `many` parameter may be given again, which means AND."""

    description: str
    example: str
    schema: dict[str, Any]
    many: bool = False


_TEXT: dict[str, Any] = {"type": "string"}
_OR = "A comma means OR, a leading - means not, the parameter again means AND."


def _terms(what: str, example: str) -> Parameter:
    return Parameter(f"{what} {_OR}", example, _TEXT, many=True)


def _number(description: str, default: int, low: int, high: int) -> Parameter:
    return Parameter(
        description, str(default), {"type": "integer", "minimum": low, "maximum": high, "default": default}
    )


def _choice(description: str, default: str, *values: str) -> Parameter:
    return Parameter(description, default, {"type": "string", "enum": list(values), "default": default})


PARAMETERS: dict[str, Parameter] = {
    "topic": _terms("Topics, their sub-topics included.", "ai,layoffs"),
    "craft": _terms("Crafts.", "voice-actor"),
    "department": _terms("Departments: all their crafts.", "vfx"),
    "sector": _terms("Sectors of the industry.", "games"),
    "region": _terms("Where: ISO 3166 codes or places; what lies within is included.", "US-CA"),
    "union": _terms("Unions and guilds.", "sag-aftra"),
    "employer": _terms("Employers.", "netflix"),
    "source": _terms("Sources, by id.", "variety"),
    "exclude_source": Parameter("Sources to leave out; a comma separates several.", "variety", _TEXT, many=True),
    "lang": _terms("Languages, by their primary tag.", "en"),
    "q": Parameter(
        'Words in title and summary, all of which must be there. "A phrase" in quotes; OR between two; -not.',
        'strike "walk out" -lawsuit',
        {"type": "string", "maxLength": MAX_SEARCH},
    ),
    "from": Parameter("Published from this ISO 8601 date (its first second, UTC) or instant on.", "2026-11-01", _TEXT),
    "to": Parameter("Published until the end of this date, or before this instant.", "2026-11-30", _TEXT),
    "window": Parameter("An ISO 8601 duration back from `to`, or from now.", "P7D", _TEXT),
    "changed_since": Parameter(
        "What the publisher says changed at or after this date or instant.", "2026-11-20T08:00:00Z", _TEXT
    ),
    "min_confidence": Parameter(
        "Least confidence of the labels asked for.", "0.8", {"type": "number", "minimum": 0, "maximum": 1}
    ),
    "tracked": _choice(
        "Items with a topic (true), without (false), or both (any).", "true", "true", "false", "any"
    ),
    "sort": _choice(
        "Newest publication first, newest arrival first, or best match of q first (among its 1,000 newest).",
        "published",
        *("published", "received", "relevance"),
    ),
    "limit": _number("Most items in one answer.", DEFAULT_LIMIT, 1, MAX_LIMIT),
    "cursor": Parameter("Where to go on: next_cursor of the page before, as it was, with the same sort.", "", _TEXT),
    "fields": Parameter("Only these keys of an item or its labels, comma-separated; id and self come always.",
                        "title,url,topics", _TEXT),
    "dimensions": Parameter("Only these dimensions, comma-separated.", "craft,region", _TEXT),
    "by": _choice(
        "What to count by.",
        "none",
        *("none", "topic", "craft", "department", "sector", "region", "union", "employer", "source", "lang"),
    ),
    "over": _choice("The periods to count over.", "month", "day", "week", "month", "quarter", "year"),
    "since": Parameter("next_cursor of the changes seen last; none: from the beginning.", "", _TEXT),
    "include": Parameter("item: each change with the item as it is now.", "item", _TEXT),
}  # fmt: skip

#: Where a parameter means something else in one place: (path, parameter).
ELSEWHERE: dict[tuple[str, str], Parameter] = {
    ("/v1/facets", "limit"): _number("Most terms of a dimension.", 1_000, 1, 1_000),
    ("/v1/changes", "limit"): _number("Most changes in one answer.", 200, 1, 1_000),
    ("/v1/items.csv", "limit"): Parameter(
        "Most rows; all when left out.", "1000", {"type": "integer", "minimum": 1, "maximum": 10_000_000}
    ),
}
ELSEWHERE["/v1/items.ndjson", "limit"] = ELSEWHERE["/v1/items.csv", "limit"]


def parameter_documents(path: str, names: tuple[str, ...]) -> list[dict[str, Any]]:
    """OpenAPI parameter objects."""
    documents = []
    for name in names:
        parameter = ELSEWHERE.get((path, name)) or PARAMETERS[name]
        schema = {"type": "array", "items": parameter.schema} if parameter.many else parameter.schema
        document: dict[str, Any] = {"name": name, "in": "query", "description": parameter.description, "schema": schema}
        if parameter.many:
            document |= {"style": "form", "explode": True}
        if parameter.example:
            document["example"] = [parameter.example] if parameter.many else parameter.example
        documents.append(document)
    return documents
