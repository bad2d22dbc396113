"""Items as stories: what is marked, what is escaped, what is never a link."""

from __future__ import annotations

import pytest
from lxml import html

from api.pages.stories import Piece, TagLink, figure_in_words, mark, report_address, safe_address
from db.shapes import Axis, Evidence, Tag, Tagging

TAG = TagLink("craft", "voice-actor", "Voice actors", "/?craft=voice-actor")


def evidence(text: str, *words: str) -> list[dict[str, object]]:
    return [{"evidence": [["title", text.index(word), text.index(word) + len(word), word, "r"] for word in words]}]


def test_words_of_evidence_are_marked_and_nothing_is_lost():
    text = "Voice actors strike over AI"
    pieces = mark(text, "title", evidence(text, "AI", "Voice actors"), [])
    assert "".join(piece.text for piece in pieces) == text
    assert [piece.text for piece in pieces if piece.marked] == ["Voice actors", "AI"]


def test_words_that_overlap_are_marked_together():
    text = "AI voice cloning ban"
    assert mark(text, "title", evidence(text, "AI voice", "voice cloning"), []) == [
        Piece("AI voice cloning", True),
        Piece(" ban", False),
    ]


def test_offsets_count_code_points():
    text = "🎬🎬 AI film"
    assert [piece.text for piece in mark(text, "title", evidence(text, "AI"), []) if piece.marked] == ["AI"]


def test_evidence_of_a_title_since_changed_is_not_marked():
    old = [{"evidence": [["title", 0, 5, "Other", "r"]]}]
    assert mark("Voice actors", "title", old, []) == [Piece("Voice actors", False)]


def test_evidence_of_another_field_is_not_marked():
    other = [{"evidence": [["summary", 0, 5, "Voice", "r"]]}]
    assert mark("Voice actors", "title", other, []) == [Piece("Voice actors", False)]


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "//evil.example", "http://[", ""])
def test_only_web_addresses_are_links(url):
    assert safe_address(url) == ""


@pytest.mark.parametrize(
    ("setting", "address"),
    [
        ("", ""),
        (
            "https://bugs.example/new?item={item}&tag={tag}",
            "https://bugs.example/new?item=https%3A%2F%2Fx%2F1&tag=craft%20voice-actor",
        ),
        (
            "https://bugs.example/new",
            "https://bugs.example/new?title=Wrong%20tag%3A%20craft%20voice-actor"
            "&body=craft%20voice-actor%20is%20wrong%20on%20https%3A%2F%2Fx%2F1",
        ),
        (
            "mailto:a@b.example",
            "mailto:a@b.example?subject=Wrong%20tag%3A%20craft%20voice-actor"
            "&body=craft%20voice-actor%20is%20wrong%20on%20https%3A%2F%2Fx%2F1",
        ),
    ],
)
def test_a_report_names_item_and_tag(setting, address):
    assert report_address(setting, "https://x/1", TAG) == address


@pytest.mark.parametrize(
    ("figure", "words"),
    [
        (
            {"kind": "headcount", "value": 1340.0, "qualifier": "about", "status": "planned"},
            "about 1,340 jobs, planned",
        ),
        ({"kind": "headcount_pct", "value": 12.5, "qualifier": "up_to", "status": ""}, "up to 12.5 % of staff"),
        ({"kind": "vote_pct", "value": 98.0, "qualifier": "", "status": ""}, "98 % of votes"),
    ],
)
def test_a_figure_is_told_in_words(figure, words):
    assert figure_in_words(figure) == words


HOSTILE = "</title><script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{ 7 * 7 }}\u202egnp.exe\x1b"


def test_what_publishers_write_is_text_and_nothing_else(client, shelf):
    words = Evidence("title", 0, 8, HOSTILE[:8], "topics/ai/form")
    labels = Tagging(tags=(Tag(Axis.TOPIC, "ai", 0.9, (words,)),), rules_version="rules-1")
    shelf.add("one", title=HOSTILE, summary=HOSTILE, authors=(HOSTILE,), categories=(HOSTILE,), labels=labels)
    for address in ("/", "/embed/list", "/?q=alert", "/charts", "/embed/badge.svg", "/?source=ledger"):
        text = client.get(address).text
        page = html.document_fromstring(text)
        assert page.xpath("//img | //script[not(starts-with(@src, '/static/'))] | //@onerror") == []
        assert "\u202e" not in text
        assert "49" not in "".join(page.xpath("//h3//text()"))


def test_a_search_comes_back_as_text(client, shelf):
    page = html.document_fromstring(client.get('/?q="><script>alert(1)</script>').text)
    assert page.xpath("//script[not(@src)]") == []
    assert page.xpath("//input[@id='q']/@value") == ['"><script>alert(1)</script>']


def test_a_link_that_is_no_web_address_is_only_text(client, shelf):
    shelf.add("one", "ai", url="javascript:alert(1)")
    assert "javascript:" not in str(html.document_fromstring(client.get("/").text).xpath("//@href"))
