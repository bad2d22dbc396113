"""/crafts, /regions, /unions and a page for each: what is new against the weeks before, what is known, its feeds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.dependencies import Context
from api.names import Names
from api.pages.answering import Elsewhere, Page, page_answer
from api.pages.coverage import cover
from api.pages.pictures import Columns, draw_columns
from api.pages.stories import Stories
from api.pages.subscribe import alternates, embed_codes, outlets_of
from api.pages.views import plain_view, total_in_words
from api.pages.words import counted
from api.problems import Fault, Problem
from db.archive import Snapshot
from db.filters import Filter, Sort
from db.queries import find_items, get_items
from db.recent import Recent
from db.shapes import Axis
from db.vocabulary import Vocabulary

router = APIRouter(include_in_schema=False)
SHOWN = 10
WEEKS_BEFORE = 8  # with which the week under way is compared


class Kind(NamedTuple):
    """A kind of term that has pages."""

    axis: str
    path: str
    title: str
    intro: str
    facts: Callable[[Vocabulary, str], list[tuple[str, list[tuple[str, str]]]]]
    group: Callable[[Vocabulary, str], str]


@router.get("/crafts")
async def list_crafts(request: Request) -> Response:
    return await _list(request, KINDS["crafts"])


@router.get("/regions")
async def list_regions(request: Request) -> Response:
    return await _list(request, KINDS["regions"])


@router.get("/unions")
async def list_unions(request: Request) -> Response:
    return await _list(request, KINDS["unions"])


@router.get("/crafts/{code}")
async def get_craft(request: Request) -> Response:
    return await _one(request, KINDS["crafts"])


@router.get("/regions/{code}")
async def get_region(request: Request) -> Response:
    return await _one(request, KINDS["regions"])


@router.get("/unions/{code}")
async def get_union(request: Request) -> Response:
    return await _one(request, KINDS["unions"])


async def _list(request: Request, kind: Kind) -> Response:
    def build(context: Context, snapshot: Snapshot, names: Names) -> Page:
        recent = context.newest.of(snapshot, Filter(), kind.axis)
        counts = recent.counts(kind.axis)
        groups: dict[str, list[tuple[str, str, int]]] = {}
        without: dict[str, list[tuple[str, str, int]]] = {}
        for code, label in names.labels[kind.axis].items():
            items = counts.get(code, 0)
            place = groups if (kind.axis, code) in names.filed else without
            place.setdefault(kind.group(context.vocabulary, code), []).append((code, label, items))
        values = {
            "title": kind.title,
            "kind": kind,
            "groups": groups,
            "without": dict(sorted(without.items())),
            "counted": recent.complete,
        }
        return Page("terms.html", values)

    return await page_answer(request, build)


async def _one(request: Request, kind: Kind) -> Response:
    asked = request.path_params["code"]

    def build(context: Context, snapshot: Snapshot, names: Names) -> Page:
        code = names.find(kind.axis, asked)
        if code is None and (other := names.within.get(kind.axis, {}).get(asked.casefold())):
            raise Elsewhere(f"{kind.path}/{other}")
        if code is None:
            near = names.nearest(kind.axis, asked)
            raise Problem("not-found", f"There is no {kind.axis} by this name.", [Fault(kind.axis, asked, "", near)])
        view = plain_view(context, names, **{kind.axis: code})
        found = find_items(snapshot, view.query.filter, Sort.PUBLISHED, SHOWN)
        stored = get_items(snapshot, found.ids)
        columns = draw_columns(snapshot, view, names, context.moment())
        values = {
            "title": names.label(kind.axis, code),
            "kind": kind,
            "code": code,
            "view": view,
            "total": total_in_words(context, snapshot, view.query.filter),
            "facts": kind.facts(context.vocabulary, code),
            "exposure": _exposure(context.vocabulary, kind, code),
            "columns": columns,
            "week": compare(columns),
            "topics": _topics(context.newest.of(snapshot, view.query.filter, "topic"), names, context.vocabulary),
            "days": Stories(context, names, view, snapshot.term_keys()).by_day(
                [stored[item_id] for item_id in found.ids if item_id in stored]
            ),
            "coverage": cover(context, snapshot, view),
            "outlets": outlets_of(context, view),
            "alternates": alternates(context, view),
            "embeds": embed_codes(context, view),
        }
        return Page("term.html", values)

    return await page_answer(request, build)


class Week(NamedTuple):
    """The week under way against those before it."""

    items: int
    before: float | None  # items a week; None where none of those weeks was watched
    sentence: str


def compare(columns: Columns) -> Week:
    """With as many of the WEEKS_BEFORE as were watched from their first day on."""
    counts = [bar.items for bar in columns.series[0].bars]
    items, earlier = counts[-1], counts[-min(1 + WEEKS_BEFORE, max(1, columns.watched)) : -1]
    now = f"{'about ' if columns.is_estimate else ''}{counted(items, 'item')} since Monday"
    if not earlier:
        began = f": watching began on {columns.began}" if columns.began else ""
        return Week(items, None, f"{now}; there are no weeks before to compare with{began}.")
    before = sum(earlier) / len(earlier)
    usual = f"{before:.0f}" if before >= 10 else f"{before:.1f}".removesuffix(".0")
    about = "about " if columns.is_estimate else ""
    weeks = "week" if len(earlier) == 1 else f"{len(earlier)} weeks"
    return Week(items, before, f"{now}; {about}{usual} a week in the {weeks} before.")


def _topics(recent: Recent, names: Names, vocabulary: Vocabulary) -> list[tuple[str, str, int]]:
    """(code, label, items) of the topics that contain no other, most items first."""
    counts = recent.counts("topic")
    parents = {topic.parent for topic in vocabulary.topics.values()}
    leaves = [(code, names.label("topic", code), items) for code, items in counts.items() if code not in parents]
    return sorted(leaves, key=lambda leaf: (-leaf[2], leaf[0]))[:6]


def _exposure(vocabulary: Vocabulary, kind: Kind, code: str) -> list[dict[str, Any]]:
    """What is known of a craft's exposure to AI; of a union, of the crafts that it speaks for."""
    if kind.axis == "craft" and code in vocabulary.crafts:
        return [dict(figure, craft="") for figure in vocabulary.crafts[code].exposure]
    if kind.axis == "union" and code in vocabulary.unions:
        return [
            dict(figure, craft=vocabulary.crafts[craft].label)
            for craft in vocabulary.unions[code].crafts
            if craft in vocabulary.crafts
            for figure in vocabulary.crafts[craft].exposure
        ]
    return []


