"""The query string as values: one set of words for every list, feed, table and count."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

from api.names import AXES, Names
from api.paging import decode_cursor
from api.problems import Fault, Problem
from db.archive import SECONDS_PER_DAY
from db.filing import TermKey
from db.filters import LABEL_AXES, Filter, Position, Sort
from db.search import Search, parse_search

MAX_LIMIT = 200
DEFAULT_LIMIT = 50
MAX_CHOICES = 50  # names in one parameter
MAX_SEARCH = 500  # characters of `q`
MAX_PARAMETERS = 200
EARLIEST, LATEST = -30_610_224_000, 221_845_392_000  # the years 1000 and 9000, in seconds since 1970

# What the OpenAPI document says of these parameters, too, so in the words that ECMA 262 has for regular expressions.
_TIME = r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?(Z|[+ -]([01][0-9]|2[0-3]):?[0-5][0-9])?"
MOMENT = rf"^[0-9]{{4}}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])(T{_TIME})?$"
DURATION = (
    r"^P(?=[0-9T])([0-9]{1,4}Y)?([0-9]{1,5}M)?([0-9]{1,5}W)?([0-9]{1,6}D)?"
    r"(T(?=[0-9])([0-9]{1,7}H)?([0-9]{1,9}M)?([0-9]{1,9}S)?)?$"
)

_UNITS = ("year", "month", "week", "day", "hour", "minute", "second")

FILTER_PARAMETERS = (
    *("topic", "craft", "department", "sector", "region", "union", "employer", "source", "exclude_source", "lang"),
    *("q", "from", "to", "window", "changed_since", "min_confidence", "tracked"),
)
LIST_PARAMETERS = (*FILTER_PARAMETERS, "sort", "limit", "cursor")
ITEM_PARAMETERS = (*LIST_PARAMETERS, "fields")

Pairs = list[tuple[str, str]]
_SORTS = tuple(sort.value for sort in Sort)


@dataclass(frozen=True, slots=True)
class Query:
    """What was asked: which items, in which order, how many, from where on; `pairs` is the query string, read."""

    filter: Filter
    sort: Sort
    limit: int
    after: Position | None
    pairs: tuple[tuple[str, str], ...]


class Reader:
    """Reads the parameters of one request and gathers every fault, to tell them all at once."""

    def __init__(self, query_string: bytes, known: Collection[str]) -> None:
        self.faults: list[Fault] = []
        self.pairs: Pairs = self._pairs(query_string)
        self.values: dict[str, list[str]] = {}
        for name, value in self.pairs:
            if name in known:
                self.values.setdefault(name, []).append(value)
            else:
                nearest = difflib.get_close_matches(name.casefold()[:80], known, n=3, cutoff=0.5)
                self.fault(name, value, f"there is no parameter {_short(name)!r} here", nearest or sorted(known))

    def fault(self, parameter: str, value: str, detail: str, nearest: Collection[str] = ()) -> None:
        self.faults.append(Fault(_short(parameter), _short(value), detail, tuple(nearest)))

    def one(self, name: str) -> str | None:
        """The value of a parameter that can be given once; None when it is not given."""
        values = self.values.get(name, [])
        if len(values) > 1:
            self.fault(name, values[1], "is given more than once")
        return values[0] if values else None

    def choice(self, name: str, allowed: Collection[str], default: str) -> str:
        value = self.one(name)
        if value is None or value in allowed:
            return value or default
        nearest = difflib.get_close_matches(value.casefold(), allowed, n=3, cutoff=0.4)
        self.fault(name, value, f"expected one of {', '.join(allowed)}", nearest or list(allowed))
        return default

    def choices(self, name: str, allowed: Collection[str]) -> list[str]:
        """The values of a comma list, each one of `allowed`, in the order given."""
        chosen = []
        for value in (part.strip() for text in self.values.get(name, []) for part in text.split(",")):
            if value in allowed:
                chosen.append(value)
            else:
                nearest = difflib.get_close_matches(value.casefold()[:80], allowed, n=3, cutoff=0.4)
                self.fault(name, value, "is not known", nearest or list(allowed))
        return list(dict.fromkeys(chosen))

    def number(self, name: str, default: int, low: int, high: int) -> int:
        value = self.one(name)
        if value is None:
            return default
        if re.fullmatch(r"[0-9]{1,9}", value) and low <= int(value) <= high:
            return int(value)
        self.fault(name, value, f"expected a whole number from {low} to {high}")
        return default

    def finish(self) -> None:
        """Raises Problem when anything was wrong."""
        if self.faults:
            number = len(self.faults)
            faults = "one fault" if number == 1 else f"{number} faults"
            raise Problem("invalid-parameters", f"The query has {faults}; see errors.", self.faults)

    def _pairs(self, query_string: bytes) -> Pairs:
        if query_string.count(b"&") < MAX_PARAMETERS and _is_plain(query_string):
            parts = [part.partition("=") for part in query_string.decode().split("&") if part]
            return [(name, value) for name, _, value in parts]  # as parse_qsl gives them, in a fifth of the time
        shown = query_string.decode("ascii", "replace")
        try:
            text = query_string.decode()
            return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MAX_PARAMETERS)
        except UnicodeDecodeError:
            self.fault("", shown, "the query string is not UTF-8")
        except ValueError:
            self.fault("", shown, f"the query string has more than {MAX_PARAMETERS} parameters")
        return []


def _is_plain(query_string: bytes) -> bool:
    """Whether there is nothing to decode in it."""
    return b"%" not in query_string and b"+" not in query_string and query_string.isascii()


def read_query(reader: Reader, names: Names, now: datetime) -> Query:
    """Filter, order and place of a list; faults stay with the reader."""
    wanted = read_filter(reader, names, now)
    sort = Sort(reader.choice("sort", _SORTS, Sort.PUBLISHED.value))
    if sort is Sort.RELEVANCE and wanted.search is None:
        reader.fault("sort", sort.value, "needs q: there is nothing to be relevant to")
    limit = reader.number("limit", DEFAULT_LIMIT, 1, MAX_LIMIT)
    after = None
    cursor = reader.one("cursor")
    if cursor is not None:
        try:
            after = decode_cursor(sort, cursor)
        except ValueError as error:
            reader.fault("cursor", cursor, f"{error}: pass back next_cursor as it was, with the same sort")
    return Query(wanted, sort, limit, after, tuple(reader.pairs))


def read_filter(reader: Reader, names: Names, now: datetime) -> Filter:
    """A comma means OR inside a parameter, parameters mean AND, a leading - means not."""
    wanted: list[tuple[TermKey, ...]] = []
    unwanted: list[TermKey] = []
    for parameter, axis in AXES.items():
        for text in reader.values.get(parameter, ()):
            asked, refused = _terms(reader, names, parameter, axis, text)
            wanted += [asked] if asked else []
            unwanted += refused
    for text in reader.values.get("exclude_source", []):
        asked, refused = _terms(reader, names, "exclude_source", "source", text)
        unwanted += asked
        for _, source in refused:
            reader.fault("exclude_source", f"-{source}", "means not already: leave the - out", [source])
    start, end = _dates(reader, now)
    confidence = _confidence(reader)
    if confidence and not any(choice[0][0] in LABEL_AXES for choice in wanted):
        labels = "topic, craft, department, region, union or employer"
        reader.fault("min_confidence", reader.values["min_confidence"][0], f"needs a {labels} to be confident of")
    return Filter(
        tuple(wanted),
        tuple(unwanted),
        tracked={"true": True, "false": False, "any": None}[reader.choice("tracked", ("true", "false", "any"), "true")],
        search=_search(reader),
        start=start,
        end=end,
        changed_since=_within_reach(_moment(reader, "changed_since")),
        min_confidence=confidence,
    )


def _terms(
    reader: Reader, names: Names, parameter: str, axis: str, text: str
) -> tuple[tuple[TermKey, ...], list[TermKey]]:
    wanted: list[TermKey] = []
    unwanted: list[TermKey] = []
    words = [word.strip() for word in text.split(",")]
    if len(words) > MAX_CHOICES:
        reader.fault(parameter, text, f"has more than {MAX_CHOICES} names")
        return (), []
    for word in filter(None, words):
        code = names.find(axis, word)
        if code is None and word.startswith("-"):
            code = names.find(axis, word[1:])
            if code is not None:
                unwanted.append((axis, code))
                continue
        if code is None:
            nearest = names.nearest(axis, word.removeprefix("-"))
            reader.fault(parameter, word, f"there is no such {parameter.replace('_', ' ')}", nearest)
        else:
            wanted.append((axis, code))
    return tuple(dict.fromkeys(wanted)), unwanted


def _search(reader: Reader) -> Search | None:
    text = reader.one("q")
    if text is None or not text.strip():
        return None
    if len(text) > MAX_SEARCH:
        reader.fault("q", text, f"is longer than {MAX_SEARCH} characters")
        return None
    try:
        return parse_search(text)
    except ValueError as error:
        reader.fault("q", text, str(error))
        return None


def _confidence(reader: Reader) -> int:
    value = reader.one("min_confidence")
    if value is None:
        return 0
    if re.fullmatch(r"-?[0-9]{1,20}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,3})?", value) and 0 <= float(value) <= 1:
        return math.ceil(round(float(value) * 100, 6))
    reader.fault("min_confidence", value, "expected a number from 0 to 1, such as 0.8")
    return 0


def _dates(reader: Reader, now: datetime) -> tuple[int | None, int | None]:
    start, end = _moment(reader, "from"), _moment(reader, "to", at_end=True)
    window = reader.one("window")
    if window is not None and start is not None:
        reader.fault("window", window, "cannot go with from: give one of the two")
    elif window is not None:
        end = _within_reach(end)
        try:
            start = window_start(window, end, now)
        except ValueError:
            reader.fault("window", window, "expected an ISO 8601 duration, such as P7D, P3M or PT12H")
    if start is not None and end is not None and start >= end:
        reader.fault("to", reader.values.get("to", [""])[0], "is not after from")
    return _within_reach(start), _within_reach(end)


def _within_reach(moment: int | None) -> int | None:
    """Before and after all news it does not matter when, and a day more or less can still be reckoned with."""
    return None if moment is None else min(max(moment, EARLIEST), LATEST)


def window_start(window: str, end: int | None, now: datetime) -> int:
    """Where a window up to `end`, or up to now, begins; seconds since 1970. Raises ValueError for no duration."""
    # To the whole minute, so that the same request within a minute has the same answer and ETag.
    last = datetime.fromtimestamp(end, UTC) if end is not None else now.replace(second=0, microsecond=0)
    numbers = _numbers(window)
    try:
        return int(_before(last, numbers).timestamp())
    except (ValueError, OverflowError):  # before the first year
        return EARLIEST


def _moment(reader: Reader, name: str, *, at_end: bool = False) -> int | None:
    """Seconds since 1970 of an ISO 8601 date (its first second; `at_end`: the next day's) or instant, UTC if bare."""
    value = reader.one(name)
    if value is None:
        return None
    try:
        if re.fullmatch(MOMENT, value):
            # A bare + arrives as a space: 2026-11-20T12:00:00 02:00.
            moment = datetime.fromisoformat(value.replace(" ", "+"))
            seconds = int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
            return seconds + SECONDS_PER_DAY if at_end and "T" not in value else seconds
    except (ValueError, OverflowError):
        pass
    reader.fault(name, value, "expected an ISO 8601 date or instant, such as 2026-11-20 or 2026-11-20T08:00:00Z")
    return None


def _before(moment: datetime, duration: Sequence[int]) -> datetime:
    """A moment less so many of _UNITS; months are calendar months, cut to the last day of a shorter one."""
    years, months, weeks, days, hours, minutes, seconds = duration
    index = moment.year * 12 + moment.month - 1 - years * 12 - months
    year, month = divmod(index, 12)
    last_day = (datetime(year + (month == 11), (month + 1) % 12 + 1, 1, tzinfo=UTC) - timedelta(days=1)).day
    earlier = moment.replace(year=year, month=month + 1, day=min(moment.day, last_day))
    return earlier - timedelta(days=weeks * 7 + days, hours=hours, minutes=minutes, seconds=seconds)


def _numbers(duration: str) -> list[int]:
    """How many of each of _UNITS. Raises ValueError."""
    match = re.fullmatch(DURATION, duration)
    if not match:
        raise ValueError(duration)
    years, months, weeks, days, _, *times = match.groups()
    return [int(part[:-1]) if part else 0 for part in (years, months, weeks, days, *times)]


def _short(text: str) -> str:
    return text if len(text) <= 100 else f"{text[:100]}…"


def describe(wanted: Filter, names: Names, window: str | None = None) -> str:
    """A filter in words, such as "AI · Voice actors · in United States · since 2026-11-01"; "" when it asks nothing.

    `window` is the duration that its dates were reckoned from, where they were: it stays true as time goes by.
    """
    parts = [_describe_choice(choice, names) for choice in wanted.wanted]
    parts += [f"not {names.label(axis, code)}" for axis, code in wanted.unwanted]
    if wanted.search:
        parts.append(f"with {wanted.search}")
    parts += _describe_dates(wanted, window)
    if wanted.changed_since is not None:
        parts.append(f"changed since {_day(wanted.changed_since)}")
    if wanted.min_confidence:
        parts.append(f"with a confidence of at least {wanted.min_confidence / 100:g}")
    if wanted.tracked is not True:
        parts.append("untracked only" if wanted.tracked is False else "untracked too")
    return " · ".join(parts)


def _describe_dates(wanted: Filter, window: str | None) -> list[str]:
    until = "" if wanted.end is None else f"until {_day(wanted.end - 1)}"
    if window:
        length = _describe_duration(window)
        return [f"the {length} {until}" if until else f"the last {length}"]
    return [*([f"since {_day(wanted.start)}"] if wanted.start is not None else []), *([until] if until else [])]


def _describe_duration(duration: str) -> str:
    """7 days, 1 year and 2 months; a single unit goes without its number: day."""
    numbers = zip(_numbers(duration), _UNITS, strict=True)
    given = [f"{number} {unit}{'' if number == 1 else 's'}" for number, unit in numbers if number] or ["0 days"]
    if len(given) == 1:
        return given[0].removeprefix("1 ")
    return f"{', '.join(given[:-1])} and {given[-1]}"


_BEFORE: Mapping[str, str] = {"region": "in ", "source": "from ", "language": "in language "}


def _describe_choice(choice: tuple[TermKey, ...], names: Names) -> str:
    axis = choice[0][0]
    return _BEFORE.get(axis, "") + " or ".join(names.label(axis, code) for _, code in choice)


def _day(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()
