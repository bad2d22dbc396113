"""What parsing makes of atom10.xml."""

from datetime import UTC, datetime

from db.shapes import Entry, FeedAdvice

URL = "https://feeds.stage.example/all"
FORMAT = "atom10"
ADVICE = FeedAdvice()
ENTRIES = (
    Entry(
        id="tag:stage.example,2026:1",
        title="Ushers walk out at the <em>Old Mill</em>",
        link="https://stage.example/news/ushers-walk-out",
        published=datetime(2026, 11, 24, 10, 30, tzinfo=UTC),
        updated=datetime(2026, 11, 24, 12, tzinfo=UTC),
        summary="<p>Forty ushers &amp; stewards left at noon.</p>",
        authors=("Mair Pugh", "Jo Lind"),
        categories=("Theatre", "strikes"),
        language="en-GB",
    ),
    Entry(
        id="https://stage.example/news/2",
        title="What &lt;i&gt; means &amp; why",
        link="https://stage.example/news/2",
        published=None,
        updated=datetime(2026, 11, 23, 8, tzinfo=UTC),
        summary="Plain text with 2 &lt; 3.",
        authors=(),
        categories=(),
        language="cy",
    ),
)
