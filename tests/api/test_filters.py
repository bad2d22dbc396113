"""The query string read: what it means, and what is wrong with it."""

from __future__ import annotations

from datetime import UTC, datetime
from unittest.mock import ANY
from urllib.parse import parse_qsl

import pytest
from fastapi.testclient import TestClient

from api.documents import ITEM_FIELDS
from api.filters import ITEM_PARAMETERS, Query, Reader, describe, read_query
from api.names import make_names
from api.problems import Fault
from db.filters import Filter, Sort
from db.search import parse_search
from db.sources import SourceName
from db.types import to_epoch
from tests.api.archive import VOCABULARY
from tests.db.factory import DAY, NOW

SOURCES = {"ledger": SourceName("ledger", "The Ledger", "trade"), "gazette": SourceName("gazette", "Gazette", "trade")}
DATED = (
    *(f"/v1/items{form}" for form in ("", ".atom", ".rss", ".feed.json", ".csv")),
    *("/v1/stats", "/v1/facets", "/v1/coverage", "/", "/charts", "/embed/list", "/embed/chart.svg", "/embed/badge.svg"),
)
NAMES = make_names(VOCABULARY, SOURCES, {("language", "en"): 1})


def read(query: str) -> tuple[Query, list[Fault]]:
    reader = Reader(query.encode(), ITEM_PARAMETERS)
    read = read_query(reader, NAMES, NOW)
    reader.choices("fields", ITEM_FIELDS)
    return read, reader.faults


def faults(query: str) -> list[Fault]:
    return read(query)[1]


@pytest.mark.parametrize(
    ("query", "parameter", "nearest"),
    [
        ("craft=voice-actr", "craft", "voice-actor"),
        ("craft=voice+actors", "craft", "voice-actor"),
        ("topic=-layofs", "topic", "layoffs"),
        ("region=California", "region", "US-CA"),
        ("source=ledgre", "source", "ledger"),
        ("exclude_source=gazete", "exclude_source", "gazette"),
        ("topics=ai", "topics", "topic"),
        ("sort=publishd", "sort", "published"),
        ("fields=titel", "fields", "title"),
    ],
)
def test_a_name_that_is_not_known_is_met_with_the_nearest_that_is(query: str, parameter: str, nearest: str):
    (fault,) = faults(query)
    assert (fault.parameter, fault.nearest[0]) == (parameter, nearest)


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=201",
        "limit=1000000000",
        "limit=-1",
        "limit=ten",
        "limit=1&limit=2",
        *("limit=", "from=", "window=", "min_confidence=", "tracked=", "cursor=", "sort=+published"),
        "cursor=nonsense",
        "cursor=%00",
        "from=yesterday",
        "from=2026-13-01",
        "to=2026-11-01&from=2026-11-02",
        "window=7",
        "window=P",
        "window=P99999Y",
        "window=P7D&from=2026-11-01",
        "changed_since=1",
        "min_confidence=2",
        "min_confidence=0.5",
        "tracked=maybe",
        "sort=relevance",
        "q=-only",
        "q=%22%22",
        "q=***",
        f"q={'x' * 501}",
        f"topic={','.join(['ai'] * 51)}",
        "%ff=1",
        "q=%ed%a0%80",
        "topic=ai%00",
        "q=" + "+".join(["word"] * 33),
        "&".join(f"topic=ai{n}" for n in range(201)),
    ],
)
def test_a_value_that_makes_no_sense_is_refused(query: str):
    assert faults(query)


@pytest.mark.parametrize("path", DATED)
@pytest.mark.parametrize(
    "query",
    [
        "to=9999-12-31",
        "from=0001-01-01",
        "to=9999-12-31T23:59:59-05:00",
        "from=0001-01-01T00:00:00%2B05:00",
        "from=9999-12-31T23:59:59-05:00",
        "to=0001-01-01T00:00:00Z",
        "changed_since=9999-12-31T23:59:59-05:00",
        "window=P1D&to=0001-01-01",
        "window=P1D&to=9999-12-31",
        "window=P2026Y",
        "window=P9999Y99999M",
    ],
)
def test_dates_beyond_all_news_are_as_good_as_none(path: str, query: str, client: TestClient):
    assert client.get(f"{path}?{query}").status_code == 200


@pytest.mark.parametrize("query", ["", "topic=", "q=&topic=,", "q=+"])
def test_words_and_terms_left_empty_ask_nothing(query: str):
    assert read(query) == (Query(Filter(), Sort.PUBLISHED, 50, None, ANY), [])


