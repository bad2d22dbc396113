"""Saving what visits bring: what is new is tagged; what waits at the same time is saved in one transaction."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from db.shapes import ItemDraft, Source, SourceMemory, Tagging
from db.store import Checked, Counts, Store
from db.watch import Check, known_entries

TOGETHER = 20  # sources at most: as long as other writers wait
PAUSE_SECONDS = 0.1  # from the beginning of one save to the next, while fewer wait


class Tags(Protocol):
    """What a run needs of a tagger."""

    def tag(
        self, title: str, summary: str, *, categories: Sequence[str], language: str, scope: str, sector: str
    ) -> Tagging:
        """What the rules say about one item."""


@dataclass(frozen=True, slots=True, eq=False)
class Brought:
    """A check, what is remembered of its source from now on, and all entries of its document."""

    source: Source
    memory: SourceMemory
    check: Check
    drafts: Sequence[ItemDraft] = ()


@dataclass
class Saver:
    """`write` does something to the database, off the event loop; `tagger` is asked when there is something to tag.

    It saves as soon as `together` wait: a run that has fewer seats says how many, for nobody else can come.
    """

    store: Store
    tagger: Callable[[], Tags]
    now: Callable[[], datetime]
    write: Callable[[Callable[[], Any]], Awaitable[Any]]
    together: int = TOGETHER
    _waiting: list[Brought] = field(default_factory=list)
    _saved: dict[Brought, Counts] = field(default_factory=dict)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _enough: asyncio.Event = field(default_factory=asyncio.Event)
    _last: float = -math.inf  # when the last save began, by the loop's clock
    _failure: Exception | None = None

    async def save(self, brought: Brought) -> Counts:
        """What became of the entries. Of what it costs to save an unchanged source, most is the way to the database:
        whose turn it is saves for all who wait. What the database raises is raised to all: a failure ends the run."""
        self._waiting.append(brought)
        if len(self._waiting) >= self.together:
            self._enough.set()
        try:
            async with self._turn:
                if brought not in self._saved:
                    await self._wait_for_others()
                    await self._save_waiting()
            return self._saved[brought]
        finally:  # also when it is given up
            self._saved.pop(brought, None)
            if brought in self._waiting:
                self._waiting.remove(brought)

    async def _wait_for_others(self) -> None:
        clock = asyncio.get_running_loop().time
        if len(self._waiting) < self.together:
            self._enough.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._last + PAUSE_SECONDS - clock()):
                    await self._enough.wait()
        self._last = clock()

    async def _save_waiting(self) -> None:
        if self._failure is not None:  # which took all the patience there is
            raise self._failure
        together = self._waiting[: self.together]
        try:
            counts = await self.write(lambda: self._save(together))
        except Exception as error:
            self._failure = error
            raise
        self._waiting = [each for each in self._waiting if each not in together]
        self._saved.update(zip(together, counts, strict=True))

    def _save(self, together: Sequence[Brought]) -> list[Counts]:
        known = known_entries(
            self.store.engine, {each.source.id: [draft.entry_key for draft in each.drafts] for each in together}
        )
        return self.store.save_checks(
            [self._tagged(each, known.get(each.source.id, {})) for each in together], now=self.now()
        )

    def _tagged(self, brought: Brought, known: Mapping[str, str]) -> Checked:
        source, drafts = brought.source, brought.drafts
        fresh = [draft for draft in drafts if known.get(draft.entry_key) != draft.content_hash]
        tagged = [(draft, self._tag(source, draft)) for draft in fresh]
        return Checked(source, brought.memory, brought.check, tagged, unchanged=len(drafts) - len(fresh))

    def _tag(self, source: Source, draft: ItemDraft) -> Tagging:
        return self.tagger().tag(
            draft.title,
            draft.summary,
            categories=draft.categories,
            language=draft.language or source.language,
            scope=source.scope,
            sector=source.sector,
        )
