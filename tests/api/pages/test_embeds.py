"""Embeds on sites that we know nothing of: their colours, and an emptiness that is not mistaken for no news."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode

import pytest
from lxml import etree

from tests.api.pages.reading import document_of

THEMES = ("light", "dark", "auto")
WHERE_LIKED = "screen and (prefers-color-scheme: dark)"
PICTURES = ("/embed/chart.svg", "/embed/badge.svg")
BLIND = "source=marquee-gazette"  # which could not be read
every_embed = pytest.mark.parametrize("path", ["/embed/list", *PICTURES])


def svg_of(pages, address: str) -> etree._Element:
    return etree.fromstring(pages.get(address).content)


def said(picture: etree._Element) -> str:
    """What a screen reader says of a picture."""
    return " ".join(picture.xpath("//*[local-name()='title' or local-name()='desc']/text()"))


@every_embed
def test_a_theme_that_is_not_known_is_refused_with_those_that_are(pages, path):
    answer = pages.get(f"{path}?theme=sepia", headers={"accept": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["detail"] == "expected one of light, dark, auto"


@every_embed
def test_an_embed_is_light_unless_it_is_told_otherwise(pages, path):
    assert pages.get(path).content == pages.get(f"{path}?theme=light").content


@pytest.mark.parametrize(
    ("theme", "scheme", "dark"),
    [("light", "light", []), ("dark", "dark", [None]), ("auto", "light dark", [WHERE_LIKED])],
)
def test_a_list_is_of_the_theme_asked_for(pages, theme, scheme, dark):
    page = document_of(pages, f"/embed/list?theme={theme}")
    assert page.xpath("//meta[@name='color-scheme']/@content") == [scheme]
    assert [link.get("media") for link in page.xpath("//link[contains(@href, '/dark.')]")] == dark


@pytest.mark.parametrize("path", PICTURES)
def test_a_picture_follows_the_reader_only_when_it_is_told_to(pages, path):
    follows = {theme: b"prefers-color-scheme" in pages.get(f"{path}?theme={theme}").content for theme in THEMES}
    assert follows == {"light": False, "dark": False, "auto": True}


@pytest.mark.parametrize("path", PICTURES)
def test_the_policy_allows_the_style_of_a_picture_and_no_other(pages, path):
    answer = pages.get(f"{path}?theme=auto")
    style = etree.fromstring(answer.content).xpath("string(//*[local-name()='style'])")
    named = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'self' 'sha256-{named}';" in answer.headers["content-security-policy"]
    assert "sha256" not in pages.get(path).headers["content-security-policy"]


def test_the_theme_stays_out_of_the_links_of_a_list(pages):
    assert not [link for link in document_of(pages, "/embed/list?theme=dark").xpath("//a/@href") if "theme" in link]


def test_a_list_of_what_could_not_be_read_says_so(pages):
    text = document_of(pages, f"/embed/list?{BLIND}").text_content()
    assert "Nothing so far." in text
    assert "could not be read" in text


def test_a_list_that_could_be_read_says_nothing_of_sources(pages):
    assert "could" not in document_of(pages, "/embed/list?topic=ai").xpath("string(//p[@class='soft'])")


def test_a_badge_of_what_could_not_be_read_counts_nothing(pages):
    picture = svg_of(pages, f"/embed/badge.svg?{BLIND}")
    assert picture.xpath("//*[local-name()='text']/text()")[1] == "not watched"
    assert "could not be read" in said(picture)


def test_a_badge_of_what_could_be_read_counts_even_nothing(pages):
    picture = svg_of(pages, "/embed/badge.svg?topic=contracts-lockout&craft=colorist")
    assert picture.xpath("//*[local-name()='text']/text()")[1] == "0 this week"
    assert not re.search("could not be read", said(picture))


def test_a_chart_of_what_could_not_be_read_says_so_to_eye_and_ear(pages):
    picture = svg_of(pages, f"/embed/chart.svg?{BLIND}")
    assert "could not be read" in said(picture)
    assert "no source could be read" in " ".join(picture.xpath("//*[local-name()='text']/text()"))
    assert "no source" not in " ".join(svg_of(pages, "/embed/chart.svg").xpath("//*[local-name()='text']/text()"))
