"""Sample feeds of invented outlets: what craftwatch shows where no network is, always of the last few weeks."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

from db.shapes import Source
from scraper.sources import load_sources

FOLDER = Path(__file__).parent
FORMATS = (".rss", ".rdf", ".atom", ".json")
# {{ -3d 14:20 }}: three days ago, at that time of day in UTC.
_PLACEHOLDER = re.compile(rb"\{\{ -([1-9]\d*)d (\d\d):(\d\d) \}\}")


def load_sample(now: datetime) -> tuple[tuple[Source, ...], dict[str, bytes]]:
    """The invented sources and their documents by feed URL, dated relative to `now`: the same bytes for one day (UTC).

    A source without a document stands for one whose address answers 404.
    """
    sources = load_sources(FOLDER / "sources.toml")
    paths = {path.stem: path for path in FOLDER.iterdir() if path.suffix in FORMATS}
    documents = {source.feed_url: _dated(paths[source.id], now) for source in sources if source.id in paths}
    return sources, documents


def _dated(path: Path, now: datetime) -> bytes:
    """A document with its placeholders filled in, as its format writes dates."""
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    write = _rfc_822 if path.suffix == ".rss" else _rfc_3339

    def moment(match: re.Match[bytes]) -> bytes:
        days, hours, minutes = map(int, match.groups())
        return write(midnight - timedelta(days=days) + timedelta(hours=hours, minutes=minutes)).encode()

    return _PLACEHOLDER.sub(moment, path.read_bytes())


def _rfc_822(moment: datetime) -> str:
    return format_datetime(moment, usegmt=True)


def _rfc_3339(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
