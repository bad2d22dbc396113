"""All pages as one router."""

from __future__ import annotations

from fastapi import APIRouter

from api.pages import about, charts, embeds, home, items, sources, static, terms

router = APIRouter(include_in_schema=False)
for module in (home, charts, items, terms, sources, about, embeds, static):
    router.include_router(module.router)
