"""Items are filed under the kinds of figures they state, so that the newest with a headcount are found at once"""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_BATCH = 2_000  # items read at once
_CERTAIN = 100
_DAY = 86_400 << 20  # of an item's id

_ITEM = sa.table("item", *map(sa.column, ("id", "figures", "terms")))
_TERM = sa.table("term", *map(sa.column, ("id", "axis", "code")))
_FILED = sa.table("item_term", *map(sa.column, ("term_id", "item_id", "confidence")))
_COUNTED = sa.table("term_day", *map(sa.column, ("term_id", "day", "items")))
_SAY = _ITEM.update().where(_ITEM.c.id == sa.bindparam("item_id")).values(terms=sa.bindparam("said"))


def upgrade() -> None:
    connection = op.get_bind()
    numbers: dict[str, int] = {}
    counts: Counter[tuple[int, int]] = Counter()
    for items in _items(connection):
        filed, said = [], []
        for item in items:
            kinds = {figure["kind"] for figure in json.loads(item.figures)}
            for kind in kinds - numbers.keys():
                numbers[kind] = _add_term(connection, kind)
            new = [(numbers[kind], _CERTAIN) for kind in kinds]
            terms = sorted([*map(tuple, json.loads(item.terms)), *new])
            said.append({"item_id": item.id, "said": json.dumps(terms, separators=(",", ":"))})
            filed += [{"term_id": number, "item_id": item.id, "confidence": _CERTAIN} for number, _ in new]
            counts.update((number, item.id // _DAY) for number, _ in new)
        connection.execute(_FILED.insert(), filed)
        connection.execute(_SAY, said)
    if counts:
        days = [{"term_id": number, "day": day, "items": items} for (number, day), items in counts.items()]
        connection.execute(_COUNTED.insert(), days)


def downgrade() -> None:
    connection = op.get_bind()
    numbers = set(connection.scalars(sa.select(_TERM.c.id).where(_TERM.c.axis == "figure")))
    for items in _items(connection):
        kept = {item.id: [filed for filed in json.loads(item.terms) if filed[0] not in numbers] for item in items}
        said = [{"item_id": key, "said": json.dumps(terms, separators=(",", ":"))} for key, terms in kept.items()]
        connection.execute(_SAY, said)
    for table, column in ((_FILED, _FILED.c.term_id), (_COUNTED, _COUNTED.c.term_id), (_TERM, _TERM.c.id)):
        connection.execute(table.delete().where(column.in_(numbers)))


def _items(connection: sa.Connection) -> Iterator[Any]:
    """The items that state figures, a batch at a time."""
    last = -(2**63)
    query = sa.select(_ITEM).where(_ITEM.c.figures != "[]").order_by(_ITEM.c.id).limit(_BATCH)
    while items := connection.execute(query.where(_ITEM.c.id > last)).all():
        yield items
        last = items[-1].id


def _add_term(connection: sa.Connection, kind: str) -> int:
    connection.execute(_TERM.insert().values(axis="figure", code=kind))
    query = sa.select(_TERM.c.id).where(_TERM.c.axis == "figure", _TERM.c.code == kind)
    return int(connection.execute(query).scalar_one())
