from __future__ import annotations

import dataclasses

import pytest

from db.shapes import Source
from scraper.opml import from_opml, to_opml
from scraper.sources import SourcesError, load_sources, read_sources, to_toml

SOURCE = Source(
    id="grip",
    name="Grip & Gaffer <Weekly>",
    homepage="https://grip.example/",
    feed_url="https://grip.example/feed/",
    kind="union",
    sector="film-tv",
    country="CA",
    language="fr-CA",
    scope="entertainment",
    enabled=False,
    note="Disabled: asleep.",
)


def opml(*outlines: str) -> bytes:
    body = "".join(outlines)
    return f'<?xml version="1.0"?><opml version="1.1"><head/><body>{body}</body></opml>'.encode()


def test_what_is_exported_is_imported_the_same():
    assert from_opml(to_opml([SOURCE])) == (SOURCE,)


def test_all_packaged_feeds_survive_export_and_import():
    feeds = tuple(source for source in load_sources() if source.format == "feed")
    assert from_opml(to_opml(load_sources())) == feeds


@pytest.mark.parametrize("format", ["page", "sitemap"])
def test_what_is_no_feed_is_not_exported(format):
    assert b"grip.example" not in to_opml([dataclasses.replace(SOURCE, format=format)])


def test_an_export_names_no_credentials():
    private = dataclasses.replace(SOURCE, feed_url="https://me:hunter2@grip.example/feed?token=hunter3")
    assert b"hunter" not in to_opml([private])


def test_another_readers_subscription_becomes_a_source_to_review():
    document = opml('<outline type="rss" text="Le Perchman &amp; Cie" xmlUrl="https://www.perche.example/rss"/>')
    assert from_opml(document) == (
        Source(
            id="le-perchman-cie",
            name="Le Perchman & Cie",
            homepage="https://www.perche.example/",
            feed_url="https://www.perche.example/rss",
            kind="trade",
            sector="general",
            country="",
            language="",
            scope="general",
        ),
    )


def test_an_imported_subscription_is_a_valid_block():
    sources = from_opml(
        opml('<outline text="A\u2028B" xmlUrl="https://a.example/" language="en_gb" htmlUrl="javascript:x"/>')
    )
    assert read_sources(to_toml(sources)) == sources


def test_folders_are_opened():
    document = opml('<outline text="News"><outline text="A" xmlUrl="https://a.example/f"/></outline>')
    assert [source.id for source in from_opml(document)] == ["a"]


def test_attribute_names_are_read_in_any_case():
    document = opml('<outline TEXT="A" XMLURL="https://a.example/f"/>')
    assert [source.feed_url for source in from_opml(document)] == ["https://a.example/f"]


@pytest.mark.parametrize("title", ["", "映画", "..."])
def test_a_title_without_latin_letters_leaves_the_id_to_the_host(title):
    document = opml(f'<outline text="{title}" xmlUrl="https://www.eiga.example/f"/>')
    assert [source.id for source in from_opml(document)] == ["eiga-example"]


def test_equal_titles_give_ids_with_numbers():
    document = opml(*(f'<outline text="News" xmlUrl="https://a.example/{n}"/>' for n in range(3)))
    assert [source.id for source in from_opml(document)] == ["news", "news-2", "news-3"]


def test_ids_of_known_sources_are_not_given_again():
    document = opml('<outline text="Grip" xmlUrl="https://other.example/f"/>')
    assert [source.id for source in from_opml(document, known=[SOURCE])] == ["grip-2"]


def test_known_addresses_are_left_out():
    document = opml('<outline text="Grip" xmlUrl="http://grip.example/feed"/>')
    assert from_opml(document, known=[SOURCE]) == ()


def test_an_address_met_twice_is_one_source():
    outline = '<outline text="A" xmlUrl="https://a.example/f"/>'
    assert len(from_opml(opml(outline, outline))) == 1


@pytest.mark.parametrize("address", ["", "javascript:alert(1)", "file:///etc/passwd", "https://a.example/a b"])
def test_addresses_that_are_not_of_the_web_are_left_out(address):
    assert from_opml(opml(f'<outline text="A" xmlUrl="{address}"/>')) == ()


@pytest.mark.parametrize(
    "declaration", ['<!ENTITY a "b">', '<!ENTITY a SYSTEM "file:///etc/passwd">', '<!ENTITY % a "b">']
)
def test_entities_are_refused(declaration):
    document = f"<!DOCTYPE opml [{declaration}]><opml><body/></opml>".encode()
    with pytest.raises(SourcesError, match="declares entities"):
        from_opml(document)


@pytest.mark.parametrize("document", [b"", b"<opml>", b"{}"])
def test_what_is_not_xml_is_refused(document):
    with pytest.raises(SourcesError, match="not XML"):
        from_opml(document)


def test_another_kind_of_xml_is_refused():
    with pytest.raises(SourcesError, match="<rss>; expected <opml>"):
        from_opml(b"<rss><channel/></rss>")
