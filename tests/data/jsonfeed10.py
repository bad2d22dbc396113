"""What parsing makes of jsonfeed10.json."""

from db.shapes import Entry, FeedAdvice

URL = "https://slate.example/feed.json"
FORMAT = "json1"
ADVICE = FeedAdvice()
ENTRIES = (
    Entry(
        id="a",
        title="One point nought",
        link="https://slate.example/a",
        published=None,
        updated=None,
        summary="<b>Bold</b>",
        authors=("Ada",),
    ),
)
