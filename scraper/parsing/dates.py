"""The moments that feeds state, in the many ways they write them."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta
from functools import lru_cache

_MAX_LENGTH = 80
_CLOCK = (
    r"(?P<hour>\d{1,2}):(?P<minute>\d{1,2})(?::(?P<second>\d{1,2})(?:[.,]\d+)?)?"
    r"\s*(?P<half>[AaPp]\.?[Mm]\b\.?)?\s*(?P<zone>[A-Za-z]{1,5}(?![A-Za-z])[+-]?[\d:]*|[+-][\d:]+)?"
)
_WEEKDAY = r"(?:[^\W\d_]{2,12}(?:\.?,\s*|\.?\s+))?"
_MONTH = r"(?P<month>[^\W\d_]{3,10})\.?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th|\.)?"
_YEAR = r"(?P<year>\d{4}|\d{2})"
_SHAPES = tuple(
    re.compile(shape)
    for shape in (
        # RFC 3339, ISO 8601, W3CDTF: 2023-05-26T17:30:31-04:00, 2023-05-26, 20230526T173031Z
        rf"(?P<year>\d{{4}})[-/](?P<month>\d{{1,2}})(?:[-/](?P<day>\d{{1,2}}))?(?:(?:[Tt]|,?\s+){_CLOCK})?",
        r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})"
        r"(?:[Tt\s]?(?P<hour>\d{2}):?(?P<minute>\d{2}):?(?P<second>\d{2})?(?P<zone>[Zz]|[+-][\d:]+)?)?",
        # 22.11.2022 12:16:00
        rf"{_WEEKDAY}(?P<day>\d{{1,2}})\.(?P<month>\d{{1,2}})\.(?P<year>\d{{4}})(?:,?\s+{_CLOCK})?",
        # RFC 822 §5, RFC 2822 §3.3: Sat, 16 Dec 2023 02:02:33 -0800
        rf"{_WEEKDAY}{_DAY}[\s-]+{_MONTH},?[\s-]+{_YEAR}(?:,?\s+{_CLOCK})?",
        # Sat, Dec 16 2023 02:02:33 PM
        rf"{_WEEKDAY}{_MONTH}\s+{_DAY},?\s+(?P<year>\d{{4}})(?:,?\s+(?:at\s+|-\s+)?{_CLOCK})?",
        # asctime: Sat Dec 16 02:02:33 2023
        rf"{_WEEKDAY}{_MONTH}\s+{_DAY}\s+{_CLOCK}\s+(?P<year>\d{{4}})",
    )
)
# The first letters of the months in English, German, Dutch, French, Spanish, Italian and Portuguese, without accents.
_MONTHS = {
    letters: number
    for number, row in enumerate(
        (
            "jan ene gen",
            "feb fev",
            "mar mrz mae maa mrt",
            "apr avr abr",
            "mai may mei mag",
            "jun juin giu",
            "jul juil lug",
            "aug aou ago",
            "sep set",
            "oct okt ott out",
            "nov",
            "dec dez dic",
        ),
        start=1,
    )
    for letters in row.split()
}
# RFC 822 §5.1 and the abbreviations that feeds use beside it; a name not listed counts as UTC.
_ZONE_HOURS = {
    "EST": -5, "EDT": -4, "ET": -5, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7, "PT": -8,
    "AKST": -9, "AKDT": -8, "HST": -10, "AST": -4, "ADT": -3, "NST": -3.5, "NDT": -2.5, "BRT": -3, "ART": -3,
    "BST": 1, "CET": 1, "CEST": 2, "MEZ": 1, "MESZ": 2, "EET": 2, "EEST": 3, "MSK": 3, "SAST": 2, "IST": 5.5, "PKT": 5,
    "SGT": 8, "HKT": 8, "AWST": 8, "JST": 9, "KST": 9, "ACST": 9.5, "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13,
}  # fmt: skip
_OFFSET = re.compile(r"([+-])(\d{1,2})(?::?(\d{2}))?")
_MAX_OFFSET = timedelta(hours=15)


def read_date(text: str) -> datetime | None:
    """The moment that `text` states, in UTC and whole seconds; None when it states none. No zone is read as UTC."""
    text = " ".join(text[:_MAX_LENGTH].split())
    for shape in _SHAPES:
        if found := shape.match(text):
            return _moment(found.groupdict())
    return None


def _moment(parts: dict[str, str | None]) -> datetime | None:
    month = _month(parts["month"] or "")
    if month is None:
        return None
    hour = int(parts.get("hour") or 0)
    half = (parts.get("half") or "").lower()
    if half and 1 <= hour <= 12:
        hour = hour % 12 + (12 if half.startswith("p") else 0)
    try:
        midnight = datetime(_year(parts["year"] or ""), month, int(parts["day"] or 1), tzinfo=UTC)
        minute, second = int(parts.get("minute") or 0), min(int(parts.get("second") or 0), 59)  # 60: a leap second
        if hour > 24 or minute > 59:
            return None
        return midnight + timedelta(hours=hour, minutes=minute, seconds=second) - _offset(parts.get("zone") or "")
    except (ValueError, OverflowError):
        return None


@lru_cache(maxsize=256)
def _month(text: str) -> int | None:
    if text.isdecimal():
        return int(text)
    letters = "".join(c for c in unicodedata.normalize("NFD", text.casefold()) if not unicodedata.combining(c))
    return _MONTHS.get(letters[:3]) or _MONTHS.get(letters[:4])


def _year(text: str) -> int:
    year = int(text)
    return year if len(text) > 2 else year + (2000 if year < 70 else 1900)


@lru_cache(maxsize=256)
def _offset(zone: str) -> timedelta:
    if found := _OFFSET.search(zone):
        sign, hours, minutes = found.groups()
        offset = timedelta(hours=int(hours), minutes=int(minutes or 0))
        if offset > _MAX_OFFSET:
            return timedelta()
        return -offset if sign == "-" else offset
    return timedelta(hours=_ZONE_HOURS.get(zone.upper(), 0))
