"""How labels are counted, and that the rules keep their quality on the labelled headlines."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from db.shapes import Source
from db.vocabulary import load_vocabulary
from scraper.evaluate import Evaluation, Score, evaluate, outlets_of, render, score, tag_json_line, to_json
from scraper.tag import Tagger

TAGGER = Tagger(load_vocabulary())
SHARED = Path(os.environ.get("CRAFTWATCH_SHARED", Path(__file__).parents[3] / "shared"))


def labelled(title: str, **labels: Any) -> dict[str, Any]:
    empty = {"summary": "", "topics": [], "crafts": [], "regions": [], "headcount": None}
    record = {"id": "1", "outlet": "Nowhere Daily", "title": title, **empty, **labels}
    for axis in ("topics", "crafts", "regions"):
        record.setdefault(f"{axis}_ok", record[axis])
    return record


def scored(title: str, **labels: Any) -> Evaluation:
    return score([labelled(title, **labels)], TAGGER, {})


WRITERS = "Hollywood writers on strike picket film studio"


def test_a_required_label_that_is_given_is_right() -> None:
    assert scored(WRITERS, topics=["contracts"]).axes["topics"] == Score(right=1)


def test_a_required_label_that_is_not_given_is_missed() -> None:
    assert scored("Weather", topics=["contracts"]).axes["topics"] == Score(missed=1)


def test_a_label_that_nobody_allows_is_wrong() -> None:
    assert scored(WRITERS).axes["topics"] == Score(wrong=1)


def test_a_label_that_one_reader_gave_costs_nothing() -> None:
    assert scored(WRITERS, topics_ok=["contracts"]).axes["topics"] == Score()
    assert scored("Weather", topics_ok=["contracts"]).axes["topics"] == Score()


def test_crafts_and_regions_of_an_item_without_a_topic_are_not_counted() -> None:
    assert scored(WRITERS).axes["crafts"] == Score()
    assert scored(WRITERS).axes["regions"] == Score()


def test_the_country_of_a_required_subdivision_is_no_error() -> None:
    evaluation = scored(WRITERS, topics=["contracts"], crafts=["screenwriter"], regions=["US-CA"])
    assert evaluation.axes["regions"] == Score(missed=1)


def test_a_headcount_is_right_only_when_equal() -> None:
    title = "Film studio lays off 300 employees"
    assert scored(title, topics=["layoffs"], headcount=300).axes["headcount"] == Score(right=1)
    assert scored(title, topics=["layoffs"], headcount=299).axes["headcount"] == Score(wrong=1, missed=1)


def test_an_error_carries_the_words_that_caused_it() -> None:
    error = next(each for each in scored(WRITERS).errors if each.axis == "topics")
    assert error.kind == "wrong"
    assert all(each.text in WRITERS for each in error.evidence)


def test_precision_recall_and_f1_are_the_usual_ones() -> None:
    each = Score(right=6, wrong=2, missed=4)
    assert (each.precision, each.recall, round(each.f1, 3)) == (0.75, 0.6, 0.667)


def test_a_known_outlet_brings_its_scope_and_sector() -> None:
    source = Source("x", "The Trade", "", "", "trade", "games", "US", "en", scope="entertainment")
    record = {"id": "1", "title": "Studio lays off 40", "summary": "", "outlet": "the trade"}
    assert tag_json_line(TAGGER, record, outlets_of([source]))["sector"] == "games"


def test_a_line_of_json_holds_plain_lists_and_marks_implied_regions() -> None:
    record = {"id": "1", "title": "Los Angeles film crews strike, SAG-AFTRA says", "summary": ""}
    line = tag_json_line(TAGGER, record, {})
    assert json.loads(json.dumps(line)) == line
    assert line["regions"] == ["US-CA"]
    assert line["regions_implied"] == ["US"]
    assert line["unions"] == ["SAG-AFTRA"]
    assert "contracts" in line["topics"]


def test_a_wrong_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "gold.jsonl"
    path.write_text('{"title": "x", "topics": []}\nnot json\n', encoding="utf-8")
    with pytest.raises(ValueError, match=r"gold\.jsonl, line 2"):
        evaluate(path, TAGGER, {})


def test_the_table_names_every_axis() -> None:
    table = render(scored(WRITERS, topics=["contracts"]), errors=True)
    for axis in ("relevant", "topics", "crafts", "regions", "headcount"):
        assert axis in table


def test_the_figures_for_machines_are_those_of_the_table() -> None:
    assert to_json(scored(WRITERS, topics=["contracts"]))["axes"]["topics"]["f1"] == 1.0


FLOORS = {"relevant": 0.95, "topics": 0.945, "crafts": 0.89, "regions": 0.93, "headcount": 0.95}


@pytest.mark.skipif(not (SHARED / "gold" / "dev.jsonl").exists(), reason="the labelled headlines are not here")
@pytest.mark.parametrize("axis", FLOORS)
def test_the_rules_keep_their_quality_on_labelled_headlines(axis: str) -> None:
    evaluation = evaluate(SHARED / "gold" / "dev.jsonl", TAGGER, {})
    assert evaluation.axes[axis].f1 >= FLOORS[axis]