def _craft_facts(vocabulary: Vocabulary, code: str) -> list[tuple[str, list[tuple[str, str]]]]:
    craft = vocabulary.crafts.get(code)
    if craft is None:
        return []
    others = [other for other in vocabulary.crafts.values() if other.department == craft.department]
    return _told(
        ("Department", [(vocabulary.departments.get(craft.department, ""), f"/?department={craft.department}")]),
        (
            "Unions",
            [
                (vocabulary.unions[union].name, f"/unions/{union}")
                for union in craft.unions
                if union in vocabulary.unions
            ],
        ),
        ("SOC 2018", [(f"{one['code']} {one.get('title', '')}".strip(), "") for one in craft.soc]),
        ("ISCO-08", [(f"{one['code']} {one.get('title', '')}".strip(), "") for one in craft.isco]),
        ("Near it", [(other.label, f"/crafts/{other.id}") for other in others if other.id != code]),
    )


def _region_facts(vocabulary: Vocabulary, code: str) -> list[tuple[str, list[tuple[str, str]]]]:
    region = vocabulary.regions.get(code)
    if region is None:
        return []
    parent = vocabulary.regions.get(region.parent)
    inside = [other for other in vocabulary.filed_regions().values() if other.parent == code]
    unions = [union for union in vocabulary.unions.values() if code in (union.country, union.region)]
    return _told(
        ("Part of", [(parent.label, f"/regions/{parent.id}")] if parent else []),
        ("Contains", [(other.label, f"/regions/{other.id}") for other in inside]),
        ("Unions", [(union.name, f"/unions/{union.id}") for union in unions]),
        ("ISO 3166", [(region.id, "")] if region.level in ("country", "subdivision") else []),
    )


def _union_facts(vocabulary: Vocabulary, code: str) -> list[tuple[str, list[tuple[str, str]]]]:
    union = vocabulary.unions.get(code)
    if union is None:
        return []
    country = vocabulary.regions.get(union.country)
    return _told(
        ("Country", [(country.label, f"/regions/{country.id}")] if country else []),
        ("Kind", [(union.type.replace("-", " ").replace("_", " "), "")]),
        (
            "Speaks for",
            [
                (vocabulary.crafts[craft].label, f"/crafts/{craft}")
                for craft in vocabulary.crafts_of_union(code)
                if craft in vocabulary.crafts
            ],
        ),
        ("Sectors", [(vocabulary.sectors.get(sector, sector), f"/?sector={sector}") for sector in union.sectors]),
    )


def _told(*facts: tuple[str, list[tuple[str, str]]]) -> list[tuple[str, list[tuple[str, str]]]]:
    return [(label, values) for label, values in facts if values and values[0][0]]


def _department(vocabulary: Vocabulary, code: str) -> str:
    craft = vocabulary.crafts.get(code)
    return vocabulary.departments.get(craft.department, craft.department) if craft else "Others"


def _country(vocabulary: Vocabulary, code: str) -> str:
    chain = [code, *(vocabulary.ancestors(Axis.REGION, code) if code in vocabulary.regions else ())]
    top = vocabulary.regions.get(chain[-1])
    return top.label if top else "Others"


def _union_country(vocabulary: Vocabulary, code: str) -> str:
    union = vocabulary.unions.get(code)
    country = vocabulary.regions.get(union.country) if union else None
    return country.label if country else "International"


KINDS = {
    "crafts": Kind(
        "craft",
        "/crafts",
        "Crafts",
        "The kinds of work that items are about, by department.",
        _craft_facts,
        _department,
    ),
    "regions": Kind("region", "/regions", "Regions", "Where the news is, by country.", _region_facts, _country),
    "unions": Kind(
        "union", "/unions", "Unions and guilds", "Who speaks for whom, by country.", _union_facts, _union_country
    ),
}
