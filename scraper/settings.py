"""What the person who runs craftwatch may set for the scraper, as CRAFTWATCH_… in the environment."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import NoDecode

from db.settings import PREFIX, EnvironmentSettings
from scraper.fetching.addresses import AddressPort, parse_allowed


class SettingsError(Exception):
    """A setting that cannot be used; the message names each variable, its value and what is expected."""


class ScraperSettings(EnvironmentSettings):
    contact: str = Field(
        default="",
        max_length=200,
        description="Address or URL that publishers can write to; sent in the User-Agent of every request.",
    )
    sources: Path | None = Field(
        default=None, description="Another sources.toml; empty means the one that comes with craftwatch."
    )
    allow_addresses: Annotated[frozenset[AddressPort], NoDecode] = Field(
        default=frozenset(),
        description="Non-public addresses that may be dialled all the same, as exact address:port pairs with commas "
        "between them, such as 127.0.0.1:8001,[::1]:9000. Everything else that is not public is refused.",
    )
    proxy: str | None = Field(
        default=None,
        repr=False,
        description="URL of an HTTP proxy for all requests; HTTP_PROXY and its kin are ignored. Through a proxy only "
        "names and addresses can be checked before asking, not the address the proxy dials in the end.",
    )
    fetch_timeout_seconds: float = Field(
        default=30.0,
        gt=0,
        le=600,
        description="Seconds that one fetch may take in all: connecting, redirects, robots.txt and body together.",
    )
    max_body_bytes: int = Field(
        default=15_000_000,
        gt=0,
        le=500_000_000,
        description="Largest body that is accepted, counted both as sent and decompressed.",
    )
    concurrency: int = Field(default=64, ge=1, le=1000, description="How many requests may be under way at once.")
    host_interval_seconds: float = Field(
        default=2.0,
        ge=0,
        le=3600,
        description="Least time between the starts of two requests to one host (a quarter of jitter is added).",
    )
    lease_seconds: float = Field(
        default=60.0,
        ge=1,
        le=3600,
        description="On PostgreSQL: after so long the sources of a scraper that died are asked by another.",
    )
    robots: bool = Field(
        default=True, description="Whether robots.txt is read and obeyed; switch it off only for your own servers."
    )

    @field_validator("allow_addresses", mode="before")
    @classmethod
    def _read_pairs(cls, value: object) -> object:
        return parse_allowed(value) if isinstance(value, str) else value

    @field_validator("contact")
    @classmethod
    def _fits_a_header(cls, value: str) -> str:
        if not value.isascii() or not value.isprintable() or re.search(r"[()\\]", value):
            raise ValueError("must be printable ASCII without parentheses or backslashes")
        return value.strip()

    @field_validator("proxy")
    @classmethod
    def _is_http_proxy(cls, value: str | None) -> str | None:
        if value is not None and (urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).hostname):
            raise ValueError("must be an http:// or https:// URL")
        return value


def load_settings(**overrides: object) -> ScraperSettings:
    """The settings of this environment; `overrides` win. Raises SettingsError."""
    try:
        return ScraperSettings(**overrides)  # type: ignore[arg-type]  # validated by pydantic, not by mypy
    except ValidationError as error:
        raise SettingsError(
            "\n".join(_complaint(problem["loc"], problem["msg"]) for problem in error.errors())
        ) from None


def _complaint(location: tuple[int | str, ...], message: str) -> str:
    # No value in the text: a proxy URL may hold a password.
    name = PREFIX + str(location[0]).upper() if location else PREFIX + "…"
    return f"{name}: {message.removeprefix('Value error, ')}"
