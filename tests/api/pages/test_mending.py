"""An address that asks for something wrong leads to those that may have been meant."""

from __future__ import annotations

import pytest
from lxml import html

from api.pages.mending import without
from api.problems import Fault


def leads_to(pages, address: str) -> list[str]:
    """Where the links of what went wrong lead, but for the one to the news."""
    page = html.document_fromstring(pages.get(address).content.decode())
    return [link for link in page.xpath("//main//a/@href") if link != "/"]


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("/?craft=voice-actr&region=US", "/?craft=voice-actor&region=US"),
        ("/?craft=animator,voice-actr", "/?craft=animator,voice-actor"),
        ("/?craft=-voice-actr", "/?craft=-voice-actor"),
        ("/charts?craft=voice-actr", "/charts?craft=voice-actor"),
        ("/charts?over=mont&region=US", "/charts?over=month&region=US"),
        ("/?crafft=animator", "/?craft=animator"),
        ("/crafts/voice-actr", "/crafts/voice-actor"),
        ("/crafts/voice-actr?from=mail", "/crafts/voice-actor"),
        ("/embed/list?topic=ai&theme=drk", "/embed/list?topic=ai&theme=dark"),
    ],
)
def test_what_may_have_been_meant_is_a_link(pages, wrong, right):
    assert leads_to(pages, wrong)[0] == right
    assert pages.get(right).status_code == 200


@pytest.mark.parametrize(
    "dates", ["from=2026-11-10&to=2026-11-01", "from=tomorrow", "to=2026-11-31", "window=P7X&to=2026-11-01"]
)
def test_wrong_dates_lead_back_to_the_view_without_dates(pages, dates):
    assert leads_to(pages, f"/?craft=animator&{dates}") == ["/?craft=animator"]


def test_what_cannot_be_mended_is_no_link(pages):
    assert leads_to(pages, f"/?craft={'voice-actr,' * 60}") == []


def test_nothing_is_left_of_an_address_that_asks_nothing_else():
    assert without("/", b"craft=nope", [Fault("craft", "nope", "")]) == ""


def test_what_is_linked_is_of_this_site(pages):
    assert all(link.startswith("/") for link in leads_to(pages, "/?craft=%22%3Ejavascript:x&region=US"))
