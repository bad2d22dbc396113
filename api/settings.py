"""What can be set about the API, by environment variables that begin with CRAFTWATCH_."""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import Field, field_validator

from db.settings import DatabaseSettings, EnvironmentSettings


class ApiSettings(EnvironmentSettings):
    read_database_url: str = Field(
        default="",
        description="Database that the API reads, for example a replica. Default: CRAFTWATCH_DATABASE_URL.",
    )
    public_url: str = Field(
        default="http://127.0.0.1:8000",
        description="Address under which readers reach the API; every link in an answer begins with it.",
    )
    tag_authority: str = Field(
        default="",
        description="Domain in the ids of our feeds and their entries (RFC 4151); keep it when the address changes. "
        "Default: the host of CRAFTWATCH_PUBLIC_URL.",
    )
    websub_hub: str = Field(
        default="", description="WebSub hub to name in the feeds, for readers that want to be told. Default: none."
    )
    cache_seconds: int = Field(
        default=60, ge=0, description="How long readers and caches may keep an answer before they ask again."
    )
    max_query_length: int = Field(
        default=4_000, ge=100, description="Longest query string, in bytes; a longer one is answered 414."
    )
    rate_limit: int = Field(
        default=0, ge=0, description="Requests a minute that one address may make; 0: as many as it likes."
    )
    answer_cache_mb: int = Field(
        default=32, ge=0, description="Memory for answers that are asked for again while the data is the same."
    )

    metrics_port: int = Field(
        default=0,
        ge=0,
        le=65535,
        description="Port of its own at which Prometheus is told the numbers, under /metrics; 0: nowhere.",
    )

    contact: str = Field(
        default="", description="Address or URL that publishers can write to; the page about craftwatch names it."
    )
    report_url: str = Field(
        default="",
        description="Where readers report a wrong tag: mailto:you@example.org, or the address of a form or issue "
        "tracker. {item} and {tag} in it are filled in; without them a subject and a text are added. Default: no link.",
    )

    @field_validator("report_url")
    @classmethod
    def _to_follow(cls, url: str) -> str:
        if url and not url.startswith(("mailto:", "https://", "http://")):
            raise ValueError("expected mailto:you@example.org or an address such as https://craftwatch.example/report")
        return url

    @field_validator("public_url", "websub_hub")
    @classmethod
    def _web_address(cls, url: str) -> str:
        parts = urlsplit(url)
        if url and (parts.scheme not in ("http", "https") or not parts.hostname):
            raise ValueError("expected an address such as https://craftwatch.example")
        return url

    @field_validator("public_url")
    @classmethod
    def _without_last_slash(cls, url: str) -> str:
        """Paths are put behind it; a hub's address is another one with a slash and without."""
        return url.rstrip("/")

    @property
    def database_url(self) -> str:
        return self.read_database_url or DatabaseSettings().database_url

    @property
    def authority(self) -> str:
        return self.tag_authority or urlsplit(self.public_url).hostname or "localhost"
