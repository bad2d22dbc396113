"""What a feed document says about when to ask again."""

from __future__ import annotations

import re

from db.shapes import FeedAdvice

_TTL = re.compile(r"<ttl>\s*(\d{1,7})\s*</ttl>", re.IGNORECASE)
_PERIOD = re.compile(r"<(?:\w{1,20}:)?updatePeriod>\s*(\w{1,20})\s*</", re.IGNORECASE)
_FREQUENCY = re.compile(r"<(?:\w{1,20}:)?updateFrequency>\s*(\d{1,6})\s*</", re.IGNORECASE)
_SKIP_HOURS = re.compile(r"<skipHours>([^&]{0,2000}?)</skipHours>", re.IGNORECASE)
_SKIP_DAYS = re.compile(r"<skipDays>([^&]{0,1000}?)</skipDays>", re.IGNORECASE)
_ENTRY_START = re.compile(r"<(?:item|entry)[\s>]")
_ENTRY_ENDS = ("</item>", "</entry>")
_HOUR = re.compile(r"<hour>\s*(\d{1,2})\s*</hour>", re.IGNORECASE)
_DAY = re.compile(r"<day>\s*(\w{3})\w*\s*</day>", re.IGNORECASE)
_PERIOD_MINUTES = {"hourly": 60, "daily": 1_440, "weekly": 10_080, "monthly": 43_200, "yearly": 525_600}
_WEEKDAYS = {name: number for number, name in enumerate(("mon", "tue", "wed", "thu", "fri", "sat", "sun"))}


def read_advice(text: str) -> FeedAdvice:
    """The advice of an XML feed: RSS 2.0 ttl, skipHours and skipDays, and the syndication module.

    Read from the text because feedparser keeps only the last of several hours or days.
    """
    text = _around_entries(text)
    return FeedAdvice(
        ttl_minutes=_ttl_minutes(text),
        update_minutes=_update_minutes(text),
        skip_hours=frozenset(int(hour) % 24 for hour in _HOUR.findall(_first(_SKIP_HOURS, text)) if int(hour) <= 24),
        skip_days=frozenset(
            _WEEKDAYS[day.lower()] for day in _DAY.findall(_first(_SKIP_DAYS, text)) if day.lower() in _WEEKDAYS
        ),
    )


def _around_entries(text: str) -> str:
    """What a feed says of itself, before its entries and after: a hundredth of most documents."""
    first = _ENTRY_START.search(text)
    last = max(map(text.rfind, _ENTRY_ENDS))
    return text[: first.start()] + text[last:] if first and first.start() < last else text


def _ttl_minutes(text: str) -> int | None:
    return int(_first(_TTL, text) or 0) or None


def _update_minutes(text: str) -> float | None:
    """RSS 1.0 syndication module: the period defaults to daily, the frequency to once."""
    period, frequency = _first(_PERIOD, text).lower(), _first(_FREQUENCY, text)
    if not period and not frequency:
        return None
    return _PERIOD_MINUTES.get(period or "daily", 1_440) / (int(frequency or 1) or 1)


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[1] if found else ""
