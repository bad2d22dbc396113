"""/v1/feeds.opml: ready-made feeds to subscribe to, one per topic, craft and region."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.answers import answer
from api.cache import Answer
from api.dependencies import Context, context_of
from api.documented import documented
from api.filters import Reader
from api.links import query_string
from api.names import Names
from api.syndication import opml
from api.syndication.opml import Subscription
from db.archive import Snapshot

router = APIRouter()
_GROUPS = (("Topics", "topic"), ("Crafts", "craft"), ("Regions", "region"))


@router.get(**documented("/v1/feeds.opml", media_types=(opml.MEDIA_TYPE,)))
async def list_feeds(request: Request) -> Response:
    """OPML 2.0 of Atom feeds."""
    context = context_of(request)

    def build(snapshot: Snapshot, names: Names) -> Answer:
        Reader(request.scope["query_string"], ()).finish()
        everything = _subscription(context, "Everything tracked", "")
        groups = {title: _subscriptions(context, axis, names.labels[axis]) for title, axis in _GROUPS}
        return Answer(opml.render(snapshot.changed_at, [everything], groups), opml.MEDIA_TYPE)

    return await answer(request, build)


def _subscriptions(context: Context, axis: str, labels: Mapping[str, str]) -> Iterable[Subscription]:
    for code, label in labels.items():
        yield _subscription(context, label, query_string([(axis, code)]))


def _subscription(context: Context, label: str, query: str) -> Subscription:
    return Subscription(label, context.url("/v1/items.atom", query), context.url("/", query))
