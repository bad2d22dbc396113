"""What makes an entry the same entry in every run, and an item the same item across sources."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence

from db.shapes import Entry

MAX_KEY = 200


def entry_keys(entries: Sequence[Entry]) -> list[str]:
    """One key per entry, drawn from what it says and never from its place, so that it is the same in every run.

    The id where no other entry of the document has it, else id and link, else with title and date, else all of its
    text; without an id the link takes its place. Only entries equal in everything share a key.
    """
    keys: list[str] = [""] * len(entries)
    open_places = list(range(len(entries)))
    for level in range(_LEVELS):
        at_level = {place: _key(entries[place], level) for place in open_places}
        times = Counter(key for key in at_level.values() if key)
        last = level == _LEVELS - 1
        for place, key in at_level.items():
            if last or times[key] == 1:
                keys[place] = bounded(key)
        open_places = [place for place in open_places if not keys[place]]
    return keys


_LEVELS = 4


def _key(entry: Entry, level: int) -> str:
    """The entry's key when this many things must tell it apart; "" when it has none of that kind."""
    name = entry.id or entry.link
    if level == 0:
        return name
    if level == 1:
        return digest(name, entry.link) if name else ""
    stated = (entry.published or entry.updated or "") and (entry.published or entry.updated)
    if level == 2:
        return digest(name, entry.link, entry.title, str(stated))
    return digest(name, entry.link, entry.title, str(stated), entry.summary)


def item_key(source_id: str, entry_key: str, url: str, owned: bool) -> str:
    """The canonical `url` when it is the entry's own (`owned`), else source and entry."""
    return bounded(url if owned else f"{source_id}|{entry_key}")


def bounded(key: str) -> str:
    """`key` itself, or its digest when it is longer than an index should carry."""
    return key if len(key) <= MAX_KEY else f"sha256:{hashlib.sha256(key.encode('utf-8', 'replace')).hexdigest()}"


def digest(*parts: str) -> str:
    """A short fingerprint of texts in this order; equal texts give equal fingerprints on every machine."""
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "replace")).hexdigest()[:32]
