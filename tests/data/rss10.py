"""What parsing makes of rss10.xml."""

from datetime import UTC, datetime

from db.shapes import Entry, FeedAdvice

URL = "https://kulisse.example/rdf"
FORMAT = "rss10"
ADVICE = FeedAdvice(update_minutes=360)
ENTRIES = (
    Entry(
        id="https://kulisse.example/7",
        title="Bühnenbildner fordern Tarifvertrag",
        link="https://kulisse.example/7",
        published=datetime(2026, 11, 24, 8, 15, tzinfo=UTC),
        updated=None,
        summary="Erste Gespräche in Wien.",
        authors=("Lena Moser",),
        categories=("Theater",),
        language="de",
    ),
)
