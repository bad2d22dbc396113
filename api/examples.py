"""The examples of the OpenAPI document: an invented item, in every format, and what else is answered about it."""

from __future__ import annotations

from typing import Any

import orjson

from api.formats import FORMATS
from api.paging import encode_change, encode_cursor
from api.problems import PROBLEMS, Fault, fault_document
from api.syndication import Category, Channel, FeedItem, atom, jsonfeed, opml, rss
from api.syndication.opml import Subscription
from api.tables import csv_lines
from db.filters import Position, Sort

SITE = "https://craftwatch.example"
_WORDS = {"field": "title", "start": 0, "end": 12, "text": "Voice actors", "rule": "crafts/voice-actor/form"}
ITEM: dict[str, Any] = {
    "id": "1881643115937210",
    "self": f"{SITE}/v1/items/1881643115937210",
    "url": "https://ledger.example/2026/voice-actors-sue-over-cloned-voices",
    "title": "Voice actors sue over cloned voices",
    "summary": "Forty performers in Los Angeles say that an app sold copies of their voices.",
    "authors": ["A. Writer"],
    "source": {"id": "ledger", "name": "The Ledger", "kind": "trade"},
    "other_sources": [],
    "published_at": "2026-11-20T11:00:00Z",
    "received_at": "2026-11-20T11:04:10Z",
    "updated_at": "2026-11-20T11:04:10Z",
    "date_quality": "stated",
    "language": "en",
    "labels": {
        "tracked": True,
        "sector": "film-tv",
        "topics": [
            {
                "id": "ai",
                "label": "Artificial intelligence",
                "confidence": 0.9,
                "implied": False,
                "implied_by": None,
                "evidence": [
                    {"field": "title", "start": 22, "end": 35, "text": "cloned voices", "rule": "topics/ai/form"}
                ],
                "codes": {"iptc": ["medtop:20001298"]},
            }
        ],
        "crafts": [
            {
                "id": "voice-actor",
                "label": "Voice actors",
                "confidence": 0.95,
                "implied": False,
                "implied_by": None,
                "evidence": [_WORDS],
                "codes": {"soc": ["27-2011"]},
            }
        ],
        "regions": [],
        "employers": [],
        "unions": [],
        "headcount": None,
        "headcount_pct": None,
        "figures": [],
        "stage": "",
        "rules_version": "5d0f3a2b9c1e",
    },
}
ITEM_PAGE: dict[str, Any] = {
    "self": f"{SITE}/v1/items?craft=voice-actor",
    "next": None,
    "next_cursor": None,
    "total": 1,
    "total_is_estimate": False,
    "data_version": 4711,
    "coverage": f"{SITE}/v1/coverage?craft=voice-actor",
    "data": [ITEM],
}
CURSOR = encode_cursor(Sort.PUBLISHED, Position(int(ITEM["id"])))
SINCE = encode_change(4711, int(ITEM["id"]))
FAULT = fault_document(Fault("craft", "voice-acter", "there is no such craft", ("voice-actor",)))
_USE = {"items": 128, "last_seen": "2026-11-20T11:00:00Z"}
_SOURCE: dict[str, Any] = {
    "id": "ledger",
    "self": f"{SITE}/v1/sources/ledger",
    "name": "The Ledger",
    "homepage": "https://ledger.example/",
    "feed_url": "https://ledger.example/feed",
    "format": "feed",
    "kind": "trade",
    "sector": "film-tv",
    "country": "US",
    "language": "en-US",
    "scope": "entertainment",
    "note": "",
    "health": "failing",
    "reason": "blocked",
    "detail": "403 Forbidden",
    "since": "2026-11-18T06:00:00Z",
    "last_checked_at": "2026-11-20T11:00:00Z",
    "last_success_at": "2026-11-18T06:00:00Z",
    "next_check_at": "2026-11-20T15:00:00Z",
    "items": 4203,
    "tracked": 812,
    "newest_item_at": "2026-11-18T05:12:00Z",
}


def _list(path: str, *data: dict[str, Any]) -> dict[str, Any]:
    return {"self": f"{SITE}{path}", "total": len(data), "data": list(data)}


