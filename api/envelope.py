"""What goes round every answer: HEAD and OPTIONS, limits, and the headers that all have in common."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Router
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import Problem, problem_of, problem_response
from api.ratelimit import RateLimit
from api.settings import ApiSettings
from db.errors import DatabaseError

log = logging.getLogger(__name__)
ALLOWED = "GET, HEAD, OPTIONS"
HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Last-Modified, Link, RateLimit, RateLimit-Policy, Retry-After",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_RAW_HEADERS = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
_PREFLIGHT = {
    "Allow": ALLOWED,
    "Access-Control-Allow-Methods": ALLOWED,
    "Access-Control-Allow-Headers": "Accept, If-None-Match, If-Modified-Since",
    "Access-Control-Max-Age": "86400",
}


class Finished(Response):
    """An answer that is sent as it is, with the headers that all have in common but for those that it sets itself."""

    def __init__(
        self, body: bytes | None, status: int, headers: Mapping[str, str], media_type: str | None = None
    ) -> None:
        super().__init__(body, status, headers, media_type)
        given = {name for name, _ in self.raw_headers}
        self.raw_headers += [pair for pair in _RAW_HEADERS if pair[0] not in given]


Endpoint = Callable[[Request], Awaitable[Response]]


class Envelope:
    """ASGI middleware; an answer that sets one of HEADERS itself keeps what it set.

    `endpoints` are asked without the layers of the frameworks between, which cost more than most answers.
    """

    def __init__(
        self,
        app: ASGIApp,
        settings: ApiSettings,
        router: Router,
        endpoints: Mapping[str, Endpoint],
        clock: Callable[[], float],
    ) -> None:
        self._app, self._settings, self._router, self._endpoints = app, settings, router, endpoints
        self._limit = RateLimit(settings.rate_limit, clock) if settings.rate_limit else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False
        extra: dict[str, str] = {}
        head = scope["method"] == "HEAD"

        async def send_enveloped(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                set_already = {name for name, _ in message["headers"]}
                ours = [*_RAW_HEADERS, *((name.lower().encode(), value.encode()) for name, value in extra.items())]
                message["headers"] = [*message["headers"], *(pair for pair in ours if pair[0] not in set_already)]
            elif head:
                message = {**message, "body": b""}
            await send(message)

        try:
            if self._limit and not scope["path"].startswith("/static/"):  # a page brings several of those
                extra.update(self._limit.take(scope["client"][0] if scope.get("client") else ""))
            answered = self._answer_early(scope)
            if answered is None:
                if head:
                    scope = {**scope, "method": "GET", "craftwatch.head": True}
                endpoint = self._endpoints.get(scope["path"])
                if endpoint is None:
                    await self._app(scope, receive, send_enveloped)
                    return
                answer = await endpoint(Request(scope, receive))
                started = is_ready = isinstance(answer, Finished) and not extra and not head
                await answer(scope, receive, send if is_ready else send_enveloped)
                return
        except (Problem, DatabaseError) as error:
            if started:
                raise
            answered = problem_response(problem_of(error), scope["path"], self._settings.public_url)
        except Exception:
            log.exception("%s %s failed", scope["method"], scope["path"])
            if started:
                raise
            answered = problem_response(Problem("internal-error"), scope["path"], self._settings.public_url)
        await answered(scope, receive, send_enveloped)

    def _answer_early(self, scope: Scope) -> Response | None:
        """What needs no endpoint; None for the rest. Raises Problem."""
        method = scope["method"]
        if len(scope["query_string"]) > self._settings.max_query_length:
            raise Problem(
                "query-too-long", f"The query string is longer than {self._settings.max_query_length:,} bytes."
            )
        if method in ("GET", "HEAD"):
            return None
        if not any(route.matches({**scope, "method": "GET"})[0] is Match.FULL for route in self._router.routes):
            raise Problem("not-found")
        if method == "OPTIONS":
            return Response(status_code=204, headers=_PREFLIGHT)
        raise Problem("method-not-allowed", headers={"Allow": ALLOWED})
