"""What makes an entry the same entry in every run, and an item the same item across sources."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence

from db.shapes import Entry
from scraper.cleaning.plaintext import tidy

MAX_KEY = 200


def entry_keys(entries: Sequence[Entry]) -> list[str]:
    """One key per entry, drawn from what it says and never from its place, so that it is the same in every run.

    The id where no other entry of the document has it, else id and link, else with title and date, else all of its
    text; without an id the link takes its place. Only entries equal in everything share a key.
    """
    names = [tidy(entry.id) or tidy(entry.link) for entry in entries]
    keys: list[str] = [""] * len(entries)
    for level in _LEVELS:
        at_level = {
            place: level(name, entry)
            for place, (name, entry) in enumerate(zip(names, entries, strict=True))
            if not keys[place]
        }
        times = Counter(at_level.values())
        for place, key in at_level.items():
            if key and (times[key] == 1 or level is _LEVELS[-1]):
                keys[place] = bounded(key)
    return keys


def _stated(entry: Entry) -> str:
    moment = entry.published or entry.updated
    return moment.isoformat() if moment else ""


_LEVELS: tuple[Callable[[str, Entry], str], ...] = (
    lambda name, _: name,
    lambda name, entry: digest(name, entry.link) if name else "",
    lambda name, entry: digest(name, entry.link, entry.title, _stated(entry)),
    lambda name, entry: digest(name, entry.link, entry.title, _stated(entry), entry.summary),
)


def item_key(source_id: str, entry_key: str, url: str, owned: bool) -> str:
    """The canonical `url` when it is the entry's own (`owned`), else source and entry."""
    return bounded(url if owned else f"{source_id}|{entry_key}")


def bounded(key: str) -> str:
    """`key` itself, or its digest when it is longer than an index should carry."""
    return key if len(key) <= MAX_KEY else f"sha256:{hashlib.sha256(key.encode('utf-8', 'replace')).hexdigest()}"


def digest(*parts: str) -> str:
    """A short fingerprint of texts in this order; equal texts give equal fingerprints on every machine."""
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "replace")).hexdigest()[:32]
