"""What parsing makes of rss091.xml: no ids, no dates."""

from db.shapes import Entry, FeedAdvice

URL = "https://callboard.example/rss"
FORMAT = "rss091n"
ADVICE = FeedAdvice()
ENTRIES = (
    Entry(
        id="",
        title="Auditions moved",
        link="https://callboard.example/auditions",
        published=None,
        updated=None,
        summary="",
    ),
)
