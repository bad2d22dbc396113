"""HTTP done right: validators, methods, codings, limits, and links that no request can bend."""

from __future__ import annotations

import gzip

import brotli
import pytest
import zstandard
from fastapi.testclient import TestClient

from tests.api.archive import PUBLIC_URL, Shelf, make_client
from tests.db.factory import HOUR, NOW

DATA_PATHS = (
    *("/v1/items", "/v1/items.json", "/v1/items.atom", "/v1/items.rss", "/v1/items.feed.json", "/v1/items.csv"),
    *("/v1/items.ndjson", "/v1/topics", "/v1/crafts", "/v1/regions", "/v1/unions", "/v1/employers", "/v1/sources"),
    *("/v1/sources/ledger", "/v1/facets", "/v1/stats", "/v1/changes", "/v1/coverage", "/v1/feeds.opml", "/v1/health"),
)
OTHER_PATHS = ("/v1/problems", "/docs", "/openapi.json")


@pytest.fixture
def library(shelf: Shelf) -> Shelf:
    shelf.add("a", "ai", "voice-actor", "US")
    return shelf


def test_every_answer_has_an_etag_that_spares_the_second_one(library: Shelf, client: TestClient):
    for path in (*DATA_PATHS, *OTHER_PATHS):
        first = client.get(path)
        assert (first.status_code, first.headers["etag"][0]) == (200, '"'), path
        second = client.get(path, headers={"if-none-match": first.headers["etag"]})
        told = second.status_code, second.content, second.headers["etag"]
        assert told == (304, b"", first.headers["etag"]), path
        assert "max-age=60" in second.headers["cache-control"], path


@pytest.mark.parametrize("given", ['"x", {}', "W/{}", "*", '"x",{},"y"'])
def test_an_etag_is_found_however_it_is_given(library: Shelf, client: TestClient, given: str):
    tag = client.get("/v1/items").headers["etag"]
    assert client.get("/v1/items", headers={"if-none-match": given.format(tag)}).status_code == 304
    assert client.get("/v1/topics", headers={"if-none-match": f'"x", {tag}'}).status_code == 200


def test_every_answer_of_the_archive_says_since_when_it_is_so(library: Shelf, client: TestClient):
    dated = {path for path in DATA_PATHS if "last-modified" in client.get(path).headers}
    assert set(DATA_PATHS) - dated == {"/v1/sources", "/v1/sources/ledger", "/v1/coverage", "/v1/health"}


@pytest.mark.parametrize("query", ["window=P1D", "%77indow=P1D"])
def test_what_the_clock_changes_has_no_date_since_when_it_is_so(library: Shelf, client: TestClient, query: str):
    for path in ("/v1/items", "/v1/items.atom", "/v1/items.csv", "/v1/facets"):
        answer = client.get(f"{path}?{query}", headers={"if-modified-since": "Fri, 01 Jan 2100 00:00:00 GMT"})
        assert (answer.status_code, "last-modified" in answer.headers) == (200, False), path


def test_a_page_that_says_how_long_ago_has_no_date_either(library: Shelf, client: TestClient):
    answer = client.get("/", headers={"if-modified-since": "Fri, 01 Jan 2100 00:00:00 GMT"})
    assert (answer.status_code, "last-modified" in answer.headers) == (200, False)


def test_an_etag_changes_with_the_data_and_with_the_question(library: Shelf, client: TestClient):
    tags = {client.get("/v1/items").headers["etag"], client.get("/v1/items?topic=ai").headers["etag"]}
    library.add("b", "ai")
    tags |= {client.get("/v1/items").headers["etag"], client.get("/v1/items?topic=ai").headers["etag"]}
    assert len(tags) == 4


def test_a_304_asks_the_archive_for_no_items(library: Shelf, client: TestClient, monkeypatch: pytest.MonkeyPatch):
    etag = client.get("/v1/items").headers["etag"]
    monkeypatch.delattr("api.items.find_items")
    assert client.get("/v1/items", headers={"if-none-match": etag}).status_code == 304


def test_an_answer_given_before_is_given_again_without_a_query(
    library: Shelf, client: TestClient, monkeypatch: pytest.MonkeyPatch
):
    first = client.get("/v1/items?craft=voice-actor")
    monkeypatch.delattr("api.items.find_items")
    assert client.get("/v1/items?craft=voice-actor").content == first.content


