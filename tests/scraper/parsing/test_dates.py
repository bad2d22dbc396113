"""The many ways in which feeds write a moment."""

from __future__ import annotations

import pytest

from scraper.parsing.dates import read_date

CASES = {
    "Sat, 16 Dec 2023 02:02:33 GMT": "2023-12-16T02:02:33",
    "Sat, 16 Dec 2023 02:02:33 -0800": "2023-12-16T10:02:33",
    "Sat, 16 Dec 2023 02:02:33 PST": "2023-12-16T10:02:33",
    "16 Dec 23 02:02 EDT": "2023-12-16T06:02:00",
    "16 Dec 2023 02:02:33": "2023-12-16T02:02:33",
    "16 Dec 2023": "2023-12-16T00:00:00",
    "Saturday, 16-Dec-23 02:02:33 GMT": "2023-12-16T02:02:33",
    "Thu,28 Jul 2022 4:35:5 GMT+9": "2022-07-27T19:35:05",
    "Sat, Dec 16 2023 02:02:33 PM": "2023-12-16T14:02:33",
    "Sat, Dec 16 2023 12:02:33 AM": "2023-12-16T00:02:33",
    "December 16, 2023 at 2:02 pm EST": "2023-12-16T19:02:00",
    "22.11.2022 12:16:00": "2022-11-22T12:16:00",
    "Sat Dec 16 02:02:33 2023": "2023-12-16T02:02:33",
    "Sat Dec 16 02:02:33 UTC 2023": "2023-12-16T02:02:33",
    "Sam, 16 Déc 2023 02:02:33 +0100": "2023-12-16T01:02:33",
    "Sa., 16. Dezember 2023 02:02:33 MEZ": "2023-12-16T01:02:33",
    "sáb, 16 mar 2024 02:02:33 +0000": "2024-03-16T02:02:33",
    "lun, 16 juil 2024 02:02:33 +0000": "2024-07-16T02:02:33",
    "Sat, 16 Dec 2023 02:02:33 UTC+05:30": "2023-12-15T20:32:33",
    "2023-05-26T17:30:31-04:00": "2023-05-26T21:30:31",
    "2023-05-26T17:30:31.999Z": "2023-05-26T17:30:31",
    "2023-05-26T17:30:31+0000": "2023-05-26T17:30:31",
    "2023-05-26 17:30:31": "2023-05-26T17:30:31",
    "2023-05-26T17:30Z": "2023-05-26T17:30:00",
    "2023-05-26": "2023-05-26T00:00:00",
    "2023-05": "2023-05-01T00:00:00",
    "20230526T173031Z": "2023-05-26T17:30:31",
    "2023-05-26T24:00:00Z": "2023-05-27T00:00:00",
    "2016-12-31T23:59:60Z": "2016-12-31T23:59:59",
    "Sat, 16 Dec 2023 02:02:33 +9900": "2023-12-16T02:02:33",
    "Sat, 16 Dec 1999 02:02:33 XYZ": "1999-12-16T02:02:33",
    "16 Dec 99 02:02:33 GMT": "1999-12-16T02:02:33",
}


@pytest.mark.parametrize("text", CASES)
def test_a_date_is_read_in_utc(text):
    moment = read_date(text)
    assert moment is not None
    assert moment.isoformat() == CASES[text] + "+00:00"


@pytest.mark.parametrize(
    "text",
    ["", "soon", "0000-00-00", "Tue, 31 Feb 2024 00:00:00 GMT", "2024-13-01", "32 Dec 2023", "12",
     "9999-12-31T23:59:59-12:00",
     "16 Foo 2023", "2023-05-26T17:75:00Z", "1 Jan 0000 00:00:00 GMT", "٣", "²-²-²"],
)  # fmt: skip
def test_what_states_no_moment_is_none(text):
    assert read_date(text) is None


def test_a_year_of_five_digits_is_far_away_and_no_error():
    moment = read_date("Mon, 01 Jan 99999 00:00:00 GMT")
    assert moment is None or moment.year == 9999
