"""One spelling for each web address: what a reader follows and what tells two items apart."""

from __future__ import annotations

import re
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

from db.tracking import TRACKING

MAX_URL = 2_048
_DEFAULT_PORTS = {"http": 80, "https": 443}
# Cut only when the value says that the reader came by a feed: elsewhere these names choose a page.
_ORIGIN = re.compile(r"source|src|ref|from|partner|via|medium|cid|origin|referrer", re.IGNORECASE)
_FEED_VALUE = re.compile(r"(?:.*[-_.])?(?:rss|feed|feeds|atom|rssfeed|rss2|rss20)(?:[-_.].*)?", re.IGNORECASE)
_USUAL = re.compile(r"https?://[A-Za-z0-9][A-Za-z0-9.-]*(?:[/?#]|\Z)")  # what needs no taking apart to be judged
# As `canonical_url` would leave it: nothing to cut, to quote or to spell otherwise.
_CANONICAL = re.compile(r"https?://(?:[a-z0-9-]+\.)*[a-z0-9-]+/[A-Za-z0-9/._~-]*")
_UNWANTED = re.compile(r"[\x00-\x20\x7f-\xa0\ud800-\udfff\ufffe\uffff]")
_SAFE_IN_PATH = "/%:@!$&'()*+,;=~-._"
_SAFE_IN_QUERY = _SAFE_IN_PATH + "?[]|"


def absolute_url(base: str, reference: str) -> str:
    """`reference` as an http(s) URL, seen from `base`; "" when it is none (RFC 3986 §5)."""
    reference = reference.strip()
    if not reference:
        return ""
    try:
        url = reference if _USUAL.match(reference) else urljoin(base, reference)
    except ValueError:
        return ""
    return url if is_web_url(url) else ""


def is_web_url(url: str) -> bool:
    """Whether `url` is absolute, http or https, names a host, and is of a length that we keep."""
    if len(url) > MAX_URL or url[:4].lower() != "http":
        return False
    if _USUAL.match(url):
        return True
    try:
        parts = urlsplit(url)
        return parts.scheme in _DEFAULT_PORTS and bool((parts.hostname or "").strip(".")) and (parts.port or 1) > 0
    except ValueError:
        return False


def untracked_url(url: str) -> str:
    """`url` as it is, but for tracking parameters."""
    head, mark, tail = url.partition("?")
    query, hash_mark, fragment = tail.partition("#")
    kept = "&".join(pair for pair in query.split("&") if not _is_tracking(pair))
    return url if kept == query else head + (mark + kept if kept else "") + hash_mark + fragment


def canonical_url(url: str) -> str:
    """`url` without tracking, fragment, credentials and default port, host in lower case; "" when it is not http(s).

    What may choose the page stays: scheme, path, other parameters and their order.
    """
    if _CANONICAL.fullmatch(url) and len(url) <= MAX_URL:
        return url
    url = _UNWANTED.sub("", url) if " " not in url.strip() else _UNWANTED.sub("", url.strip().replace(" ", "%20"))
    if not is_web_url(url):
        return ""
    parts = urlsplit(url)
    query = _without_tracking(parts.query)
    path = quote(parts.path, safe=_SAFE_IN_PATH) or "/"
    tidy = urlunsplit((parts.scheme, _host(parts.hostname or "", parts.port, parts.scheme), path, query, ""))
    return tidy if len(tidy) <= MAX_URL else ""


def _host(hostname: str, port: int | None, scheme: str) -> str:
    host = f"[{hostname}]" if ":" in hostname else hostname.rstrip(".")
    return host if port is None or port == _DEFAULT_PORTS[scheme] else f"{host}:{port}"


def _without_tracking(query: str) -> str:
    if not query:
        return ""
    kept = "&".join(pair for pair in query.split("&") if pair and not _is_tracking(pair))
    return quote(kept, safe=_SAFE_IN_QUERY)


def _is_tracking(pair: str) -> bool:
    name, _, value = pair.partition("=")
    return bool(TRACKING.fullmatch(name) or (_ORIGIN.fullmatch(name) and _FEED_VALUE.fullmatch(value)))
