"""One spelling for each address."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scraper.cleaning.urls import MAX_URL, absolute_url, canonical_url, untracked_url

CANONICAL = {
    "https://a.example": "https://a.example/",
    "HTTPS://A.Example:443/Path": "https://a.example/Path",
    "http://a.example:80/": "http://a.example/",
    "http://a.example:8080/x": "http://a.example:8080/x",
    "https://a.example./x": "https://a.example/x",
    "https://user:secret@a.example/x": "https://a.example/x",
    "https://a.example/x#comments": "https://a.example/x",
    "https://a.example/x?utm_source=rss&utm_medium=feed": "https://a.example/x",
    "https://a.example/x?id=7&utm_source=rss&page=2": "https://a.example/x?id=7&page=2",
    "https://a.example/x?at_medium=RSS&at_campaign=KARANGA": "https://a.example/x",
    "https://a.example/x?partner=rss&emc=rss": "https://a.example/x",
    "https://a.example/x?partner=lantern": "https://a.example/x?partner=lantern",
    "https://a.example/x?source=rss_headlines": "https://a.example/x",
    "https://a.example/x?ref=home": "https://a.example/x?ref=home",
    "https://a.example/x?from=1&from=2": "https://a.example/x?from=1&from=2",
    "https://a.example/?p=123": "https://a.example/?p=123",
    "https://a.example/x?": "https://a.example/x",
    "https://a.example/x?b=2&a=1": "https://a.example/x?b=2&a=1",
    "https://a.example/amp/x": "https://a.example/amp/x",
    "https://feedproxy.example/~r/a/~3/x/": "https://feedproxy.example/~r/a/~3/x/",
    " https://a.example/a b ": "https://a.example/a%20b",
    "https://a.example/caf\u00e9?q=\u00fc": "https://a.example/caf%C3%A9?q=%C3%BC",
    "https://a.example/caf%C3%A9": "https://a.example/caf%C3%A9",
    "https://a.example/a\nb\x00c": "https://a.example/abc",
    "https://[2001:DB8::1]:8443/x": "https://[2001:db8::1]:8443/x",
    "javascript:alert(1)": "",
    "java\tscript:alert(1)": "",
    "data:text/html,x": "",
    "ftp://a.example/": "",
    "//a.example/x": "",
    "/x": "",
    "https://": "",
    "https:///x": "",
    "http://./x": "",
    "http://a.example:99999/": "",
    "http://[::1/": "",
    "httpx://a.example/": "",
    "": "",
    "https://a.example/" + "x" * MAX_URL: "",
}


@pytest.mark.parametrize("url", CANONICAL)
def test_a_url_has_one_spelling(url):
    assert canonical_url(url) == CANONICAL[url]


@settings(deadline=None)
@given(st.one_of(st.text(max_size=80), st.from_regex(r"https?://[^\s]{1,60}")))
def test_the_canonical_url_of_a_canonical_url_is_itself(url):
    once = canonical_url(url)
    assert canonical_url(once) == once


@settings(deadline=None)
@given(st.from_regex(r"https?://[aA.:0-]{1,5}/[aA/.%?=-]{0,5}", fullmatch=True))
def test_what_is_canonical_at_first_sight_is_so_when_taken_apart(url):
    assert canonical_url(url) == canonical_url(f"{url}#taken-apart")


@settings(deadline=None)
@given(st.text(max_size=100), st.text(max_size=100))
def test_no_reference_makes_resolving_raise(base, reference):
    assert absolute_url(base, reference) == "" or absolute_url(base, reference)[:4].lower() == "http"


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("http://www.a.example", "http://www.a.example"),
        ("http://www.a.example?x=1&utm_source=y#z", "http://www.a.example?x=1#z"),
        ("http://www.a.example/?utm_source=y", "http://www.a.example/"),
        ("http://www.a.example/?&x", "http://www.a.example/?&x"),
    ],
)
def test_an_untracked_url_is_otherwise_as_it_was(url, kept):
    assert untracked_url(url) == kept
