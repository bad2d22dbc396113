"""The OpenAPI document: complete, true of what is answered, and unchanged unless renewed on purpose.

To renew it: python -m tests.api.test_openapi
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from api import schemas
from api.app import MODULES, create_app
from api.examples import ITEM_PAGE
from api.filters import DURATION, MOMENT
from api.parameters import PARAMETERS
from api.settings import ApiSettings
from scraper.sources import load_sources
from tests.api.archive import PUBLIC_URL, VOCABULARY, Shelf, make_headcount, make_labels
from tests.db.factory import NOW

SNAPSHOT = Path(__file__).parent / "openapi.json"
RENEW = "python -m tests.api.test_openapi"


def document() -> dict[str, Any]:
    settings = ApiSettings(read_database_url="sqlite:///nowhere.db", public_url=PUBLIC_URL)
    made = create_app(settings, vocabulary=VOCABULARY).openapi()
    made["info"]["version"] = "-"
    return made


def test_the_document_is_as_it_was():
    assert document() == orjson.loads(SNAPSHOT.read_bytes()), f"meant? Then renew it: {RENEW}"


def test_every_route_is_documented_and_every_documented_one_is_there():
    served = {route.path for module in MODULES for route in module.router.routes}  # type: ignore[attr-defined]
    assert set(document()["paths"]) == served - {"/docs", "/openapi.json"}


def test_every_operation_tells_its_answers_problems_and_headers():
    for path, methods in document()["paths"].items():
        operation = methods["get"]
        assert operation["description"], path
        assert {"200", "304", "400", "414", "429", "500", "503"} <= set(operation["responses"]), path
        assert {"ETag", "Cache-Control", "Vary"} <= set(operation["responses"]["200"]["headers"]), path
        for status, response in operation["responses"].items():
            assert status in ("200", "304") or "application/problem+json" in response["content"], (path, status)


def test_every_parameter_is_used_and_has_a_meaning():
    used = {p["name"] for methods in document()["paths"].values() for p in methods["get"].get("parameters", [])}
    assert set(PARAMETERS) <= used
    assert all(parameter.description for parameter in PARAMETERS.values())


def test_every_reference_leads_somewhere():
    text = orjson.dumps(document()).decode()
    known = document()["components"]["schemas"]
    references = {part.split('"')[0] for part in text.split('"#/components/schemas/')[1:]}
    assert references <= set(known)
    assert "ValidationError" not in text


def test_the_examples_are_of_the_shape_they_show():
    schemas.ItemPage.model_validate(ITEM_PAGE, strict=True, extra="forbid")


@pytest.mark.parametrize(
    ("path", "shape"),
    [
        ("/v1/items", schemas.ItemPage),
        ("/v1/items?fields=title,topics", schemas.ItemPage),
        ("/v1/items.feed.json", schemas.JsonFeed),
        ("/v1/topics", schemas.TopicList),
        ("/v1/crafts", schemas.CraftList),
        ("/v1/regions", schemas.RegionList),
        ("/v1/unions", schemas.UnionList),
        ("/v1/employers", schemas.EmployerList),
        ("/v1/sources", schemas.SourceList),
        ("/v1/sources/ledger", schemas.Source),
        ("/v1/facets", schemas.FacetList),
        ("/v1/stats?by=craft", schemas.Stats),
        ("/v1/changes?include=item", schemas.ChangePage),
        ("/v1/coverage", schemas.Coverage),
        ("/v1/health", schemas.Health),
        ("/v1/problems", schemas.ProblemList),
        ("/v1/nothing", schemas.ProblemDocument),
        ("/v1/items?limit=0", schemas.ProblemDocument),
    ],
)
def test_what_is_answered_has_the_shape_that_is_documented(shelf: Shelf, client: TestClient, path: str, shape: Any):
    labels = make_labels("ai", "voice-actor", "US-CA", "big-studio", "sag-aftra", figures=(make_headcount(),))
    shelf.add("a", labels=labels)
    shape.model_validate_json(client.get(path).content, strict=True, extra="forbid")


@pytest.fixture
def shipped(engine: Engine, database_url: str) -> Iterator[TestClient]:
    """The vocabulary and the sources that craftwatch comes with, and one item in English."""
    shelf = Shelf(engine, {source.id: source for source in load_sources()})
    shelf.add("a", "ai", source="variety", language="en")
    settings = ApiSettings(read_database_url=database_url, public_url=PUBLIC_URL)
    with TestClient(create_app(settings, now=lambda: NOW)) as client:
        yield client


#: What an example needs beside it.
COMPANIONS = {"min_confidence": {"topic": "ai"}}


def test_every_example_of_a_parameter_is_understood(shipped: TestClient):
    for path, methods in document()["paths"].items():
        for parameter in methods["get"].get("parameters", []):
            if parameter["in"] == "query" and "example" in parameter:
                name, value = parameter["name"], parameter["example"]
                if parameter.get("explode") is False:
                    value = ",".join(value)
                answer = shipped.get(path, params={name: value, **COMPANIONS.get(name, {})})
                assert answer.status_code == (404 if "{" in path else 200), (path, name, answer.text)


@pytest.mark.parametrize("pattern", [MOMENT, DURATION])
def test_the_pattern_of_a_parameter_takes_its_examples_and_no_more(pattern: str):
    good = {MOMENT: ["2026-11-01", "2026-11-20T08:00:00.5+02:00"], DURATION: ["P7D", "P1Y2M", "PT12H"]}
    bad = {MOMENT: ["2026-13-01", "2026-11-01 ", "20261101", "2026-11-01T25:00"], DURATION: ["P", "PT", "7D", "P1H"]}
    assert [text for text in good[pattern] + bad[pattern] if re.fullmatch(pattern, text)] == good[pattern]


def test_the_page_for_people_names_every_path_and_parameter(client: TestClient):
    page = client.get("/docs")
    assert all(path in page.text for path in document()["paths"])
    assert all(f"<code>{name}</code>" in page.text for name in PARAMETERS)
    assert "unsafe" not in page.headers["content-security-policy"]


if __name__ == "__main__":
    SNAPSHOT.write_bytes(orjson.dumps(document(), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n")
