"""Which database is written and which is served."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from db.settings import DatabaseSettings

PRIMARY, REPLICA = "postgresql://primary.example/craftwatch", "postgresql://replica.example/craftwatch"


def test_readers_get_what_is_written() -> None:
    assert DatabaseSettings(database_url=PRIMARY).reading_url == PRIMARY


def test_readers_may_get_a_replica() -> None:
    assert DatabaseSettings(database_url=PRIMARY, read_database_url=REPLICA).reading_url == REPLICA


@pytest.mark.parametrize("setting", ["database_url", "read_database_url"])
def test_an_unknown_kind_of_database_is_refused(setting: str) -> None:
    with pytest.raises(ValidationError, match="expected sqlite:///"):
        DatabaseSettings(**{setting: "mysql://x"})


def test_without_a_setting_there_is_a_file() -> None:
    assert DatabaseSettings(database_url="").database_url.startswith("sqlite:///")
