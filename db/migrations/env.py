"""Alembic's entry: runs the migrations on the connection that `db.migrations.migrate` hands over."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from db.migrations.names import include_name
from db.models import metadata
from db.types import JSONText, UTCDateTime


def render_item(kind: str, value: Any, autogen: AutogenContext) -> str | Literal[False]:
    """Plain SQL types in migrations, so that an old one never needs today's code."""
    if kind == "type" and isinstance(value, UTCDateTime):
        return "sa.BigInteger()"
    if kind == "type" and isinstance(value, JSONText):
        return "sa.Text()"
    return False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=True,
    render_item=render_item,
    include_name=include_name,
)
with context.begin_transaction():
    context.run_migrations()
