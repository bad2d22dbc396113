"""Decoding: one coding, in steps, with every way in which a body can be broken."""

from __future__ import annotations

import gzip
import time
import zlib

import pytest

from scraper.fetching.decode import STEP_BYTES, Body, BodyDamaged, BodyTooLarge
from tests.server import zeros_gzipped

TEXT = b"<rss>" + b"Grips and gaffers agree. " * 20_000 + b"</rss>"
MILLION = 1_000_000


def decode(coding: str, *pieces: bytes, limit: int = MILLION) -> bytes:
    body = Body(coding, limit)
    for piece in pieces:
        body.add(piece)
    return body.finish()


def byte_by_byte(data: bytes) -> list[bytes]:
    return [data[i : i + 1] for i in range(len(data))]


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize(
    ("coding", "sent"),
    [
        pytest.param("identity", TEXT, id="plain"),
        pytest.param("gzip", gzip.compress(TEXT), id="gzip"),
        pytest.param("gzip", gzip.compress(TEXT, 0), id="stored"),
        pytest.param("gzip", gzip.compress(TEXT[:9]) + gzip.compress(TEXT[9:]), id="two members"),
        pytest.param("gzip", gzip.compress(b"") + gzip.compress(TEXT), id="an empty member first"),
        pytest.param("gzip", gzip.compress(TEXT) + b"trailing junk", id="junk after it"),
        pytest.param("gzip", gzip.compress(TEXT) + b"\0" * 100, id="padding after it"),
        pytest.param("gzip", gzip.compress(TEXT) + b"\x1f", id="half a magic number after it"),
        pytest.param("gzip", TEXT, id="not gzip at all"),
        pytest.param("deflate", zlib.compress(TEXT), id="zlib"),
        pytest.param("deflate", raw_deflate(TEXT), id="bare deflate"),
        pytest.param("deflate", zlib.compress(TEXT) + b"trailing junk", id="junk after zlib"),
    ],
)
def test_a_whole_body_is_decoded(coding: str, sent: bytes) -> None:
    assert decode(coding, sent) == TEXT


@pytest.mark.parametrize("coding", ["identity", "gzip", "deflate"])
def test_a_body_may_come_byte_by_byte(coding: str) -> None:
    text = b"Extras walk out"
    sent = {"identity": text, "gzip": gzip.compress(text) + gzip.compress(b"!"), "deflate": zlib.compress(text)}[coding]
    assert decode(coding, *byte_by_byte(sent)).startswith(text)


@pytest.mark.parametrize("flags", range(32))
def test_a_sound_header_of_gzip_may_be_cut_anywhere(flags: int) -> None:
    text = b"Extras walk out"
    sent = gzip_header(flags) + raw_deflate(text) + zlib.crc32(text).to_bytes(4, "little") + b"\x0f\0\0\0"
    for cut in range(len(sent)):
        assert decode("gzip", sent[:cut], sent[cut:]) == text
    assert decode("gzip", *byte_by_byte(sent)) == text


def gzip_header(flags: int) -> bytes:
    """RFC 1952 §2.3, with the fields that these flags tell of."""
    header = b"\x1f\x8b\x08" + bytes([flags]) + b"\0\0\0\0\0\xff"
    header += b"\x04\0more" if flags & 4 else b""
    header += b"feed.xml\0" if flags & 8 else b""
    header += b"a feed\0" if flags & 16 else b""
    return header + (zlib.crc32(header) & 0xFFFF).to_bytes(2, "little") if flags & 2 else header


def test_two_members_that_come_byte_by_byte_are_joined() -> None:
    assert decode("gzip", *byte_by_byte(gzip.compress(b"one ") + gzip.compress(b"two"))) == b"one two"


@pytest.mark.parametrize("size", [STEP_BYTES - 1, STEP_BYTES, STEP_BYTES + 1, 4 * STEP_BYTES])
def test_no_output_is_left_behind_at_the_edge_of_a_step(size: int) -> None:
    for coding, sent in {"gzip": gzip.compress(bytes(size)), "deflate": raw_deflate(bytes(size))}.items():
        assert decode(coding, sent) == bytes(size)


@pytest.mark.parametrize("coding", ["identity", "gzip", "deflate"])
def test_an_empty_body_is_empty(coding: str) -> None:
    assert decode(coding) == b""


@pytest.mark.parametrize(
    ("coding", "sent"),
    [
        pytest.param("gzip", gzip.compress(TEXT)[:-1], id="the last byte"),
        pytest.param("gzip", gzip.compress(TEXT)[:-8], id="the checksum"),
        pytest.param("gzip", gzip.compress(TEXT)[:500], id="most of it"),
        pytest.param("gzip", gzip.compress(TEXT)[:3], id="before its flags"),
        pytest.param("gzip", gzip.compress(TEXT)[:5], id="half its header"),
        pytest.param("gzip", gzip.compress(TEXT) + gzip.compress(TEXT)[:500], id="the second member"),
        pytest.param("deflate", zlib.compress(TEXT)[:-1], id="the last byte of zlib"),
        pytest.param("deflate", raw_deflate(TEXT)[:-1], id="the last byte of bare deflate"),
        pytest.param("deflate", b"x", id="all but one byte"),
    ],
)
def test_a_body_cut_short_is_damaged(coding: str, sent: bytes) -> None:
    with pytest.raises(BodyDamaged, match="ends before its end"):
        decode(coding, sent)


def test_a_body_with_a_flipped_bit_is_damaged() -> None:
    sent = bytearray(gzip.compress(TEXT))
    sent[-6] ^= 1
    with pytest.raises(BodyDamaged, match="is damaged"):
        decode("gzip", bytes(sent))


@pytest.mark.parametrize("coding", ["identity", "gzip", "deflate"])
def test_a_body_may_be_as_large_as_its_limit(coding: str) -> None:
    sent = {"identity": bytes(1000), "gzip": gzip.compress(bytes(1000)), "deflate": zlib.compress(bytes(1000))}[coding]
    assert len(decode(coding, sent, limit=1000)) == 1000


@pytest.mark.parametrize("coding", ["identity", "gzip", "deflate"])
def test_a_body_over_its_limit_is_too_large(coding: str) -> None:
    sent = {"identity": bytes(1001), "gzip": gzip.compress(bytes(1001)), "deflate": zlib.compress(bytes(1001))}[coding]
    with pytest.raises(BodyTooLarge):
        decode(coding, sent, limit=1000)


def test_a_bomb_is_stopped_within_one_step_of_the_limit() -> None:
    body = Body("gzip", MILLION)
    with pytest.raises(BodyTooLarge):
        body.add(zeros_gzipped(1024))
    assert body.size <= MILLION + STEP_BYTES


def test_what_came_before_the_limit_can_be_had() -> None:
    body = Body("identity", 4)
    with pytest.raises(BodyTooLarge):
        body.add(b"abcdef")
    assert body.so_far() == b"abcd"


def test_a_hundred_thousand_tiny_members_take_no_quadratic_time() -> None:
    began = time.process_time()
    assert decode("gzip", gzip.compress(b"") * 100_000) == b""
    assert time.process_time() - began < 5
