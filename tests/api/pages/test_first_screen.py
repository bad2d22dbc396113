"""What the top of a view offers: its feeds, its table, and a way past what comes before the items."""

from __future__ import annotations

import pytest

from tests.api.pages.reading import document_of

OUTSIDE = "https://craftwatch.example"
ASKED = {"/?craft=voice-actor": "", "/charts?craft=voice-actor": "/?craft=voice-actor", "/crafts/voice-actor": ""}


@pytest.mark.parametrize("address", ASKED)
def test_feeds_and_the_table_are_one_click_from_the_top_of_a_view(pages, address):
    line = document_of(pages, address).xpath("//p[contains(@class, 'outlets')]")[0]
    assert line.xpath("./a/@href")[:4] == [
        f"{OUTSIDE}/v1/items.{suffix}?craft=voice-actor" for suffix in ("atom", "rss", "feed.json", "csv")
    ]


@pytest.mark.parametrize(("address", "elsewhere"), ASKED.items())
def test_the_top_of_a_view_leads_to_its_embeds(pages, address, elsewhere):
    link = document_of(pages, address).xpath("//p[contains(@class, 'outlets')]/a[last()]/@href")[0]
    assert link == f"{elsewhere}#embed"
    assert document_of(pages, elsewhere or address).xpath("//*[@id='embed']")


def test_what_comes_before_the_items_can_be_skipped(pages):
    page = document_of(pages, "/?craft=voice-actor")
    assert page.xpath("//a[@class='skip']/@href") == ["#main", "#items"]
    assert page.xpath("//*[@id='items']//article[@class='story']")


def test_a_list_without_items_has_none_to_skip_to(pages):
    page = document_of(pages, "/?topic=contracts-lockout&craft=colorist")
    assert page.xpath("//a[@class='skip']/@href") == ["#main"]


def test_a_week_without_items_is_no_stop_on_the_way_to_them(pages):
    columns = document_of(pages, "/?craft=voice-actor").xpath("//*[name()='svg'][1]/*[name()='a' or name()='g']")
    said = {column.xpath("string(./*[name()='title'])").endswith(": 0 items"): column.tag for column in columns}
    assert len(columns) == 12
    assert said == {True: "g", False: "a"}
