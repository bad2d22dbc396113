"""The quick parser equals feedparser on what it takes, and leaves it the rest."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from db.shapes import Source
from scraper.clean import to_drafts
from scraper.parse import parse_leniently
from scraper.parsing.charset import decode_document
from scraper.parsing.fastparse import parse_quickly

DATA = Path(__file__).parents[2] / "data"
SHARED = Path(os.environ.get("CRAFTWATCH_SHARED") or Path(__file__).parents[3].parent / "shared")
LEFT_TO_FEEDPARSER = ("quirks", "rss091")
DOCUMENTS = sorted(
    path for path in DATA.glob("*.xml") if path.with_suffix(".py").exists() and path.stem not in LEFT_TO_FEEDPARSER
)
RECORDED = sorted((SHARED / "feeds").glob("*.xml"))
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
SOURCE = Source("a", "A", "https://a.example/", "https://a.example/feed", "trade", "general", "US", "en")
ITEM = "<item><title>One</title><link>https://a.example/1</link></item>"
ATOM = 'xmlns="http://www.w3.org/2005/Atom"'


def rss(inside: str = ITEM) -> str:
    return f'<rss version="2.0"><channel><title>T</title>{inside}</channel></rss>'


def atom(inside: str) -> str:
    return f"<feed {ATOM}><title>T</title><entry><title>t</title><id>i</id>{inside}</entry></feed>"


def assert_equal(text: str) -> None:
    quick, lenient = parse_quickly(text, SOURCE.feed_url), parse_leniently(text, SOURCE.feed_url)
    assert quick is not None
    assert to_drafts(quick, SOURCE, NOW) == to_drafts(lenient, SOURCE, NOW)
    assert (quick.format, quick.title, quick.language, quick.advice) == (
        lenient.format, lenient.title, lenient.language, lenient.advice
    )  # fmt: skip


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_a_fixture_is_read_as_by_feedparser(path):
    assert_equal(decode_document(path.read_bytes()))


@pytest.mark.skipif(not RECORDED, reason="no recorded feeds in ../shared or CRAFTWATCH_SHARED")
@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_a_recorded_feed_is_read_as_by_feedparser_or_left_to_it(path):
    text = decode_document(path.read_bytes())
    if parse_quickly(text, SOURCE.feed_url) is not None:
        assert_equal(text)


@pytest.mark.skipif(not RECORDED, reason="no recorded feeds in ../shared or CRAFTWATCH_SHARED")
def test_nearly_every_recorded_feed_is_read_quickly():
    left = [path.stem for path in RECORDED if parse_quickly(decode_document(path.read_bytes()), "") is None]
    assert len(left) <= 3


@pytest.mark.parametrize(
    "text",
    [
        rss(ITEM * 3),
        rss("<item><guid>https://a.example/g</guid><title>t</title></item>"),
        rss("<item><guid isPermaLink='false'>https://a.example/g</guid><title>t</title></item>"),
        rss("<item><guid>77</guid><link>/1</link><title>t</title></item>"),
        rss("<item><title>t</title><title>u</title><description>d</description><description>e</description></item>"),
        rss("<item><title>t</title><author>a@b.example (Ann)</author></item>"),
        rss("<item><title>t</title><author>Ann</author><author>Bob</author></item>"),
        rss("<item><title>t</title><author><name>Ann</name><email>a@b.example</email></author></item>"),
        rss("<item><title>t</title><category>A</category><category> B </category><category/></item>"),
        rss("<item><title>t</title><unknown><title>u</title></unknown></item>"),
        rss("<item><title>t</title><source url='https://b.example/'>B</source></item>"),
        rss("<item><TITLE>t</TITLE><PubDate>16 Dec 2023 10:00 GMT</PubDate></item>"),
        rss("<item><title>CafÃ©</title></item>"),
        rss("<item><title>a &amp;amp; b &amp;lt;i&amp;gt;</title></item>"),
        rss("<item><title><![CDATA[<b>t</b>]]> and <![CDATA[u]]></title></item>"),
        rss("<item><pubDate>16 Dec 2023 10:00 GMT</pubDate><title>t</title><pubDate/></item>"),
        rss("<image><title>I</title><link>https://a.example/i</link></image>" + ITEM),
        rss("<language>de</language>" + ITEM),
        f'<rss version="2.0" xml:lang="fr"><channel>{ITEM}</channel></rss>',
        '<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/"><channel><item><title>t</title><description>d'
        "</description><media:group><media:title>m</media:title><media:description>n</media:description>"
        "<media:keywords>a, b</media:keywords></media:group></item></channel></rss>",
        '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><item><title>t</title>'
        "<content:encoded>c</content:encoded><description>d</description></item></channel></rss>",
        '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><item><title>t</title>'
        "<description></description><content:encoded>c</content:encoded></item></channel></rss>",
        '<rss version="2.0" xmlns:a="http://www.w3.org/2005/Atom"><channel><item><title>t</title>'
        '<a:link href="https://a.example/2"/><a:updated>2023-01-02T03:04:05Z</a:updated></item></channel></rss>',
        atom('<link href="https://a.example/1"/><link rel="alternate" type="text/plain" href="https://a.example/2"/>'),
        atom('<link rel="self" href="https://a.example/1"/><link rel="related" href="https://a.example/2"/>'),
        atom('<link href="https://a.example/1"/><link href="https://a.example/2"/>'),
        atom('<summary>2 &lt; 3 &amp;amp; &lt;b&gt;</summary>'),
        atom('<summary type="html">&lt;b&gt;x&lt;/b&gt;</summary><content type="html">c</content>'),
        atom('<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>a &lt; b</p>c<br/>d</div></content>'),
        atom('<content type="html" xml:base="https://b.example/">c</content>'),
        atom("<author><uri>https://a.example/</uri></author><contributor><name>C</name></contributor>"),
        atom("<category term='t' label='l'/><category term='u'/><published>2023-01-02T03:04:05Z</published>"),
        f'<feed {ATOM} xml:base="https://b.example/x/" xml:lang="cy"><title>T</title>'
        '<entry><title>t</title><id>urn:1</id><link href="../y"/></entry></feed>',
    ],
)  # fmt: skip
def test_a_document_is_read_as_by_feedparser(text):
    assert_equal(text)


@pytest.mark.parametrize(
    "text",
    [
        "<!DOCTYPE rss [<!ENTITY a 'b'>]>" + rss(),
        '<!DOCTYPE rss SYSTEM "https://a.example/rss.dtd">' + rss(),
        rss()[:-3],
        rss("<item><title>a & b</title></item>"),
        rss("<item><title>a &nbsp; b</title></item>"),
        rss("<item><title>&#0;</title></item>"),
        rss("<item><title>a <b>c</b></title></item>"),
        rss("<item><title>t</title><pubDate>soon</pubDate></item>"),
        rss("<item><title>t</title><x:y/></item>"),
        '<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/"><channel><item><media:title>t</media:title>'
        "</item></channel></rss>",
        atom('<content type="image/png">iVBO</content>'),
        atom('<content mode="base64">dGV4dA==</content>'),
        atom('<content src="https://a.example/c"/>'),
        "<html><body>x</body></html>",
        "<urlset/>",
        "<feed><entry><title>no namespace</title></entry></feed>",
    ],
)
def test_a_document_that_is_not_plain_is_left_to_feedparser(text):
    assert parse_quickly(text, "") is None
