"""/docs: the OpenAPI document as one page to read, and /openapi.json. The page needs no script and no other server."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any
from urllib.parse import quote

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.answers import answer_of_bytes
from api.cache import JSON, Answer

router = APIRouter(include_in_schema=False)
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "body{color:#222;background:#fff}"
    "h2{margin-top:2.5rem;border-top:1px solid #ccc;padding-top:1rem}code,pre{font-size:.9em;background:#f4f4f4}"
    "pre{padding:1rem;overflow:auto}table{border-collapse:collapse;width:100%}"
    "td,th{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid #ddd}"
    "@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}code,pre{background:#2a2a2a}}"
)
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
}


@router.get("/openapi.json")
async def get_openapi_json(request: Request) -> Response:
    return answer_of_bytes(request, Answer(orjson.dumps(request.app.openapi()), JSON))


@router.get("/docs")
async def get_docs(request: Request) -> Response:
    page = render_docs(request.app.openapi())
    return answer_of_bytes(request, Answer(page.encode(), "text/html; charset=utf-8", _HEADERS))


def render_docs(document: Mapping[str, Any]) -> str:
    info = document["info"]
    sections = "".join(_section(path, methods["get"]) for path, methods in document["paths"].items())
    index = "".join(f'<li><a href="#{quote(path)}"><code>{escape(path)}</code></a></li>' for path in document["paths"])
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(info['title'])} API</title><style>{_STYLE}</style><h1>{escape(info['title'])} API "
        f"{escape(info['version'])}</h1><p>{escape(info['description'])} For programs: "
        f'<a href="/openapi.json">openapi.json</a>.</p><ul>{index}</ul>{sections}</html>'
    )


def _section(path: str, operation: Mapping[str, Any]) -> str:
    description = escape(operation.get("description", ""))
    rows = "".join(map(_row, operation.get("parameters", [])))
    table = f"<table><tr><th>Parameter<th>Meaning<th>Example</tr>{rows}</table>" if rows else ""
    answers = "".join(
        f"<li><code>{escape(status)}</code> {escape(response['description'])} "
        f"{escape(', '.join(response.get('content', {})))}</li>"
        for status, response in operation["responses"].items()
    )
    return f'<h2 id="{quote(path)}"><code>GET {escape(path)}</code></h2><p>{description}</p>{table}<ul>{answers}</ul>'


def _row(parameter: Mapping[str, Any]) -> str:
    example = parameter.get("example", "")
    shown = ",".join(example) if isinstance(example, list) else str(example)
    return (
        f"<tr><td><code>{escape(parameter['name'])}</code><td>{escape(parameter['description'])}"
        f"<td><code>{escape(shown)}</code></tr>"
    )
