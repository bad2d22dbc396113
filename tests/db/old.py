"""Databases as earlier versions left them."""

from __future__ import annotations

from alembic import command
from sqlalchemy import Engine, text

from db.migrations import _config

#: A row of `source` in the first schema.
SOURCE = "INSERT INTO source VALUES ('a', 'A', '', '', '', '', '', '', '', true, '')"


def build_schema(engine: Engine, revision: str, *statements: str) -> None:
    """The schema as of a revision, and what these statements put there."""
    with engine.begin() as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        for statement in statements:
            connection.execute(text(statement))


def step_back(engine: Engine, revision: str) -> None:
    with engine.begin() as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.downgrade(config, revision)
