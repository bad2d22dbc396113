"""Addresses as they may be shown: a feed of one's own may have a password or a token in its address."""

from __future__ import annotations

import re
from urllib.parse import unquote_plus, urlsplit, urlunsplit

# Anywhere in a name, but for words that only begin so: keyword, author, hashtag.
_SECRET = re.compile(r"(?i)auth(?!or)|key(?!word)|pass|pwd|secret|sig|token|hash(?!tag)|session")


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
    return f"{name}=redacted" if mark and _SECRET.search(unquote_plus(name)) else pair
