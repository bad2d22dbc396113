"""From a request to bytes: an ETag that still holds first, then what was answered before, then the query."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from email.utils import formatdate, parsedate_to_datetime
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from urllib.parse import unquote_to_bytes

from starlette.requests import Request
from starlette.responses import Response

from api.cache import Answer
from api.dependencies import Context, context_of
from api.encoding import WORTHWHILE, choose_encoding, compress
from api.envelope import Finished
from api.names import Names
from db.archive import Snapshot

Build = Callable[[Snapshot, Names], Answer]


async def answer(
    request: Request, build: Build, *, heavy: bool = False, timely: bool = False, vary: str = "", depends: str = ""
) -> Response:
    """The answer that `build` makes of the data, 304 where the reader has it.

    The ETag is made of what the answer depends on: the data version, the names, this program, the path, the query and
    what is in `vary` and `depends`; so it is known before anything is looked up. `timely` answers depend on the clock
    and on checks as well: their ETag is that of their bytes. Neither they nor what has `depends` have a date since when
    they are as they are.
    """
    context = context_of(request)

    def respond(snapshot: Snapshot) -> Response:
        names = context.names(snapshot)
        tag = "" if timely else make_tag(context, request, snapshot, names, f"{vary}\0{depends}")
        modified = 0 if timely or depends else changed_at(request, snapshot, names)
        if tag and (held := named_by_reader(request, tag)):
            return not_modified(context, held, modified, vary)
        made = context.answers.get(tag) if tag else None
        if made is None:
            had_sets = snapshot.has_sets()  # they may be ready while we build without them
            made = build(snapshot, names)
            if made.is_estimate and not (had_sets and snapshot.has_sets()):
                tag = ""  # exact as soon as there are sets, in the same version of the data
            if tag:
                context.answers.keep(tag, made)
        if not tag:
            return answer_of_bytes(request, made, vary)
        return whole(context, request, made, tag, modified, vary)

    return await context.read(respond, heavy=heavy)


def answer_of_bytes(request: Request, made: Answer, vary: str = "") -> Response:
    """An answer that is made already, 304 where the reader has these bytes."""
    context = context_of(request)
    return whole(context, request, made, _digest(made.body), 0, vary)


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
    if moves_with_the_clock(request):
        parts.append(str(int(context.moment().timestamp()) // 60))
    return _digest("\0".join(parts).encode() + b"\0" + query)


def changed_at(request: Request, snapshot: Snapshot, names: Names) -> int:
    """Since when an answer has been as it is, in seconds since 1970; 0 where the clock changes it as well.

    The data may be older than the program and the names that answers are made with: the later of the two counts.
    """
    return 0 if moves_with_the_clock(request) else max(snapshot.changed_at, names.since)


def named_by_reader(request: Request, tag: str) -> str:
    """The entity tag by which the reader says to hold this very answer; "" when he does not.

    Who can name it was answered 200, so the request needs no second look.
    """
    for given in (part.strip() for part in request.headers.get("if-none-match", "").split(",")):
        if given.removeprefix("W/").strip('"').partition("-")[0] == tag:
            # As it was given: a cache renews what it holds under the tag that a 304 has (RFC 9111 §4.3.4).
            return given
    return ""


def held_by_reader(request: Request, tag: str, modified: int) -> str:
    """The entity tag of what the reader holds and may keep, of an answer that is 200 else; "" when there is nothing.

    RFC 9110 §13.2.1: a condition counts only where the answer without it would be a good one. §13.2.2: If-None-Match
    decides where it is given, else If-Modified-Since.
    """
    asked = request.headers.get("if-none-match")
    if asked is not None:
        return f'W/"{tag}"' if asked.strip() == "*" else named_by_reader(request, tag)
    since = request.headers.get("if-modified-since")
    if since is None or not modified:
        return ""
    try:
        return f'W/"{tag}"' if modified <= parsedate_to_datetime(since).timestamp() else ""
    except (ValueError, OverflowError):
        return ""


def headers_of(context: Context, entity_tag: str, modified: int, vary: str) -> dict[str, str]:
    seconds = context.settings.cache_seconds
    headers = {
        "ETag": entity_tag,
        "Cache-Control": f"public, max-age={seconds}, stale-while-revalidate={seconds * 10}",
        "Vary": f"{vary.partition('=')[0]}, Accept-Encoding" if vary else "Accept-Encoding",
    }
    if modified:
        headers["Last-Modified"] = _http_date(modified)
    return headers


def not_modified(context: Context, entity_tag: str, modified: int, vary: str) -> Response:
    return Finished(None, 304, headers_of(context, entity_tag, modified, vary))


def whole(context: Context, request: Request, made: Answer, tag: str, modified: int, vary: str) -> Response:
    """The whole answer, or 304 where the reader has it."""
    if held := held_by_reader(request, tag, modified):
        return not_modified(context, held, modified, vary)
    return full(context, request, made, tag, modified, vary)


def full(context: Context, request: Request, made: Answer, tag: str, modified: int, vary: str) -> Response:
    """The whole answer in the coding that the reader likes best; `tag` is the inside of its ETag."""
    encoding = choose_encoding(request.headers.get("accept-encoding", "")) if len(made.body) >= WORTHWHILE else ""
    response = made.responses.get(encoding)
    if response is None:
        response = made.responses[encoding] = _encoded(context, made, encoding, tag, modified, vary)
    return response


def _encoded(context: Context, made: Answer, encoding: str, tag: str, modified: int, vary: str) -> Response:
    headers = {**headers_of(context, f'"{tag}"', modified, vary), **made.headers}
    body = made.body
    if encoding:
        body = compress(body, encoding)
        headers["Content-Encoding"] = encoding
        headers["ETag"] = f'"{tag}-{encoding}"'  # other bytes, so another strong validator
    # Who does not know the type shows it as text, and guesses of which letters.
    is_feed = made.media_type.startswith("application/") and made.media_type.endswith("+xml")
    charset = "; charset=utf-8" if is_feed else ""
    return Finished(body, 200, headers, made.media_type + charset)


@lru_cache(maxsize=64)
def _http_date(seconds: int) -> str:
    return formatdate(seconds, usegmt=True)


def moves_with_the_clock(request: Request) -> bool:
    """Whether what a query asks for is another thing in the next minute."""
    query: bytes = request.scope["query_string"]
    text = unquote_to_bytes(query) if b"%" in query else query
    goes_on_until_today = b"from" in text and request.scope["path"].endswith("/stats")
    return b"window" in text or goes_on_until_today


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=9).hexdigest()


def _program() -> str:
    try:
        return version("craftwatch")
    except PackageNotFoundError:
        return "0"


PROGRAM = _program()
