"""Reading rule files: what a vocabulary holds, and how a wrong block is named."""

from dataclasses import fields
from pathlib import Path

import pytest

from db.shapes import Axis
from db.vocabulary import FOLDER, VocabularyError, load_vocabulary
from db.vocabulary.read import build_vocabulary, read_vocabulary

VOCABULARY = load_vocabulary()
TOPIC = {"label": "Topic", "definition": "For a test.", "forms": ["word"], "must": ["a word"], "must_not": ["none"]}


def wrong(**files: dict[str, object]) -> str:
    with pytest.raises(VocabularyError) as caught:
        build_vocabulary(files, "test")
    return str(caught.value)


def test_the_three_roots_contain_all_other_topics() -> None:
    roots = {topic.id for topic in VOCABULARY.topics.values() if not topic.parent}
    assert roots == {"ai", "layoffs", "contracts"}


def test_all_crafts_of_the_taxonomy_are_there() -> None:
    assert len(VOCABULARY.crafts) >= 110


def test_every_craft_has_codes_of_both_classifications() -> None:
    assert [
        craft.id for craft in VOCABULARY.crafts.values() if not (craft.soc and craft.isco and craft.code_match)
    ] == []


def test_every_topic_has_a_media_topic() -> None:
    assert [topic.id for topic in VOCABULARY.topics.values() if not topic.iptc] == []


def test_every_exposure_value_names_its_source() -> None:
    values = [value for craft in VOCABULARY.crafts.values() for value in craft.exposure]
    assert values
    assert [value for value in values if not value["source"]] == []


def test_the_unions_of_every_craft_are_known() -> None:
    unknown = {union for craft in VOCABULARY.crafts.values() for union in craft.unions} - VOCABULARY.unions.keys()
    assert unknown == set()


def test_ancestors_are_given_nearest_first() -> None:
    assert VOCABULARY.ancestors(Axis.REGION, "los-angeles") == ("US-CA", "US")
    assert VOCABULARY.ancestors(Axis.TOPIC, "ai-voice-cloning") == ("ai",)
    assert VOCABULARY.ancestors(Axis.CRAFT, "actor") == ()


def test_a_label_is_the_name_to_show() -> None:
    assert VOCABULARY.label(Axis.UNION, "sag-aftra") == "SAG-AFTRA"
    assert VOCABULARY.label(Axis.REGION, "US-CA") == "California"
    assert VOCABULARY.label(Axis.CRAFT, "of-an-older-vocabulary") == "of-an-older-vocabulary"


def test_an_unknown_key_is_named_with_file_block_and_choice() -> None:
    message = wrong(topics={"odd": {**TOPIC, "colour": "red"}})
    assert "topics.toml, block [odd], key 'colour'" in message
    assert "definition" in message


def test_a_missing_label_is_named() -> None:
    assert "key 'label': a text is expected" in wrong(topics={"odd": {"definition": "x"}})


def test_forms_that_are_not_a_list_are_named() -> None:
    assert "key 'forms': a list of texts" in wrong(topics={"odd": {**TOPIC, "forms": "word"}})


def test_a_brace_left_open_is_named() -> None:
    assert "opens a brace" in wrong(topics={"odd": {**TOPIC, "forms": ["cut{,s"]}})


def test_a_rule_without_company_is_named() -> None:
    assert "block [odd.when 1], key 'near'" in wrong(topics={"odd": {**TOPIC, "when": [{"forms": ["x"]}]}})


def test_a_parent_that_is_no_block_is_named() -> None:
    assert "key 'parent': 'none' is not known" in wrong(topics={"odd": {**TOPIC, "parent": "none"}})


def test_a_department_may_be_part_of_another() -> None:
    assert VOCABULARY.department_parents == {"production-sound": "sound", "post-sound": "sound"}
    assert VOCABULARY.departments["post-sound"] == "Post-production: sound"


def test_a_department_in_one_that_is_none_is_named() -> None:
    departments = {"foley": {"label": "Foley", "parent": "noise"}}
    assert "block [departments], key 'foley': 'noise' is not known" in wrong(crafts={"departments": departments})


@pytest.mark.parametrize("entry", [7, {"parent": "sound"}, {"label": "Foley", "partner": "sound"}])
def test_a_department_without_a_label_or_with_an_unknown_key_is_named(entry: object) -> None:
    message = wrong(crafts={"departments": {"sound": "Sound", "foley": entry}})
    assert "key 'foley': expected a label, or { label = …, parent = … }" in message


def test_a_set_that_is_no_block_is_named() -> None:
    rule = {"forms": ["x"], "near": ["@nothing"]}
    assert "'nothing' is not known" in wrong(topics={"odd": {**TOPIC, "when": [rule]}})


def test_unreadable_toml_is_named(tmp_path: Path) -> None:
    (tmp_path / "topics.toml").write_text("[open", encoding="utf-8")
    with pytest.raises(VocabularyError, match=r"topics\.toml"):
        read_vocabulary(tmp_path)


def test_the_version_changes_with_the_rules(tmp_path: Path) -> None:
    path = tmp_path / "masks.toml"
    path.write_text('[a]\ndefinition = "x"\nforms = ["one"]\n', encoding="utf-8")
    before = read_vocabulary(tmp_path).rules_version
    path.write_text('[a]\ndefinition = "x"\nforms = ["two"]\n', encoding="utf-8")
    assert read_vocabulary(tmp_path).rules_version != before


def test_the_cache_gives_the_same_vocabulary(tmp_path: Path) -> None:
    first = read_vocabulary(FOLDER, tmp_path)
    assert list(tmp_path.glob("vocabulary-*.json"))
    again = read_vocabulary(FOLDER, tmp_path)
    assert [(each.name, getattr(again, each.name)) for each in fields(again)] == [
        (each.name, getattr(first, each.name)) for each in fields(first)
    ]


def test_a_broken_cache_is_no_fault(tmp_path: Path) -> None:
    read_vocabulary(FOLDER, tmp_path)
    next(tmp_path.glob("vocabulary-*.json")).write_text("{", encoding="utf-8")
    assert read_vocabulary(FOLDER, tmp_path).topics


def test_a_cache_that_cannot_be_written_is_no_fault(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("", encoding="utf-8")
    assert read_vocabulary(FOLDER, blocked / "inside").topics
