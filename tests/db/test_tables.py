"""What writers see of the tables is what there is."""

from __future__ import annotations

import pytest
from sqlalchemy import Boolean, TableClause

from db import tables
from db.models import metadata
from db.types import JSONText, UTCDateTime

SEEN = [table for table in vars(tables).values() if isinstance(table, TableClause)]
CONVERTED = (Boolean, JSONText, UTCDateTime)  # types whose values are others in Python than in the database


@pytest.mark.parametrize("seen", SEEN, ids=lambda table: table.name)
def test_a_table_has_the_columns_of_its_model_in_their_order(seen: TableClause) -> None:
    assert seen.c.keys() == metadata.tables[seen.name].c.keys()


@pytest.mark.parametrize("seen", SEEN, ids=lambda table: table.name)
def test_values_are_converted_as_the_model_converts_them(seen: TableClause) -> None:
    def converted(table: TableClause) -> dict[str, type]:
        return {name: type(one.type) for name, one in table.c.items() if isinstance(one.type, CONVERTED)}

    assert converted(seen) == converted(metadata.tables[seen.name])
