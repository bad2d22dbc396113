"""/v1/feeds.opml: ready-made feeds to subscribe to, one per topic, craft and region."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from email.utils import formatdate
from xml.sax.saxutils import quoteattr

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
from api.syndication import plain
from db.archive import Snapshot

router = APIRouter()
MEDIA_TYPE = "text/x-opml"
_GROUPS = (("Topics", "topic"), ("Crafts", "craft"), ("Regions", "region"))


@router.get(**documented("/v1/feeds.opml", media_types=(MEDIA_TYPE,)))
async def list_feeds(request: Request) -> Response:
    """OPML 2.0 of Atom feeds."""
    context = context_of(request)

    def build(snapshot: Snapshot, names: Names) -> Answer:
        Reader(request.scope["query_string"], ()).finish()
        groups = "".join(
            f"<outline text={_attribute(title)}>\n{''.join(_outlines(context, axis, names.labels[axis]))}</outline>\n"
            for title, axis in _GROUPS
        )
        body = (
            '<?xml version="1.0" encoding="utf-8"?>\n<opml version="2.0"><head><title>craftwatch feeds</title>'
            f"<dateModified>{formatdate(snapshot.changed_at, usegmt=True)}</dateModified></head><body>\n"
            f"{_outline(context, 'Everything tracked', '')}{groups}</body></opml>\n"
        )
        return Answer(body.encode(), MEDIA_TYPE)

    return await answer(request, build)


def _outlines(context: Context, axis: str, labels: Mapping[str, str]) -> Iterable[str]:
    for code, label in labels.items():
        yield _outline(context, label, query_string([(axis, code)]))


def _outline(context: Context, label: str, query: str) -> str:
    address = context.url("/v1/items.atom", query)
    home = context.url("/", query)
    return (
        f'<outline type="rss" text={_attribute(label)} title={_attribute(f"craftwatch: {label}")} '
        f"xmlUrl={_attribute(address)} htmlUrl={_attribute(home)}/>\n"
    )


def _attribute(text: str) -> str:
    return quoteattr(plain(text))
