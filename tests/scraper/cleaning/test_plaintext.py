"""Markup of every kind to one line of text."""

from __future__ import annotations

import re
import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scraper.cleaning.plaintext import plain_text, shorten, tidy

PLAIN = {
    "plain": "plain",
    "  two\n\tlines\u00a0here ": "two lines here",
    "<p>One</p><p>Two</p>": "One Two",
    "One<br>Two<br/>Three": "One Two Three",
    "<b>W</b>GA and <em>SAG</em>": "WGA and SAG",
    "<li>a</li><li>b</li>": "a b",
    '<a href="x" title="a > b">link</a>': "link",
    "AT&amp;T": "AT&T",
    "AT&amp;amp;T": "AT&T",
    "it&amp;#8217;s": "it’s",
    "&ldquo;so&rdquo; &#8212; &#x2014;": "“so” — —",
    "a&nbsp;b": "a b",
    "&lt;p&gt;Encoded twice&lt;/p&gt;": "Encoded twice",
    "&lt;a href=&quot;x&quot;&gt;link": "link",
    "the &lt;blink&gt; tag": "the <blink> tag",
    "2 < 3 & 4 > 1": "2 < 3 & 4 > 1",
    "I <3 films": "I <3 films",
    "R&D, Q&A": "R&D, Q&A",
    "<script>alert(1)</script>Hi": "Hi",
    "&lt;script&gt;alert(1)&lt;/script&gt;Hi": "Hi",
    "&amp;lt;script&amp;gt;alert(1)&amp;lt;/script&amp;gt;Hi": "Hi",
    "<style>p{color:red}</style>Hi": "Hi",
    "<!-- a <b> comment -->Hi": "Hi",
    "<figure><img src=x><figcaption>A photograph</figcaption></figure>Hi": "Hi",
    "<img src=x onerror=alert(1)>Hi": "Hi",
    "<svg><script>alert(1)</script></svg>Hi": "Hi",
    'cut off <a href="https://a.exam': "cut off",
    "cut off <script>alert(": "cut off",
    '<p class="a<b">broken quotes</p>': "broken quotes",
    "<div <p>>tag in a tag</p>": ">tag in a tag",
    "a\x00b\x07c\x1bd": "abcd",
    "lone \ud800 surrogate": "lone surrogate",
    "not\ufffea\uffffcharacter\U0001fffe": "notacharacter",
    "cafe\u0301": "café",
    "\x93quoted\x94 it\x92s\x85": "“quoted” it’s…",
    "soft\u00adly": "softly",
    "\ufeffmarked": "marked",
    "family 👨\u200d👩\u200d👧": "family 👨\u200d👩\u200d👧",
    "\u202eright to left": "\u202eright to left",
    "": "",
    "&nbsp;": "",
}


@pytest.mark.parametrize("markup", PLAIN)
def test_markup_becomes_this_text(markup):
    assert plain_text(markup) == PLAIN[markup]


@settings(deadline=None)
@given(st.text(st.characters(codec=None), max_size=300))
def test_text_is_always_one_tidy_line(markup):
    text = plain_text(markup)
    assert text == " ".join(text.split())
    assert unicodedata.is_normalized("NFC", text)
    assert not re.search("[\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]", text)


PIECES = ["<", ">", "&lt;", "&amp;lt;", "&gt;", "script", "img ", "onerror=", "/", "x", "'", '"']


@settings(deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join))
def test_no_text_holds_a_tag_with_a_handler(markup):
    assert not re.search(r"<[a-z]+[\s/][^<>]*\bonerror=[^<>]*>|</?script\b[^<>]*>", plain_text(markup))


@pytest.mark.parametrize(
    "markup",
    ["<" * 16_000, "<a " * 5_000, "<a '" * 4_000, '<a b="' * 2_600, "<!--" * 4_000, "<script>" * 2_000, "&" * 16_000,
     "&#" * 8_000, "</" * 8_000, "." * 16_000, "e\u0301\u0323" * 5_000, "\u0301\u0323" * 8_000, "<a><b>" * 2_600],
    ids=lambda markup: markup[:6].encode("unicode_escape").decode(),
)  # fmt: skip
def test_hostile_markup_of_the_longest_length_takes_a_moment(markup):
    started = time.process_time()
    plain_text(markup)
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    ("text", "limit", "short"),
    [
        ("Short.", 10, "Short."),
        ("One two three. Four five six seven.", 20, "One two three."),
        ("He said “no way.” Then he left town.", 20, "He said “no way.”"),
        ("One. Two three four five six seven eight.", 20, "One. Two three four…"),
        ("Version 2.0 of the thing is here", 20, "Version 2.0 of the…"),
        ("Wordthatgoesonandon", 10, "Wordthatg…"),
        ("映画の話。次の話はとても長いです", 10, "映画の話。"),
        ("映画の話はとても。長い話", 8, "映画の話はとて…"),
        ("One, two, three four", 10, "One, two…"),
        ("Nine char. Next", 10, "Nine char."),
    ],
)
def test_long_text_ends_at_a_sentence_or_a_word(text, limit, short):
    assert shorten(text, limit) == short


@settings(deadline=None)
@given(st.text(max_size=200), st.integers(2, 100))
def test_a_shortened_text_is_never_longer_than_its_limit(text, limit):
    assert len(shorten(tidy(text), limit)) <= limit
