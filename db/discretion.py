"""Addresses as they may be shown: a feed of one's own may have a password or a token in its address."""

from __future__ import annotations

import re
from urllib.parse import urlsplit, urlunsplit

_SECRET = re.compile(r"(?i)(?:.*[-_])?(?:token|key|apikey|auth|password|passwd|pwd|secret|sig|signature|session)")
_REDACTED = "redacted"


def without_credentials(url: str) -> str:
    """`url` for other eyes: no user and password; the values of parameters that sound secret replaced."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url.rpartition("@")[2]
    query = "&".join(_veiled(pair) for pair in parts.query.split("&"))
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, query, parts.fragment))


def _veiled(pair: str) -> str:
    name, mark, _ = pair.partition("=")
    return f"{name}={_REDACTED}" if mark and _SECRET.fullmatch(name) else pair
