"""What parsing makes of jsonfeed11.json."""

from datetime import UTC, datetime

from db.shapes import Entry, FeedAdvice

URL = "https://mixdown.example/feed.json"
FORMAT = "json11"
ADVICE = FeedAdvice()
ENTRIES = (
    Entry(
        id="17",
        title="Mixers &amp; editors: 3 &lt; 4?",
        link="https://mixdown.example/17",
        published=datetime(2026, 11, 24, 13, tzinfo=UTC),
        updated=datetime(2026, 11, 24, 14, 30, tzinfo=UTC),
        summary="Short.",
        authors=("Noor Haddad",),
        categories=("Sound", "Post"),
        language="fr-CA",
    ),
    Entry(
        id="https://mixdown.example/16",
        title="",
        link="https://other.example/x",
        published=None,
        updated=None,
        summary="No title, one &lt;line&gt;.",
    ),
)
