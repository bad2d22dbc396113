"""What parsing makes of atom03.xml."""

from datetime import UTC, datetime

from db.shapes import Entry, FeedAdvice

URL = "https://reel.example/atom.xml"
FORMAT = "atom03"
ADVICE = FeedAdvice()
ENTRIES = (
    Entry(
        id="tag:reel.example,2004:1",
        title="Projectionists meet",
        link="https://reel.example/1",
        published=datetime(2004, 11, 24, 13, tzinfo=UTC),
        updated=datetime(2004, 11, 24, 14, tzinfo=UTC),
        summary="In the old hall.",
        authors=("A. Lamp",),
        categories=(),
        language="en",
    ),
)
