"""/about: how items are found and tagged, how well, what is kept, and whom to tell what is wrong."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.answers import PROGRAM
from api.dependencies import Context
from api.measured import AXES, load_measured
from api.names import Names
from api.pages.answering import Page, page_answer
from db.archive import Snapshot
from db.filters import Filter
from db.queries import count_items
from db.sources import load_sources

router = APIRouter(include_in_schema=False)


@router.get("/about")
async def get_about(request: Request) -> Response:
    def build(context: Context, snapshot: Snapshot, names: Names) -> Page:
        vocabulary = context.vocabulary
        measured = load_measured()
        contact = context.settings.contact
        values = {
            "title": "About",
            "sources": sum(bool(source.enabled) for source in load_sources(snapshot)),
            "tracked": count_items(snapshot, Filter()),
            "all_items": count_items(snapshot, Filter(tracked=None)),
            "crafts": len(vocabulary.crafts),
            "regions": len(vocabulary.filed_regions()),
            "measured": measured,
            "measured_axes": AXES,
            "same_rules": measured is not None and measured.rules_version == vocabulary.rules_version,
            "rules_version": vocabulary.rules_version,
            "contact": contact,
            "contact_address": contact_address(contact),
            "report_address": contact_address(context.settings.report_url),
            "user_agent": f"craftwatch/{PROGRAM}{f' (+{contact})' if contact else ''}",
        }
        return Page("about.html", values)

    return await page_answer(request, build)


def contact_address(contact: str) -> str:
    """A link for a mail address or an http(s) address; "" for anything else."""
    if contact.startswith(("https://", "http://", "mailto:")):
        return contact.partition("{")[0]
    return f"mailto:{contact}" if "@" in contact and " " not in contact else ""
