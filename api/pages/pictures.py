"""Pictures as values: what is drawn, what its table says and where each part leads; templates only draw them."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from api.names import Names
from api.pages import words
from api.pages.stories import figure_in_words
from api.pages.views import View
from api.syndication import plain
from api.tables import cell
from db.archive import SECONDS_PER_DAY, Snapshot
from db.coverage import watched_since
from db.pictures import Headcount, count_periods, find_headcounts
from db.queries import get_items
from db.recent import Recent, count_pairs
from db.vocabulary import Vocabulary

PERIODS = 12
OVERS = ("week", "month")
MOST_BARS = 15
MOST_CRAFTS = 20
MOST_ANNOUNCEMENTS = 40
MOST_READ = 200  # items that state a headcount, for a page
MOST_IN_CSV = 1_000  # for a file
SHADES = 6
SAME_STORY_DAYS = 14


class Period(NamedTuple):
    """From `first` to `last`, both included."""

    first: date
    last: date
    label: str  # "16 Nov" or "Nov 2026"
    name: str  # "the week of 16 November 2026"


class Bar(NamedTuple):
    """A part of a picture: a term, or a period (`term` is its first day). `share` of the longest, 0–100."""

    term: str
    label: str
    items: int
    share: float
    address: str
    name: str  # for those who hear it


@dataclass(frozen=True, slots=True)
class Series:
    topic: str  # "" for all
    label: str
    bars: list[Bar]
    address: str


@dataclass(frozen=True, slots=True)
class Columns:
    """Items per period, one row of columns for each topic, all on one scale."""

    over: str
    series: list[Series]
    highest: int
    is_estimate: bool
    periods: list[Period]
    watched: int  # how many of the periods, the last ones, were watched from their beginning
    began: str = ""  # the day on which watching began, where not all were


class HeatCell(NamedTuple):
    items: int
    shade: int  # 0 (nothing) – SHADES
    address: str


class HeatHead(NamedTuple):
    topic: str
    label: str
    address: str


class HeatRow(NamedTuple):
    craft: str
    label: str
    address: str
    cells: list[HeatCell]


@dataclass(frozen=True, slots=True)
class Heat:
    columns: list[HeatHead]
    rows: list[HeatRow]
    complete: bool  # else of the newest items only
    crafts: int  # how many have items; the rows are those with most


@dataclass(frozen=True, slots=True)
class Bars:
    bars: list[Bar]
    complete: bool  # else of the newest items only


@dataclass(slots=True)
class Announcement:
    """A headcount, and who stated it: several where they report the same figure of the same employer.

    From `title` on only what is shown has it.
    """

    item_id: int
    published_at: int
    employer_ids: tuple[str, ...]
    value: float
    sources: list[str]  # by name
    title: str = ""
    employers: tuple[str, ...] = ()  # by name
    stated: str = ""  # "about 120 jobs, planned"
    share: float = 0.0  # of the highest that is shown, 0–100


class Month(NamedTuple):
    name: str
    announcements: list[Announcement]


class JobMonth(NamedTuple):
    """The jobs of a month, as a column, and how many announcements they are from."""

    bar: Bar
    announcements: int


@dataclass(frozen=True, slots=True)
class JobCuts:
    """Announced job cuts: `per_month` the oldest month first, `months` with what was stated the newest first."""

    per_month: list[JobMonth]
    months: list[Month]

    @property
    def series(self) -> Series:
        return Series("", "Jobs", [month.bar for month in self.per_month], "")


def periods_before(today: date, over: str, count: int = PERIODS) -> list[Period]:
    """The last weeks (from Monday) or months, the current one last, whole or not."""
    periods: list[Period] = []
    if over == "month":
        first = today.replace(day=1)
        for _ in range(count):
            last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
            periods.append(Period(first, last, f"{first:%b}", f"{first:%B %Y}"))
            first = (first - timedelta(days=1)).replace(day=1)
    else:
        first = today - timedelta(days=today.weekday())
        for _ in range(count):
            name = f"the week of {first.day} {first:%B %Y}"
            periods.append(Period(first, first + timedelta(days=6), f"{first.day} {first:%b}", name))
            first -= timedelta(days=7)
    return periods[::-1]


def edges_of(periods: Sequence[Period]) -> list[int]:
    """The midnights (UTC, seconds since 1970) at which they begin, and the one at which the last ends."""
    days = [*(period.first for period in periods), periods[-1].last + timedelta(days=1)]
    return [int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) for day in days]


def _days(period: Period) -> tuple[str, str]:
    return period.first.isoformat(), period.last.isoformat()


def draw_columns(
    snapshot: Snapshot, view: View, names: Names, now: datetime, over: str = "week", topics: Sequence[str] = ()
) -> Columns:
    """Items per week or month: of all of the view, or one row for each of these topics."""
    periods = periods_before(now.date(), over)
    edges = edges_of(periods)
    wanted = view.query.filter
    counted = [
        (topic, count_periods(snapshot, wanted.also(("topic", topic)) if topic else wanted, edges))
        for topic in topics or ("",)
    ]
    highest = max((max(found.items) for _, found in counted), default=0)
    series = []
    for topic, found in counted:
        label = names.label("topic", topic) if topic else "Items"
        extra = [("topic", topic)] if topic else []
        bars = [
            Bar(
                period.first.isoformat(),
                period.label,
                items,
                _share(items, highest),
                view.narrowed(*extra, dates=_days(period)),
                f"{label}, {period.name}: {words.counted(items, 'item', is_estimate=found.is_estimate)}",
            )
            for period, items in zip(periods, found.items, strict=True)
        ]
        series.append(Series(topic or "", label, bars, view.narrowed(*extra)))
    began = watched_since(snapshot)
    watched = sum(began is not None and began < edge + SECONDS_PER_DAY for edge in edges[:-1])
    day = words.day(began) if began is not None and watched < len(periods) else ""
    return Columns(over, series, highest, any(found.is_estimate for _, found in counted), periods, watched, day)


def draw_heat(snapshot: Snapshot, recent: Recent, view: View, names: Names, vocabulary: Vocabulary) -> Heat:
    """The crafts with most items against the topics that are part of no other."""
    roots = [topic.id for topic in vocabulary.topics.values() if not topic.parent]
    pairs = count_pairs(snapshot, view.query.filter, "craft", [("topic", topic) for topic in roots])
    totals: dict[str, int] = {}
    for (craft, topic), items in pairs.items():
        if topic in roots:
            totals[craft] = totals.get(craft, 0) + items
    crafts = sorted(totals, key=lambda craft: (-totals[craft], craft))[:MOST_CRAFTS]
    highest = max((pairs.get((craft, topic), 0) for craft in crafts for topic in roots), default=0)
    rows = []
    for craft in crafts:
        cells = []
        for topic in roots:
            items = pairs.get((craft, topic), 0)
            address = view.narrowed(("craft", craft), ("topic", topic))
            cells.append(HeatCell(items, shade(items, highest), address))
        rows.append(HeatRow(craft, names.label("craft", craft), view.narrowed(("craft", craft)), cells))
    columns = [HeatHead(topic, names.label("topic", topic), view.narrowed(("topic", topic))) for topic in roots]
    return Heat(columns, rows, recent.complete, len(totals))


def draw_regions(recent: Recent, view: View, names: Names, vocabulary: Vocabulary) -> Bars:
    """Countries; where the view is of one region, what lies in it."""
    inside = view.value("region")
    found = recent.counts("region")
    parent = inside if inside in found else ""
    counts = {
        code: items
        for code, items in found.items()
        if code in vocabulary.regions and vocabulary.regions[code].parent == parent
    }
    ordered = sorted(counts, key=lambda code: (-counts[code], code))[:MOST_BARS]
    highest = max(counts.values(), default=0)
    bars = [
        Bar(
            code,
            names.label("region", code),
            counts[code],
            _share(counts[code], highest),
            view.instead("region", code) if parent else view.narrowed(("region", code)),
            f"{names.label('region', code)}: {words.counted(counts[code], 'item')}",
        )
        for code in ordered
    ]
    return Bars(bars, recent.complete)


def draw_job_cuts(
    snapshot: Snapshot, view: View, names: Names, now: datetime, *, most_read: int, most_shown: int
) -> JobCuts:
    """Announced job cuts: the newest as stated, newest first; and by month, as far back as all of them were read."""
    read = find_headcounts(snapshot, view.query.filter, most_read)
    found = join_reports(_announcement(one, names) for one in read)
    figures = {one.item_id: one.figure for one in read}
    newest = found[:most_shown]
    items = get_items(snapshot, [one.item_id for one in newest])
    highest = max((one.value for one in newest), default=0)
    months: dict[str, list[Announcement]] = {}
    for one in newest:
        one.title = plain(items[one.item_id].title)
        one.employers = tuple(names.label("employer", code) for code in one.employer_ids)
        one.stated = figure_in_words(figures[one.item_id])
        one.share = _share(one.value, highest)
        months.setdefault(words.month(one.published_at), []).append(one)
    since = read[-1].published_at if len(read) == most_read else 0
    return JobCuts(_per_month(found, view, now, since), [Month(name, listed) for name, listed in months.items()])


def _announcement(headcount: Headcount, names: Names) -> Announcement:
    source = names.sources.get(headcount.source_id)
    return Announcement(
        headcount.item_id,
        headcount.published_at,
        headcount.employers,
        float(headcount.figure["value"]),
        [source.name if source else headcount.source_id],
    )


def join_reports(announcements: Iterable[Announcement]) -> list[Announcement]:
    """Reports of the same figure of the same employer within a fortnight become one; the newest is kept.

    `announcements` are in the order of time, the newest first.
    """
    kept: list[Announcement] = []
    last: dict[tuple[float, str], Announcement] = {}  # number and employer → the oldest kept so far
    for one in announcements:
        keys = [(one.value, employer) for employer in one.employer_ids]
        near = (other for key in keys if (other := last.get(key)) and _of_one_story(other, one))
        if other := next(near, None):
            other.sources += [source for source in one.sources if source not in other.sources]
        else:
            kept.append(one)
            last.update(dict.fromkeys(keys, one))
    return kept


def _of_one_story(one: Announcement, other: Announcement) -> bool:
    return abs(other.published_at - one.published_at) <= SAME_STORY_DAYS * SECONDS_PER_DAY


def _per_month(found: Sequence[Announcement], view: View, now: datetime, since: int) -> list[JobMonth]:
    """For each employer the largest number stated in a month; numbers without an employer count once each.

    Of the last months, those that lie after `since` (seconds since 1970) altogether.
    """
    months = [period for period in periods_before(now.date(), "month") if edges_of([period])[0] >= since]
    jobs: dict[date, dict[object, float]] = {period.first: {} for period in months}
    counts = dict.fromkeys(jobs, 0)
    for one in found:
        month = datetime.fromtimestamp(one.published_at, UTC).date().replace(day=1)
        if month in jobs:
            whose = one.employer_ids[0] if one.employer_ids else one.value
            jobs[month][whose] = max(one.value, jobs[month].get(whose, 0))
            counts[month] += 1
    totals = {month: round(sum(numbers.values())) for month, numbers in jobs.items()}
    highest = max(totals.values(), default=0)
    return [
        JobMonth(
            Bar(
                period.first.isoformat(),
                period.label,
                totals[period.first],
                _share(totals[period.first], highest),
                view.narrowed(("topic", "layoffs"), dates=_days(period)),
                f"{period.name}: {words.counted(totals[period.first], 'job')}",
            ),
            counts[period.first],
        )
        for period in months
    ]


def shade(items: int, highest: int) -> int:
    """How dark a cell is: 0 for nothing, SHADES for the highest, by the square root so that small numbers show."""
    if not items or not highest:
        return 0
    return max(1, round(SHADES * math.sqrt(items / highest)))


def to_csv(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """RFC 4180, no cell a formula."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([head, *([cell(value) for value in row] for row in rows)])
    return text.getvalue().encode("utf-8", "replace")


