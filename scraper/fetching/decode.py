"""Undoing one content coding in small steps, so that no body can grow faster than it is counted."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Protocol

from isal import isal_zlib

STEP_BYTES = 65_536
SLICE_BYTES = 4_096  # small: with each tiny gzip member, what is left of its slice is copied

_GZIP_MAGIC = b"\x1f\x8b"  # RFC 1952 §2.3.1
_GZIP_START = 4  # bytes up to the flags
# Of a member with nothing but its file's name, say. With several such fields, or a checksum of them, isal refuses a
# sound header that comes in pieces.
_FLAGS_FOR_ISAL = frozenset({0, 1 << 2, 1 << 3, 1 << 4})


class BodyTooLarge(Exception):
    """The decoded body passes its limit."""


class BodyDamaged(Exception):
    """The compressed body ends too early or does not decompress."""


class Body:
    """A body being received: `add` what comes off the wire, `finish` for the decoded bytes.

    Members of a gzip body are joined (RFC 1952 §2.2) and what follows the last one is ignored, as gzip(1) does. A body
    that is called gzip and is not stays as it is: some servers say so of every answer.
    """

    def __init__(self, coding: str, max_bytes: int) -> None:
        self._steps: _Decoding = _DECODINGS[coding]()
        self.max_bytes = max_bytes
        self._decoded = bytearray()

    @property
    def size(self) -> int:
        """Bytes decoded so far."""
        return len(self._decoded)

    def add(self, data: bytes) -> None:
        """Raises BodyTooLarge or BodyDamaged."""
        for _ in self.adding(data):
            pass

    def adding(self, data: bytes) -> Iterator[int]:
        """`add` in steps of STEP_BYTES at most: the size after each."""
        for start in range(0, len(data), SLICE_BYTES):
            yield from self._take(self._steps.steps(data[start : start + SLICE_BYTES]))

    def finish(self) -> bytes:
        """The whole decoded body. Raises BodyDamaged when the coding says that something is missing."""
        for _ in self._take(self._steps.last_steps()):
            pass
        return bytes(self._decoded)

    def so_far(self) -> bytes:
        """What has been decoded up to here, at most `max_bytes`."""
        return bytes(self._decoded[: self.max_bytes])

    def discard(self) -> None:
        self._decoded.clear()

    def _take(self, steps: Iterator[bytes]) -> Iterator[int]:
        try:
            for step in steps:
                self._decoded += step
                if self.size > self.max_bytes:
                    raise BodyTooLarge
                yield self.size
        except (zlib.error, isal_zlib.error) as error:  # type: ignore[misc]  # a stub calls the class an instance
            raise BodyDamaged(f"the compressed body is damaged ({error})") from error


class _Decoding(Protocol):
    def steps(self, data: bytes) -> Iterator[bytes]: ...

    def last_steps(self) -> Iterator[bytes]: ...


class _Inflater(Protocol):
    """What zlib and isal have in common."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    @property
    def unconsumed_tail(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class _Plain:
    def steps(self, data: bytes) -> Iterator[bytes]:
        yield data

    def last_steps(self) -> Iterator[bytes]:
        return iter(())


class _Gzip:
    def __init__(self) -> None:
        self._member: _Inflater | None = None
        self._pending = b""
        self._members_read = 0
        self._past_members = False

    def steps(self, data: bytes) -> Iterator[bytes]:
        data = self._pending + data
        self._pending = b""
        while data and not self._past_members:
            if self._member is None:
                if not _GZIP_MAGIC.startswith(data[:2]):
                    self._past_members = True
                    break
                if len(data) < _GZIP_START:
                    self._pending = data
                    return
                self._member = (isal_zlib if data[3] in _FLAGS_FOR_ISAL else zlib).decompressobj(wbits=31)
            yield from _inflate(self._member, data)
            data = self._member.unused_data
            if self._member.eof:
                self._member = None
                self._members_read += 1
        if self._members_read == 0:
            yield data

    def last_steps(self) -> Iterator[bytes]:
        if self._member is not None or self._pending.startswith(_GZIP_MAGIC):
            raise BodyDamaged("the gzip body ends before its end")
        if self._members_read == 0:
            yield self._pending


class _Deflate:
    """zlib format (RFC 9110 §8.4.1.2), or the bare deflate stream that some servers send instead."""

    def __init__(self) -> None:
        self._stream: _Inflater | None = None
        self._pending = b""

    def steps(self, data: bytes) -> Iterator[bytes]:
        data = self._pending + data
        self._pending = b""
        if self._stream is None and len(data) < 2:
            self._pending = data
            return
        if self._stream is None:
            self._stream = zlib.decompressobj(wbits=15 if _has_zlib_header(data) else -15)
        if not self._stream.eof:
            yield from _inflate(self._stream, data)

    def last_steps(self) -> Iterator[bytes]:
        if self._pending or (self._stream is not None and not self._stream.eof):
            raise BodyDamaged("the deflate body ends before its end")
        return iter(())


_DECODINGS: dict[str, type[_Decoding]] = {"identity": _Plain, "gzip": _Gzip, "deflate": _Deflate}
CODINGS = frozenset(_DECODINGS)


def _inflate(stream: _Inflater, data: bytes) -> Iterator[bytes]:
    while True:
        step = stream.decompress(data, STEP_BYTES)
        yield step
        data = stream.unconsumed_tail
        # A full step may leave output behind although all input is used.
        if stream.eof or (not data and len(step) < STEP_BYTES):
            return


def _has_zlib_header(data: bytes) -> bool:
    return data[0] & 0x0F == 8 and int.from_bytes(data[:2], "big") % 31 == 0  # RFC 1950 §2.2
