"""What can go wrong with a request, as RFC 9457 problem documents; the codes are promised, the sentences are not."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.responses import Response

from db.errors import DatabaseError, NoDatabase, NotOurs, SchemaTooNew, SchemaTooOld, TooSlow

log = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"

#: code → (status, title, what it means)
PROBLEMS: Mapping[str, tuple[int, str, str]] = {
    "invalid-parameters": (400, "Invalid parameters", "Each fault is in `errors`, with the nearest valid names."),
    "not-found": (404, "Not found", "There is nothing at this address."),
    "method-not-allowed": (405, "Method not allowed", "The API only reads: GET, HEAD and OPTIONS."),
    "not-acceptable": (406, "Not acceptable", "None of the formats in Accept is available here."),
    "query-too-long": (414, "Query too long", "The query string is longer than the server takes."),
    "too-many-requests": (429, "Too many requests", "Wait as many seconds as Retry-After says."),
    "internal-error": (500, "Internal error", "A mistake of ours; it has been logged."),
    "database-unavailable": (503, "Database unavailable", "The database cannot be read at the moment; try again."),
    "too-slow": (503, "Too slow", "The answer took too long to find; narrow it by dates, terms or words."),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with one parameter; `nearest` are valid names to try instead."""

    parameter: str
    value: str
    detail: str
    nearest: Sequence[str] = ()


class Problem(Exception):
    """An answer that is a problem document; `code` is one of PROBLEMS."""

    def __init__(
        self, code: str, detail: str = "", faults: Sequence[Fault] = (), headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail or code)
        self.code, self.detail, self.faults, self.headers = code, detail, tuple(faults), dict(headers or {})


def fault_document(fault: Fault) -> dict[str, Any]:
    """`nearest` is left out where nothing is near."""
    told = {"parameter": fault.parameter, "value": fault.value, "detail": fault.detail}
    return {**told, "nearest": list(fault.nearest)} if fault.nearest else told


def problem_of(error: Problem | DatabaseError) -> Problem:
    """What to tell readers of an error; what a database's owner should know is logged."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, TooSlow):
        return Problem("too-slow")
    log.warning("%s: %s", type(error).__name__, error)
    return Problem("database-unavailable", _FOR_READERS.get(type(error), ""))


# What a reader may know of it; paths and hosts are for the log.
_FOR_READERS: dict[type[Exception], str] = {
    NoDatabase: "There is no database yet; its owner is to run: craftwatch migrate",
    SchemaTooOld: "The database is of an older version; its owner is to run: craftwatch migrate",
    SchemaTooNew: "The database was written by a later version of this program, which its owner is to update.",
    NotOurs: "The database is another program's; its owner is to name another in CRAFTWATCH_DATABASE_URL.",
}


def problem_response(problem: Problem, path: str, public_url: str) -> Response:
    status, title, meaning = PROBLEMS[problem.code]
    document: dict[str, Any] = {
        "type": f"{public_url}/v1/problems#{problem.code}",
        "title": title,
        "status": status,
        "detail": problem.detail or meaning,
        "instance": path,
        "code": problem.code,
    }
    if problem.faults:
        document["errors"] = [fault_document(fault) for fault in problem.faults]
    headers = {"Cache-Control": "no-store", **problem.headers}
    if status == 503:
        headers.setdefault("Retry-After", "5")
    return Response(orjson.dumps(document), status, headers, MEDIA_TYPE)
