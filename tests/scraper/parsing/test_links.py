"""Where feeds and sitemaps are said to be."""

from __future__ import annotations

import pytest

from scraper.parsing.links import header_feeds, robots_sitemaps

BASE = "https://a.example/news/"


@pytest.mark.parametrize(
    ("header", "feeds"),
    [
        ('</feed>; rel="alternate"; type="application/rss+xml"', ("https://a.example/feed",)),
        ("<feed>;rel=alternate;type=application/atom+xml", ("https://a.example/news/feed",)),
        (
            '<https://a.example/wp-json/>; rel="https://api.w.org/", <https://b.example/x,y;z>; title="A \\"b\\", c"; '
            'type="application/feed+json"; rel="x ALTERNATE"',
            ("https://b.example/x,y;z",),
        ),
        ('</feed>; rel="next"; rel="alternate"; type="application/rss+xml"', ()),  # RFC 8288 §3.3
        ('</fr>; rel="alternate"; hreflang="fr"', ()),
        ('<javascript:0>; rel="alternate"; type="application/rss+xml"', ()),
        ("<feed", ()),
        ("", ()),
    ],
)
def test_the_feeds_of_a_link_header_are_found(header, feeds):
    assert header_feeds(header, BASE) == feeds


def test_no_more_feeds_are_taken_from_a_header_than_are_of_use():
    header = ", ".join(f"</{n}>; rel=alternate; type=application/rss+xml" for n in range(100))
    assert len(header_feeds(header, BASE)) == 20


def test_the_sitemaps_of_a_robots_txt_are_found():
    text = (
        "User-agent: *\nDisallow: /x\nSitemap: https://a.example/1.xml\n sitemap : /2.xml\n#Sitemap: /3.xml\nSitemap:"
    )
    assert robots_sitemaps(text, BASE) == ("https://a.example/1.xml", "https://a.example/2.xml")
