"""Many rows in one statement, straight to the driver: SQLAlchemy's work on each would cost more than the database's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection


def insert(connection: Connection, table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows whose values are as the driver takes them: moments as seconds, lists as JSON text."""
    run(connection, insert_statement(table, columns), rows)


def insert_statement(table: str, columns: Sequence[str], otherwise: str = "") -> str:
    """`otherwise`: what follows ON CONFLICT."""
    conflict = f" ON CONFLICT {otherwise}" if otherwise else ""
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))}){conflict}"  # noqa: S608


def run(connection: Connection, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Run a statement, whose parameters are written `?`, for each of these rows; on either database."""
    if rows:
        sqlite = connection.dialect.name == "sqlite"
        connection.exec_driver_sql(statement if sqlite else statement.replace("?", "%s"), list(rows))
