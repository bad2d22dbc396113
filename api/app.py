"""The API as an application: `create_app()` is what uvicorn runs."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api import changes, coverage, docs, facets, feeds, health, items, problem_list, sources, stats, terms
from api.answers import PROGRAM
from api.dependencies import Context, context_of, utc_now
from api.envelope import Endpoint, Envelope
from api.moments import LAG_SECONDS
from api.openapi import openapi_document
from api.pages import routes
from api.pages.answering import problem_page, wants_page
from api.pages.rendering import load_all
from api.problems import Problem, problem_of, problem_response
from api.settings import ApiSettings
from db.errors import DatabaseError
from db.vocabulary import Vocabulary, load_vocabulary

MODULES = (items, terms, sources, facets, stats, changes, coverage, feeds, health, problem_list, docs)


def create_app(
    settings: ApiSettings | None = None,
    *,
    vocabulary: Vocabulary | None = None,
    now: Callable[[], datetime] = utc_now,
    clock: Callable[[], float] = time.monotonic,
    lag: float = LAG_SECONDS,
) -> FastAPI:
    """An application of its own; the database is opened when the first request comes. `lag`: see api.moments."""
    settings = settings or ApiSettings()
    context = Context(settings, vocabulary or load_vocabulary(), now, lag)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        load_all()
        yield
        context.archive.close()

    app = FastAPI(
        title="craftwatch",
        version=PROGRAM,
        lifespan=lifespan,
        redirect_slashes=False,
        docs_url=None,  # ours is at /docs as well, and needs no other server
        redoc_url=None,
        openapi_url=None,
    )
    app.openapi = partial(openapi_document, app, settings.public_url)  # type: ignore[method-assign]  # as FastAPI says
    app.state.context = context
    endpoints = _serve(app)
    app.include_router(routes.router)
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(DatabaseError, _on_problem)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_middleware(Envelope, settings=settings, router=app.router, endpoints=endpoints, clock=clock)
    if settings.metrics_port:
        _meter(app, context)
    return app


def _meter(app: FastAPI, context: Context) -> None:
    """Outermost, so that what is answered early counts as well."""
    from api.metrics import ArchiveNumbers, Meter, MeteredArchive, Metrics  # takes time, and most do without

    context.archive = archive = MeteredArchive(context.settings.database_url)
    metrics = Metrics(archive)
    numbers = ArchiveNumbers(context, archive, metrics.registry)
    addresses = [*app.router.routes, *routes.page_routes()]  # the application holds the pages as one
    app.add_middleware(Meter, routes=addresses, port=context.settings.metrics_port, numbers=numbers, metrics=metrics)


def _serve(app: FastAPI) -> dict[str, Endpoint]:
    """FastAPI's routes document, plain ones before them answer: ours read their own parameters, and are done sooner.

    Those of the API without a parameter in the path are given back by path, to be asked sooner still.
    """
    routes = [route for module in MODULES for route in module.router.routes if isinstance(route, APIRoute)]
    for route in routes:
        app.router.routes.append(Route(route.path, route.endpoint, methods=["GET"], include_in_schema=False))
    for module in MODULES:
        app.include_router(module.router)
    return {route.path: route.endpoint for route in routes if route.path.startswith("/v1/") and "{" not in route.path}


async def _on_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem | DatabaseError)
    problem = problem_of(error)
    if wants_page(request):
        return problem_page(request, problem)
    return problem_response(problem, request.scope["path"], context_of(request).settings.public_url)


async def _on_http_exception(request: Request, error: Exception) -> Response:
    """What the router says: there is no such address."""
    assert isinstance(error, HTTPException)
    return await _on_problem(request, Problem("not-found" if error.status_code == 404 else "method-not-allowed"))
