"""What each route says of itself in the OpenAPI document: parameters, answers, headers, problems, examples."""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter
from typing import Any

from pydantic import BaseModel
from starlette.responses import Response

from api.envelope import ALLOWED, HEADERS
from api.examples import FAULT, SITE
from api.parameters import parameter_documents
from api.problems import MEDIA_TYPE, PROBLEMS
from api.schemas import JsonFeed, ProblemDocument
from api.syndication import jsonfeed


def _header(description: str, example: str) -> dict[str, Any]:
    return {"description": description, "schema": {"type": "string"}, "example": example}


_SAFE = {  # of api.envelope.HEADERS
    "Access-Control-Allow-Origin": "Every page may read.",
    "Access-Control-Expose-Headers": "Which headers it may read.",
    "Content-Security-Policy": "Nothing in an answer is run.",
    "Cross-Origin-Resource-Policy": "Every page may show it.",
    "Referrer-Policy": "Who follows a link says not where from.",
    "X-Content-Type-Options": "It is what Content-Type says.",
}
#: Every header that is sent, beside Content-Type and Content-Length.
HEADER_DOCUMENTS: dict[str, dict[str, Any]] = {
    "ETag": _header("Changes when the answer does.", '"d41f0c6c39f2a7e0b1"'),
    "Cache-Control": _header(
        "How long it may be kept; no-store for problems.", "public, max-age=60, stale-while-revalidate=600"
    ),
    "Vary": _header("What else the answer depends on.", "Accept-Encoding"),
    "Content-Encoding": _header("gzip, br or zstd, where Accept-Encoding has it and it is worth while.", "gzip"),
    "Last-Modified": _header(
        "Since when it is as it is: when the archive or the program last changed. Not with window.",
        "Fri, 20 Nov 2026 12:00:00 GMT",
    ),
    "Link": _header("RFC 8288: next page, first page, and feeds of the same filter.", '<…>; rel="next"'),
    "RateLimit-Policy": _header("Where a limit is set: requests (q) in seconds (w).", '"default";q=600;w=60'),
    "RateLimit": _header("Where a limit is set: what is left (r), seconds until more (t).", '"default";r=599;t=0'),
    "Retry-After": _header("Seconds to wait.", "5"),
    "Allow": _header("The methods that there are.", ALLOWED),
    **{name: _header(_SAFE[name], value) for name, value in HEADERS.items()},
}
_COMMON = (*HEADERS, "RateLimit-Policy", "RateLimit")
_VALIDATORS = ("ETag", "Cache-Control", "Vary")
_OF_STATUS = {405: ("Allow",), 429: ("Retry-After",), 503: ("Retry-After",)}


def _headers(*names: str) -> dict[str, dict[str, str]]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def documented(
    path: str,
    *,
    model: type[BaseModel] | None = None,
    parameters: tuple[str, ...] = (),
    media_types: tuple[str, ...] = ("application/json",),
    path_parameters: Mapping[str, tuple[str, str]] | None = None,
    links: bool = False,
    timely: bool = False,
    problems: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Arguments for a router's `get`. `path_parameters`: name → (description, example)."""
    validators = (*_VALIDATORS, *(() if timely else ("Last-Modified",)))
    headers = _headers(*validators, "Content-Encoding", *(("Link",) if links else ()), *_COMMON)
    content = {media_type: {"schema": _schema(media_type, model)} for media_type in media_types}
    codes = ["invalid-parameters", *problems, "method-not-allowed", "query-too-long", "too-many-requests"]
    codes += ["internal-error", "database-unavailable", "too-slow"]
    responses: dict[int | str, dict[str, Any]] = {
        200: {"description": "The answer.", "headers": headers, "content": content},
        304: {
            "description": "The reader has it: If-None-Match or If-Modified-Since.",
            "headers": _headers(*validators, *_COMMON),
        },
    }
    for code in codes:
        _add_problem(responses, code, path)
    places = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": description,
            "schema": {"type": "string"},
            "example": example_value,
        }
        for name, (description, example_value) in (path_parameters or {}).items()
    ]
    return {
        "path": path,
        "response_class": Response,
        "generate_unique_id_function": attrgetter("name"),  # what generated clients call the operation
        "responses": responses,
        "openapi_extra": {"parameters": [*places, *parameter_documents(path, parameters)]},
    }


def _schema(media_type: str, model: type[BaseModel] | None) -> dict[str, Any]:
    if media_type == jsonfeed.MEDIA_TYPE:
        model = JsonFeed
    if model is not None and media_type.endswith("json") and "x-" not in media_type:
        return {"$ref": f"#/components/schemas/{model.__name__}"}
    return {"type": "string"}


def _add_problem(responses: dict[int | str, dict[str, Any]], code: str, path: str) -> None:
    status, title, meaning = PROBLEMS[code]
    headers = _headers("Cache-Control", *_OF_STATUS.get(status, ()), *_COMMON)
    response = responses.setdefault(
        status, {"description": "", "headers": headers, "content": {MEDIA_TYPE: _problem_content()}}
    )
    sentence = f"{title} (`{code}`): {meaning}"
    response["description"] = f"{response['description']} {sentence}".strip()
    response["content"][MEDIA_TYPE]["examples"][code] = {
        "value": {
            "type": f"{SITE}/v1/problems#{code}",
            "title": title,
            "status": status,
            "detail": "The query has one fault; see errors." if status == 400 else meaning,
            "instance": path,
            "code": code,
            **({"errors": [FAULT]} if status == 400 else {}),
        }
    }


def _problem_content() -> dict[str, Any]:
    return {"schema": {"$ref": f"#/components/schemas/{ProblemDocument.__name__}"}, "examples": {}}
