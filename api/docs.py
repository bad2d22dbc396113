"""/docs: the OpenAPI document as one page to read, and /openapi.json. The page needs no other server."""

from __future__ import annotations

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.answers import answer_of_bytes
from api.cache import JSON, Answer
from api.pages.answering import HEADERS, HTML
from api.pages.rendering import render

router = APIRouter(include_in_schema=False)


@router.get("/openapi.json")
async def get_openapi_json(request: Request) -> Response:
    return answer_of_bytes(request, Answer(orjson.dumps(request.app.openapi()), JSON))


@router.get("/docs")
async def get_docs(request: Request) -> Response:
    """Without the time of the page, so that its ETag stays."""
    document = request.app.openapi()
    values = {"path": "/docs", "title": "API", "info": document["info"], "paths": document["paths"]}
    return answer_of_bytes(request, Answer(render("docs.html", values), HTML, HEADERS))
