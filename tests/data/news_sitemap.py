"""What parsing makes of news-sitemap.xml."""

from datetime import UTC, datetime

from db.shapes import Entry

URL = "https://stagehands.example/news-sitemap.xml"
TITLE = "The Stagehands' Post"
LANGUAGE = "en"
ENTRIES = (
    Entry(
        id="https://stagehands.example/2026/strike?a=1&b=2",
        title="Stagehands strike at the Grand &amp; the Lyric",
        link="https://stagehands.example/2026/strike?a=1&b=2",
        published=datetime(2026, 11, 24, 7, tzinfo=UTC),
        updated=datetime(2026, 11, 24, 11, tzinfo=UTC),
        summary="",
        categories=("strike", "stage crew"),
        language="en",
    ),
    Entry(
        id="https://stagehands.example/2026/vote",
        title="Vote &lt;2&gt;: oui",
        link="https://stagehands.example/2026/vote",
        published=datetime(2026, 11, 23, tzinfo=UTC),
        updated=None,
        summary="",
        language="fr",
    ),
)
