"""A bound for the whole of a fetch that does not count the waiting for one's own turn."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext


class Deadline:
    """The end of a fetch, or of a part of one, which stands still while we wait for our own turn."""

    def __init__(self, timeout: asyncio.Timeout, seconds: float, whole: Deadline | None = None) -> None:
        self._timeout = timeout
        self._began = time.monotonic()
        self._stopped_seconds = 0.0
        self._seconds = seconds
        self._whole = whole

    def spent_seconds(self) -> float:
        return time.monotonic() - self._began - self._stopped_seconds

    @contextmanager
    def stopped(self) -> Iterator[None]:
        began = time.monotonic()
        if not self._timeout.expired():
            self._timeout.reschedule(None)
        try:
            with self._whole.stopped() if self._whole else nullcontext():
                yield
        finally:
            self._stopped_seconds += time.monotonic() - began
            if not self._timeout.expired():
                left = self._seconds - self.spent_seconds()
                self._timeout.reschedule(asyncio.get_running_loop().time() + left)
