"""/v1/facets: under the current filter, what each dimension could be narrowed to."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.answers import answer
from api.cache import Answer
from api.dependencies import context_of
from api.documented import documented
from api.filters import FILTER_PARAMETERS, Reader, read_filter
from api.links import query_string
from api.names import AXES, Names
from api.schemas import FacetList
from db.archive import Snapshot
from db.tallies import Tally, tally_terms

router = APIRouter()
DIMENSIONS = tuple(AXES)
FACET_PARAMETERS = (*FILTER_PARAMETERS, "dimensions", "limit")
MOST_TERMS = 1_000


@router.get(**documented("/v1/facets", model=FacetList, parameters=FACET_PARAMETERS))
async def list_facets(request: Request) -> Response:
    """For each dimension its terms and counts under all the filters but its own, most items first."""
    context = context_of(request)

    def build(snapshot: Snapshot, names: Names) -> Answer:
        reader = Reader(request.scope["query_string"], FACET_PARAMETERS)
        wanted = read_filter(reader, names, context.moment())
        dimensions = reader.choices("dimensions", DIMENSIONS) or list(DIMENSIONS)
        limit = reader.number("limit", MOST_TERMS, 1, MOST_TERMS)
        reader.finish()
        tallies = tally_terms(snapshot, wanted, [AXES[dimension] for dimension in dimensions])
        facets = [
            {"dimension": dimension, **_facet(tallies[AXES[dimension]], AXES[dimension], names, limit)}
            for dimension in dimensions
        ]
        body = orjson.dumps({"self": context.url("/v1/facets", query_string(reader.pairs)), "data": facets})
        return Answer(body, is_estimate=any(facet["is_estimate"] for facet in facets))

    return await answer(request, build, heavy=True)


def _facet(tally: Tally, axis: str, names: Names, limit: int) -> dict[str, Any]:
    by_count = sorted(tally.counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return {
        "total": tally.total.items,
        "is_estimate": tally.is_estimate or tally.total.is_estimate,
        "terms": [{"id": code, "label": names.label(axis, code), "items": n} for code, n in by_count[:limit]],
        "more_terms": max(0, len(by_count) - limit),
    }
