"""What stands for an article, without what hangs on it."""

from __future__ import annotations

import pytest

from scraper.cleaning.summaries import MAX_SUMMARY, summarise

SUMMARIES = {
    "<p>The deal is done.</p><p>The post <a>Deal</a> appeared first on <a>The Ledger</a>.</p>": "The deal is done.",
    "A first look. This article originally appeared on The Ledger.": "A first look.",
    "The studio will [&#8230;]": "The studio will…",
    "The studio will [...]": "The studio will…",
    "The studio will (…)": "The studio will…",
    "The studio closed. [&hellip;]": "The studio closed.",
    "The studio will... ": "The studio will…",
    "The studio closed. Continue reading...": "The studio closed.",
    'The studio closed. <a href="x">Continue reading The studio closes</a>': "The studio closed.",
    "The studio closed. <a>Read more</a>": "The studio closed.",
    "The studio closed <a>Read More »</a>": "The studio closed",
    "The studio closed. Read the full story at The Ledger.": "The studio closed.",
    "The studio closed. [&hellip;] <a>Read more →</a>": "The studio closed.",
    "Lo studio chiude. <a>Leggi tutto</a>": "Lo studio chiude.",
    "submitted by <a>/u/reel</a> <br/> <a>[link]</a> <a>[comments]</a>": "",
    "Children should read more.": "Children should read more.",
    "Unions continue reading the offer.": "Unions continue reading the offer.",
    "Wait for it…": "Wait for it…",
    "[…]": "[…]",
}


@pytest.mark.parametrize("markup", SUMMARIES)
def test_a_summary_is_the_articles_own_words(markup):
    assert summarise(markup) == SUMMARIES[markup]


TITLE = "Lantern Pictures cuts 120 jobs"


@pytest.mark.parametrize(
    ("markup", "summary"),
    [
        (TITLE, ""),
        (f"{TITLE}. The studio said so.", "The studio said so."),
        (f"<h1>{TITLE}</h1><p>The studio said so.</p>", "The studio said so."),
        (f"<span>{TITLE}</span><span>desk</span> November 27, 2026 The studio said so.", "The studio said so."),
        (f"{TITLE} and closes its London office.", f"{TITLE} and closes its London office."),
    ],
)
def test_a_repeated_title_is_not_a_summary(markup, summary):
    assert summarise(markup, TITLE, ("desk",)) == summary


def test_a_summary_is_never_the_article():
    assert len(summarise("<p>Sentence after sentence goes here.</p>" * 500)) <= MAX_SUMMARY
