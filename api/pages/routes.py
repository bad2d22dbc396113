"""All pages as one router."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.routing import BaseRoute

from api.pages import about, charts, embeds, home, items, sources, static, terms

MODULES = (home, charts, items, terms, sources, about, embeds, static)
router = APIRouter(include_in_schema=False)
for module in MODULES:
    router.include_router(module.router)


def page_routes() -> list[BaseRoute]:
    """The route of each page."""
    return [route for module in MODULES for route in module.router.routes]
