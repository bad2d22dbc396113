"""What a fetch that gave nothing raises."""

from __future__ import annotations

from datetime import timedelta

from db.shapes import Failure


class FetchError(Exception):
    """A source gave nothing this time, and why. `detail` names no credentials and may be shown to anyone.

    `retry_after` is the publisher's wish as sent (at most a year), None when there is none; `status` is None when no
    answer came.
    """

    def __init__(
        self, reason: Failure, detail: str, retry_after: timedelta | None = None, status: int | None = None
    ) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
        self.retry_after = retry_after
        self.status = status
