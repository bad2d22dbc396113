"""Regions and organisations as data: every block can be found, no name means two things, every link leads somewhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import pytest

from db.vocabulary import Employer, Region, Union, load_vocabulary
from scraper.tagging.tokens import Form, expand, read_form

VOCABULARY = load_vocabulary()
TABLES: Mapping[str, Mapping[str, Region | Employer | Union]] = {
    "regions": VOCABULARY.regions,
    "employers": VOCABULARY.employers,
    "unions": VOCABULARY.unions,
}


def spellings(forms: Iterable[str]) -> set[tuple[str, ...]]:
    """Each way in which the forms may be written, as the tagger tells words apart (`US` is not `us`)."""
    return {as_written(read_form(spelling)) for form in forms for spelling in expand(form)}


def words_of(forms: Iterable[str]) -> set[tuple[str, ...]]:
    return {read_form(spelling).keys for form in forms for spelling in expand(form)}


def as_written(form: Form) -> tuple[str, ...]:
    letters = {place: word for place, _, word in form.letters}
    return tuple(letters.get(place, key) for place, key in enumerate(form.keys))


def contains(longer: tuple[str, ...], shorter: tuple[str, ...]) -> bool:
    keys, wanted = [word.lower() for word in longer], [word.lower() for word in shorter]
    return any(keys[start : start + len(wanted)] == wanted for start in range(len(keys) - len(wanted) + 1))


@pytest.mark.parametrize("table", TABLES)
def test_every_block_has_a_form(table: str) -> None:
    assert [name for name, block in TABLES[table].items() if not (block.words.forms or block.words.weak)] == []


@pytest.mark.parametrize("table", TABLES)
def test_no_form_names_two_blocks_of_a_table(table: str) -> None:
    owners: dict[tuple[str, ...], set[str]] = {}
    for name, block in TABLES[table].items():
        for spelling in spellings((*block.words.forms, *block.words.weak)):
            owners.setdefault(spelling, set()).add(name)
    assert {spelling: names for spelling, names in owners.items() if len(names) > 1} == {}


@pytest.mark.parametrize("table", TABLES)
def test_every_never_span_holds_a_word_of_its_block(table: str) -> None:
    idle = [
        (name, never)
        for name, block in TABLES[table].items()
        for never in block.words.never
        for own in [spellings((*block.words.forms, *block.words.weak))]
        if not any(contains(span, form) for span in spellings([never]) for form in own)
    ]
    assert idle == []


@pytest.mark.parametrize("table", TABLES)
def test_no_never_span_is_the_whole_of_a_name(table: str) -> None:
    """Such a span, in small letters too, would hide the name wherever it stands."""
    hidden = [
        (name, never)
        for name, block in TABLES[table].items()
        for never in block.words.never
        if not words_of([never]).isdisjoint(words_of((*block.words.forms, *block.words.weak)))
    ]
    assert hidden == []


def test_ids_of_places_and_organisations_are_kebab_case() -> None:
    places = [name for name, region in VOCABULARY.regions.items() if region.level == "place"]
    names = [*places, *VOCABULARY.employers, *VOCABULARY.unions]
    assert [name for name in names if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)] == []


def test_a_subdivision_lies_in_the_country_of_its_code() -> None:
    subdivisions = [region for region in VOCABULARY.regions.values() if region.level == "subdivision"]
    assert [region.id for region in subdivisions if region.id.split("-")[0] != region.parent] == []


def test_the_owner_of_an_employer_is_an_employer() -> None:
    owners = {employer.parent for employer in VOCABULARY.employers.values() if employer.parent}
    assert owners - VOCABULARY.employers.keys() == set()


def test_the_unions_of_a_craft_are_known() -> None:
    named = {union for craft in VOCABULARY.crafts.values() for union in craft.unions}
    assert named - VOCABULARY.unions.keys() == set()


def test_sectors_of_organisations_are_known() -> None:
    organisations: list[Employer | Union] = [*VOCABULARY.employers.values(), *VOCABULARY.unions.values()]
    assert {sector for body in organisations for sector in body.sectors} - VOCABULARY.sectors.keys() == set()