def columns_csv(columns: Columns) -> bytes:
    head = [f"{columns.over}_from", f"{columns.over}_to", *(series.topic or "all" for series in columns.series)]
    rows = (
        [period.first.isoformat(), period.last.isoformat(), *(series.bars[n].items for series in columns.series)]
        for n, period in enumerate(columns.periods)
    )
    return to_csv(head, rows)


def heat_csv(heat: Heat) -> bytes:
    rows = ([row.craft, row.label, *(one.items for one in row.cells)] for row in heat.rows)
    return to_csv(["craft", "label", *(column.topic for column in heat.columns)], rows)


def bars_csv(bars: Bars) -> bytes:
    return to_csv(["region", "label", "items"], ([bar.term, bar.label, bar.items] for bar in bars.bars))


def months_csv(cuts: JobCuts) -> bytes:
    rows = ([month.bar.term, month.bar.items, month.announcements] for month in cuts.per_month)
    return to_csv(["month_from", "jobs", "announcements"], rows)


def headcounts_csv(months: Sequence[Month]) -> bytes:
    head = ["published", "employers", "labels", "headcount", "stated", "sources", "title", "item"]
    rows = (
        [
            words.stamp(one.published_at),
            list(one.employer_ids),
            list(one.employers),
            int(one.value),
            one.stated,
            list(one.sources),
            one.title,
            str(one.item_id),
        ]
        for month in months
        for one in month.announcements
    )
    return to_csv(head, rows)


def _share(value: float, highest: float) -> float:
    return round(100 * value / highest, 2) if highest else 0.0
