"""/v1/changes: which items are new, edited or retagged since a cursor, for those who keep a copy."""

from __future__ import annotations

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.answers import answer
from api.cache import Answer
from api.dependencies import context_of
from api.documented import documented
from api.documents import ItemDocuments
from api.filters import Reader
from api.links import query_string
from api.names import Names
from api.paging import decode_change, encode_change
from api.schemas import ChangePage
from db.archive import Snapshot
from db.queries import find_changes

router = APIRouter()
CHANGES_PARAMETERS = ("since", "limit", "include")
DEFAULT_LIMIT, MAX_LIMIT = 200, 1_000


@router.get(**documented("/v1/changes", model=ChangePage, parameters=CHANGES_PARAMETERS, links=True))
async def list_changes(request: Request) -> Response:
    """Oldest change first, tracked items or not; an item changed twice is there once. No `since`: from the beginning.

    `next_cursor` is there on every page: the last one's is where to look again later.
    """
    context = context_of(request)

    def build(snapshot: Snapshot, names: Names) -> Answer:
        reader = Reader(request.scope["query_string"], CHANGES_PARAMETERS)
        limit = reader.number("limit", DEFAULT_LIMIT, 1, MAX_LIMIT)
        include = reader.choices("include", ("item",))
        since = reader.one("since")
        after = (0, -(2**63))
        if since is not None:
            try:
                after = decode_change(since)
            except ValueError as error:
                reader.fault("since", since, f"{error}: pass back next_cursor as it was")
        reader.finish()
        changes = find_changes(snapshot, after, limit + 1)
        shown = changes[:limit]
        if shown:
            after = (shown[-1].version, shown[-1].item_id)
        cursor = encode_change(*after)
        bodies = {}
        if include:
            maker = ItemDocuments(context.vocabulary, names, snapshot.term_keys(), context.settings.public_url)
            ids = [change.item_id for change in shown]
            rendered = context.fragments.render(snapshot, names, "json", ids, maker.render)
            bodies = dict(zip(ids, rendered, strict=True))
        data = [
            {
                "id": str(change.item_id),
                "version": change.version,
                "tracked": change.tracked,
                **({"item": orjson.Fragment(bodies[change.item_id])} if include else {}),
            }
            for change in shown
        ]
        query = f"since={cursor}&limit={limit}{'&include=item' if include else ''}"
        document = {
            "self": context.url("/v1/changes", query_string(reader.pairs)),
            "next": context.url("/v1/changes", query),
            "next_cursor": cursor,
            "has_more": len(changes) > limit,
            "data_version": snapshot.version,
            "data": data,
        }
        return Answer(orjson.dumps(document), headers={"Link": f'<{document["next"]}>; rel="next"'})

    return await answer(request, build)
