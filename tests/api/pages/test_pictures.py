"""Pictures as values."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import pairwise

import pytest
from sqlalchemy import text

from api.dependencies import Context
from api.measured import keep
from api.pages.coverage import in_words
from api.pages.pictures import (
    PERIODS,
    SHADES,
    Announcement,
    Bar,
    Columns,
    Series,
    draw_job_cuts,
    join_reports,
    periods_before,
    shade,
    to_csv,
)
from api.pages.terms import compare
from api.pages.views import plain_view
from api.settings import ApiSettings
from db.archive import Archive
from db.coverage import Watched
from tests.api.archive import VOCABULARY, make_client, make_headcount, make_labels
from tests.db.factory import DAY as A_DAY
from tests.db.factory import NOW

DAY = 86_400


def announcement(source: str, value: float = 120, at: int = 0, employer: str = "Big Studio") -> Announcement:
    return Announcement(1, at, (employer,), value, [source])


@pytest.mark.parametrize("over", ["week", "month"])
def test_periods_follow_each_other_without_a_gap(over):
    periods = periods_before(date(2026, 3, 1), over)
    assert all((after.first - before.last).days == 1 for before, after in pairwise(periods))
    assert periods[-1].first <= date(2026, 3, 1) <= periods[-1].last


def test_weeks_begin_on_monday():
    assert {period.first.weekday() for period in periods_before(date(2026, 11, 20), "week")} == {0}


def test_a_shade_grows_with_the_number():
    shades = [shade(items, 100) for items in range(101)]
    assert shades == sorted(shades)
    assert (shades[0], shades[1], shades[100]) == (0, 1, SHADES)


def test_the_same_number_for_the_same_employer_within_a_fortnight_is_one_announcement():
    joined = join_reports([announcement("A", at=10 * DAY), announcement("B", at=DAY), announcement("A", at=0)])
    assert [one.sources for one in joined] == [["A", "B"]]


@pytest.mark.parametrize(
    "other",
    [announcement("B", value=121), announcement("B", at=15 * DAY), announcement("B", employer="Small Studio")],
)
def test_another_number_time_or_employer_is_another_announcement(other):
    assert len(join_reports([announcement("A"), other])) == 2


def test_no_cell_is_a_formula():
    assert to_csv(["title"], [["=1+1"]]) == b"title\r\n'=1+1\r\n"


def watched(state: str, name: str = "Gazette") -> Watched:
    return Watched("gazette", name, state, "blocked", None, 4, 4 if state == "blind" else 1)


@pytest.mark.parametrize(
    ("sources", "sentence"),
    [
        (
            [watched("healthy"), watched("healthy")],
            "2 of the 2 sources that may have such news could be read this week.",
        ),
        (
            [watched("healthy"), watched("blind"), watched("partly blind")],
            "1 of the 3 sources that may have such news could be read this week. 1 could not, 1 not all the time. "
            "There may be news that we did not see.",
        ),
        (
            [watched("blind")],
            "The one source that may have such news could not be read this week. There may be news that we did not "
            "see.",
        ),
    ],
)
def test_coverage_is_told_in_a_sentence(sources, sentence):
    assert in_words(sources, "this week").sentence == sentence


def test_what_is_kept_of_an_evaluation_holds_no_headline():
    figures = {"precision": 1.0, "recall": 0.5, "f1": 0.7, "right": 1, "wrong": 0, "missed": 1}
    evaluation = {"items": 2, "rules_version": "r", "axes": {"topics": figures}, "errors": [{"title": "A headline"}]}
    assert "A headline" not in str(keep(evaluation, "some headlines", "2026-11-20"))


@pytest.mark.parametrize(
    ("watched", "sentence"),
    [
        (12, "3 items since Monday; 2 a week in the 8 weeks before."),
        (4, "3 items since Monday; 2 a week in the 3 weeks before."),
        (2, "3 items since Monday; 2 a week in the week before."),
        (1, "3 items since Monday; there are no weeks before to compare with: watching began on Sunday."),
        (0, "3 items since Monday; there are no weeks before to compare with: watching began on Sunday."),
    ],
)
def test_a_week_is_compared_with_the_weeks_that_were_watched(watched, sentence):
    bars = [Bar("", "", items, 0.0, "", "") for items in (*[2] * 11, 3)]
    columns = Columns("week", [Series("", "Items", bars, "")], 3, False, [], watched, "Sunday")
    assert compare(columns).sentence == sentence


@pytest.mark.parametrize(("began", "watched"), [(NOW - 100 * A_DAY, 12), (datetime(2026, 11, 2, 9, tzinfo=UTC), 3)])
def test_weeks_before_watching_began_are_told(shelf, database_url, began, watched):
    shelf.add("a", "ai", published_at=NOW - 30 * A_DAY)
    with shelf.engine.begin() as connection:
        connection.execute(text("UPDATE item SET received_at = :at"), {"at": int(began.timestamp())})
    with make_client(database_url) as client:
        page = client.get("/charts").text
        assert ("Watching began on Monday 2 November 2026" in page) is (watched < 12)


def cuts_of(shelf, database_url, *stated, **limits):
    """What is drawn of (days ago, employer, number); no employer for ""."""
    for place, (days, employer, value) in enumerate(stated):
        terms = ("layoffs", employer) if employer else ("layoffs",)
        labels = make_labels(*terms, figures=(make_headcount(value),))
        shelf.add(f"item-{place}", labels=labels, published_at=NOW - days * A_DAY)
    archive = Archive(database_url)
    context = Context(ApiSettings(read_database_url=database_url), VOCABULARY, lambda: NOW)
    with archive.snapshot() as snapshot:
        names = context.names(snapshot)
        cuts = draw_job_cuts(
            snapshot, plain_view(context, names), names, NOW, **{"most_read": 200, "most_shown": 40, **limits}
        )
    archive.close()
    context.archive.close()
    return cuts


def jobs_of(cuts):
    return {month.bar.term: (month.bar.items, month.announcements) for month in cuts.per_month if month.announcements}


def test_a_month_counts_the_largest_number_of_each_employer(shelf, database_url):
    told = [
        (1, "big-studio", 120),
        (2, "big-studio", 150),
        (3, "", 40),
        (4, "", 40),
        (5, "", 60),
        (40, "big-studio", 900),
    ]
    cuts = cuts_of(shelf, database_url, *told)
    assert jobs_of(cuts) == {"2026-11-01": (250, 5), "2026-10-01": (900, 1)}
    assert [month.bar.address for month in cuts.per_month][-1] == "/?from=2026-11-01&to=2026-11-30&topic=layoffs"
    assert len(cuts.per_month) == PERIODS


def test_a_month_of_which_not_all_was_read_is_not_drawn(shelf, database_url):
    cuts = cuts_of(shelf, database_url, (1, "", 10), (40, "", 20), (45, "", 30), most_read=2)
    assert [month.bar.term for month in cuts.per_month] == ["2026-11-01"]
    assert len(cuts.months) == 2


def test_what_is_told_again_within_a_fortnight_is_one_report_however_many_there_are():
    listed = [announcement(source, at=at * DAY) for source, at in (("A", 40), ("B", 30), ("C", 20), ("D", 0))]
    assert [one.sources for one in join_reports(listed)] == [["A", "B"], ["C"], ["D"]]
