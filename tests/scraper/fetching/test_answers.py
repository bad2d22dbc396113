"""Reading answers: validators, freshness, and the names of failures."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from db.shapes import Failure
from scraper.fetching.answers import (
    LONGEST,
    Freshness,
    Validators,
    content_codings_of,
    failure_of,
    freshness_of,
    media_type_of,
    parse_http_date,
    retry_after_of,
    validators_of,
)

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
LONGEST_SECONDS = int(LONGEST.total_seconds())


def headers(**named: str) -> httpx.Headers:
    return httpx.Headers({name.replace("_", "-"): value for name, value in named.items()})


@pytest.mark.parametrize("etag", ['"abc"', 'W/"abc"', "unquoted", '"a b"', '"' + "x" * 1022 + '"', '""'])
def test_an_etag_is_kept_byte_for_byte(etag: str) -> None:
    assert validators_of(headers(etag=etag)).as_headers() == {"If-None-Match": etag}


@pytest.mark.parametrize("date", ["Tue, 24 Nov 2026 11:00:00 GMT", "yesterday", "0"])
def test_a_last_modified_is_kept_byte_for_byte(date: str) -> None:
    assert validators_of(headers(last_modified=date)).as_headers() == {"If-Modified-Since": date}


@pytest.mark.parametrize("etag", ['"é"', '"' + "x" * 1023 + '"', '"a\r\nX-Evil: 1"', '"a\x00"', '"a\tb"', ""])
def test_an_etag_that_could_not_be_sent_back_is_dropped(etag: str) -> None:
    assert not validators_of({"etag": etag})


def test_a_stored_validator_that_could_not_be_sent_is_left_out() -> None:
    assert Validators('"a\r\nX-Evil: 1"', "Tue, 24 Nov 2026 11:00:00 GMT\n").as_headers() == {}


def test_a_304_replaces_the_validators_it_names_and_keeps_the_others() -> None:
    assert Validators('"1"', "then").refreshed_from(headers(etag='"2"')) == Validators('"2"', "then")


@pytest.mark.parametrize(
    ("cache_control", "seconds"),
    [
        ("max-age=600", 600),
        ("public, Max-Age=600, must-revalidate", 600),
        ('max-age="600"', 600),
        ("s-maxage=600", None),
        ("max-age=-1", None),
        ("max-age=soon", None),
        ("no-cache", None),
        ("max-age=" + "9" * 5000, LONGEST_SECONDS),
    ],
)
def test_max_age_is_read(cache_control: str, seconds: int | None) -> None:
    assert freshness_of(headers(cache_control=cache_control), NOW).max_age_seconds == seconds


@pytest.mark.parametrize(
    ("expires", "seconds"),
    [
        ("Tue, 24 Nov 2026 13:00:00 GMT", 3600),
        ("Tue, 24 Nov 2026 11:00:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", LONGEST_SECONDS),
        ("0", None),
        ("never", None),
    ],
)
def test_expires_counts_from_now(expires: str, seconds: int | None) -> None:
    assert freshness_of(headers(expires=expires), NOW).expires_seconds == seconds


def test_expires_counts_from_the_date_of_the_answer_where_there_is_one() -> None:
    sent = headers(expires="Tue, 24 Nov 2020 13:00:00 GMT", date="Tue, 24 Nov 2020 12:30:00 GMT")
    assert freshness_of(sent, NOW) == Freshness(expires_seconds=1800)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120),
        ("0", 0),
        ("Tue, 24 Nov 2026 12:02:00 GMT", 120),
        ("Tuesday, 24-Nov-26 12:02:00 GMT", 120),
        ("Tue Nov 24 12:02:00 2026", 120),
        ("Tue, 24 Nov 2026 11:00:00 GMT", 0),
        ("9" * 5000, LONGEST_SECONDS),
        ("99999999999", LONGEST_SECONDS),
        ("-5", None),
        ("12.5", None),
        ("²", None),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after_is_read_in_both_forms(text: str, seconds: int | None) -> None:
    expected = None if seconds is None else timedelta(seconds=seconds)
    assert retry_after_of(headers(retry_after=text) if text.isascii() else {"retry-after": text}, NOW) == expected


@pytest.mark.parametrize("text", ["", "x" * 200, "Tue, 99 Foo 2026 99:99:99 GMT", "Tue, 24 Nov 2026 12:00:00 +9999"])
def test_an_unreadable_date_is_none(text: str) -> None:
    assert parse_http_date(text) is None


@pytest.mark.parametrize(
    ("sent", "media_type", "charset"),
    [
        ("application/rss+xml", "application/rss+xml", None),
        ("Text/XML; Charset=ISO-8859-1", "text/xml", "iso-8859-1"),
        ('text/xml; charset="utf-8"', "text/xml", "utf-8"),
        ("text/xml; charset=", "text/xml", None),
        ("", "", None),
    ],
)
def test_a_content_type_is_read(sent: str, media_type: str, charset: str | None) -> None:
    assert media_type_of(headers(content_type=sent)) == (media_type, charset)


@pytest.mark.parametrize(
    ("sent", "codings"),
    [("", []), ("identity", []), ("GZIP", ["gzip"]), ("x-gzip", ["gzip"]), ("gzip, gzip", ["gzip", "gzip"])],
)
def test_content_codings_are_read(sent: str, codings: list[str]) -> None:
    assert content_codings_of(headers(content_encoding=sent)) == codings


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (204, Failure.EMPTY),
        (206, Failure.TRUNCATED),
        (300, Failure.HTTP_4XX),
        (400, Failure.HTTP_4XX),
        (401, Failure.HTTP_4XX),
        (402, Failure.CHALLENGE),
        (403, Failure.BLOCKED),
        (404, Failure.HTTP_4XX),
        (410, Failure.GONE),
        (429, Failure.RATE_LIMITED),
        (500, Failure.HTTP_5XX),
        (503, Failure.HTTP_5XX),
        (599, Failure.HTTP_5XX),
    ],
)
def test_a_status_has_its_name(status: int, reason: Failure) -> None:
    found = failure_of(status, headers(), b"")
    assert found is not None
    assert found[0] is reason


@pytest.mark.parametrize("status", [200, 203])
def test_a_status_that_brings_a_document_is_no_failure(status: int) -> None:
    assert failure_of(status, headers(content_type="text/html"), b"<html>Union news</html>") is None


@pytest.mark.parametrize(
    ("status", "named", "page"),
    [
        (403, {"cf_mitigated": "challenge"}, b""),
        (200, {"cf_mitigated": "challenge"}, b""),
        (429, {"cf_mitigated": "challenge"}, b""),
        (202, {"x_amzn_waf_action": "challenge"}, b""),
        (405, {"x_amzn_waf_action": "captcha"}, b""),
        (202, {"sg_captcha": "challenge"}, b""),
        (403, {"content_type": "text/html"}, b"<title>Just a moment...</title>"),
        (503, {"content_type": "text/html"}, b"<script>window._cf_chl_opt={}</script>"),
        (403, {"content_type": "text/html"}, b"<script src=https://ct.captcha-delivery.com/c.js>"),
        (202, {"content_type": "text/html"}, b"<meta http-equiv=refresh content='0;/.well-known/sgcaptcha/?r=%2F'>"),
        (200, {"content_type": "text/html"}, b"<iframe src='/_Incapsula_Resource?SWUDNSAI=31'>"),
    ],
)
def test_a_check_for_programs_is_a_challenge(status: int, named: dict[str, str], page: bytes) -> None:
    found = failure_of(status, headers(**named), page)
    assert found is not None
    assert found[0] is Failure.CHALLENGE


@pytest.mark.parametrize(
    "page",
    [b"<html><script src=/cdn-cgi/challenge-platform/scripts/jsd/main.js>", b"<html>_cf_chl_opt" + b" " * 10_000],
)
def test_an_honest_page_that_mentions_a_check_is_not_one(page: bytes) -> None:
    assert failure_of(200, headers(content_type="text/html"), page) is None


def test_a_feed_about_checks_is_not_one() -> None:
    assert failure_of(200, headers(content_type="application/rss+xml"), b"<rss>_cf_chl_opt</rss>") is None
