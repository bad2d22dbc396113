"""From a request for a page to its bytes; what goes wrong is told as a page as well."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.answers import answer
from api.cache import Answer
from api.dependencies import Context, context_of
from api.names import Names
from api.pages.mending import meant, without
from api.pages.rendering import fingerprint, render
from api.problems import PROBLEMS, Problem
from db.archive import Snapshot

HTML, SVG, CSV = "text/html; charset=utf-8", "image/svg+xml", "text/csv; charset=utf-8"
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors {ancestors}"
)
HEADERS = {"Content-Security-Policy": _POLICY.format(ancestors="'none'")}
EMBED_HEADERS = {"Content-Security-Policy": _POLICY.format(ancestors="*")}
FRESH_SECONDS = 300  # the coverage of a page may be as old as this


class Elsewhere(Exception):
    """The page is at another address."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.address = address


@dataclass(frozen=True, slots=True)
class Page:
    """A template and what it shows."""

    template: str
    values: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=lambda: HEADERS)
    media_type: str = HTML


Build = Callable[[Context, Snapshot, Names], Page | Answer]


async def page_answer(request: Request, build: Build) -> Response:
    """What `build` makes of the data, kept as long as the data is the same, FRESH_SECONDS at most."""
    context = context_of(request)
    moment = int(context.moment().timestamp()) // FRESH_SECONDS

    def make(snapshot: Snapshot, names: Names) -> Answer:
        made = build(context, snapshot, names)
        if isinstance(made, Answer):
            return made
        values = {**_frame(context, request), **made.values}
        return Answer(render(made.template, values), made.media_type, made.headers)

    try:
        return await answer(request, make, heavy=True, depends=f"{moment} {fingerprint()}")
    except Elsewhere as elsewhere:
        return RedirectResponse(elsewhere.address, 302, {"Cache-Control": "no-store"})


def wants_page(request: Request) -> bool:
    """Whether what goes wrong is to be told to a person: a page was asked for, by a browser."""
    return not request.scope["path"].startswith("/v1/") and "text/html" in request.headers.get("accept", "")


def problem_page(request: Request, problem: Problem) -> Response:
    embedded = request.scope["path"].startswith("/embed/")
    headers = EMBED_HEADERS if embedded else HEADERS
    path, query = request.scope["path"], request.scope["query_string"]
    status, title, meaning = PROBLEMS[problem.code]
    values = {
        **_frame(context_of(request), request),
        "title": title,
        "detail": meaning if problem.code == "invalid-parameters" else problem.detail or meaning,
        "faults": [(fault, meant(path, query, fault)) for fault in problem.faults],
        "without": without(path, query, problem.faults),
        "embedded": embedded,
    }
    extra = {"Retry-After": "5"} if status == 503 else {}
    return Response(
        render("problem.html", values),
        status,
        {**headers, "Cache-Control": "no-store", **problem.headers, **extra},
        HTML,
    )


def _frame(context: Context, request: Request) -> dict[str, Any]:
    """What the frame round every page shows."""
    path, query = request.scope["path"], request.scope["query_string"].decode("ascii", "replace")
    return {
        "path": path,
        "address": context.url(path, query),
        "report_url": context.settings.report_url,
        "now": int(context.moment().timestamp()),
    }
