"""Asking a test server through the real Fetcher, in one synchronous line."""

from __future__ import annotations

import asyncio
import ssl
from functools import cache
from typing import Any

import httpx

from scraper.fetch import Fetched, Fetcher, FetchError, NotModified, Validators
from scraper.settings import ScraperSettings, load_settings
from tests.server import LoopbackServer


@cache
def _certificates() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)  # once: reading them takes longer than most tests


def settings_for(*servers: LoopbackServer, **overrides: object) -> ScraperSettings:
    """Settings that let exactly these servers be dialled, wait for nobody and give up within a second or two."""
    quick = {"host_interval_seconds": 0, "fetch_timeout_seconds": 5, "robots": False}
    allowed = ",".join(server.pair for server in servers)
    return load_settings(**{"allow_addresses": allowed, **quick, **overrides})


def fetch(
    url: str, settings: ScraperSettings, validators: Validators | None = None, **parts: Any
) -> Fetched | NotModified:
    """One fetch by a Fetcher of its own; `parts` go to its constructor."""
    parts.setdefault("ssl_context", _certificates())

    async def ask() -> Fetched | NotModified:
        async with Fetcher(settings, **parts) as fetcher:
            return await fetcher.fetch(url, validators)

    return asyncio.run(ask())


def fetched(url: str, settings: ScraperSettings, validators: Validators | None = None, **parts: Any) -> Fetched:
    outcome = fetch(url, settings, validators, **parts)
    assert isinstance(outcome, Fetched), outcome
    return outcome


def failure(url: str, settings: ScraperSettings, validators: Validators | None = None, **parts: Any) -> FetchError:
    """The FetchError of a fetch that must fail."""
    try:
        outcome = fetch(url, settings, validators, **parts)
    except FetchError as error:
        return error
    raise AssertionError(f"expected a FetchError, got {outcome!r:.200}")


def fetch_all(urls: list[str], settings: ScraperSettings, **parts: Any) -> list[Fetched | NotModified | BaseException]:
    """All at once by one Fetcher; failures are returned in their place."""
    parts.setdefault("ssl_context", _certificates())

    async def ask() -> list[Fetched | NotModified | BaseException]:
        async with Fetcher(settings, **parts) as fetcher:
            return await asyncio.gather(*(fetcher.fetch(url) for url in urls), return_exceptions=True)

    return asyncio.run(ask())
