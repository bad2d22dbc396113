"""Cursors: where a reader is in a list, as one word that he passes back unread."""

from __future__ import annotations

import base64
import binascii
import struct

from db.filters import Position, Sort

_KINDS = {Sort.PUBLISHED: b"p", Sort.RECEIVED: b"r", Sort.RELEVANCE: b"q"}
_CHANGES = b"c"


def encode_cursor(sort: Sort, position: Position) -> str:
    values: tuple[int, ...] = (position.item_id,)
    if sort is Sort.RECEIVED:
        values += (position.received_at,)
    elif sort is Sort.RELEVANCE:
        values += (position.seen,)
    return _encode(_KINDS[sort], *values)


def decode_cursor(sort: Sort, text: str) -> Position:
    """Raises ValueError for anything but a cursor that was given out for this order."""
    expected = 1 if sort is Sort.PUBLISHED else 2
    values = _decode(_KINDS[sort], text, expected)
    if sort is Sort.RECEIVED:
        return Position(values[0], received_at=values[1])
    if sort is Sort.RELEVANCE:
        if not 0 <= values[1] <= 1_000_000:
            raise ValueError("not a cursor of this list")
        return Position(values[0], seen=values[1])
    return Position(values[0])


def encode_change(version: int, item_id: int) -> str:
    return _encode(_CHANGES, version, item_id)


def decode_change(text: str) -> tuple[int, int]:
    """(version, item id). Raises ValueError."""
    version, item_id = _decode(_CHANGES, text, 2)
    return version, item_id


def _encode(kind: bytes, *values: int) -> str:
    return base64.urlsafe_b64encode(kind + struct.pack(f">{len(values)}q", *values)).rstrip(b"=").decode()


def _decode(kind: bytes, text: str, count: int) -> tuple[int, ...]:
    try:
        raw = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
        if raw[:1] != kind:
            raise ValueError("not a cursor of this list")
        values = struct.unpack(f">{count}q", raw[1:])
    except (UnicodeEncodeError, binascii.Error, struct.error) as error:
        raise ValueError("not a cursor of this list") from error
    if _encode(kind, *values) != text:
        raise ValueError("not a cursor of this list")
    return values
