"""Settings: from the environment, with complaints that a person can act on."""

from __future__ import annotations

import ipaddress

import pytest

from scraper.settings import ScraperSettings, SettingsError, load_settings


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ScraperSettings.model_fields:
        monkeypatch.delenv(f"CRAFTWATCH_{name.upper()}", raising=False)


def test_nothing_needs_to_be_set() -> None:
    assert load_settings().allow_addresses == frozenset()


def test_settings_are_read_when_they_are_built(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRAFTWATCH_ALLOW_ADDRESSES", "127.0.0.1:8001,[::1]:9000")
    expected = {(ipaddress.ip_address("127.0.0.1"), 8001), (ipaddress.ip_address("::1"), 9000)}
    assert load_settings().allow_addresses == expected


def test_an_empty_variable_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRAFTWATCH_FETCH_TIMEOUT_SECONDS", "")
    assert load_settings().fetch_timeout_seconds == 30


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("ALLOW_ADDRESSES", "localhost:8001", "'localhost:8001' is not address:port"),
        ("ALLOW_ADDRESSES", "127.0.0.1", "'127.0.0.1' is not address:port"),
        ("CONTACT", "a\r\nX-Evil: 1", "printable ASCII"),
        ("CONTACT", "(me)", "printable ASCII"),
        ("FETCH_TIMEOUT_SECONDS", "0", "greater than 0"),
        ("FETCH_TIMEOUT_SECONDS", "soon", "valid number"),
        ("CONCURRENCY", "0", "greater than or equal to 1"),
        ("PROXY", "socks5://127.0.0.1:1080", "http:// or https:// URL"),
    ],
)
def test_a_wrong_value_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str, complaint: str) -> None:
    monkeypatch.setenv(f"CRAFTWATCH_{name}", value)
    with pytest.raises(SettingsError, match=f"CRAFTWATCH_{name}: .*{complaint}"):
        load_settings()


def test_every_wrong_value_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRAFTWATCH_CONCURRENCY", "many")
    monkeypatch.setenv("CRAFTWATCH_ALLOW_ADDRESSES", "everything")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert str(caught.value).count("CRAFTWATCH_") == 2


def test_the_password_of_a_proxy_is_not_in_the_complaint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRAFTWATCH_PROXY", "ftp://user:pa55@proxy.example")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert "pa55" not in str(caught.value)


@pytest.mark.parametrize("name", ScraperSettings.model_fields)
def test_every_setting_says_what_it_is(name: str) -> None:
    assert ScraperSettings.model_fields[name].description