_ANSWERS: dict[str, Any] = {
    "/v1/items": ITEM_PAGE,
    "/v1/items.json": {**ITEM_PAGE, "self": f"{SITE}/v1/items.json?craft=voice-actor"},
    "/v1/items/{item_id}": ITEM,
    "/v1/topics": _list(
        "/v1/topics",
        {
            "id": "ai",
            "label": "Artificial intelligence",
            "parent": None,
            "definition": "AI in creative work.",
            "codes": {"iptc": ["medtop:20001298"]},
            **_USE,
        },
    ),
    "/v1/crafts": _list(
        "/v1/crafts",
        {
            "id": "foley-artist",
            "label": "Foley artists",
            "department": {"id": "post-sound", "label": "Post-production: sound", "parent": "sound"},
            "sectors": ["film-tv"],
            "unions": ["iatse"],
            "code_match": "close",
            "exposure": [
                {
                    "value": "0.55",
                    "section": "sound",
                    "statement": "Expected to be displaced within three years.",
                    "source": "A survey of 2024",
                }
            ],
            "codes": {"soc": ["27-4014"], "isco": ["3521"]},
            **_USE,
        },
    ),
    "/v1/regions": _list(
        "/v1/regions",
        {
            "id": "US-CA",
            "label": "California",
            "level": "subdivision",
            "parent": "US",
            "codes": {"iso3166": ["US-CA"]},
            **_USE,
        },
    ),
    "/v1/unions": _list(
        "/v1/unions",
        {
            "id": "sag-aftra",
            "label": "SAG-AFTRA",
            "type": "union",
            "country": "US",
            "sectors": ["film-tv"],
            "crafts": ["voice-actor"],
            **_USE,
        },
    ),
    "/v1/employers": _list(
        "/v1/employers",
        {
            "id": "big-studio",
            "label": "Big Studio",
            "type": "studio",
            "country": "US",
            "parent": None,
            "sectors": ["film-tv"],
            **_USE,
        },
    ),
    "/v1/sources": _list("/v1/sources", _SOURCE),
    "/v1/sources/{source_id}": _SOURCE,
    "/v1/facets": {
        "self": f"{SITE}/v1/facets?topic=ai&dimensions=craft",
        "data": [
            {
                "dimension": "craft",
                "total": 340,
                "is_estimate": False,
                "terms": [{"id": "voice-actor", "label": "Voice actors", "items": 128}],
                "more_terms": 31,
            }
        ],
    },
    "/v1/stats": {
        "self": f"{SITE}/v1/stats?topic=layoffs&by=craft&over=month&from=2026-10-01",
        "by": "craft",
        "over": "month",
        "is_estimate": False,
        "periods": ["2026-10", "2026-11"],
        "all": {"total": 41, "items": [17, 24]},
        "series": [{"id": "vfx-artist", "label": "VFX artists", "total": 12, "items": [5, 7]}],
    },
    "/v1/changes": {
        "self": f"{SITE}/v1/changes?include=item",
        "next": f"{SITE}/v1/changes?since={SINCE}&limit=200&include=item",
        "next_cursor": SINCE,
        "has_more": False,
        "data_version": 4711,
        "data": [{"id": ITEM["id"], "version": 4711, "tracked": True, "item": ITEM}],
    },
    "/v1/coverage": {
        "self": f"{SITE}/v1/coverage?topic=layoffs&craft=vfx-artist&window=P7D",
        "window": {"from": "2026-11-13T12:00:00Z", "to": "2026-11-20T12:00:01Z"},
        "sources": 4,
        "proven": 4,
        "healthy": 3,
        "partly_blind": [],
        "blind": [
            {
                "id": "ledger",
                "name": "The Ledger",
                "proven": True,
                "reason": "blocked",
                "since": "2026-11-12T06:00:00Z",
                "checks": 58,
                "failed_checks": 58,
            }
        ],
        "in_words": "3 of 4 sources that could have had such items looked all right in this window; 1 was blind, so "
        "there may be items that we did not see.",
    },
    "/v1/health": {
        "status": "ok",
        "version": "1.0.0",
        "rules_version": "5d0f3a2b9c1e",
        "database": {
            "kind": "postgresql",
            "replica": False,
            "data_version": 4711,
            "changed_at": "2026-11-20T11:04:10Z",
        },
        "items": {"tracked": 9120, "all": 61374, "newest_published_at": "2026-11-20T11:00:00Z"},
        "sources": {
            "healthy": 141,
            "failing": 9,
            "silent": 6,
            "overdue": 0,
            "never checked": 0,
            "stopped": 0,
            "disabled": 38,
        },
        "last_checked_at": "2026-11-20T11:04:10Z",
    },
    "/v1/problems": {
        "data": [
            {"code": code, "status": status, "title": title, "meaning": meaning}
            for code, (status, title, meaning) in PROBLEMS.items()
        ]
    },
    "/v1/feeds.opml": opml.render(
        1_795_176_000,
        [],
        {
            "Crafts": [
                Subscription("Voice actors", f"{SITE}/v1/items.atom?craft=voice-actor", f"{SITE}/?craft=voice-actor")
            ]
        },
    ).decode(),
}


def example_of(path: str, media_type: str) -> Any:
    """What a path answers in a format: JSON as it is read, all else as text."""
    if path.startswith("/v1/items") and media_type in _FORMATTED:
        return _FORMATTED[media_type]
    return _ANSWERS[path]


def _channel(suffix: str) -> Channel:
    query = "craft=voice-actor"
    return Channel(
        id=f"tag:craftwatch.example,2026:feed?{query}",
        title="craftwatch: Voice actors",
        description="Entertainment trade news about AI, layoffs and contracts, filtered: Voice actors.",
        home_url=f"{SITE}/?{query}",
        self_url=f"{SITE}/v1/items.{suffix}?{query}",
        first_url=f"{SITE}/v1/items.{suffix}?{query}",
        next_url=f"{SITE}/v1/items.{suffix}?{query}&cursor={CURSOR}",
        hub_url=None,
        updated=ITEM["updated_at"],
        minutes=60,
    )


_FEED_ITEM = FeedItem(
    id=f"tag:craftwatch.example,2026:item/{ITEM['id']}",
    url=ITEM["url"],
    title=ITEM["title"],
    summary=ITEM["summary"],
    authors=ITEM["authors"],
    published=ITEM["published_at"],
    updated=ITEM["updated_at"],
    language=ITEM["language"],
    source_name=ITEM["source"]["name"],
    api_url=ITEM["self"],
    categories=[
        Category(f"{SITE}/v1/{name}", tag["id"], tag["label"])
        for name in ("topics", "crafts")
        for tag in ITEM["labels"][name]
    ],
)
_FORMATTED: dict[str, Any] = {
    atom.MEDIA_TYPE: atom.render(_channel("atom"), [_FEED_ITEM]).decode(),
    rss.MEDIA_TYPE: rss.render(_channel("rss"), [_FEED_ITEM]).decode(),
    jsonfeed.MEDIA_TYPE: orjson.loads(jsonfeed.render(_channel("feed.json"), [_FEED_ITEM])),
    FORMATS["ndjson"]: orjson.dumps(ITEM).decode() + "\n",
    FORMATS["csv"]: csv_lines([ITEM]).decode(),
}