def test_a_comma_means_or_a_second_parameter_and_a_minus_not():
    wanted = read("topic=ai,layoffs&topic=-contracts&region=us")[0].filter
    assert wanted.wanted == ((("topic", "ai"), ("topic", "layoffs")), (("region", "US"),))
    assert wanted.unwanted == (("topic", "contracts"),)


@pytest.mark.parametrize(
    ("query", "start", "end"),
    [
        ("from=2026-11-01", datetime(2026, 11, 1, tzinfo=UTC), None),
        ("to=2026-11-01", None, datetime(2026, 11, 2, tzinfo=UTC)),
        ("from=2026-11-01T10:00:00Z", datetime(2026, 11, 1, 10, tzinfo=UTC), None),
        ("from=2026-11-01T10:00:00%2B02:00", datetime(2026, 11, 1, 8, tzinfo=UTC), None),
        ("from=2026-11-01T10:00:00+02:00", datetime(2026, 11, 1, 8, tzinfo=UTC), None),
        ("from=2026-11-01T10:00", datetime(2026, 11, 1, 10, tzinfo=UTC), None),
        ("window=P7D", NOW - 7 * DAY, None),
        ("window=P1M", datetime(2026, 10, 20, 12, tzinfo=UTC), None),
        ("window=P1Y2M", datetime(2025, 9, 20, 12, tzinfo=UTC), None),
        ("window=P1W&to=2026-11-10", datetime(2026, 11, 4, tzinfo=UTC), datetime(2026, 11, 11, tzinfo=UTC)),
        ("window=P1M&to=2026-03-30", datetime(2026, 2, 28, tzinfo=UTC), datetime(2026, 3, 31, tzinfo=UTC)),
        ("window=PT36H", NOW - 1.5 * DAY, None),
    ],
)
def test_dates_are_whole_days_instants_are_exact_and_all_is_utc(
    query: str, start: datetime | None, end: datetime | None
):
    wanted, faults = read(query)
    assert not faults
    assert wanted.filter.start == (None if start is None else to_epoch(start))
    assert wanted.filter.end == (None if end is None else to_epoch(end))


def test_a_filter_can_be_said_in_words():
    query = (
        "topic=ai&craft=voice-actor,actor&region=US&source=-ledger&q=strike+OR+%22walk+out%22+-lawsuit&from=2026-11-01"
    )
    assert describe(read(query)[0].filter, NAMES) == (
        "Artificial intelligence · Voice actors or Actors · in United States · not The Ledger · "
        'with strike OR "walk out" -lawsuit · since 2026-11-01'
    )


@pytest.mark.parametrize("query", ["", "a", "a=", "=b", "a=b", "&&a=b&", "a=b=c&a", "a=1;b=2", "a:b=c,d", "&" * 199])
def test_a_query_with_nothing_to_decode_is_read_as_any_other(query: str):
    decoded = parse_qsl(query, keep_blank_values=True)
    assert Reader(query.encode(), ()).pairs == decoded


@pytest.mark.parametrize("query", ["a=1&" * 200, "a=%31&" * 200])
def test_too_many_parameters_are_a_fault(query: str):
    assert [fault.detail for fault in Reader(query.encode(), ("a",)).faults] == [
        "the query string has more than 200 parameters"
    ]


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("“voice actors” strike", '"voice actors" strike'),
        ("«voice actors»", '"voice actors"'),
        ("strike NOT ai", "strike -ai"),
        ("ge\u0301ne\u0301rative", "g\xe9n\xe9rative"),
        ("strike (live)", "strike live"),
        ("NOTICE", "NOTICE"),
    ],
)
def test_words_are_understood_as_they_are_typed(query: str, shown: str):
    assert str(parse_search(query)) == shown


@pytest.mark.parametrize("query", ["(strike OR lockout) ai", "(strike ai) OR lockout"])
def test_brackets_around_a_choice_are_refused(query: str):
    with pytest.raises(ValueError, match="brackets"):
        parse_search(query)


@pytest.mark.parametrize(("asked", "least"), [("0.744", 75), ("0.74", 74), ("0.70", 70), ("0.57", 57), ("1", 100)])
def test_a_confidence_is_never_rounded_down(asked: str, least: int):
    query, faulty = read(f"topic=ai&min_confidence={asked}")
    assert (query.filter.min_confidence, faulty) == (least, [])


@pytest.mark.parametrize(
    ("query", "key"),
    [("region=USA", ("region", "US")), ("region=gbr", ("region", "GB")), ("lang=en-US", ("language", "en"))],
)
def test_codes_of_other_standards_and_of_countries_are_understood(query: str, key: tuple[str, str]):
    asked, faulty = read(query)
    assert (asked.filter.wanted, faulty) == (((key,),), [])
