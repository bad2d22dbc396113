"""How many requests one address may make, told as draft-ietf-httpapi-ratelimit-headers says."""

from __future__ import annotations

import math
from collections.abc import Callable

from api.problems import Problem

WINDOW_SECONDS = 60
MOST_ADDRESSES = 100_000


class RateLimit:
    """`limit` requests a minute: a bucket that fills evenly. `clock` gives seconds."""

    def __init__(self, limit: int, clock: Callable[[], float]) -> None:
        self._limit, self._clock = limit, clock
        self._buckets: dict[str, tuple[float, float]] = {}  # address → (requests left, when that was so)

    def take(self, address: str) -> dict[str, str]:
        """Count one request; the headers that say what is left. Raises Problem, with Retry-After, when none is."""
        now = self._clock()
        left, then = self._buckets.get(address, (float(self._limit), now))
        left = min(self._limit, left + (now - then) * self._limit / WINDOW_SECONDS)
        if len(self._buckets) >= MOST_ADDRESSES:
            self._buckets.clear()
        enough = left >= 1
        left -= enough
        self._buckets[address] = (left, now)
        until_one = max(0, math.ceil((1 - left) * WINDOW_SECONDS / self._limit))
        headers = {
            "RateLimit-Policy": f'"default";q={self._limit};w={WINDOW_SECONDS}',
            "RateLimit": f'"default";r={math.floor(left)};t={until_one}',
        }
        if not enough:
            raise Problem("too-many-requests", headers={**headers, "Retry-After": str(max(1, until_one))})
        return headers
