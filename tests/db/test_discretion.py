"""Addresses are shown without their secrets, and are otherwise what they were."""

from __future__ import annotations

import pytest

from db.discretion import without_credentials


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://me:secret@grip.example:8443/feed?a=1", "https://grip.example:8443/feed?a=1"),
        ("https://me@grip.example/feed?page=2", "https://grip.example/feed?page=2"),
        ("https://grip.example/feed?token=abc&page=2", "https://grip.example/feed?token=redacted&page=2"),
        ("https://grip.example/feed?api_key=abc", "https://grip.example/feed?api_key=redacted"),
        ("https://grip.example/feed?AccessToken=abc", "https://grip.example/feed?AccessToken=redacted"),
        ("https://grip.example/feed?%74oken=abc", "https://grip.example/feed?%74oken=redacted"),
        (
            "https://grip.example/feed?md5hash=abc&sessionid=1",
            "https://grip.example/feed?md5hash=redacted&sessionid=redacted",
        ),
        ("https://grip.example/feed?Authorization=abc", "https://grip.example/feed?Authorization=redacted"),
        (
            "https://grip.example/feed?author=abc&my_keyword=d",
            "https://grip.example/feed?author=redacted&my_keyword=redacted",
        ),
        ("https://grip.example/feed?a=b#token=abc", "https://grip.example/feed?a=b"),
        ("http://[broken", "(unreadable address)"),
        ("http://me:secret@[broken", "(unreadable address)"),
    ],
)
def test_credentials_are_taken_out_of_addresses(url: str, shown: str) -> None:
    assert without_credentials(url) == shown


@pytest.mark.parametrize("query", ["", "?keyword=grip", "?writer=a%20b&tag=c", "?a=1,2&b=x:y+z", "?flag"])
def test_other_addresses_are_as_they_were(query: str) -> None:
    assert without_credentials(f"https://grip.example/feed/{query}") == f"https://grip.example/feed/{query}"
