"""The examples of the OpenAPI document: an invented item, and a page of it."""

from __future__ import annotations

from typing import Any

_WORDS = {"field": "title", "start": 0, "end": 12, "text": "Voice actors", "rule": "crafts/voice-actor/form"}
ITEM: dict[str, Any] = {
    "id": "1881643115937210",
    "self": "https://craftwatch.example/v1/items/1881643115937210",
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
    "self": "https://craftwatch.example/v1/items?craft=voice-actor",
    "next": None,
    "next_cursor": None,
    "total": 1,
    "total_is_estimate": False,
    "data_version": 4711,
    "coverage": "https://craftwatch.example/v1/coverage?craft=voice-actor",
    "data": [ITEM],
}
