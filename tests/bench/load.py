"""Asking a server from a fixed number of connections for a fixed time: as fast as it answers, or so often a second."""

from __future__ import annotations

import asyncio
import itertools
import re
import statistics
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)
_LAST_CHUNK = b"0\r\n\r\n"


@dataclass
class Answered:
    """What came back. `latencies` in seconds."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    @property
    def per_second(self) -> float:
        return len(self.latencies) / self.seconds

    def quantile_ms(self, share: float) -> float:
        return statistics.quantiles(self.latencies, n=100, method="inclusive")[round(share * 100) - 1] * 1000


def ask(
    port: int, targets: Sequence[str], *, connections: int, seconds: float, headers: str = "", rate: float | None = None
) -> Answered:
    """GET these targets in turn; those asked before `seconds` are over are answered and counted.

    `rate`: a request falls due so often a second, whether or not those before it are answered; the time of each counts
    from when it was due, so that a server that stands still for a moment is not asked less.
    """
    return asyncio.run(_ask(port, targets, connections, seconds, headers, rate))


async def _ask(
    port: int, targets: Sequence[str], connections: int, seconds: float, headers: str, rate: float | None
) -> Answered:
    loop = asyncio.get_running_loop()
    requests = itertools.cycle(
        [f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{headers}\r\n".encode() for target in targets]
    )
    answered = Answered()
    began = time.perf_counter()
    due = (began + number / rate for number in itertools.count()) if rate else None
    talks = []
    for _ in range(connections):
        _, talk = await loop.create_connection(
            lambda: _Talk(requests, due, began + seconds, answered), "127.0.0.1", port
        )
        talks.append(talk.over)
    async with asyncio.timeout(seconds + 60):
        await asyncio.gather(*talks)
    answered.seconds = time.perf_counter() - began
    return answered


class _Talk(asyncio.Protocol):
    """One connection: the next request as soon as the last is answered and, where it waits for that, one is due."""

    def __init__(
        self, requests: itertools.cycle[bytes], due: Iterator[float] | None, end: float, answered: Answered
    ) -> None:
        self._requests, self._due, self._end, self._answered = requests, due, end, answered
        self._head = b""
        self._left: int | None = None  # bytes of the body; -1: it comes in chunks; None: still in the head
        self._tail = b""
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._send()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.over.done():
            self._answered.statuses[0] += 1
            self.over.set_result(None)

    def data_received(self, data: bytes) -> None:
        if self._left is None:
            self._head += data
            head, found, data = self._head.partition(b"\r\n\r\n")
            if not found:
                return
            self._status = int(head[9:12])
            length = _LENGTH.search(head + b"\r\n")
            self._left = int(length[1]) if length else 0 if self._status == 304 else -1
        if self._left < 0:
            self._tail = (self._tail + data)[-len(_LAST_CHUNK) :]
            if self._tail == _LAST_CHUNK:
                self._finish()
        else:
            self._left -= len(data)
            if self._left <= 0:
                self._finish()

    def _finish(self) -> None:
        self._answered.latencies.append(time.perf_counter() - self._began)
        self._answered.statuses[self._status] += 1
        self._send()

    def _send(self) -> None:
        self._head, self._left, self._tail = b"", None, b""
        now = time.perf_counter()
        self._began = next(self._due) if self._due else now
        if self._began >= self._end:
            self.over.set_result(None)
            self._transport.close()
        elif self._began > now:
            asyncio.get_running_loop().call_later(self._began - now, self._write_when_due)
        else:
            self._write()

    def _write_when_due(self) -> None:
        self._began = time.perf_counter()  # timers are late by a millisecond, which is no fault of the server
        self._write()

    def _write(self) -> None:
        self._transport.write(next(self._requests))
