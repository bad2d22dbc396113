"""The formats that items come in, by suffix or by Accept (RFC 9110 §12.5.1)."""

from __future__ import annotations

from api.problems import Problem
from api.syndication import atom, jsonfeed, rss

#: suffix → media type; JSON first, which is what a reader gets who does not mind.
FORMATS = {
    "json": "application/json",
    "atom": atom.MEDIA_TYPE,
    "rss": rss.MEDIA_TYPE,
    "feed.json": jsonfeed.MEDIA_TYPE,
    "ndjson": "application/x-ndjson",
    "csv": "text/csv",
}


def negotiate(accept: str) -> str:
    """The suffix of the format that an Accept header likes best; JSON where several are liked as much.

    Raises Problem when it wants none of ours.
    """
    if not accept.strip() or accept == "*/*":
        return "json"
    ranges = [_range(part) for part in accept[:2_000].split(",")]
    liked = {suffix: _liking(media_type, ranges) for suffix, media_type in FORMATS.items()}
    best = max(liked, key=lambda suffix: liked[suffix])
    if liked[best] <= 0:
        raise Problem("not-acceptable", f"Items come as {', '.join(FORMATS.values())}.")
    return best


def _range(part: str) -> tuple[str, float]:
    name, *parameters = part.lower().split(";")
    quality = 1.0
    for parameter in parameters:
        key, _, value = parameter.strip().partition("=")
        if key == "q":
            try:
                quality = max(0.0, min(1.0, float(value)))
            except ValueError:
                quality = 0.0
    return name.strip(), quality


def _liking(media_type: str, ranges: list[tuple[str, float]]) -> float:
    """The quality of the most specific range that covers a media type; 0 for none."""
    kind = f"{media_type.partition('/')[0]}/*"
    by_name = dict(reversed(ranges))
    for name in (media_type, kind, "*/*"):
        if name in by_name:
            return by_name[name]
    return 0.0
