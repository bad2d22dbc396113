"""Every sentence that a block of the vocabulary must or must not match, and that each block has enough of them."""

from collections.abc import Iterator

import pytest

from db.shapes import Axis
from db.vocabulary import Words, load_vocabulary
from scraper.tag import Tagger

VOCABULARY = load_vocabulary()
TAGGER = Tagger(VOCABULARY)


def blocks() -> Iterator[tuple[Axis, str, Words]]:
    for axis, terms in (
        (Axis.TOPIC, VOCABULARY.topics),
        (Axis.CRAFT, VOCABULARY.crafts),
        (Axis.REGION, VOCABULARY.regions),
        (Axis.EMPLOYER, VOCABULARY.employers),
        (Axis.UNION, VOCABULARY.unions),
    ):
        for term in terms.values():
            yield axis, term.id, term.words


def sentences(kind: str) -> list[object]:
    return [
        pytest.param(axis, term, sentence, id=f"{axis}-{term}-{number}")
        for axis, term, words in blocks()
        for number, sentence in enumerate(getattr(words, kind), 1)
    ]


def tagged(axis: Axis, sentence: str) -> tuple[str, ...]:
    return TAGGER.tag(sentence, "", language="en", scope="entertainment").terms(axis)


def filed_under(axis: Axis, term: str) -> str:
    """A place files an item under its subdivision, or its country."""
    if axis is not Axis.REGION or VOCABULARY.regions[term].level == "country":
        return term
    return VOCABULARY.filed_region(term)


@pytest.mark.parametrize(("axis", "term", "sentence"), sentences("must"))
def test_a_block_matches_the_sentences_it_must(axis: Axis, term: str, sentence: str) -> None:
    assert filed_under(axis, term) in tagged(axis, sentence)


@pytest.mark.parametrize(("axis", "term", "sentence"), sentences("must_not"))
def test_a_block_leaves_the_sentences_it_must_not_match(axis: Axis, term: str, sentence: str) -> None:
    assert filed_under(axis, term) not in tagged(axis, sentence)


@pytest.mark.parametrize("term", [*VOCABULARY.topics.values(), *VOCABULARY.crafts.values()], ids=lambda term: term.id)
def test_every_topic_and_craft_proves_itself_with_two_sentences_and_a_trap(term: object) -> None:
    words = term.words  # type: ignore[attr-defined]  # topics and crafts both have words
    assert len(words.must) >= 2
    assert len(words.must_not) >= 1


TRAPS = ("grip", "score", "extras", "cast", "host", "model", "gaffer", "best boy", "strike", "union", "contract", "AI")


@pytest.mark.parametrize("trap", TRAPS)
def test_every_trap_word_stands_in_a_sentence_that_must_not_match(trap: str) -> None:
    refused = " ".join(sentence for _, _, words in blocks() for sentence in words.must_not)
    assert f" {trap.casefold()}" in f" {refused.casefold()}"
