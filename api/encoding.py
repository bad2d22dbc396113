"""Content codings: which one a reader takes, and bytes made smaller by it (RFC 9110 §12.5.3)."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Callable
from functools import lru_cache

import brotli  # type: ignore[import-untyped]  # published without types
import zstandard

WORTHWHILE = 500  # bytes; below, a coding costs more than it saves
_PREFERRED = ("zstd", "br", "gzip")  # where the reader takes several equally

Coder = tuple[Callable[[bytes], bytes], Callable[[], bytes]]  # what to do with each chunk, and at the end


@lru_cache(maxsize=256)
def choose_encoding(accept: str) -> str:
    """The coding to use for this Accept-Encoding; "" for none."""
    if not accept:
        return ""
    weights: dict[str, float] = {}
    for part in accept.lower()[:400].split(","):
        name, _, parameter = part.partition(";")
        weights[name.strip()] = _weight(parameter)
    anything = weights.get("*", 0.0)
    best = max(_PREFERRED, key=lambda name: weights.get(name, anything))
    return best if weights.get(best, anything) > 0 else ""


def compress(body: bytes, encoding: str) -> bytes:
    add, end = _coder(encoding)
    return add(body) + end()


async def compress_stream(chunks: AsyncIterator[bytes], encoding: str) -> AsyncIterator[bytes]:
    """Chunks made smaller as they come; as they are where the coding is ""."""
    add, end = _coder(encoding) if encoding else (bytes, bytes)
    async for chunk in chunks:
        smaller = add(chunk)
        if smaller:
            yield smaller
    last = end()
    if last:
        yield last


def _coder(encoding: str) -> Coder:
    if encoding == "zstd":
        zstd = zstandard.ZstdCompressor(level=3).compressobj()
        return zstd.compress, zstd.flush
    if encoding == "br":
        br = brotli.Compressor(quality=4)
        return br.process, br.finish
    gzip = zlib.compressobj(6, zlib.DEFLATED, 31)  # 31: with gzip's own header
    return gzip.compress, gzip.flush


def _weight(parameter: str) -> float:
    """The q of `;q=0.5`; 1 when it is not given, 0 when it cannot be read."""
    name, _, value = parameter.strip().partition("=")
    if not name:
        return 1.0
    try:
        return max(0.0, min(1.0, float(value))) if name.strip() == "q" else 1.0
    except ValueError:
        return 0.0
