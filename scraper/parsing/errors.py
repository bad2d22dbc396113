"""What parsing raises; apart from the parsers, which take a while to import and run in other processes."""

from __future__ import annotations

from db.shapes import Failure


class ParseError(Exception):
    """A document that gave no entries; `reason` is one of Failure's parse names, `detail` says what was seen."""

    def __init__(self, reason: Failure, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
