"""From a request to bytes: validators first, then what was answered before, then the query."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from email.utils import formatdate, parsedate_to_datetime
from importlib.metadata import PackageNotFoundError, version

from starlette.requests import Request
from starlette.responses import Response

from api.cache import Answer
from api.dependencies import Context, context_of
from api.encoding import WORTHWHILE, choose_encoding, compress
from api.names import Names
from db.archive import Snapshot

Build = Callable[[Snapshot, Names], Answer]


async def answer(
    request: Request, build: Build, *, heavy: bool = False, timely: bool = False, vary: str = "", depends: str = ""
) -> Response:
    """The answer that `build` makes of the data, 304 where the reader has it.

    The ETag is made of what the answer depends on: the data version, the names, this program, the path, the query and
    what is in `vary` and `depends`; so it is known before anything is looked up. `timely` answers depend on the clock
    and on checks as well: their ETag is that of their bytes.
    """
    context = context_of(request)

    def respond(snapshot: Snapshot) -> Response:
        names = context.names(snapshot)
        tag = "" if timely else make_tag(context, request, snapshot, names, f"{vary}\0{depends}")
        modified = 0 if timely else snapshot.changed_at
        if tag and has_it(request, tag, modified):
            return _not_modified(context, tag, modified, vary)
        made = context.answers.get(tag) if tag else None
        if made is None:
            made = build(snapshot, names)
            if tag:
                context.answers.keep(tag, made)
        if timely:
            tag = hashlib.blake2b(made.body, digest_size=9).hexdigest()
            if has_it(request, tag, 0):
                return _not_modified(context, tag, 0, vary)
        return _full(context, request, made, tag, modified, vary)

    return await context.read(respond, heavy=heavy)


def make_tag(context: Context, request: Request, snapshot: Snapshot, names: Names, vary: str) -> str:
    """What an answer depends on, as the inside of its ETag."""
    query: bytes = request.scope["query_string"]
    parts = [
        str(snapshot.version),
        names.fingerprint,
        PROGRAM,
        context.settings.public_url,
        request.scope["path"],
        vary,
    ]
    if b"window" in query:
        parts.append(str(int(context.moment().timestamp()) // 60))
    return hashlib.blake2b("\0".join(parts).encode() + b"\0" + query, digest_size=9).hexdigest()


def has_it(request: Request, tag: str, modified: int) -> bool:
    """RFC 9110 §13.2.2: If-None-Match decides where it is given, else If-Modified-Since."""
    asked = request.headers.get("if-none-match")
    if asked is not None:
        given = (part.strip().removeprefix("W/").strip('"') for part in asked.split(","))
        return any(one == "*" or one.partition("-")[0] == tag for one in given)
    since = request.headers.get("if-modified-since")
    if since is None or not modified:
        return False
    try:
        return modified <= parsedate_to_datetime(since).timestamp()
    except (ValueError, OverflowError):
        return False


def _headers(context: Context, tag: str, modified: int, vary: str) -> dict[str, str]:
    seconds = context.settings.cache_seconds
    headers = {
        "ETag": f'"{tag}"',
        "Cache-Control": f"public, max-age={seconds}, stale-while-revalidate={seconds * 10}",
        "Vary": f"{vary.partition('=')[0]}, Accept-Encoding" if vary else "Accept-Encoding",
    }
    if modified:
        headers["Last-Modified"] = formatdate(modified, usegmt=True)
    return headers


def _not_modified(context: Context, tag: str, modified: int, vary: str) -> Response:
    return Response(status_code=304, headers=_headers(context, tag, modified, vary))


def _full(context: Context, request: Request, made: Answer, tag: str, modified: int, vary: str) -> Response:
    headers = {**_headers(context, tag, modified, vary), **made.headers}
    body = made.body
    encoding = choose_encoding(request.headers.get("accept-encoding", "")) if len(body) >= WORTHWHILE else ""
    if encoding:
        if encoding not in made.encoded:
            made.encoded[encoding] = compress(body, encoding)
        body = made.encoded[encoding]
        headers["Content-Encoding"] = encoding
        headers["ETag"] = f'"{tag}-{encoding}"'  # other bytes, so another strong validator
    return Response(body, 200, headers, made.media_type)


def _program() -> str:
    try:
        return version("craftwatch")
    except PackageNotFoundError:
        return "0"


PROGRAM = _program()
