"""Memory that all bodies being received share, so that it stays bounded however many servers send without end."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

ROOM_BYTES = 48_000_000


class Room:
    """So many bytes for all bodies together. The eldest may pass them, so that bodies never wait for one another alone.

    A body waits on the time of its own fetch, and one that comes slowly takes no more than what it has sent.
    """

    def __init__(self, total_bytes: int = ROOM_BYTES) -> None:
        self._free = total_bytes
        self._held: dict[object, int] = {}  # bytes by body, the eldest first
        self._given_back = asyncio.Event()

    @contextmanager
    def place(self) -> Iterator[Place]:
        """A place for one body, given back at the end of the block."""
        place = Place(self)
        self._held[place] = 0
        try:
            yield place
        finally:
            self._free += self._held.pop(place)
            self._given_back.set()

    async def grow(self, place: object, size: int) -> None:
        """Wait until this body may hold `size` bytes."""
        while (more := size - self._held[place]) > self._free and place is not next(iter(self._held)):
            self._given_back.clear()
            await self._given_back.wait()
        self._held[place] = size
        self._free -= more


class Place:
    """One body's place in the room."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def grow(self, size: int) -> None:
        """Wait until the body may hold `size` bytes."""
        await self._room.grow(self, size)
