"""What every tagging promises, whatever the rules say."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db.shapes import Axis, Evidence, Tagging
from db.vocabulary import load_vocabulary
from scraper.tag import Tagger

VOCABULARY = load_vocabulary()
TAGGER = Tagger(VOCABULARY)
PIECES = [sentence for topic in VOCABULARY.topics.values() for sentence in topic.words.must]
NOISE = [
    "İstanbul",
    "—",
    "U.S.",
    "L’",
    "<a href=",
    "🎬",
    "100%",
    "\u200b",
    "SAG-AFTRA's",
    "http://x.example/a",
    "\n",
    "俳優",
]


def tag(title: str, summary: str = "", **options: str) -> Tagging:
    return TAGGER.tag(title, summary, **{"scope": "entertainment", **options})  # type: ignore[arg-type]


def all_evidence(tagging: Tagging) -> list[Evidence]:
    return [each for tag in tagging.tags for each in tag.evidence] + [figure.evidence for figure in tagging.figures]


texts = st.lists(st.sampled_from(PIECES) | st.sampled_from(NOISE) | st.text(max_size=12), max_size=4).map(" ".join)


@settings(max_examples=80, deadline=None)
@given(title=texts, summary=texts)
def test_evidence_is_the_text_at_its_place(title: str, summary: str) -> None:
    fields = {"title": title, "summary": summary}
    for each in all_evidence(tag(title, summary)):
        assert each.text
        assert fields[each.field][each.start : each.end] == each.text


@settings(max_examples=40, deadline=None)
@given(title=texts, summary=texts)
def test_no_tag_is_without_evidence_but_the_parent_of_one_that_has_it(title: str, summary: str) -> None:
    tagging = tag(title, summary)
    held = {(each.axis, each.term) for each in tagging.tags if each.evidence}
    for each in tagging.tags:
        assert each.evidence or (each.axis, each.implied_by) in held


@settings(max_examples=40, deadline=None)
@given(title=texts, summary=texts)
def test_every_parent_of_a_tag_is_a_tag(title: str, summary: str) -> None:
    tagging = tag(title, summary)
    for each in tagging.tags:
        assert set(VOCABULARY.ancestors(each.axis, each.term)) <= set(tagging.terms(each.axis))


@settings(max_examples=40, deadline=None)
@given(title=texts, summary=texts)
def test_a_term_is_given_once(title: str, summary: str) -> None:
    tags = [(each.axis, each.term) for each in tag(title, summary).tags]
    assert len(tags) == len(set(tags))


@settings(max_examples=40, deadline=None)
@given(title=texts)
def test_an_untracked_item_has_no_tags_and_no_figures(title: str) -> None:
    tagging = tag(title, scope="general")
    assert tagging.tracked or (tagging.tags == () and tagging.figures == ())


def test_tagging_the_same_item_twice_gives_the_same() -> None:
    assert tag(PIECES[0], PIECES[1]) == tag(PIECES[0], PIECES[1])


def test_every_tagging_states_the_rules_that_made_it() -> None:
    assert tag("Weather").rules_version == VOCABULARY.rules_version != ""


def test_every_rule_named_as_evidence_exists() -> None:
    for sentence in PIECES:
        for each in all_evidence(tag(sentence)):
            assert re.fullmatch(r"[a-z]+/[\w.-]+/(form|weak|implies|pattern|when-\d+)", each.rule)


def test_a_guild_implies_its_craft_and_its_country() -> None:
    tagging = tag("WGA resumes contract talks")
    assert "screenwriter" in tagging.terms(Axis.CRAFT)
    assert "US" in tagging.terms(Axis.REGION)


def test_an_implied_tag_names_the_organisation_that_implies_it() -> None:
    region = next(each for each in tag("WGA resumes contract talks").tags if each.axis is Axis.REGION)
    assert region.implied_by.startswith("union:wga")


def test_voice_actors_are_not_also_actors() -> None:
    assert tag("Voice actors sue AI start-up over cloned voices").terms(Axis.CRAFT) == ("voice-actor",)


def test_layoffs_at_a_game_studio_with_no_role_named_are_those_of_game_workers() -> None:
    assert tag("Layoffs hit game studio behind racing series").terms(Axis.CRAFT) == ("video-game-worker",)


def test_a_place_is_filed_under_its_subdivision_and_country() -> None:
    regions = tag("Film crews in Burbank out of work as studio lays off 200").terms(Axis.REGION)
    assert set(regions) == {"US-CA", "US"}


@pytest.mark.parametrize(
    "title",
    [
        "Paris Hilton podcast network lays off staff",
        "Georgia O'Keeffe documentary crew members laid off",
        "Chicago Fire crew strike over pay, union says",
        "The Hollywood Reporter lays off staff",
        "Los Angeles Times journalists strike",
    ],
)
def test_people_titles_and_outlets_name_no_place(title: str) -> None:
    tagging = tag(title)
    assert tagging.tracked
    assert not {"FR", "US-GA", "US-IL", "US-CA"} & set(tagging.terms(Axis.REGION))


def test_a_general_source_must_show_that_an_item_is_in_the_field() -> None:
    assert not tag("Retailer lays off 900 staff", scope="general").tracked
    assert tag("Film studio lays off 900 staff", scope="general").tracked


def test_a_topic_that_the_summary_only_mentions_is_left_out() -> None:
    assert not tag("Ten films to see this month", "The list was made before the actors' strike.").tracked


def test_a_topic_that_the_summary_states_counts_when_the_title_is_about_it() -> None:
    assert tag("Why the sequel is delayed", "The actors' strike keeps the cameras still.").tracked


def test_a_german_headline_is_tagged_by_german_forms() -> None:
    tagging = TAGGER.tag("Schauspieler und Synchronsprecher im Streik: Gewerkschaft will mehr Geld für den Film", "")
    assert tagging.language == "de"
    assert "contracts" in tagging.terms(Axis.TOPIC)
    assert "actor" in tagging.terms(Axis.CRAFT)


def test_a_japanese_headline_is_read_without_spaces() -> None:
    tagging = TAGGER.tag("大手ゲーム会社がレイオフを発表", "")
    assert tagging.language == "ja"
    assert "layoffs" in tagging.terms(Axis.TOPIC)


def test_english_rules_do_not_judge_another_language() -> None:
    assert not TAGGER.tag("Les layoffs at the studio sont dans le film et les jobs pour une grande partie", "").tracked


def test_the_furthest_step_named_is_the_stage_of_a_dispute() -> None:
    assert tag("Actors ratify contract after strike, union says").stage == "ratification"


def test_the_sector_is_that_of_the_source_or_of_what_the_item_names() -> None:
    assert tag("Layoffs hit game studio", sector="games").sector == "games"
    assert tag("Game developers laid off at studio").sector == "games"
