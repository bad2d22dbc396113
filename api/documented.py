"""What each route says of itself in the OpenAPI document: parameters, answers, headers, problems, examples."""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter
from typing import Any

from pydantic import BaseModel
from starlette.responses import Response

from api.parameters import parameter_documents
from api.problems import MEDIA_TYPE, PROBLEMS
from api.schemas import JsonFeed, ProblemDocument
from api.syndication import jsonfeed


def _header(description: str, example: str) -> dict[str, Any]:
    return {"description": description, "schema": {"type": "string"}, "example": example}


VALIDATORS = {
    "ETag": _header("Changes when the answer does.", '"d41f0c6c39f2a7e0b1"'),
    "Cache-Control": _header("How long it may be kept.", "public, max-age=60, stale-while-revalidate=600"),
    "Vary": _header("What else the answer depends on.", "Accept-Encoding"),
}
LAST_MODIFIED = {"Last-Modified": _header("When the archive last changed.", "Fri, 20 Nov 2026 12:00:00 GMT")}
LINK = {"Link": _header("RFC 8288: next page, first page, and feeds of the same filter.", '<…>; rel="next"')}
RATE = {
    "RateLimit-Policy": _header("Where a limit is set: requests (q) in seconds (w).", '"default";q=600;w=60'),
    "RateLimit": _header("Where a limit is set: what is left (r), seconds until more (t).", '"default";r=599;t=0'),
}
RETRY = {"Retry-After": _header("Seconds to wait.", "5")}


def documented(
    path: str,
    *,
    model: type[BaseModel] | None = None,
    example: Mapping[str, Any] | None = None,
    parameters: tuple[str, ...] = (),
    media_types: tuple[str, ...] = ("application/json",),
    path_parameters: Mapping[str, tuple[str, str]] | None = None,
    links: bool = False,
    timely: bool = False,
    problems: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Arguments for a router's `get`. `path_parameters`: name → (description, example)."""
    headers = {**VALIDATORS, **({} if timely else LAST_MODIFIED), **(LINK if links else {}), **RATE}
    content = {media_type: {"schema": _schema(media_type, model)} for media_type in media_types}
    if example is not None:
        content[media_types[0]]["example"] = dict(example)
    codes = ["invalid-parameters", *problems, "query-too-long", "too-many-requests"]
    codes += ["internal-error", "database-unavailable", "too-slow"]
    responses: dict[int | str, dict[str, Any]] = {
        200: {"description": "The answer.", "headers": headers, "content": content},
        304: {"description": "The reader has it: If-None-Match or If-Modified-Since.", "headers": VALIDATORS},
    }
    for code in codes:
        _add_problem(responses, code)
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


def _add_problem(responses: dict[int | str, dict[str, Any]], code: str) -> None:
    status, title, meaning = PROBLEMS[code]
    headers = {**RATE, **(RETRY if status in (429, 503) else {})}
    response = responses.setdefault(
        status, {"description": "", "headers": headers, "content": {MEDIA_TYPE: _problem_content()}}
    )
    sentence = f"{title} (`{code}`): {meaning}"
    response["description"] = f"{response['description']} {sentence}".strip()
    response["content"][MEDIA_TYPE]["examples"][code] = {
        "value": {
            "type": f"/v1/problems#{code}",
            "title": title,
            "status": status,
            "detail": meaning,
            "instance": "/v1/items",
            "code": code,
        }
    }


def _problem_content() -> dict[str, Any]:
    return {"schema": {"$ref": f"#/components/schemas/{ProblemDocument.__name__}"}, "examples": {}}
