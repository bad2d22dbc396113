"""Documents of every format to entries, and a named failure for everything else."""

from __future__ import annotations

import importlib
import time
from pathlib import Path
from types import ModuleType

import pytest

from db.shapes import Failure
from scraper.parse import parse_feed
from scraper.parsing.entries import MAX_ENTRIES
from scraper.parsing.errors import ParseError

DATA = Path(__file__).parents[1] / "data"
DOCUMENTS = sorted(
    path.name for path in DATA.iterdir() if path.suffix in (".xml", ".json") and path.with_suffix(".py").exists()
)


def expected_of(name: str) -> ModuleType:
    return importlib.import_module(f"tests.data.{Path(name).stem}")


def rss(*items: str, head: str = "") -> bytes:
    return f'<rss version="2.0"><channel><title>T</title>{head}{"".join(items)}</channel></rss>'.encode()


def item(fields: str) -> str:
    return f"<item>{fields}</item>"


ONE = item("<title>One</title><link>https://a.example/1</link>")


def failure_of(body: bytes, content_type: str = "") -> Failure:
    with pytest.raises(ParseError) as raised:
        parse_feed(body, content_type)
    return raised.value.reason


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_gives_the_entries_written_beside_it(name):
    expected = expected_of(name)
    assert parse_feed((DATA / name).read_bytes(), "", expected.URL).entries == expected.ENTRIES


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_gives_the_format_and_the_advice_written_beside_it(name):
    expected = expected_of(name)
    feed = parse_feed((DATA / name).read_bytes(), "", expected.URL)
    assert (feed.format, feed.advice) == (expected.FORMAT, expected.ADVICE)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", Failure.EMPTY),
        (b" \n\t", Failure.EMPTY),
        (b'<rss version="2.0"><channel><title>T</title></channel></rss>', Failure.EMPTY),
        (b'<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title></feed>', Failure.EMPTY),
        (b'{"version": "https://jsonfeed.org/version/1.1", "title": "T", "items": []}', Failure.EMPTY),
        (b"<!DOCTYPE html><html><head><title>T</title></head><body><p>x</p></body></html>", Failure.HTML_NOT_FEED),
        (b"<html><body>Checking your browser</body></html>", Failure.HTML_NOT_FEED),
        (b"<html><body><item><title>a list</title></item></body></html>", Failure.HTML_NOT_FEED),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", Failure.NOT_A_FEED),
        (b"%PDF-1.7 and so on", Failure.NOT_A_FEED),
        (b"Service unavailable", Failure.NOT_A_FEED),
        (b"<?xml version='1.0'?><urlset><url><loc>https://a.example/</loc></url></urlset>", Failure.NOT_A_FEED),
        (b'{"error": "no such feed"}', Failure.NOT_A_FEED),
        (b"[1, 2, 3]", Failure.NOT_A_FEED),
        (b'{"version": "https://jsonfeed.org/version/1.1", "items": [', Failure.NOT_A_FEED),
        (b'{"version": "https://other.example/1", "items": [{"id": "1"}]}', Failure.NOT_A_FEED),
        (b"/etc/hostname", Failure.NOT_A_FEED),
        (b"http://127.0.0.1:9/feed", Failure.NOT_A_FEED),
    ],
)
def test_what_is_no_feed_with_entries_has_its_own_name(body, reason):
    assert failure_of(body) is reason


def test_a_body_that_names_a_file_is_not_opened(tmp_path):
    path = tmp_path / "feed.xml"
    path.write_bytes(rss(ONE))
    assert failure_of(str(path).encode()) is Failure.NOT_A_FEED


def test_a_body_that_is_the_name_of_a_file_is_not_opened(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "<rss>").write_bytes(rss(ONE))
    assert failure_of(b"<rss>") is Failure.EMPTY


@pytest.mark.parametrize("reference", ["&#xD800;", "&#x110000;", "&#xFFFFFFFF;", "&#0;", "&#99999999999999999999;"])
def test_a_reference_to_no_character_costs_no_entry(reference):
    entries = parse_feed(rss(item(f"<title>a{reference}b</title>"), ONE)).entries
    assert [entry.title for entry in entries] == ["a\ufffdb", "One"]


