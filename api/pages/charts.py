"""/charts: a view as pictures, each with its data as a table and as CSV."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.cache import Answer
from api.dependencies import Context
from api.filters import Reader
from api.names import Names
from api.pages import pictures
from api.pages.answering import CSV, Page, page_answer
from api.pages.coverage import cover
from api.pages.subscribe import alternates, outlets_of
from api.pages.views import View, hidden_fields, make_chips, make_menus, read_view, total_in_words
from api.problems import Problem
from db.archive import Snapshot

router = APIRouter(include_in_schema=False)


@router.get("/charts")
async def get_charts(request: Request) -> Response:
    def build(context: Context, snapshot: Snapshot, names: Names) -> Page:
        view, over = _read(request, context, names)
        now, vocabulary = context.moment(), context.vocabulary
        recent = context.newest.of(snapshot, view.query.filter, "region")
        values = {
            "view": view,
            "title": view.title or "All items",
            "total": total_in_words(context, snapshot, view.query.filter),
            "counted": recent.complete,
            "menus": make_menus(context, snapshot, view),
            "chips": make_chips(view),
            "hidden": hidden_fields(view),
            "coverage": cover(context, snapshot, view),
            "over": over,
            "overs": [(one, view.address("/charts", {"over": one})) for one in pictures.OVERS],
            "columns": pictures.draw_columns(snapshot, view, names, now, over, _topics(context, view)),
            "heat": pictures.draw_heat(snapshot, recent, view, names, vocabulary),
            "regions": pictures.draw_regions(recent, view, names, vocabulary),
            "cuts": pictures.draw_job_cuts(
                snapshot, view, names, now, most_read=pictures.MOST_READ, most_shown=pictures.MOST_ANNOUNCEMENTS
            ),
            "tables": {name: view.address(f"/charts/{name}.csv", {"over": over}) for name in _TABLES},
            "outlets": outlets_of(context, view),
            "alternates": alternates(context, view),
        }
        return Page("charts.html", values)

    return await page_answer(request, build)


@router.get("/charts/{name}.csv")
async def get_table(request: Request) -> Response:
    """The data of one picture."""
    name = request.path_params["name"]

    def build(context: Context, snapshot: Snapshot, names: Names) -> Answer:
        view, over = _read(request, context, names)
        recent = context.newest.of(snapshot, view.query.filter, "region")
        if name == "periods":
            topics = _topics(context, view)
            body = pictures.columns_csv(pictures.draw_columns(snapshot, view, names, context.moment(), over, topics))
        elif name == "crafts":
            body = pictures.heat_csv(pictures.draw_heat(snapshot, recent, view, names, context.vocabulary))
        elif name == "regions":
            body = pictures.bars_csv(pictures.draw_regions(recent, view, names, context.vocabulary))
        elif name in ("headcounts", "months"):
            most = pictures.MOST_IN_CSV
            cuts = pictures.draw_job_cuts(snapshot, view, names, context.moment(), most_read=most, most_shown=most)
            body = pictures.months_csv(cuts) if name == "months" else pictures.headcounts_csv(cuts.months)
        else:
            raise Problem("not-found")
        return Answer(body, CSV, {"Content-Disposition": f'attachment; filename="craftwatch-{name}.csv"'})

    return await page_answer(request, build)


_TABLES = ("periods", "crafts", "regions", "months", "headcounts")


def _read(request: Request, context: Context, names: Names) -> tuple[View, str]:
    view = read_view(request, context, names, ("over",))
    values = [value for name, value in view.query.pairs if name == "over"]
    reader = Reader(b"", ())
    reader.values["over"] = values
    over = reader.choice("over", pictures.OVERS, pictures.OVERS[0])
    reader.finish()
    return view, over


def _topics(context: Context, view: View) -> list[str]:
    """One row of columns for each topic that is part of no other; of a view of one topic, its own."""
    asked = view.value("topic")
    if asked in context.vocabulary.topics:
        return [asked]
    return [topic.id for topic in context.vocabulary.topics.values() if not topic.parent]
