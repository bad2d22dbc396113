"""Addresses as they may be shown: a feed of one's own may have a password or a token in its address."""

from __future__ import annotations

import re
from urllib.parse import unquote_plus, urlsplit, urlunsplit

# Anywhere in a name ("authorization", "md5hash"); only the whole name "keyword", that of a search, is none.
_SECRET = re.compile(r"(?i)(?!keyword\Z).*(?:auth|key|pass|pwd|secret|sig|token|hash|session)", re.DOTALL)


def without_credentials(url: str) -> str:
    """`url` for other eyes: no user and password, no fragment, the values of parameters that sound secret replaced."""
    try:
        parts = urlsplit(url)
        query = "&".join(_veiled(pair) for pair in parts.query.split("&"))
        return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, query, ""))
    except ValueError:
        return "(unreadable address)"


def _veiled(pair: str) -> str:
    name, mark, _ = pair.partition("=")
    return f"{name}=redacted" if mark and _SECRET.match(unquote_plus(name)) else pair
