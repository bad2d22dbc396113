"""Reading an HTTP answer: validators, freshness, and by what name a useless one is known. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import Message
from email.utils import parsedate_to_datetime

from db.shapes import Failure

Headers = Mapping[str, str]  # looked up without regard to case

MAX_VALIDATOR_CHARS = 1024
LONGEST = timedelta(days=366)  # what any publisher's interval is cut to, so that no arithmetic overflows

REDIRECTS = frozenset({301, 302, 303, 307, 308})
PERMANENT_REDIRECTS = frozenset({301, 308})


@dataclass(frozen=True, slots=True)
class Validators:
    """What a server gave us to ask "has it changed?" with; sent back byte for byte, quotes and W/ included."""

    etag: str | None = None
    last_modified: str | None = None

    def __bool__(self) -> bool:
        return self.etag is not None or self.last_modified is not None

    def as_headers(self) -> dict[str, str]:
        """The conditional headers of a request (RFC 9110 §13.1). Unfit validators are left out."""
        asked = {"If-None-Match": _fit(self.etag), "If-Modified-Since": _fit(self.last_modified)}
        return {name: value for name, value in asked.items() if value is not None}

    def refreshed_from(self, headers: Headers) -> Validators:
        """These validators after a 304, which may replace either of them (RFC 9111 §3.2, §4.3.4)."""
        new = validators_of(headers)
        return Validators(new.etag or self.etag, new.last_modified or self.last_modified)


@dataclass(frozen=True, slots=True)
class Freshness:
    """When the publisher says it is worth asking again. Seconds from the answer; None where nothing readable is said.

    `max_age_seconds` is the interval as published: the Age of a cached copy is not taken off, so that we never ask
    sooner than stated.
    """

    max_age_seconds: int | None = None
    expires_seconds: int | None = None
    retry_after_seconds: int | None = None


def validators_of(headers: Headers) -> Validators:
    """The answer's ETag and Last-Modified; those that could not be sent back unharmed (non-ASCII, control
    characters, over 1 kB) are dropped, which costs a full answer and nothing else."""
    return Validators(_fit(headers.get("etag")), _fit(headers.get("last-modified")))


def freshness_of(headers: Headers, now: datetime) -> Freshness:
    """`now` is the reference for dates where the answer has no Date of its own."""
    sent_at = parse_http_date(headers.get("date")) or now
    retry_after = retry_after_of(headers, now)
    return Freshness(
        max_age_seconds=_max_age(headers.get("cache-control", "")),
        expires_seconds=_seconds_until(parse_http_date(headers.get("expires")), sent_at),
        retry_after_seconds=None if retry_after is None else int(retry_after.total_seconds()),
    )


def retry_after_of(headers: Headers, now: datetime) -> timedelta | None:
    """Retry-After in either form (RFC 9110 §10.2.3), at most a year; None when absent or unreadable."""
    text = headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]+", text):
        return timedelta(seconds=_read_seconds(text))
    sent_at = parse_http_date(headers.get("date")) or now
    seconds = _seconds_until(parse_http_date(text), sent_at)
    return None if seconds is None else timedelta(seconds=seconds)


def parse_http_date(text: str | None) -> datetime | None:
    """Any of the three date forms of RFC 9110 §5.6.7, in UTC; None when unreadable."""
    if not text or len(text) > 100:
        return None
    try:
        moment = parsedate_to_datetime(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return None


def media_type_of(headers: Headers) -> tuple[str, str | None]:
    """Content-Type as (media type, charset): lower case, "" and None where the answer does not say."""
    message = Message()
    message["content-type"] = headers.get("content-type", "")
    stated = headers.get("content-type", "").partition(";")[0].strip().lower()
    charset = message.get_param("charset")
    return stated, charset.strip().lower() if isinstance(charset, str) and charset.strip() else None


def content_codings_of(headers: Headers) -> list[str]:
    """The codings that were applied, in order, "identity" left out; x-gzip is gzip (RFC 9110 §8.4.1.3)."""
    codings = (coding.strip().lower() for coding in headers.get("content-encoding", "").split(","))
    return ["gzip" if coding == "x-gzip" else coding for coding in codings if coding not in ("", "identity")]


def failure_of(status: int, headers: Headers, body_start: bytes) -> tuple[Failure, str] | None:
    """By what name this answer is a failure, and in which words; None when it may hold a document.

    `body_start` is as much of the decoded body as was read; a bot check shows in it or in the headers.
    """
    if gate := _bot_check(status, headers, body_start):
        return Failure.CHALLENGE, f"status {status}: {gate}"
    if status in (204, 205):
        return Failure.EMPTY, f"status {status}: no content"
    if status == 206:
        return Failure.TRUNCATED, "status 206: a part, though the whole was asked for"
    if 200 <= status < 300:
        return None
    named = {403: Failure.BLOCKED, 410: Failure.GONE, 429: Failure.RATE_LIMITED}
    reason = named.get(status, Failure.HTTP_5XX if status >= 500 else Failure.HTTP_4XX)
    return reason, f"status {status}"


# In the page of an error or of a check that answers 202.
_CHECK_PAGES = {
    b"_cf_chl_opt": "Cloudflare asks for a browser",
    b"/cdn-cgi/challenge-platform/": "Cloudflare asks for a browser",
    b"<title>Just a moment": "Cloudflare asks for a browser",
    b"captcha-delivery.com": "DataDome asks for a browser",
    b"px-captcha": "HUMAN asks for a browser",
    b"ddos-guard": "DDoS-Guard asks for a browser",
    b"awswafcookiedomainlist": "AWS asks for a browser",
}
# In pages that come with status 200 too, where the others also occur in honest pages.
_SMALL_CHECK_PAGES = {
    b"_cf_chl_opt": "Cloudflare asks for a browser",
    b"_incapsula_resource": "Imperva asks for a browser",
    b"/.well-known/sgcaptcha": "SiteGround asks for a browser",
}
_SMALL_PAGE_BYTES = 10_000


def _bot_check(status: int, headers: Headers, body_start: bytes) -> str | None:
    # Cloudflare documents this header as the sign of a challenge page, whatever the status.
    if headers.get("cf-mitigated", "").lower() == "challenge":
        return "Cloudflare asks for a browser"
    if headers.get("x-amzn-waf-action", "").lower() in ("challenge", "captcha"):
        return "AWS asks for a browser"
    if "sg-captcha" in headers:
        return "SiteGround asks for a browser"
    if status == 402:
        return "a paywall for programs (TollBit or one like it)"
    if media_type_of(headers)[0] not in ("text/html", "application/xhtml+xml"):
        return None
    start = body_start.lower()
    pages = dict(_SMALL_CHECK_PAGES) if len(body_start) < _SMALL_PAGE_BYTES else {}
    if status >= 400 or status == 202:
        pages = _CHECK_PAGES | _SMALL_CHECK_PAGES
    return next((gate for sign, gate in pages.items() if sign.lower() in start), None)


def _fit(value: str | None) -> str | None:
    if value and len(value) <= MAX_VALIDATOR_CHARS and value.isascii() and value.isprintable():
        return value
    return None


def _max_age(cache_control: str) -> int | None:
    stated = re.search(r'(?:^|[,\s])max-age\s*=\s*"?([0-9]+)', cache_control, re.IGNORECASE)
    return None if stated is None else _read_seconds(stated[1])


def _read_seconds(digits: str) -> int:
    longest = int(LONGEST.total_seconds())
    return min(int(digits), longest) if len(digits) <= 9 else longest


def _seconds_until(moment: datetime | None, sent_at: datetime) -> int | None:
    if moment is None:
        return None
    return int(min(max(moment - sent_at, timedelta()), LONGEST).total_seconds())
