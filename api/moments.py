"""Of which moment a request is answered: the newest, read once for all requests that wait for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.concurrency import run_in_threadpool

from db.archive import Moment
from db.engine import READ_LIMIT_SECONDS


class Moments:
    """The newest moment of the archive. No reading of it that began before a request had come serves that request.

    `waits`: `read` waits for a server, so it runs in a thread. For one loop at a time; who asks twice without letting
    it turn is told the same.
    """

    def __init__(self, read: Callable[[], Moment], *, waits: bool) -> None:
        self._read, self._waits = read, waits
        self._loop: asyncio.AbstractEventLoop | None = None
        self._just_read: Moment | None = None
        self._under_way: asyncio.Task[Moment] | None = None
        self._next: asyncio.Task[Moment] | None = None

    async def newest(self) -> Moment:
        """Raises what reading it raises."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:  # what another loop left behind will never be done
            self._loop, self._just_read, self._under_way, self._next = loop, None, None, None
        if not self._waits:
            return self._read_here(loop)
        if self._next is None:
            self._next = loop.create_task(self._read_aside(self._under_way))
            self._next.add_done_callback(_look_at)
        return await asyncio.shield(self._next)  # one who goes away does not end it for the others

    def _read_here(self, loop: asyncio.AbstractEventLoop) -> Moment:
        """For all requests that wait in this turn of the loop: who comes later is heard of in the next."""
        if self._just_read is None:
            self._just_read = self._read()
            loop.call_soon(self._forget)
        return self._just_read

    def _forget(self) -> None:
        self._just_read = None

    async def _read_aside(self, before: asyncio.Task[Moment] | None) -> Moment:
        if before is not None and not before.done():
            await asyncio.wait([before], timeout=READ_LIMIT_SECONDS)  # it may hang, and the next may well not
        self._under_way, self._next = self._next, None
        return await run_in_threadpool(self._read)


def _look_at(task: asyncio.Task[Moment]) -> None:
    """An error of which nobody is left to hear."""
    if not task.cancelled():
        task.exception()
