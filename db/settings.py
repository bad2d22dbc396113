"""Settings are what the environment says; those of the database: where it is and how long it is waited for."""

from __future__ import annotations

from pathlib import Path

import platformdirs
from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "CRAFTWATCH_"


class EnvironmentSettings(BaseSettings):
    """Fields that are read from CRAFTWATCH_… in the environment, when built; a variable that is empty is not set."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, frozen=True)


class DatabaseSettings(EnvironmentSettings):
    database_url: str = Field(
        default="",
        validate_default=True,
        description="SQLAlchemy URL: sqlite:///file.db or postgresql://user:password@host/name. "
        "Default: craftwatch.db in the platform's data directory.",
    )
    read_database_url: str = Field(
        default="",
        description="Database that is served to readers, for example a replica. Default: CRAFTWATCH_DATABASE_URL.",
    )
    database_wait_seconds: float = Field(
        default=30.0,
        ge=0,
        le=3600,
        description="How long a write waits for a lock that another program holds, before it is given up.",
    )

    @field_validator("database_url")
    @classmethod
    def _or_the_usual(cls, url: str) -> str:
        return _known_database(url) or default_database_url()

    @field_validator("read_database_url")
    @classmethod
    def _or_none(cls, url: str) -> str:
        return _known_database(url)

    @property
    def reading_url(self) -> str:
        """Of the database that is served."""
        return self.read_database_url or self.database_url


def _known_database(url: str) -> str:
    if not url or url.startswith(("sqlite:///", "postgresql://", "postgresql+psycopg://", "postgres://")):
        return url
    raise ValueError("expected sqlite:///path/to/file.db or postgresql://user:password@host/name")


def default_database_url() -> str:
    return f"sqlite:///{Path(platformdirs.user_data_dir('craftwatch', appauthor=False)) / 'craftwatch.db'}"
