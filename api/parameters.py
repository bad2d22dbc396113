"""Every query parameter: what it means, what it may be, and an example. For the documents; api.filters reads them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from api.documents import ITEM_FIELDS
from api.examples import CURSOR, SINCE
from api.filters import DEFAULT_LIMIT, DURATION, MAX_LIMIT, MAX_SEARCH, MOMENT
from api.names import AXES


@dataclass(frozen=True, slots=True)
class Parameter:
    """`schema` is JSON Schema: of the value, or of its parts where commas are between them.

    A `many` parameter may be given again, which means AND.
    """

    description: str
    example: str
    schema: dict[str, Any]
    many: bool = False
    commas: bool = False


_TEXT: dict[str, Any] = {"type": "string"}
_CURSOR: dict[str, Any] = {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,40}$"}
_OR = "A comma means OR, a leading - means not, the parameter again means AND."


def _terms(what: str, ids: str, example: str) -> Parameter:
    return Parameter(f"{what} The ids are those of {ids}. {_OR}", example, _TEXT, many=True)


def _moment(description: str, example: str) -> Parameter:
    return Parameter(description, example, {"type": "string", "pattern": MOMENT})


def _some_of(description: str, example: str, *values: str) -> Parameter:
    return Parameter(description, example, {"type": "string", "enum": list(values)}, commas=True)


def _number(description: str, default: int, low: int, high: int) -> Parameter:
    return Parameter(
        description, str(default), {"type": "integer", "minimum": low, "maximum": high, "default": default}
    )


def _choice(description: str, default: str, *values: str) -> Parameter:
    return Parameter(description, default, {"type": "string", "enum": list(values), "default": default})


PARAMETERS: dict[str, Parameter] = {
    "topic": _terms("Topics, their sub-topics included.", "/v1/topics", "ai,layoffs"),
    "craft": _terms("Crafts.", "/v1/crafts", "voice-actor"),
    "department": _terms(
        "Departments: all their crafts; sound is production-sound and post-sound.",
        "/v1/crafts (department.id and department.parent)",
        "sound,vfx",
    ),
    "sector": _terms("Sectors of the industry.", "/v1/facets?dimensions=sector", "games"),
    "region": _terms("Where: ISO 3166 codes or places; what lies within is included.", "/v1/regions", "US-CA"),
    "union": _terms("Unions and guilds.", "/v1/unions", "sag-aftra"),
    "employer": _terms("Employers.", "/v1/employers", "netflix"),
    "source": _terms("Publications.", "/v1/sources", "variety"),
    "exclude_source": Parameter(
        "Sources to leave out; a comma separates several, and none has a - before it.", "variety", _TEXT, many=True
    ),
    "lang": _terms("Languages, by their primary tag.", "/v1/facets?dimensions=lang", "en"),
    "q": Parameter(
        'Whole words in title and summary, all of which must be there. "A phrase" in quotes; OR between two; -not.',
        'strike "walk out" -lawsuit',
        {"type": "string", "maxLength": MAX_SEARCH},
    ),
    "from": _moment("Published from this ISO 8601 date (its first second, UTC) or instant on.", "2026-11-01"),
    "to": _moment("Published until the end of this date, or before this instant; after `from`.", "2026-11-30"),
    "window": Parameter(
        "An ISO 8601 duration back from `to`, or from now; not beside `from`.",
        "P7D",
        {"type": "string", "pattern": DURATION},
    ),
    "changed_since": _moment(
        "What the publisher says changed at or after this date or instant.", "2026-11-20T08:00:00Z"
    ),
    "min_confidence": Parameter(
        "Least confidence of the labels asked for; needs one of them.",
        "0.8",
        {"type": "number", "minimum": 0, "maximum": 1},
    ),
    "tracked": _choice("Items with a topic (true), without (false), or both (any).", "true", "true", "false", "any"),
    "sort": _choice(
        "Newest publication first, newest arrival first, or best match of q first (among its 1,000 newest; needs q).",
        "published",
        *("published", "received", "relevance"),
    ),
    "limit": _number("Most items in one answer.", DEFAULT_LIMIT, 1, MAX_LIMIT),
    "cursor": Parameter(
        "Where to go on: next_cursor of the page before, as it was, with the same sort.", CURSOR, _CURSOR
    ),
    "fields": _some_of(
        "Only these keys of an item or its labels; id and self come always.", "title,url,topics", *ITEM_FIELDS
    ),
    "dimensions": _some_of("Only these dimensions.", "craft,region", *AXES),
    "by": _choice("What to count by.", "none", "none", *AXES),
    "over": _choice("The periods to count over.", "month", "day", "week", "month", "quarter", "year"),
    "since": Parameter("next_cursor of the changes seen last; none: from the beginning.", SINCE, _CURSOR),
    "include": _some_of("item: each change with the item as it is now.", "item", "item"),
}

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
    return [_document(name, ELSEWHERE.get((path, name)) or PARAMETERS[name]) for name in names]


def _document(name: str, parameter: Parameter) -> dict[str, Any]:
    document: dict[str, Any] = {"name": name, "in": "query", "description": parameter.description}
    example: Any = parameter.example
    if parameter.many or parameter.commas:
        document |= {"schema": {"type": "array", "items": parameter.schema}, "style": "form", "explode": parameter.many}
        example = [parameter.example] if parameter.many else parameter.example.split(",")
    else:
        document["schema"] = parameter.schema
        example = _READ[parameter.schema["type"]](parameter.example)
    return document | {"example": example}


_READ: dict[str, Callable[[str], Any]] = {"string": str, "integer": int, "number": float}
