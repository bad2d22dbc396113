"""The OpenAPI document: complete, true of what is answered, and unchanged unless renewed on purpose.

To renew it: python -m tests.api.test_openapi
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import feedparser
import jsonschema_rs
import orjson
import pytest
from fastapi.testclient import TestClient
from httpx import Response
from lxml import etree
from sqlalchemy import Engine

from api import schemas
from api.app import MODULES, create_app
from api.envelope import HEADERS
from api.filters import DURATION, MOMENT
from api.parameters import PARAMETERS
from api.problems import MEDIA_TYPE
from api.settings import ApiSettings
from scraper.sources import load_sources
from tests.api.archive import PUBLIC_URL, VOCABULARY, Shelf, make_client, make_headcount, make_labels
from tests.db.factory import NOW

SNAPSHOT = Path(__file__).parent / "openapi.json"
RENEW = "python -m tests.api.test_openapi"


@cache
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


def test_every_operation_tells_its_answers_and_problems():
    for path, methods in document()["paths"].items():
        operation = methods["get"]
        assert operation["description"], path
        assert "HEAD" in methods["description"], path
        assert "OPTIONS" in methods["description"], path
        assert {"200", "304", "400", "405", "414", "429", "500", "503"} <= set(operation["responses"]), path
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
    headers = {part.split('"')[0] for part in text.split('"#/components/headers/')[1:]}
    assert headers == set(document()["components"]["headers"])
    assert "ValidationError" not in text


def examples() -> list[tuple[str, str, Any, Any]]:
    """(path, media type, schema, example) of each answer in each format."""
    return [
        (path, media_type, content["schema"], content.get("example"))
        for path, methods in document()["paths"].items()
        for media_type, content in methods["get"]["responses"]["200"]["content"].items()
    ]


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


READERS: dict[str, Callable[[str], Any]] = {
    "text/csv": rows_of,
    "application/x-ndjson": lambda text: [schemas.Item.model_validate_json(line) for line in text.splitlines()],
    "application/atom+xml": lambda text: feedparser.parse(io.BytesIO(text.encode())).entries,
    "application/rss+xml": lambda text: feedparser.parse(io.BytesIO(text.encode())).entries,
    "text/x-opml": lambda text: etree.fromstring(text.encode()).findall(".//outline[@xmlUrl]"),
}


@pytest.mark.parametrize(("path", "media_type", "schema", "example"), examples())
def test_every_format_has_an_example_of_its_shape(path: str, media_type: str, schema: dict[str, Any], example: Any):
    if "$ref" in schema:
        shape = getattr(schemas, schema["$ref"].rpartition("/")[2])
        shape.model_validate(example, strict=True, extra="forbid")
    else:
        assert len(READERS[media_type](example)) == 1


def test_every_example_validates_against_its_schema():
    looked_at = 0
    for schema, example in with_schema(document()):
        checked = jsonschema_rs.validator_for({**schema, "components": document()["components"]})
        assert not [f"{error.instance_path}: {error.message}" for error in checked.iter_errors(example)]
        looked_at += 1
    assert looked_at > len(document()["paths"])


def with_schema(node: Any) -> Iterator[tuple[dict[str, Any], Any]]:
    """(schema, example) of everything in the document that has both: parameters, headers, answers."""
    if isinstance(node, list):
        for part in node:
            yield from with_schema(part)
    elif isinstance(node, dict):
        if isinstance(node.get("schema"), dict):
            told = [node["example"]] if "example" in node else []
            told += [example["value"] for example in node.get("examples", {}).values()]
            yield from ((node["schema"], example) for example in told)
            return
        for part in node.values():
            yield from with_schema(part)


def test_every_parameter_has_an_example():
    for path, methods in document()["paths"].items():
        for parameter in methods["get"].get("parameters", []):
            assert parameter.get("example"), (path, parameter["name"])


def test_every_problem_has_an_example_that_says_where_it_is_explained():
    for path, methods in document()["paths"].items():
        for status, response in methods["get"]["responses"].items():
            for code, example in response.get("content", {}).get(MEDIA_TYPE, {}).get("examples", {}).items():
                problem = schemas.ProblemDocument.model_validate(example["value"], strict=True, extra="forbid")
                assert (problem.type, problem.status) == (f"{PUBLIC_URL}/v1/problems#{code}", int(status)), path
                assert bool(problem.errors) == (status == "400"), path
                assert all(fault.nearest for fault in problem.errors), path


CONDITIONAL = {"Content-Encoding", "Retry-After"}  # on large answers; told below
UNSAID = {"content-type", "content-length"}  # OpenAPI has other places for them


def told_headers(path: str, status: int) -> set[str]:
    return set(document()["paths"][path]["get"]["responses"][str(status)]["headers"])


def check_headers(path: str, answer: Response, status: int) -> None:
    assert answer.status_code == status, (path, answer.text)
    told, sent = told_headers(path, status), set(answer.headers) - UNSAID
    assert sent <= {name.lower() for name in told}, (path, status)
    assert {name.lower() for name in told - CONDITIONAL} <= sent, (path, status)


def address_of(path: str, client: TestClient) -> str:
    item_id = client.get("/v1/items").json()["data"][0]["id"]
    return path.replace("{item_id}", item_id).replace("{source_id}", "ledger")


@pytest.mark.parametrize("path", sorted(document()["paths"]))
def test_every_header_that_is_sent_is_told_and_every_one_told_is_sent(shelf: Shelf, database_url: str, path: str):
    shelf.add("a", "ai", "voice-actor", summary="A long summary. " * 100)
    with make_client(database_url, rate_limit=1_000) as client:
        address = address_of(path, client)
        whole = client.get(address)
        check_headers(path, whole, 200)
        check_headers(path, client.get(address, headers={"if-none-match": whole.headers["etag"]}), 304)
        check_headers(path, client.post(address), 405)
        check_headers(path, client.get(f"{address}?q={'x' * 4_000}"), 414)
        check_headers(path, client.head(address), 200)
        check_headers(path, client.get(f"{address}?nonsense=1"), 400)
        if "{" in path:
            check_headers(path, client.get(path.partition("{")[0] + "1"), 404)
        if path == "/v1/items":
            check_headers(path, client.get(path, headers={"accept": "image/png"}), 406)


@pytest.mark.parametrize("path", sorted(document()["paths"]))
def test_the_headers_of_options_are_told_in_words(client: TestClient, path: str):
    sent = {name.title() for name in client.options(path).headers}
    words = document()["paths"][path]["description"]
    assert "Access-Control-Max-Age" in sent
    assert all(name in words for name in sent - set(HEADERS)), path


def test_the_headers_of_what_is_wrong_with_us_are_told(
    shelf: Shelf, database_url: str, monkeypatch: pytest.MonkeyPatch
):
    with make_client(database_url, rate_limit=1) as client:
        client.get("/v1/items")
        limited = client.get("/v1/items")
    with make_client("sqlite:///nowhere/none.db", rate_limit=9) as client:
        unavailable = client.get("/v1/items")
    monkeypatch.setattr("api.items.find_items", lambda *_: 1 / 0)
    with make_client(database_url, rate_limit=9) as client:
        broken = client.get("/v1/items")
    for answer, status in ((limited, 429), (unavailable, 503), (broken, 500)):
        check_headers("/v1/items", answer, status)
    assert "retry-after" in limited.headers.keys() & unavailable.headers.keys()


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
