"""Of which moment requests are answered: the newest, taken up once a second however many ask."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from anyio import CapacityLimiter

from db.archive import Moment
from db.engine import READ_LIMIT_SECONDS

LAG_SECONDS = 1.0  # whoever has an answer may keep it much longer
PATIENCE = 2  # lags: so old may a moment be while a newer one is taken up
THREADS = 2  # one that hangs does not hold up the next


class Moments:
    """The newest moment of the archive, or one that was the newest up to two `lag` seconds ago.

    While a scraper saves, what a moment brings is then found out for many requests at once, by a task (`take_up`) for
    which none of them waits; who comes after a pause does. With a `lag` of 0 no taking up that began before a request
    came serves that request. A reader who has to ask the database may be told of a newer moment than the next reader.
    For one loop at a time.
    """

    def __init__(self, take_up: Callable[[CapacityLimiter], Awaitable[Moment]], lag: float = LAG_SECONDS) -> None:
        self._take_up, self._lag = take_up, lag
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: set[object] = set()  # requests

    def _begin_anew(self, loop: asyncio.AbstractEventLoop) -> None:
        """What another loop left behind will never be done."""
        self._loop = loop
        self._known: Moment | None = None
        self._begun = 0.0  # when taking up the known one was, by the loop's clock
        self._last_begun = 0.0  # when taking up the last one was, known or not
        self._threads = CapacityLimiter(THREADS)  # of their own, for answers may take all others
        self._waiting = set()
        self._under_way: asyncio.Task[Moment] | None = None
        self._next: asyncio.Task[Moment] | None = None

    async def newest(self) -> Moment:
        """Raises what taking it up raises."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._begin_anew(loop)
        age = loop.time() - self._begun
        if self._known is not None and age < self._lag:
            return self._known
        if self._known is not None and age < self._lag * PATIENCE:
            if self._next is None and not self._is_under_way():
                self._begin(loop)
            return self._known
        if self._lag and self._is_under_way(loop.time() - READ_LIMIT_SECONDS):
            assert self._under_way is not None
            return await self._wait_for(self._under_way)
        if self._next is None:
            self._begin(loop)
        assert self._next is not None
        return await self._wait_for(self._next)

    @property
    def is_awaited(self) -> bool:
        """Whether a request waits for a moment to be taken up."""
        return bool(self._waiting)

    async def _wait_for(self, task: asyncio.Task[Moment]) -> Moment:
        waiting, request = self._waiting, object()
        waiting.add(request)
        try:
            return await asyncio.shield(task)  # one who goes away does not end it for the others
        finally:
            waiting.discard(request)

    def _is_under_way(self, since: float = 0.0) -> bool:
        return self._under_way is not None and not self._under_way.done() and self._last_begun >= since

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        self._next = loop.create_task(self._take_up_after(self._under_way))
        self._next.add_done_callback(_look_at)

    async def _take_up_after(self, before: asyncio.Task[Moment] | None) -> Moment:
        if before is not None and not before.done():
            await asyncio.wait([before], timeout=READ_LIMIT_SECONDS)  # it may hang, and the next may well not
        self._under_way, self._next = self._next, None
        self._last_begun = begun = asyncio.get_running_loop().time()
        self._known = moment = await self._take_up(self._threads)
        self._begun = begun
        return moment


def _look_at(task: asyncio.Task[Moment]) -> None:
    """An error of which nobody is left to hear."""
    if not task.cancelled():
        task.exception()
