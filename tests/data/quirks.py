"""What parsing makes of quirks.xml: blank lines first, odd dates, odd links."""

from datetime import UTC, datetime

from db.shapes import Entry, FeedAdvice

URL = "https://quirks.example/feed"
FORMAT = "rss20"
ADVICE = FeedAdvice()
ENTRIES = (
    Entry(
        id="1",
        title="A lower-case date",
        link="https://quirks.example/local/1",
        published=datetime(2022, 7, 27, 19, 35, 5, tzinfo=UTC),
        updated=None,
        summary="",
    ),
    Entry(
        id="2",
        title="An afternoon in December",
        link="https://quirks.example/2",
        published=datetime(2023, 12, 16, 14, 2, 33, tzinfo=UTC),
        updated=None,
        summary="",
    ),
    Entry(
        id="https://quirks.example/3",
        title="Its link is its guid",
        link="https://quirks.example/3",
        published=datetime(2024, 1, 2, 15, tzinfo=UTC),
        updated=None,
        summary="",
        authors=("Kim Vale",),
    ),
    Entry(
        id="4",
        title="A link that no one should follow",
        link="",
        published=None,
        updated=None,
        summary="",
    ),
)
