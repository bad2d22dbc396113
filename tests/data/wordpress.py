"""What parsing makes of wordpress.xml."""

from datetime import UTC, datetime

from db.shapes import Entry, FeedAdvice

URL = "https://backlot.example/feed/"
FORMAT = "rss20"
ADVICE = FeedAdvice(ttl_minutes=30, update_minutes=30, skip_hours=frozenset({0, 5}), skip_days=frozenset({5, 6}))
ENTRIES = (
    Entry(
        id="https://backlot.example/?p=4021",
        title="Lantern Pictures to Cut 120 Jobs in ‘Painful’ Restructuring",
        link="https://backlot.example/2026/11/lantern-cuts-120/?utm_source=rss&utm_medium=rss",
        published=datetime(2026, 11, 24, 17, tzinfo=UTC),
        updated=None,
        summary="<p>The studio told staff on Tuesday that a tenth of the company will go by spring. &#8220;This is not "
        "about the work,&#8221; a memo said [&#8230;]</p>\n<p>The post "
        '<a href="https://backlot.example/2026/11/lantern-cuts-120/">Lantern Pictures to Cut 120 Jobs</a> appeared '
        'first on <a href="https://backlot.example">The Backlot Ledger</a>.</p>',
        authors=("Ines Okafor",),
        categories=("Film", "Jobs & Labor"),
    ),
    Entry(
        id="https://backlot.example/2026/11/ratified/",
        title="Grips &amp; Electricians Ratify Deal",
        link="https://backlot.example/2026/11/ratified/",
        published=datetime(2026, 11, 23, 17, 30, tzinfo=UTC),
        updated=None,
        summary="A vote of 94% in favor.",
        authors=("Tom Reyes",),
        categories=(),
    ),
)
