"""What only paper shows: where a page came from, and the tags that a screen leaves under "why tagged"."""

from __future__ import annotations

import pytest

from tests.api.pages.reading import document_of


@pytest.mark.parametrize("address", ["/", "/?craft=voice-actor&region=US", "/charts?topic=ai", "/regions/US", "/about"])
def test_paper_says_where_it_came_from_and_when(pages, address):
    line = document_of(pages, address).xpath("//header//p[@class='paper']")[0].text_content()
    assert line == f"https://craftwatch.example{address}, 20 November 2026, 12:00 UTC"


def test_paper_shows_every_tag(pages, monkeypatch):
    monkeypatch.setattr("api.pages.stories.MOST_TAGS", 2)
    tags = document_of(pages, "/?craft=voice-actor").xpath("(//ul[@class='tags'])[1]")[0]
    hidden, folded = tags.xpath("li[@class='paper']"), tags.xpath("li[contains(@class, 'screen')]")
    assert folded[0].text_content() == f"and {len(hidden)} more"
    assert len(tags.xpath("li/a")) == 2


def test_an_item_by_itself_shows_every_tag(pages, monkeypatch):
    address = f"/items/{pages.get('/v1/items.json?craft=voice-actor&limit=1').json()['data'][0]['id']}"
    whole = len(document_of(pages, address).xpath("//ul[@class='tags']/li"))
    monkeypatch.setattr("api.pages.stories.MOST_TAGS", 2)
    assert len(document_of(pages, f"{address}?again").xpath("//ul[@class='tags']/li")) == whole > 2