def test_a_doctype_that_makes_the_parser_raise_costs_no_entry():
    body = b'<!-- a comment -->\n<!DOCTYPE rss [\n<!ENTITY x "\\x">\n]>\n' + rss(item("<title>a &x; b</title>"), ONE)
    assert parse_feed(body).entries[1].title == "One"


def test_an_entity_bomb_expands_nothing():
    bomb = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(9))
    body = f'<!DOCTYPE rss [<!ENTITY e0 "lol">{bomb}]>'.encode() + rss(item("<title>&e9;</title>"), ONE)
    assert sum(len(entry.title) for entry in parse_feed(body).entries) < 5_000


def test_an_external_entity_is_not_read(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("s3cret")
    body = f'<!DOCTYPE rss [<!ENTITY x SYSTEM "file://{secret}">]>'.encode() + rss(item("<title>a&x;</title>"))
    assert "s3cret" not in parse_feed(body).entries[0].title


def test_a_tag_with_fifty_thousand_attributes_costs_no_entry():
    swollen = "<thing " + " ".join(f'a{n}="1"' for n in range(50_000)) + "/>"
    started = time.process_time()
    entries = parse_feed(rss(swollen, ONE, "not & well-formed")).entries
    assert [entry.title for entry in entries] == ["One"]
    assert time.process_time() - started < 5


def test_a_truncated_document_gives_its_whole_entries():
    body = rss(ONE, ONE.replace("One", "Two"))
    assert [entry.title for entry in parse_feed(body[: body.index(b"</item><item>") + 20]).entries][:1] == ["One"]


def test_only_the_newest_thousand_entries_are_kept():
    dated = [
        item(f"<title>{n}</title><pubDate>{1 + n % 28} Jan {2000 + n // 28} 10:00:00 GMT</pubDate>")
        for n in range(MAX_ENTRIES + 20)
    ]
    titles = [entry.title for entry in parse_feed(rss(*dated)).entries]
    assert titles == [str(n) for n in range(20, MAX_ENTRIES + 20)]


def test_a_title_of_a_megabyte_is_cut():
    assert len(parse_feed(rss(item(f"<title>{'x' * 1_000_000}</title>"))).entries[0].title) == 4_000


def test_a_relative_id_does_not_change_with_the_address_of_the_feed():
    body = rss(item("<guid>77</guid><title>One</title><link>/1</link>"))
    ids = {parse_feed(body, "", f"https://{host}.example/feed").entries[0].id for host in ("old", "new")}
    assert ids == {"77"}


def test_an_xml_base_in_an_entry_is_honoured():
    body = (
        b'<feed xmlns="http://www.w3.org/2005/Atom"><entry xml:base="https://b.example/x/"><title>t</title>'
        b'<id>i</id><link href="y"/></entry></feed>'
    )
    assert parse_feed(body, "", "https://a.example/").entries[0].link == "https://b.example/x/y"


@pytest.mark.parametrize("link", ["javascript:alert(1)", "data:text/html,x", "ftp://a.example/", "file:///etc/passwd"])
def test_a_link_that_is_not_of_the_web_is_none(link):
    assert parse_feed(rss(item(f"<title>t</title><link>{link}</link>")), "", "https://a.example/").entries[0].link == ""


def test_base64_content_comes_out_as_text():
    body = (
        b'<feed version="0.3" xmlns="http://purl.org/atom/ns#"><entry><title>t</title><id>i</id>'
        b'<content type="application/octet-stream" mode="base64">PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0PkhlbGxv</content>'
        b"</entry></feed>"
    )
    assert parse_feed(body).entries[0].summary == "<script>alert(1)</script>Hello"


def test_whatever_the_parser_raises_is_a_parse_error(monkeypatch):
    def broken(*_, **__):
        raise AttributeError("'NoneType' object has no attribute 'x'")

    monkeypatch.setattr("feedparser.parse", broken)
    monkeypatch.setattr("scraper.parse.decode_document", broken)
    assert failure_of(rss(ONE)) is Failure.PARSE_FAILED
