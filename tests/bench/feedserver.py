"""`python -m tests.bench.feedserver PORT`: the feeds on every address of 127.0.0.0/8, until its input closes.

`/feed/N` is asked by whoever is measured, on a host of its own for each feed; `/state/NAME` says how it answers:
`normal` (validators are honoured), `deaf` (the same bytes again, whatever is asked), `changed` (24 feeds have news).
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import sys
from dataclasses import dataclass

from tests.bench.feeds import FEEDS, is_atom, make_feed

CHANGED = 24
DATE = "Fri, 20 Nov 2026 10:00:00 GMT"


@dataclass(frozen=True)
class _Document:
    body: bytes
    zipped: bytes
    etag: str
    media_type: str


def _document(number: int, *, changed: bool) -> _Document:
    body = make_feed(number, changed=changed)
    kind = "atom" if is_atom(number) else "rss"
    return _Document(
        body, gzip.compress(body, 6), f'"{hashlib.sha256(body).hexdigest()[:16]}"', f"application/{kind}+xml"
    )


class _Server:
    def __init__(self) -> None:
        self.state = "normal"
        self._now = [_document(number, changed=False) for number in range(FEEDS)]
        self._later = [_document(number, changed=number < CHANGED) for number in range(CHANGED)]

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                writer.write(self._answer(head))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def _answer(self, head: str) -> bytes:
        first, _, rest = head.partition("\r\n")
        path = first.split(" ")[1]
        asked = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in rest.split("\r\n"))}
        _, kind, name = path.split("/", 2)
        if kind == "state":
            self.state = name
            return _reply("204 No Content", b"")
        if kind != "feed":
            return _reply("404 Not Found", b"")
        number = int(name)
        document = self._later[number] if self.state == "changed" and number < CHANGED else self._now[number]
        headers = f"ETag: {document.etag}\r\nLast-Modified: {DATE}\r\nContent-Type: {document.media_type}\r\n"
        if self.state != "deaf" and asked.get("if-none-match") == document.etag:
            return _reply("304 Not Modified", b"", headers)
        if "gzip" in asked.get("accept-encoding", ""):
            return _reply("200 OK", document.zipped, headers + "Content-Encoding: gzip\r\n")
        return _reply("200 OK", document.body, headers)


def _reply(status: str, body: bytes, headers: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\n{headers}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def _serve(port: int) -> None:
    server = await asyncio.start_server(_Server().talk, "0.0.0.0", port, backlog=1024)
    async with server:
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
