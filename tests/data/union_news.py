"""What parsing makes of union-news.html."""

from datetime import UTC, datetime

from db.shapes import Entry, Selectors

URL = "https://riggers.example/"
SELECTORS = Selectors(item="article.story", title="h2", link="h2 a", date="time", summary="p.lead")
TITLE = "News | The Riggers' Guild"
LANGUAGE = "en-GB"
ENTRIES = (
    Entry(
        id="",
        title='<a href="2026/riggers-vote?utm_source=home">Riggers vote <em>yes</em> on a first contract'
        "<script>track()</script></a>",
        link="https://riggers.example/news/2026/riggers-vote?utm_source=home",
        published=datetime(2026, 11, 24, 9, 30, tzinfo=UTC),
        updated=None,
        summary="Nine in ten voted for the <b>three-year</b> deal.",
    ),
    Entry(
        id="",
        title='<a href="https://riggers.example/news/2026/layoffs">Forty riggers laid off at Dockside &amp; Sons</a>',
        link="https://riggers.example/news/2026/layoffs",
        published=datetime(2026, 11, 23, tzinfo=UTC),
        updated=None,
        summary='The yard <iframe src="https://ads.example/"></iframe>closes in March.',
    ),
    Entry(
        id="",
        title='<a href="2026/undated">What the AI clause says</a>',
        link="https://riggers.example/news/2026/undated",
        published=None,
        updated=None,
        summary="",
    ),
)
