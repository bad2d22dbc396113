"""/v1/problems: what each problem code means; the `type` of every problem leads here."""

from __future__ import annotations

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.documented import documented
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
    return Response(_BODY, media_type="application/json", headers={"Cache-Control": "public, max-age=3600"})