def test_if_modified_since_is_heard_where_there_is_no_if_none_match(library: Shelf, client: TestClient):
    modified = client.get("/v1/items").headers["last-modified"]
    assert client.get("/v1/items", headers={"if-modified-since": modified}).status_code == 304
    both = {"if-modified-since": modified, "if-none-match": '"other"'}
    assert client.get("/v1/items", headers=both).status_code == 200
    assert client.get("/v1/items", headers={"if-modified-since": "nonsense"}).status_code == 200


@pytest.mark.parametrize(
    "condition", [{"if-none-match": "*"}, {"if-modified-since": "Fri, 01 Jan 2100 00:00:00 GMT"}], ids=["*", "since"]
)
@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/items?limit=0", 400),
        ("/v1/items.atom?craft=voice-acter", 400),
        ("/v1/items.csv?fields=titel", 400),
        ("/v1/items.ndjson?cursor=x", 400),
        ("/v1/topics?x=1", 400),
        ("/v1/facets?dimensions=x", 400),
        ("/v1/items/1", 404),
        ("/v1/sources/nobody", 404),
        ("/?craft=voice-acter", 400),
        ("/crafts/voice-acter", 404),
    ],
)
def test_a_condition_makes_no_wrong_request_a_good_one(
    library: Shelf, client: TestClient, condition: dict[str, str], path: str, status: int
):
    assert client.get(path, headers=condition).status_code == status


def test_an_answer_is_no_older_than_the_program_and_the_names_it_is_made_with(
    library: Shelf, client: TestClient, database_url: str
):
    held = {"if-modified-since": client.get("/v1/topics").headers["last-modified"]}
    assert client.get("/v1/topics", headers=held).status_code == 304
    with make_client(database_url, now=lambda: NOW + HOUR) as later:  # it may know other names
        answer = later.get("/v1/topics", headers=held)
    assert (answer.status_code, answer.headers["last-modified"]) == (200, "Fri, 20 Nov 2026 13:00:00 GMT")


def test_a_source_under_a_new_name_is_news(library: Shelf, client: TestClient, monkeypatch: pytest.MonkeyPatch):
    held = {"if-modified-since": client.get("/v1/items").headers["last-modified"]}
    with library.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE source SET name = 'The New Ledger' WHERE id = 'ledger'")
    context = client.app.state.context  # type: ignore[attr-defined]
    monkeypatch.setattr(context, "now", lambda: NOW + HOUR)
    monkeypatch.setattr("api.dependencies.NAMES_FOR_SECONDS", 0)
    answer = client.get("/v1/items", headers=held)
    assert (answer.status_code, answer.json()["data"][0]["source"]["name"]) == (200, "The New Ledger")


def test_head_is_get_without_the_body(library: Shelf, client: TestClient):
    for path in (*DATA_PATHS, *OTHER_PATHS, "/v1/nothing"):
        get, head = client.get(path), client.head(path)
        assert (head.status_code, head.content) == (get.status_code, b""), path
        assert dict(head.headers) == dict(get.headers), path


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "BREW"])
def test_the_api_only_reads(client: TestClient, method: str):
    for path in (*DATA_PATHS, *OTHER_PATHS):
        response = client.request(method, path)
        assert (response.status_code, response.headers["allow"]) == (405, "GET, HEAD, OPTIONS"), path
    assert client.request(method, "/v1/nothing").status_code == 404


def test_options_says_what_is_allowed_and_lets_every_page_read(client: TestClient):
    response = client.options("/v1/items", headers={"origin": "https://a.example"})
    assert (response.status_code, response.headers["allow"]) == (204, "GET, HEAD, OPTIONS")
    assert response.headers["access-control-allow-origin"] == "*"


def test_every_answer_is_safe_to_show_anywhere(library: Shelf, client: TestClient):
    for path in (*DATA_PATHS, *OTHER_PATHS, "/v1/nothing", "/v1/items?limit=0"):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff", path
        assert "default-src 'none'" in headers["content-security-policy"], path
        assert headers["access-control-allow-origin"] == "*", path


