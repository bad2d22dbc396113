"""Forms of the vocabulary found in texts: at every place, in order, with the letters they ask for."""

import pytest

from scraper.tagging.phrases import Phrases, Span
from scraper.tagging.tokens import Text


def places_of(form: str, title: str, summary: str = "") -> list[Span]:
    phrases = Phrases()
    found = phrases.index(phrases.numbers(form)).find(Text(title, summary))
    return [span for spans in found.values() for span in spans]


@pytest.mark.parametrize(
    ("form", "title", "places"),
    [
        ("strike", "Strike after strike", [(0, 1), (2, 3)]),
        ("on strike", "Writers on strike", [(1, 3)]),
        ("end of the strike", "Hope for an end of the strike", [(3, 7)]),
        ("strike for the pay", "Will they strike for the pay", [(2, 6)]),
        ("voice of the union", "Of the union", []),
        ("union of the crew", "Union of the", []),
    ],
)
def test_a_form_is_found_at_each_of_its_places(form: str, title: str, places: list[Span]) -> None:
    assert places_of(form, title) == places


def test_no_form_runs_from_the_title_into_the_summary() -> None:
    assert places_of("on strike", "Writers are on", "strike pay") == []


@pytest.mark.parametrize("written", ["AI", "A.I"])
def test_an_acronym_is_found_with_and_without_dots(written: str) -> None:
    assert places_of("AI voice", f"The {written} voice") == [(1, 3)]


def test_an_acronym_in_lower_case_is_another_word() -> None:
    assert places_of("AI voice", "Ai voice") == []


def test_a_capitalised_form_wants_a_capital() -> None:
    assert places_of("Variety", "A variety of shows, says Variety") == [(5, 6)]
