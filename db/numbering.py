"""The numbers of terms: given once, when an item is first filed under a term, and never changed."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection

from db import bulk
from db.filing import TermKey


class TermNumbers(dict[TermKey, int]):
    """(axis, code) → number, of the terms that were asked for and all that are older."""

    def learn(self, connection: Connection, keys: Iterable[TermKey]) -> None:
        """Know these as well, in a transaction that no other writer is in; those without a number are given one."""
        wanted = set(keys)
        if wanted <= self.keys():
            return
        self._read(connection)
        if missing := sorted(wanted - self.keys()):
            bulk.insert(connection, "term", ("axis", "code"), missing)
            self._read(connection)

    def _read(self, connection: Connection) -> None:
        """Those given since we last looked."""
        statement = f"SELECT id, axis, code FROM term WHERE id > {max(self.values(), default=0)}"  # noqa: S608  # a number
        for number, axis, code in connection.exec_driver_sql(statement):
            self[axis, code] = number
