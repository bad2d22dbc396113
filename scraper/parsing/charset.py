"""Bytes to text: which characters a document means, whatever its header claims."""

from __future__ import annotations

import codecs
import re

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Which of the first four bytes are zero when the document starts with two ASCII characters (XML 1.0, appendix F).
_ZEROES: dict[tuple[bool, ...], str] = {
    (True, True, True, False): "utf-32-be",
    (False, True, True, True): "utf-32-le",
    (True, False, True, False): "utf-16-be",
    (False, True, False, True): "utf-16-le",
}
_EBCDIC_DECLARATION = b"\x4c\x6f\xa7\x94"  # "<?xm"
_DECLARED = re.compile(rb"^\s*<\?xml[^>]{0,200}?\bencoding\s*=\s*[\"']\s*([A-Za-z][\w.:-]{0,40})")
_HEADER = re.compile(r"charset\s*=\s*[\"']?\s*([A-Za-z][\w.:-]{0,40})", re.IGNORECASE)
# Codecs that Python counts among the text encodings but that no document is written in.
_NEVER = frozenset({"utf-7", "idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined", "mbcs", "oem"})
_SEVEN_BIT = ("iso2022", "hz")  # say everything in ASCII bytes, so that they pass for UTF-8
# What the web means by these names (WHATWG Encoding Standard §4.2).
_MEANT = {
    "iso8859-1": "cp1252",
    "ascii": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
}
_DECLARATION = re.compile(r"^\s*<\?xml[^>]{0,400}\?>")
# XML 1.0 §2.2: characters that no document may hold.
_FORBIDDEN = [chr(code) for code in (*range(0x20), 0xFFFE, 0xFFFF) if chr(code) not in "\t\n\r"]
_REMOVAL = dict.fromkeys(map(ord, _FORBIDDEN))


def decode_document(body: bytes, content_type: str = "") -> str:
    """The text of a document, without XML declaration, byte order mark and characters that XML forbids; never raises.

    Order: byte order mark, zero bytes, valid UTF-8, the header, the declaration (RFC 7303 §3.2, but bytes that are
    valid UTF-8 by chance do not exist), UTF-8 with a few broken characters, the declared encoding with gaps,
    Windows-1252.
    """
    text = _decode(body, content_type).lstrip("\ufeff \t\r\n")
    text = _DECLARATION.sub("", text, count=1)
    # Looking for each is many times as fast as one pattern for all, and hardly a document has any.
    return (text.translate(_REMOVAL) if any(character in text for character in _FORBIDDEN) else text).lstrip()


def _decode(body: bytes, content_type: str) -> str:
    if marked := _by_first_bytes(body):
        return body.decode(marked, "replace")
    names = [name for name in (_header_encoding(content_type), _declared_encoding(body)) if name]
    if not any(name.startswith(_SEVEN_BIT) for name in names) and (text := _strictly(body, "utf-8")) is not None:
        return text
    for name in names:
        if (text := _strictly(body, name)) is not None:
            return text
    if (text := _mostly_utf8(body)) is not None:
        return text
    return body.decode(next((name for name in names if name != "utf-8"), "cp1252"), "replace")


def _by_first_bytes(body: bytes) -> str:
    for mark, name in _BOMS:
        if body.startswith(mark):
            return name
    if body.startswith(_EBCDIC_DECLARATION):
        return "cp037"
    first = tuple(byte == 0 for byte in body[:4])
    return _ZEROES.get(first, "")


def _header_encoding(content_type: str) -> str:
    found = _HEADER.search(content_type[:500])
    return _known(found[1]) if found else ""


def _declared_encoding(body: bytes) -> str:
    found = _DECLARED.match(body[:1_024])
    return _known(found[1].decode("ascii")) if found else ""


def _known(name: str) -> str:
    """The codec that a document means by `name`; "" when there is none or its bytes would have shown it."""
    try:
        codec = codecs.lookup(name).name
        "".encode(codec)  # a LookupError when the codec is not one of text (rot13, zlib)
    except (LookupError, UnicodeError):
        return ""
    if codec.replace("_", "-") in _NEVER or codec.startswith(("utf-16", "utf-32")):
        return ""
    return _MEANT.get(codec, codec)


def _strictly(body: bytes, name: str) -> str | None:
    try:
        return body.decode(name)
    except UnicodeError:
        return None


def _mostly_utf8(body: bytes) -> str | None:
    """The text when nine in ten of its characters beyond ASCII are sound UTF-8: a cut or a slip, not another code."""
    text = body.decode("utf-8", "replace")
    beyond_ascii = len(text) - len(text.encode("ascii", "ignore"))
    return text if text.count("\ufffd") * 10 <= beyond_ascii else None