@pytest.mark.parametrize(
    "path", [*DATA_PATHS, "/", "/docs", "/about", "/charts", "/crafts", "/embed/latest", "/robots.txt", "/v1/nothing"]
)
def test_no_header_is_sent_twice(library: Shelf, client: TestClient, path: str):
    for _ in range(2):  # the second time as kept
        names = [name for name, _ in client.get(path).headers.multi_items()]
        assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize(
    ("encoding", "decode"),
    [
        ("gzip", gzip.decompress),
        ("br", brotli.decompress),
        ("zstd", lambda body: zstandard.ZstdDecompressor().decompressobj().decompress(body)),
    ],
)
def test_an_answer_can_be_had_smaller(library: Shelf, client: TestClient, encoding: str, decode: object):
    for name in "bcd":
        library.add(name, "ai", "voice-actor", "US")
    for path in ("/v1/items", "/v1/items.csv", "/v1/items.ndjson"):
        whole = client.get(path, headers={"accept-encoding": "identity"}).content
        with client.stream("GET", path, headers={"accept-encoding": encoding}) as response:
            coded = b"".join(response.iter_raw())
        assert response.headers["content-encoding"] == encoding
        assert decode(coded) == whole  # type: ignore[operator]


def test_each_coding_has_a_strong_validator_of_its_own(library: Shelf, client: TestClient):
    tags = {
        client.get("/v1/items", headers={"accept-encoding": encoding}).headers["etag"]
        for encoding in ("identity", "gzip", "br", "zstd")
    }
    assert len(tags) == 4


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"x-forwarded-host": "evil.example"},
        {"x-forwarded-proto": "ftp", "forwarded": "host=evil.example"},
        {"x-original-url": "/evil", "x-rewrite-url": "/evil"},
    ],
)
def test_no_header_bends_a_link(library: Shelf, client: TestClient, headers: dict[str, str]):
    for path in ("/v1/items", "/v1/items.atom", "/v1/feeds.opml", "/v1/nothing"):
        plain, bent = client.get(path), client.get(path, headers=headers)
        assert bent.content == plain.content, path
        assert bent.headers.get("link") == plain.headers.get("link"), path
        assert "elsewhere.example" not in bent.text, path


def test_addresses_begin_with_the_public_url(library: Shelf, client: TestClient):
    assert client.get("/v1/items").json()["self"] == f"{PUBLIC_URL}/v1/items"


@pytest.mark.parametrize(
    "path", ["/..%2fetc/passwd", "/v1/items/..%2f..%2f", "/v1/%00", "/v1/..\\..\\x", "//v1//items"]
)
def test_an_odd_path_is_not_found(client: TestClient, path: str):
    assert client.get(path).status_code == 404


def test_requests_are_counted_where_a_limit_is_set(database_url: str, shelf: Shelf):
    with make_client(database_url, rate_limit=2) as client:
        first, second, third = (client.get("/v1/health") for _ in range(3))
    assert first.headers["ratelimit-policy"] == '"default";q=2;w=60'
    assert first.headers["ratelimit"].startswith('"default";r=1;')
    assert second.status_code == 200
    assert (third.status_code, third.json()["code"]) == (429, "too-many-requests")
    assert 0 < int(third.headers["retry-after"]) <= 30


def test_what_a_page_brings_along_does_not_count(database_url: str, shelf: Shelf):
    with make_client(database_url, rate_limit=1) as client:
        statuses = [client.get("/static/page.0.css").status_code for _ in range(3)]
    assert statuses == [200, 200, 200]


def test_crawlers_may_read_pages_but_not_every_filter(client: TestClient):
    answer = client.get("/robots.txt")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.text.splitlines() == ["User-agent: *", "Disallow: /*?"]


@pytest.mark.parametrize("path", ["/robots.txt", "/favicon.ico"])
def test_what_is_asked_for_unbidden_is_there_and_kept_for_a_day(client: TestClient, path: str):
    answer = client.get(path)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "public, max-age=86400")


def test_a_mistake_of_ours_is_a_problem_without_details(
    library: Shelf, client: TestClient, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("api.items.find_items", lambda *_: 1 / 0)
    response = client.get("/v1/items?topic=ai")
    assert (response.status_code, response.json()["code"]) == (500, "internal-error")
    assert "ZeroDivision" not in response.text


def test_a_window_moves_the_etag_by_the_minute(library: Shelf, client: TestClient, monkeypatch: pytest.MonkeyPatch):
    context = client.app.state.context  # type: ignore[attr-defined]
    first = client.get("/v1/items?window=P1D").headers["etag"]
    monkeypatch.setattr(context, "now", lambda: NOW.replace(second=59))
    assert client.get("/v1/items?window=P1D").headers["etag"] == first
    monkeypatch.setattr(context, "now", lambda: NOW.replace(minute=1))
    assert client.get("/v1/items?window=P1D").headers["etag"] != first
