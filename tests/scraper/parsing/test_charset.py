"""Which characters bytes mean, header and declaration right or wrong."""

from __future__ import annotations

import pytest

from scraper.parsing.charset import decode_document

TEXT = "<rss>Café — “Bühne” żółć</rss>"


def declared(encoding: str) -> str:
    return f'<?xml version="1.0" encoding="{encoding}"?>'


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        (TEXT.encode(), "", TEXT),
        (declared("utf-8").encode() + TEXT.encode(), "", TEXT),
        (b"\xef\xbb\xbf" + TEXT.encode(), "text/xml; charset=iso-8859-1", TEXT),
        ((declared("iso-8859-1") + TEXT).encode(), "text/xml; charset=iso-8859-1", TEXT),
        ((declared("utf-16") + TEXT).encode("utf-16"), "", TEXT),
        ((declared("utf-16") + TEXT).encode("utf-16-be"), "", TEXT),
        ((declared("utf-16") + TEXT).encode("utf-16-le"), "application/xml; charset=utf-8", TEXT),
        ((declared("utf-32") + TEXT).encode("utf-32"), "", TEXT),
        (TEXT.encode("utf-8-sig"), "", TEXT),
        (b'{"a": "\xc3\xa9"}', "application/json", '{"a": "é"}'),
        ((declared("iso-8859-1") + "<rss>é “</rss>").encode("cp1252"), "", "<rss>é “</rss>"),
        (declared("windows-1251").encode() + "<rss>Привет</rss>".encode("cp1251"), "", "<rss>Привет</rss>"),
        ("<rss>Привет</rss>".encode("koi8-r"), "text/xml; charset=KOI8-R", "<rss>Привет</rss>"),
        (declared("iso-8859-7").encode() + "<rss>Ελλάδα</rss>".encode("iso-8859-7"), "text/xml", "<rss>Ελλάδα</rss>"),
        (declared("shift_jis").encode() + "<rss>映画①</rss>".encode("cp932"), "", "<rss>映画①</rss>"),
        (declared("iso-2022-jp").encode() + "<rss>映画</rss>".encode("iso-2022-jp"), "", "<rss>映画</rss>"),
        (declared("gb2312").encode() + "<rss>电影镕</rss>".encode("gbk"), "", "<rss>电影镕</rss>"),
        (declared("euc-kr").encode() + "<rss>영화</rss>".encode("euc-kr"), "", "<rss>영화</rss>"),
        (declared("big5").encode() + "<rss>電影</rss>".encode("big5"), "", "<rss>電影</rss>"),
        ("<rss>é</rss>".encode("latin-1"), "", "<rss>é</rss>"),
        (declared("nonsense").encode() + TEXT.encode(), "text/xml; charset=other-nonsense", TEXT),
        (declared("rot13").encode() + TEXT.encode(), "", TEXT),
        (declared("utf-7").encode() + b"<rss>+ADw-script+AD4-</rss>", "", "<rss>+ADw-script+AD4-</rss>"),
        (declared("utf-16").encode() + b"<rss>ascii</rss>", "", "<rss>ascii</rss>"),
        ((declared("cp037") + "<rss>a</rss>").encode("cp037"), "", "<rss>a</rss>"),
        (TEXT.encode() + "é".encode()[:1], "", TEXT + "\ufffd"),
        (b"\n\n" + declared("utf-8").encode() + b"<rss/>", "", "<rss/>"),
        (b"<rss>a\x00\x08\x0bb</rss>", "", "<rss>ab</rss>"),
        (b"\xff\xfe", "", ""),
        (b"", "", ""),
    ],
)
def test_bytes_mean_this_text(body, content_type, text):
    assert decode_document(body, content_type) == text


@pytest.mark.parametrize("encoding", ["zlib", "base64", "unicode_escape", "idna", "punycode", "undefined", "a" * 300])
def test_an_encoding_of_no_document_is_not_used(encoding):
    assert decode_document(declared(encoding).encode() + b"<rss>\\u0041 \xe9</rss>") == "<rss>\\u0041 é</rss>"
