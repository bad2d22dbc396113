"""The three walks of CONTRIBUTING.md, taken as they are written."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path
from types import ModuleType

import pytest
from sqlalchemy import Engine

from api import app, examples, schemas
from db import vocabulary
from db.shapes import Axis
from db.vocabulary.read import read_vocabulary
from scraper.sources import read_sources
from scraper.tag import Tagger
from tests.api.archive import make_client, make_shelf

GUIDE = (Path(__file__).parents[1] / "CONTRIBUTING.md").read_text(encoding="utf-8")
HEADLINE = re.search(r'"title": "([^"]*)"', GUIDE)


def block(start: str) -> str:
    """The code block that begins so."""
    return next(found for found in re.findall(r"```[a-z]*\n(.*?)```", GUIDE, re.DOTALL) if found.startswith(start))


def test_the_source_is_one_that_could_be_added() -> None:
    (source,) = read_sources(block("[riggers-gazette]"))
    assert (source.id, source.enabled) == ("riggers-gazette", True)


def test_the_craft_proves_itself(tmp_path: Path) -> None:
    folder = tmp_path / "vocabulary"
    shutil.copytree(Path(vocabulary.__file__).parent, folder)
    with (folder / "crafts.toml").open("a", encoding="utf-8") as crafts:
        crafts.write(block("[puppet-maker]"))
    tagger = Tagger(read_vocabulary(folder))
    words = tagger.vocabulary.crafts["puppet-maker"].words
    assert len(words.must) >= 2
    assert words.must_not
    assert HEADLINE is not None
    for sentence in (HEADLINE[1], *words.must, *words.must_not):
        found = tagger.tag(sentence, "", scope="entertainment").terms(Axis.CRAFT)
        assert ("puppet-maker" in found) is (sentence not in words.must_not), sentence


def test_the_endpoint_answers_and_is_documented(
    engine: Engine, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = {"Shape": schemas.Shape}
    exec(block("class Languages"), names)  # our own words
    monkeypatch.setattr(schemas, "Languages", names["Languages"], raising=False)
    example = eval("{" + block('    "/v1/languages"') + "}")
    monkeypatch.setattr(examples, "_ANSWERS", examples._ANSWERS | example)
    module = ModuleType("api.languages")
    monkeypatch.setitem(sys.modules, "api.languages", module)
    exec(block('"""/v1/languages'), module.__dict__)
    monkeypatch.setattr(app, "MODULES", (*app.MODULES, module))
    shelf = make_shelf(engine)
    test = {"__name__": "tests.api.test_languages"}
    exec(block("from fastapi.testclient"), test)
    with make_client(database_url) as client:
        test["test_languages_are_counted"](shelf, client)  # type: ignore[operator]
        document = client.get("/openapi.json").json()
    assert document["paths"]["/v1/languages"]["get"]["responses"]["200"]
