"""How a block says where in a page something is."""

from __future__ import annotations

import subprocess
import sys

import pytest
import soupsieve

from scraper.parsing.selectors import read_place, selector_fault


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ("h3 a", ("h3 a", "")),
        ("time@datetime", ("time", "datetime")),
        (" a @data-to ", ("a", "data-to")),
        (".", ("", "")),
        ("@href", ("", "href")),
        (".@href", ("", "href")),
        (".story", (".story", "")),
        ('a[title="me@home"]', ('a[title="me@home"]', "")),
    ],
)
def test_a_place_is_a_selector_and_an_attribute(value, place):
    assert read_place(value) == place


@pytest.mark.parametrize(
    "selector", ["h2", ".a.b", "#main > article.story", "h2 a, h3 a", "a,b", "li:has(> a)", "a[href^='/n']"]
)
def test_what_css_takes_has_no_fault(selector):
    soupsieve.compile(selector)
    assert selector_fault(selector, of_item=True) == ""


@pytest.mark.parametrize("selector", ["h2 >", "> h2", "a,,b", ".5", "#", "a..b", "h2,", "a b > , c", "a[", "é:x"])
def test_what_css_refuses_has_a_fault(selector):
    assert selector_fault(selector, of_item=False)


def test_loading_the_packaged_sources_loads_no_html_parser():
    code = "import sys; from scraper.sources import load_sources; load_sources(); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"bs4", "soupsieve"} & set(loaded)
