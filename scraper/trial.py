"""Trying one source by hand: ask it now, tell what it gave, keep nothing."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime

from db.discretion import without_credentials
from db.shapes import Failure, Source
from scraper.cleaning.plaintext import shorten
from scraper.fetch import Fetched, Fetcher, FetchError, accepted_types
from scraper.parsing.errors import ParseError
from scraper.parsing.workers import FeedItems, ParserPool
from scraper.settings import ScraperSettings

SHOWN = 5
SHOWN_CHARACTERS = 100

# What a steward can do about each failure; the README's table says the same.
REMEDIES = {
    Failure.DNS: "Check the address for a typing error; the outlet may have moved.",
    Failure.TLS: "Its certificate is not valid; tell the publisher. It is never asked without one.",
    Failure.CONNECT: "Its server does not answer; wait, or look whether the outlet has moved.",
    Failure.TIMEOUT: "It is too slow; wait, or raise CRAFTWATCH_FETCH_TIMEOUT_SECONDS.",
    Failure.TOO_LARGE: "Look for a smaller feed of the outlet, or raise CRAFTWATCH_MAX_BODY_BYTES.",
    Failure.TRUNCATED: "Its answer broke off; nothing was changed, the next check tries again.",
    Failure.HTTP_4XX: "The address leads nowhere; look for the outlet's feed and change feed_url.",
    Failure.BLOCKED: "It does not want us; write to the publisher, or disable the source.",
    Failure.CHALLENGE: "It asks for a browser; write to the publisher, or disable the source.",
    Failure.HTTP_5XX: "Its server has a fault; wait.",
    Failure.RATE_LIMITED: "We, or others at our address, ask too often; it is asked less from now on.",
    Failure.GONE: "It is gone for good and is not asked again; disable or remove the source.",
    Failure.HTML_NOT_FEED: "That is a web page; `craftwatch sources check` with its address looks for the feed.",
    Failure.NOT_A_FEED: "That is no feed; check feed_url.",
    Failure.PARSE_TIMEOUT: "The document takes too long to read; tell the publisher.",
    Failure.PARSE_FAILED: "The document cannot be read; `craftwatch parse FILE` on a copy tells more.",
    Failure.EMPTY: "The feed has no entry; wait, or look for another feed of the outlet.",
    Failure.REFUSED_ADDRESS: "It leads to a private address; if that is yours, name it in CRAFTWATCH_ALLOW_ADDRESSES.",
    Failure.SELECTOR_MATCHED_NOTHING: "The page has changed, or was never so; write new selectors and try them here.",
}


@dataclass(frozen=True, slots=True)
class Trial:
    text: str
    succeeded: bool


def try_source(source: Source, settings: ScraperSettings) -> Trial:
    """Ask a source once, unconditionally, and describe its document or its failure."""
    return asyncio.run(_try(source, settings))


async def _try(source: Source, settings: ScraperSettings) -> Trial:
    head = f"{source.id}: {source.name}\n{without_credentials(source.feed_url)}"
    try:
        async with Fetcher(settings) as fetcher, ParserPool(1) as parsers:
            fetched = await fetcher.fetch(source.feed_url, accept=accepted_types(source.format))
            if not isinstance(fetched, Fetched):  # nothing was asked conditionally
                raise FetchError(Failure.EMPTY, "not modified, though nothing was asked conditionally")
            document = await parsers.parse(
                fetched.body, fetched.declared_type, fetched.url_final, source, datetime.now(UTC)
            )
    except (FetchError, ParseError) as error:
        return Trial(f"{head}\nfailed: {error.reason.value} ({error.detail})\n{REMEDIES[error.reason]}", False)
    return Trial(f"{head}\n{_description(fetched, document)}", True)


def _description(fetched: Fetched, document: FeedItems) -> str:
    lines = [
        f"{document.format}, {len(document.drafts)} entries, {fetched.bytes_on_wire:,} bytes "
        f"in {fetched.duration_seconds:.1f} s",
        "conditional requests: " + ("yes" if fetched.validators else "no, every check fetches the whole"),
    ]
    if fetched.permanent_redirect_to:
        lines.append(f"moved for good to {without_credentials(fetched.permanent_redirect_to)}: change feed_url")
    for draft in document.drafts[:SHOWN]:
        lines.append(f"  {draft.published_at:%Y-%m-%d %H:%M} {draft.date_quality.value:<8} {draft.title}")
        lines.append(f"    {draft.url}")
        if draft.summary:
            lines.append(f"    {shorten(draft.summary, SHOWN_CHARACTERS)}")
    return "\n".join(lines)
