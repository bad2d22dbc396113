"""Requests answered in this process, from the scope to the last byte, by an application as it is after a while."""

from __future__ import annotations

import time
from typing import NamedTuple

from fastapi import FastAPI

from api.dependencies import Context
from db.archive import Snapshot


class Reply(NamedTuple):
    status: int
    size: int  # bytes of the body as sent


async def get(app: FastAPI, target: str, **headers: str) -> Reply:
    path, _, query = target.partition("?")
    status = size = 0

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, object]) -> None:
        nonlocal status, size
        if message["type"] == "http.response.start":
            status = int(str(message["status"]))
        else:
            size += len(message.get("body", b""))  # type: ignore[arg-type]  # messages are dicts of objects

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(b"host", b"127.0.0.1"), *((name.encode(), value.encode()) for name, value in headers.items())],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    await app(scope, receive, send)  # type: ignore[arg-type]  # messages are dicts
    return Reply(status, size)


def await_sets(context: Context) -> None:
    """Until the sets are in memory, as they are in a server that runs for a while."""
    end = time.monotonic() + 600
    while time.monotonic() < end:
        with context.archive.snapshot() as snapshot:
            if snapshot.sets() is not None:
                return
        time.sleep(0.2)
    raise TimeoutError("the sets of terms were not read within ten minutes")


def codes_of(snapshot: Snapshot, axis: str) -> list[str]:
    return sorted(snapshot.codes(axis).values())
