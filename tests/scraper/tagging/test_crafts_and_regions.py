"""Whom an item is about and where: what title, summary, unions and employers together say."""

import pytest

from db.shapes import Axis
from db.vocabulary import load_vocabulary
from scraper.tag import Tagger

TAGGER = Tagger(load_vocabulary())


def crafts_of(title: str, summary: str = "") -> set[str]:
    return set(TAGGER.tag(title, summary, language="en", scope="entertainment").terms(Axis.CRAFT))


def regions_of(title: str, summary: str = "") -> set[str]:
    return set(TAGGER.tag(title, summary, language="en", scope="entertainment").terms(Axis.REGION))


def test_a_guild_alone_implies_the_craft_it_speaks_for() -> None:
    assert crafts_of("SAG-AFTRA board votes to approve a strike") == {"actor"}


def test_a_guild_gives_way_to_the_craft_that_is_named() -> None:
    assert crafts_of("SAG-AFTRA strike deal covers background performers") == {"background-actor"}


def test_voice_actors_are_not_also_actors() -> None:
    title = "Voice actors and their union agree AI terms"
    assert crafts_of(title, "The deal lets actors withdraw a digital replica from the studio.") == {"voice-actor"}


def test_actors_of_a_stage_are_stage_actors() -> None:
    assert crafts_of("Actors strike at dinner theater in its third week") == {"stage-actor"}


def test_two_guilds_in_one_breath_mean_both_crafts() -> None:
    title = "How fans can help during the WGA and SAG-AFTRA strikes"
    assert crafts_of(title) == {"actor", "screenwriter"}


def test_a_roll_of_members_names_no_craft() -> None:
    summary = "The union represents actors, announcers, dancers, puppeteers and stunt performers in every state."
    assert crafts_of("SAG-AFTRA prepares for a strike", summary) == {"actor"}


def test_a_union_of_two_trades_is_no_roll() -> None:
    assert crafts_of("Unions representing writers and actors seek AI limits in Hollywood talks") == {
        "actor",
        "screenwriter",
    }


@pytest.mark.parametrize(
    ("title", "craft"),
    [
        ("Washington Post lays off a third of its staff", "journalist"),
        ("ESPN to begin layoffs next week", "corporate-staff"),
        ("Record label cuts a tenth of its staff", "corporate-staff"),
        ("Ubisoft lays off 45 employees", "video-game-worker"),
    ],
)
def test_cuts_with_no_role_named_fall_on_the_usual_workers_of_the_employer(title: str, craft: str) -> None:
    assert crafts_of(title) == {craft}


def test_a_newspaper_named_as_a_source_is_not_whom_the_cuts_hit() -> None:
    assert "journalist" not in crafts_of("Xbox plans major layoffs next month, Bloomberg News reports")


@pytest.mark.parametrize("sign", [" - ", " – ", " | "])
def test_an_outlet_that_signs_the_title_is_not_whom_the_cuts_hit(sign: str) -> None:
    assert crafts_of(f"Theme park group will cut 7,000 jobs{sign}CNET") == set()
    assert crafts_of("Layoffs hit the newsroom of CNET") == {"journalist"}


def test_an_employer_after_a_dash_is_whom_the_cuts_hit() -> None:
    assert crafts_of("The next to cut 90 jobs - Ubisoft") == {"video-game-worker"}


def test_book_authors_have_no_craft() -> None:
    assert crafts_of("Novelists sue OpenAI over books used to train ChatGPT") == set()


def test_the_city_in_the_summary_stands_beside_the_union_in_the_title() -> None:
    found = regions_of("Series halted by the Writers Guild strike", "Pickets closed its stages in Vancouver twice.")
    assert found == {"CA", "CA-BC", "US"}


def test_a_place_in_the_title_hides_those_that_only_the_summary_names() -> None:
    found = regions_of("Actors in Australia agree a pay deal", "A similar row in France ended last year.")
    assert found == {"AU"}


def test_a_broadcaster_that_reports_gives_no_region_where_another_is_named() -> None:
    found = regions_of("Why Hollywood writers are on strike", "The BBC has met staff on the picket line.")
    assert found == {"US"}


def test_a_broadcaster_whose_staff_the_news_is_about_gives_its_region() -> None:
    assert regions_of("BBC to cut 500 jobs") == {"GB"}


@pytest.mark.parametrize(
    "title",
    [
        "Netflix lays off 150 employees",
        "New York Times lays off newsroom staff",
        "Paris Hilton joins actors on AI replicas",
        "University of Chicago tool shields artists from AI",
    ],
)
def test_head_offices_and_names_give_no_region(title: str) -> None:
    assert regions_of(title) == set()


def test_senators_with_no_country_named_are_american() -> None:
    assert regions_of("Senators draft a bill against AI copies of singers") == {"US"}


def test_senators_of_a_named_country_are_its_own() -> None:
    assert regions_of("Canadian senators hear actors on AI voice clones") == {"CA"}
