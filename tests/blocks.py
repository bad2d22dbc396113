"""Source blocks for tests: publications that exist on a loopback server only."""

from __future__ import annotations


def source_block(
    source_id: str, url: str, *, sector: str = "games", country: str = "GB", scope: str = "entertainment"
) -> str:
    """A block of a sources file whose feed is at `url`."""
    return f"""
[{source_id}]
name = "{source_id}"
homepage = "https://{source_id}.example/"
feed_url = "{url}"
kind = "trade"
sector = "{sector}"
country = "{country}"
language = "en"
scope = "{scope}"
enabled = true
"""
