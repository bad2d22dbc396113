"""/v1/topics, /v1/crafts, /v1/regions, /v1/unions, /v1/employers: the vocabulary, with what the archive has of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.answers import answer
from api.cache import Answer
from api.dependencies import context_of
from api.documented import documented
from api.documents import iso, term_codes
from api.filters import Reader
from api.names import Names
from api.schemas import CraftList, EmployerList, RegionList, TopicList, UnionList
from db.archive import TIE_BITS, Snapshot
from db.shapes import Axis
from db.terms import TermUse, term_uses
from db.vocabulary import Vocabulary

router = APIRouter()
Describe = Callable[[Vocabulary], Iterable[dict[str, Any]]]


@router.get(**documented("/v1/topics", model=TopicList))
async def list_topics(request: Request) -> Response:
    """Topics and sub-topics, with their definitions and IPTC Media Topics."""
    return await _terms(request, Axis.TOPIC, _topics)


@router.get(**documented("/v1/crafts", model=CraftList))
async def list_crafts(request: Request) -> Response:
    """Crafts by department, with SOC and ISCO codes, unions and what is known of their exposure to AI."""
    return await _terms(request, Axis.CRAFT, _crafts)


@router.get(**documented("/v1/regions", model=RegionList))
async def list_regions(request: Request) -> Response:
    """Countries and, in the US, Canada, the UK, Australia and India, their subdivisions, each with what contains it."""
    return await _terms(request, Axis.REGION, _regions)


@router.get(**documented("/v1/unions", model=UnionList))
async def list_unions(request: Request) -> Response:
    """Unions and guilds, and the crafts they speak for."""
    return await _terms(request, Axis.UNION, _unions)


@router.get(**documented("/v1/employers", model=EmployerList))
async def list_employers(request: Request) -> Response:
    """Studios, publishers, broadcasters and platforms."""
    return await _terms(request, Axis.EMPLOYER, _employers)


async def _terms(request: Request, axis: Axis, describe: Describe) -> Response:
    context = context_of(request)

    def build(snapshot: Snapshot, names: Names) -> Answer:
        Reader(request.scope["query_string"], ()).finish()
        uses = term_uses(snapshot, axis.value)
        terms = [
            {**term, **_codes(context.vocabulary, axis, term["id"]), **_use(uses.get(term["id"]))}
            for term in describe(context.vocabulary)
        ]
        return Answer(orjson.dumps({"self": context.url(request.scope["path"]), "total": len(terms), "data": terms}))

    return await answer(request, build, heavy=True)


def _codes(vocabulary: Vocabulary, axis: Axis, term: str) -> dict[str, Any]:
    codes = term_codes(vocabulary, axis, term)
    return {"codes": codes} if codes else {}


def _use(use: TermUse | None) -> dict[str, Any]:
    """How many tracked items there are of a term, those of its parts included, and when the newest was published."""
    if use is None:
        return {"items": 0, "last_seen": None}
    return {"items": use.items, "last_seen": iso(use.newest_id >> TIE_BITS)}


def _topics(vocabulary: Vocabulary) -> Iterable[dict[str, Any]]:
    for topic in vocabulary.topics.values():
        yield {
            "id": topic.id,
            "label": topic.label,
            "parent": topic.parent or None,
            "definition": topic.definition,
        }


def _crafts(vocabulary: Vocabulary) -> Iterable[dict[str, Any]]:
    for craft in vocabulary.crafts.values():
        yield {
            "id": craft.id,
            "label": craft.label,
            "department": {
                "id": craft.department,
                "label": vocabulary.departments.get(craft.department, craft.department),
                "parent": vocabulary.department_parents.get(craft.department),
            },
            "sectors": list(craft.sectors),
            "unions": list(craft.unions),
            "code_match": craft.code_match or None,
            "exposure": [dict(figure) for figure in craft.exposure],
        }


def _regions(vocabulary: Vocabulary) -> Iterable[dict[str, Any]]:
    for region in vocabulary.filed_regions().values():
        yield {
            "id": region.id,
            "label": region.label,
            "level": region.level,
            "parent": region.parent or None,
        }


def _unions(vocabulary: Vocabulary) -> Iterable[dict[str, Any]]:
    for union in vocabulary.unions.values():
        yield {
            "id": union.id,
            "label": union.name,
            "type": union.type,
            "country": union.country or None,
            "sectors": list(union.sectors),
            "crafts": list(vocabulary.crafts_of_union(union.id)),
        }


def _employers(vocabulary: Vocabulary) -> Iterable[dict[str, Any]]:
    for employer in vocabulary.employers.values():
        yield {
            "id": employer.id,
            "label": employer.name,
            "type": employer.type or None,
            "country": employer.country or None,
            "parent": employer.parent or None,
            "sectors": list(employer.sectors),
        }
