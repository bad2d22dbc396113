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


def test_settings_are_read_when_they_are_built(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRAFTWATCH_DATABASE_URL", PRIMARY)
    monkeypatch.setenv("CRAFTWATCH_DATABASE_WAIT_SECONDS", "2.5")
    settings = DatabaseSettings()
    assert (settings.database_url, settings.database_wait_seconds) == (PRIMARY, 2.5)


def test_what_is_given_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRAFTWATCH_DATABASE_URL", PRIMARY)
    assert DatabaseSettings(database_url=REPLICA).database_url == REPLICA


def test_an_empty_variable_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRAFTWATCH_DATABASE_WAIT_SECONDS", "")
    assert DatabaseSettings().database_wait_seconds == 30


def test_a_wrong_value_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRAFTWATCH_DATABASE_WAIT_SECONDS", "soon")
    with pytest.raises(ValidationError, match="database_wait_seconds"):
        DatabaseSettings()
