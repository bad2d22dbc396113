"""What Alembic leaves alone when it compares the models with a database."""

from __future__ import annotations

from typing import Any


def include_name(name: str | None, kind: str, parents: Any) -> bool:
    """The full-text index is made by hand: a table and its shadows on SQLite, a column on PostgreSQL."""
    return not (kind in ("table", "index") and (name or "").startswith("item_search")) and (kind, name) != (
        "column",
        "search",
    )
