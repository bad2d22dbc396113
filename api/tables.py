"""/v1/items.csv and /v1/items.ndjson: a whole result as a table, sent as it is read."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from api.answers import changed_at, full, headers_of, held_by_reader, make_tag, named_by_reader, not_modified
from api.cache import Answer
from api.dependencies import Context, context_of
from api.documents import FIELDS, ITEM_FIELDS, ItemDocuments
from api.encoding import choose_encoding, compress_stream
from api.filters import LIST_PARAMETERS, Query, Reader, read_query
from api.formats import FORMATS
from api.links import filter_string, subscription_links
from api.syndication import plain
from db.archive import Snapshot
from db.filters import Position
from db.queries import StoredItem, find_items, get_items

TABLE_PARAMETERS = (*LIST_PARAMETERS, "fields")
BATCH = 1_000  # items read at once
MOST_ROWS = 10_000_000
COLUMNS = ("id", *FIELDS)
SEPARATOR = "|"  # between the values of one cell

Render = Callable[[ItemDocuments, list[StoredItem]], bytes]


@dataclass(frozen=True, slots=True)
class _Table:
    """What to send in pieces: `first` is its beginning, `next` where to read on, `left` how many rows more."""

    query: Query
    render: Render
    headers: dict[str, str]
    first: bytes
    next: Position
    left: int


async def stream_table(request: Request, name: str, vary: str) -> Response:
    """The whole result, or `limit` rows of it.

    Up to BATCH rows are an answer like any other. More are read batch by batch: what changes meanwhile may show or not,
    so two that began alike may differ, and their ETag is a weak one.
    """
    context = context_of(request)

    def begin(snapshot: Snapshot) -> Response | _Table:
        names = context.names(snapshot)
        tag = make_tag(context, request, snapshot, names, f"{vary};{name}")
        modified = changed_at(request, snapshot, names)
        if held := named_by_reader(request, tag):
            return not_modified(context, held, modified, vary)
        reader = Reader(request.scope["query_string"], TABLE_PARAMETERS)
        rows = reader.number("limit", MOST_ROWS, 1, MOST_ROWS)
        reader.values.pop("limit", None)
        query = read_query(reader, names, context.moment())
        fields = reader.choices("fields", ITEM_FIELDS)
        reader.finish()
        head, render = _csv(fields) if name == "csv" else (b"", _ndjson(fields))
        if held := held_by_reader(request, tag, modified):
            return not_modified(context, held, modified, vary)
        first, position, left = _batch(context, snapshot, query, render, query.after, rows)
        link = {"Link": subscription_links(context.settings.public_url, filter_string(query))}
        if position is None or left <= 0:
            made = Answer(head + first, FORMATS[name], link)
            return full(context, request, made, tag, modified, vary)
        headers = {**headers_of(context, f'W/"{tag}"', modified, vary), **link}
        return _Table(query, render, headers, head + first, position, left)

    begun = await context.read(begin, heavy=True)
    if isinstance(begun, Response):
        return begun
    encoding = choose_encoding(request.headers.get("accept-encoding", ""))
    headers = {**begun.headers, **({"Content-Encoding": encoding} if encoding else {})}
    wanted = _no_chunks() if request.scope.get("craftwatch.head") else _chunks(context, begun)
    chunks = compress_stream(wanted, encoding)
    return StreamingResponse(chunks, headers=headers, media_type=FORMATS[name])


async def _no_chunks() -> AsyncIterator[bytes]:
    """The body of an answer to HEAD, which is dropped anyway."""
    yield b""


async def _chunks(context: Context, table: _Table) -> AsyncIterator[bytes]:
    yield table.first
    position: Position | None = table.next
    left = table.left
    while position is not None and left > 0:
        after, rows = position, left

        def more(snapshot: Snapshot, after: Position = after, rows: int = rows) -> tuple[bytes, Position | None, int]:
            return _batch(context, snapshot, table.query, table.render, after, rows)

        chunk, position, left = await context.read(more, heavy=True)
        yield chunk


def _batch(
    context: Context, snapshot: Snapshot, query: Query, render: Render, after: Position | None, rows: int
) -> tuple[bytes, Position | None, int]:
    page = find_items(snapshot, query.filter, query.sort, min(rows, BATCH), after)
    stored = get_items(snapshot, page.ids)
    maker = ItemDocuments(
        context.vocabulary, context.names(snapshot), snapshot.term_keys(), context.settings.public_url
    )
    items = [stored[item_id] for item_id in page.ids if item_id in stored]
    return render(maker, items), page.next, rows - len(page.ids)


def csv_lines(documents: Iterable[dict[str, Any]], columns: Sequence[str] = COLUMNS) -> bytes:
    """RFC 4180 with a head line."""
    return _lines([list(columns), *(_row(document, columns) for document in documents)])


def _ndjson(fields: Sequence[str]) -> Render:
    return lambda maker, items: b"".join(maker.render(item, fields) + b"\n" for item in items)


def _csv(fields: Sequence[str]) -> tuple[bytes, Render]:
    """RFC 4180 with a head line; the columns are COLUMNS, or the id and the fields asked for, in their order."""
    columns = ["id", *(name for name in fields or COLUMNS if name != "id")]

    def render(maker: ItemDocuments, items: list[StoredItem]) -> bytes:
        return _lines([_row(maker.make(item), columns) for item in items])

    return _lines([columns]), render


def _lines(rows: list[list[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _row(document: dict[str, Any], columns: Sequence[str]) -> list[str]:
    flat = {**document, **document["labels"]}
    return [cell(flat[column]) for column in columns]


def cell(value: Any) -> str:
    """A value as one cell that no spreadsheet takes for a formula."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return _number(value) if "value" in value else _safe(value["id"])
    if isinstance(value, list):
        return _safe(SEPARATOR.join(_plain(part) for part in value))
    return _safe(str(value))


def _plain(part: Any) -> str:
    if not isinstance(part, dict):
        return str(part)
    return f"{part['kind']}={_number(part)}" if "value" in part else str(part["id"])


def _number(figure: dict[str, Any]) -> str:
    return f"{figure['value']:g}" if figure["value"] < 1e6 else str(int(figure["value"]))


_FORMULA = re.compile(r"[\t\r\n]|\s*[=+\-@\uff1d\uff0b\uff0d\uff20]")  # the last four: their full-width forms


def _safe(text: str) -> str:
    text = plain(text)
    return f"'{text}" if _FORMULA.match(text) else text
