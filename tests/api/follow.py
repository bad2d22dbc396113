"""Readers as they would write them: one that pages through a list, one that keeps a copy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi.testclient import TestClient


def all_items(
    client: TestClient, query: str = "", between: Callable[[], object] = lambda: None
) -> list[dict[str, Any]]:
    """Every item of a list, page by page; `between` is called between two pages."""
    items: list[dict[str, Any]] = []
    address = f"/v1/items?{query}"
    while address:
        page = client.get(address).json()
        items += page["data"]
        address = page["next"] and f"/v1/items?{page['next'].partition('?')[2]}"
        between()
    return items


class Mirror:
    """A copy of an archive, kept by following its changes."""

    def __init__(self, client: TestClient) -> None:
        self._client = client
        self._cursor = ""
        self.items: dict[str, dict[str, Any]] = {}

    def follow(self, limit: int = 100) -> None:
        """Take over what changed, up to now."""
        more = True
        while more:
            since = f"&since={self._cursor}" if self._cursor else ""
            page = self._client.get(f"/v1/changes?include=item&limit={limit}{since}").json()
            for change in page["data"]:
                self.items[change["id"]] = change["item"]
            self._cursor, more = page["next_cursor"], page["has_more"]
