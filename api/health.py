"""/v1/health: whether the archive can be read, how fresh it is, and how its sources fare."""

from __future__ import annotations

from collections import Counter

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.answers import PROGRAM, answer
from api.cache import Answer
from api.dependencies import context_of
from api.documented import documented
from api.documents import iso
from api.filters import Reader
from api.names import Names
from api.schemas import Health
from api.sources import source_documents
from db.archive import TIE_BITS, Snapshot
from db.filters import Filter
from db.queries import count_items, newest_id

router = APIRouter()
HEALTH_WORDS = ("healthy", "failing", "silent", "overdue", "never checked", "stopped", "disabled")


@router.get(**documented("/v1/health", model=Health, timely=True))
async def get_health(request: Request) -> Response:
    """200 where the database can be read, else a 503 problem; what the sources are like is for the reader to judge."""
    context = context_of(request)

    def build(snapshot: Snapshot, names: Names) -> Answer:
        Reader(request.scope["query_string"], ()).finish()
        newest = newest_id(snapshot, Filter(tracked=None))
        sources = source_documents(context, snapshot)
        words = Counter(source["health"] for source in sources)
        document = {
            "status": "ok",
            "version": PROGRAM,
            "rules_version": context.vocabulary.rules_version,
            "database": {
                "kind": "sqlite" if snapshot.sqlite else "postgresql",
                "replica": not snapshot.sqlite and snapshot.one("SELECT pg_is_in_recovery()"),
                "data_version": snapshot.version,
                "changed_at": iso(snapshot.changed_at) if snapshot.version else None,
            },
            "items": {
                "tracked": count_items(snapshot, Filter()).items,
                "all": count_items(snapshot, Filter(tracked=None)).items,
                "newest_published_at": iso(newest >> TIE_BITS) if newest is not None else None,
            },
            "sources": {word: words[word] for word in HEALTH_WORDS},
            "last_checked_at": max(
                (source["last_checked_at"] for source in sources if source["last_checked_at"]), default=None
            ),
        }
        return Answer(orjson.dumps(document))

    return await answer(request, build, timely=True)
