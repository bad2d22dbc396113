"""Numbers that headlines state, and those that count nobody."""

import pytest

from scraper.tagging.figures import headcounts, most_exact_first, staff_shares, votes


def first(figures: list) -> float | None:  # type: ignore[type-arg]
    return figures[0].value if figures else None


@pytest.mark.parametrize(
    ("text", "jobs"),
    [
        ("Console maker to lay off 1,900 across its gaming arm", 1900),
        ("Around 300 jobs to go at public broadcaster", 300),
        ("Publisher lets go of 120 people and shuts Cardiff office", 120),
        ("Label to eliminate up to 450 positions", 450),
        ("Network lays off 75, news producers among them", 75),
        ("Between 200 and 250 roles at risk of redundancy at effects house", 250),
        ("Fewer than 20 staff cut as label trims its team", 20),
        ("Studio's 500-person layoffs are its largest", 500),
        ("Post house shuts with loss of 80 jobs", 80),
        ("Effects vendor collapses, leaving 4,000 artists out of work", 4000),
        ("Broadcaster to cut 1,000 posts and close two channels", 1000),
        ("Media group to shed 2K jobs", 2000),
        ("Twenty-five developers laid off at co-op studio", 25),
        ("Studio lays off more than 100 employees", 100),
        ("All of the division's 50 or so members were laid off", 50),
        ("15-20 people affected by layoffs at label", 20),
    ],
)
def test_jobs_that_go_are_counted(text: str, jobs: int | None) -> None:
    assert first(headcounts("title", text)) == jobs


@pytest.mark.parametrize(
    "text",
    [
        "Studio behind Galaxy Raid 2 developer cuts ties",
        "Layoffs in 2023 were the worst for games employees",
        "Streamer cuts price by 15%",
        "Streamer cuts 12 episodes from order",
        "343 layoffs: the studio 343 Industries shrinks",
        "Studio hires 40 artists after layoffs",
        "Company employs 300 people and denies layoffs",
        "Paper to axe one in 20 staff",
        "Festival draws 5,000 people",
    ],
)
def test_other_numbers_count_nobody(text: str) -> None:
    assert headcounts("title", text) == []


@pytest.mark.parametrize(
    ("text", "percent"),
    [
        ("Engine maker cuts 8% of staff", 8),
        ("Game maker cuts 10-15% of its global headcount", 15),
        ("Developer sheds a third of its workforce", 33),
        ("Nearly half the staff cut at animation house", 50),
        ("Label to reduce headcount by 5 percent", 5),
        ("Publisher slashes 25 per cent of the team", 25),
        ("Shoot days down 22 percent in first quarter", None),
        ("Streamer cuts budget by 10%", None),
    ],
)
def test_the_share_of_a_staff_that_goes_is_counted(text: str, percent: int | None) -> None:
    assert first(staff_shares("title", text)) == percent


@pytest.mark.parametrize(
    ("text", "kind", "percent"),
    [
        ("Actors ratify contract with 78% approval", "vote_pct", 78),
        ("Writers vote 97.85% to authorize strike", "vote_pct", 97.85),
        ("Game performers approve deal by 95 percent", "vote_pct", 95),
        ("Turnout hits 52% as editors ratify agreement", "turnout_pct", 52),
    ],
)
def test_votes_are_read_with_what_they_count(text: str, kind: str, percent: float) -> None:
    assert [(each.kind, each.value) for each in votes("title", text)] == [(kind, percent)]


@pytest.mark.parametrize(
    ("text", "qualifier"),
    [
        ("About 300 jobs cut", "about"),
        ("Up to 300 jobs cut", "up_to"),
        ("More than 300 jobs cut", "more_than"),
        ("At least 300 jobs cut", "at_least"),
        ("Fewer than 300 jobs cut", "fewer_than"),
        ("Studio to cut 300 jobs", ""),
    ],
)
def test_a_number_keeps_its_qualifier(text: str, qualifier: str) -> None:
    assert headcounts("title", text)[0].qualifier == qualifier


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("Studio could cut 300 jobs", "rumoured"),
        ("Studio to cut 300 jobs, sources say", "reported"),
        ("Studio plans to cut 300 jobs", "planned"),
        ("Studio lays off 300 employees", "announced"),
    ],
)
def test_a_number_keeps_how_sure_it_is(text: str, status: str) -> None:
    assert headcounts("title", text)[0].status == status


def test_a_loose_count_gives_way_to_the_exact_one() -> None:
    counts = headcounts("title", "Studio lays off over 100 employees") + headcounts(
        "summary", "121 employees were let go"
    )
    assert most_exact_first(counts)[0].value == 121


def test_the_words_of_a_number_are_its_evidence() -> None:
    text = "Label to eliminate up to 450 positions"
    evidence = headcounts("summary", text)[0].evidence
    assert (evidence.field, evidence.text) == ("summary", "up to 450 positions")
    assert text[evidence.start : evidence.end] == evidence.text


def test_an_almost_round_count_gives_way_to_the_number_below_it() -> None:
    counts = headcounts("title", "Game maker cuts almost 900 jobs") + headcounts(
        "summary", "Around 870 people are laid off"
    )
    assert most_exact_first(counts)[0].value == 870


def test_a_number_that_another_field_shows_to_be_a_name_counts_nobody() -> None:
    assert headcounts("title", "Studio head defends 343 layoffs", "343 Industries lays off staff") == []
