"""/v1/problems: what each problem code means; the `type` of every problem leads here."""

from __future__ import annotations

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.answers import answer_of_bytes
from api.cache import Answer
from api.documented import documented
from api.filters import Reader
from api.problems import PROBLEMS
from api.schemas import ProblemList

router = APIRouter()
_BODY = orjson.dumps(
    {
        "data": [
            {"code": code, "status": status, "title": title, "meaning": meaning}
            for code, (status, title, meaning) in PROBLEMS.items()
        ]
    }
)


@router.get(**documented("/v1/problems", model=ProblemList, timely=True))
async def list_problems(request: Request) -> Response:
    """Every code; it needs no database."""
    Reader(request.scope["query_string"], ()).finish()
    return answer_of_bytes(request, Answer(_BODY))
