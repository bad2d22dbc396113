"""Feeds as WordPress writes them, four in five RSS 2.0 and one Atom, and how they look later on."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

FEEDS = 200
ITEMS = 50
NEW, EDITED = 3, 2  # items of a feed that changed
CONTENT_WORDS = 800
NEWEST = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=2)

# Every fifth item says something that is tracked.
NEWS = (
    ("{} lays off 120 visual effects artists in Montreal", "The studio confirmed that 120 jobs were cut in Canada."),
    ("SAG-AFTRA and {} reach tentative agreement on AI voices", "Voice actors must consent to digital replicas."),
    ("{} to use generative AI for storyboards", "Storyboard artists in Los Angeles said that their jobs are at risk."),
    ("Writers Guild members ratify contract with {}", "The deal was ratified by 94 percent of screenwriters."),
    ("{} closes its game studio, 80 developers lose their jobs", "The game studio in London will be shut this month."),
)
_HEAD = """<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"
	xmlns:content="http://purl.org/rss/1.0/modules/content/"
	xmlns:wfw="http://wellformedweb.org/CommentAPI/"
	xmlns:dc="http://purl.org/dc/elements/1.1/"
	xmlns:atom="http://www.w3.org/2005/Atom"
	xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"
	xmlns:slash="http://purl.org/rss/1.0/modules/slash/">
<channel>
	<title>Paper {n}</title>
	<atom:link href="https://paper{n}.example/feed/" rel="self" type="application/rss+xml" />
	<link>https://paper{n}.example</link>
	<description>News of number {n}</description>
	<lastBuildDate>{built}</lastBuildDate>
	<language>en-US</language>
	<sy:updatePeriod>hourly</sy:updatePeriod>
	<sy:updateFrequency>1</sy:updateFrequency>
	<generator>https://wordpress.org/?v=6.8</generator>
"""
_ITEM = """	<item>
		<title>{title}</title>
		<link>{link}</link>
		<dc:creator><![CDATA[{author}]]></dc:creator>
		<pubDate>{date}</pubDate>
		<category><![CDATA[Business]]></category>
		<category><![CDATA[News]]></category>
		<guid isPermaLink="false">https://paper{n}.example/?p={id}</guid>
		<description><![CDATA[<p>{summary}</p>
<p>The post <a href="{link}">{title}</a> appeared first on <a href="https://paper{n}.example">Paper {n}</a>.</p>
]]></description>
		<content:encoded><![CDATA[{content}]]></content:encoded>
		<slash:comments>0</slash:comments>
	</item>
"""
_ATOM_HEAD = """<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en-US">
	<title type="text">Paper {n}</title>
	<updated>{built}</updated>
	<link rel="alternate" type="text/html" href="https://paper{n}.example" />
	<id>https://paper{n}.example/feed/atom/</id>
"""
_ATOM_ENTRY = """	<entry>
		<author><name>{author}</name></author>
		<title type="html"><![CDATA[{title}]]></title>
		<link rel="alternate" type="text/html" href="{link}" />
		<id>https://paper{n}.example/?p={id}</id>
		<updated>{date}</updated>
		<published>{date}</published>
		<category scheme="https://paper{n}.example" term="News" />
		<summary type="html"><![CDATA[<p>{summary}</p>]]></summary>
		<content type="html" xml:base="{link}"><![CDATA[{content}]]></content>
	</entry>
"""


def is_atom(number: int) -> bool:
    return number % 5 == 4


def make_feed(number: int, *, changed: bool = False) -> bytes:
    """`changed`: with new items on top, and some old ones edited."""
    newest = ITEMS + (NEW if changed else 0)
    chance = random.Random(number)
    words = ["".join(chance.choices("aeioubcdfglmnprst", k=chance.randint(2, 9))) for _ in range(2_000)]
    built = NEWEST + timedelta(hours=1 if changed else 0)
    parts = [(_ATOM_HEAD if is_atom(number) else _HEAD).format(n=number, built=_date(built, number))]
    for place in range(newest, newest - ITEMS, -1):
        edited = changed and newest - NEW - EDITED < place <= newest - NEW
        parts.append(_item(number, place, words, edited=edited))
    return ("".join(parts) + ("</feed>" if is_atom(number) else "</channel></rss>")).encode()


def _item(number: int, place: int, words: list[str], *, edited: bool) -> str:
    chance = random.Random(number * 1_000 + place)
    title, sentence = " ".join(chance.choices(words, k=9)).capitalize(), ""
    if chance.random() < 0.2:
        title, sentence = chance.choice(NEWS)
        title = title.format(chance.choice(words).capitalize())
    summary = f"{sentence} {' '.join(chance.choices(words, k=45)).capitalize()}."
    paragraphs = [" ".join(chance.choices(words, k=80)) for _ in range(CONTENT_WORDS // 80)]
    template = _ATOM_ENTRY if is_atom(number) else _ITEM
    return template.format(
        n=number,
        id=1_000 + place,
        title=f"Updated: {title}" if edited else title,
        link=f"https://paper{number}.example/2026/{place}/{chance.choice(words)}/",
        author=" ".join(chance.choices(words, k=2)).title(),
        date=_date(NEWEST - timedelta(hours=6 * (ITEMS + NEW - place), minutes=number), number),
        summary=summary.strip(),
        content="\n".join(f'<p class="block">{text}. <a href="/x">more</a> &#8217;</p>' for text in paragraphs),
    )


def _date(moment: datetime, number: int) -> str:
    return moment.isoformat().replace("+00:00", "Z") if is_atom(number) else format_datetime(moment)
