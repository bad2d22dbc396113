from __future__ import annotations

import csv
import dataclasses
from pathlib import Path

import pytest

from db.shapes import Selectors, Source
from scraper.sources import (
    FIELDS,
    SourcesError,
    load_sources,
    read_sources,
    same_address,
    to_toml,
)
from tests.shared import shared

BLOCK = {
    "name": '"The Grip"',
    "homepage": '"https://grip.example/"',
    "feed_url": '"https://grip.example/feed/"',
    "kind": '"trade"',
    "sector": '"film-tv"',
    "country": '"US"',
    "language": '"en-US"',
    "scope": '"entertainment"',
    "enabled": "true",
}


def block(source_id: str = "grip", **changes: str | None) -> str:
    """A block of sources.toml; a field given as None is left out."""
    values = {**BLOCK, **changes}
    return "\n".join([f"[{source_id}]", *(f"{name} = {value}" for name, value in values.items() if value is not None)])


def faults_of(text: str) -> list[str]:
    with pytest.raises(SourcesError) as caught:
        read_sources(text, "my.toml")
    return str(caught.value).splitlines()


# The file that comes with craftwatch


def test_every_packaged_block_loads():
    assert len(load_sources()) > 190


def test_packaged_sources_that_are_not_asked_say_why():
    assert [s.id for s in load_sources() if not s.enabled and not s.note.startswith("Disabled: ")] == []


def test_packaged_sources_that_are_asked_do_not_say_disabled():
    assert [s.id for s in load_sources() if s.enabled and "Disabled" in s.note] == []


def test_packaged_notes_carry_no_addresses():
    assert [s.id for s in load_sources() if "://" in s.note] == []


def test_names_of_packaged_sources_differ():
    names = [source.name.casefold() for source in load_sources()]
    assert sorted(names) == sorted(set(names))


def test_packaged_groups_are_sorted():
    text = (Path(__file__).parents[2] / "scraper" / "sources.toml").read_text(encoding="utf-8")
    groups = [[line for line in group.splitlines() if line.startswith("[")] for group in text.split("\n# ------")[1:]]
    assert [group for group in groups if group != sorted(group, key=lambda line: line.strip("[]"))] == []


def test_what_the_survey_of_sources_found_is_packaged_and_asked_as_it_was_trusted():
    with shared("sources.csv").open(encoding="utf-8") as lines:
        expected = {
            (row["id"], row["feed_url"], row["confidence"] != "low") for row in csv.DictReader(lines) if row["feed_url"]
        }
    feeds = [source for source in load_sources() if source.format == "feed"]
    assert {(source.id, source.feed_url, source.enabled) for source in feeds} == expected


# Reading


def test_a_block_becomes_a_source():
    assert read_sources(block(note='"Weekly."')) == (
        Source(
            id="grip",
            name="The Grip",
            homepage="https://grip.example/",
            feed_url="https://grip.example/feed/",
            kind="trade",
            sector="film-tv",
            country="US",
            language="en-US",
            scope="entertainment",
            enabled=True,
            note="Weekly.",
        ),
    )


def test_a_block_without_scope_must_show_the_field_and_is_asked():
    (source,) = read_sources(block(scope=None, enabled=None))
    assert (source.scope, source.enabled) == ("general", True)


def test_a_file_of_ones_own_is_read(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(block(), encoding="utf-8")
    assert [source.id for source in load_sources(path)] == ["grip"]


def test_a_country_or_language_that_nobody_knows_is_left_empty():
    (source,) = read_sources(block(country='""', language='""'))
    assert (source.country, source.language) == ("", "")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"kind": '"trades"'},
            "kind: 'trades' (did you mean trade?); "
            "expected trade, news, union, labour-press, statistics, association, public-body",
        ),
        (
            {"sector": '"game"'},
            "sector: 'game' (did you mean games?); "
            "expected film-tv, animation-vfx, games, music, stage, broadcast-news, publishing, general",
        ),
        ({"scope": '"all"'}, "scope: 'all'; expected entertainment, general"),
        (
            {"country": '"UK"'},
            "country: 'UK' (did you mean GB?); expected an ISO 3166-1 alpha-2 code such as GB, or \"\" when not known",
        ),
        (
            {"country": '"XZ"'},
            "country: 'XZ'; expected an ISO 3166-1 alpha-2 code such as GB, or \"\" when not known",
        ),
        (
            {"language": '"en_US"'},
            "language: 'en_US' (did you mean en-US?); "
            'expected a BCP 47 tag such as en or fr-CA, or "" when not known',
        ),
        ({"enabled": '"yes"'}, "enabled: 'yes'; expected true or false"),
        ({"name": '" "'}, "name: ' '; expected the name of the publication, on one line"),
        ({"name": "7"}, "name: 7; expected the name of the publication, on one line"),
        ({"note": '"""a\nb"""'}, "note: 'a\\nb'; expected text on one line"),
        ({"homepage": '"grip.example"'}, "homepage: 'grip.example'; expected an http:// or https:// address"),
        ({"homepage": None}, "homepage: missing; expected an http:// or https:// address"),
    ],
)
def test_a_wrong_field_is_named_with_what_is_expected(changes, expected):
    assert faults_of(block(**changes)) == [f"my.toml: [grip]: {expected}"]


def test_an_unknown_field_is_named_with_the_nearest_known_one():
    (fault,) = faults_of(block(feedurl='"https://grip.example/feed/"'))
    assert fault.startswith(
        "my.toml: [grip]: feedurl: no such field (did you mean feed_url?); expected name, homepage,"
    )


@pytest.mark.parametrize(
    "address",
    [
        "ftp://grip.example/feed",
        "file:///etc/passwd",
        "https://",
        "feed/",
        "https://grip.example/a b",
        "https://é.example",
    ],
)
def test_a_feed_address_is_http_and_ascii(address):
    (fault,) = faults_of(block(feed_url=f'"{address}"'))
    assert "expected an http:// or https:// address" in fault


def test_a_password_in_a_wrong_address_is_not_shown():
    (fault,) = faults_of(block(feed_url='"ftp://me:hunter2@grip.example/feed"'))
    assert "hunter2" not in fault


@pytest.mark.parametrize("source_id", ["Grip", "the_grip", '"the grip"', "-grip", "grip-"])
def test_an_id_is_lower_case_words_with_hyphens(source_id):
    (fault,) = faults_of(block(source_id))
    assert "id: expected lower-case letters and digits" in fault


def test_an_id_used_twice_is_named():
    (fault,) = faults_of(block() + "\n" + block())
    assert fault.startswith("my.toml: [grip]: id: used twice; expected one block per id (at line")


@pytest.mark.parametrize("other", ["https://grip.example/feed", "http://GRIP.example/feed/?utm_source=x"])
def test_an_address_used_twice_is_named(other):
    text = block() + "\n" + block("dolly", feed_url=f'"{other}"')
    assert faults_of(text) == [
        "my.toml: [dolly]: feed_url: the address of [grip]; expected an address of its own",
    ]


def test_all_faults_of_a_file_are_told_at_once():
    text = block(kind='"x"', country='"x"') + "\n" + block("dolly", feed_url='"x"')
    assert len(faults_of(text)) == 3


def test_a_value_outside_any_block_is_a_fault():
    (fault,) = faults_of("version = 1\n" + block())
    assert fault.startswith("my.toml: [version]: not a block; expected [id]")


def test_a_file_without_blocks_is_a_fault():
    assert faults_of("# nothing yet") == ["my.toml: no source; expected one block per source, such as [deadline]"]


def test_a_file_that_is_not_toml_is_named_with_the_line():
    (fault,) = faults_of("[grip\nname = 1")
    assert fault.startswith("my.toml: not TOML: ")
    assert "line 1" in fault


def test_a_file_that_is_missing_is_named_with_the_setting(tmp_path):
    with pytest.raises(SourcesError, match=r"none\.toml: cannot be read .* CRAFTWATCH_SOURCES"):
        load_sources(tmp_path / "none.toml")


def test_a_file_that_is_not_utf_8_is_named(tmp_path):
    path = tmp_path / "latin.toml"
    path.write_bytes('[grip]\nname = "Café"'.encode("latin-1"))
    with pytest.raises(SourcesError, match=r"latin\.toml: is not UTF-8"):
        load_sources(path)


# Sources without a feed

PAGE = {"item": "'article'", "title": "'h3'", "link": "'a@href'"}


def page_block(**changes: str | None) -> str:
    """A block of a page; a selector given as None is left out."""
    selectors = {**PAGE, **changes}
    lines = [f"{name} = {value}" for name, value in selectors.items() if value is not None]
    return "\n".join([block(format='"page"'), "[grip.page]", *lines])


def test_a_block_is_a_feed_unless_it_says_otherwise():
    (source,) = read_sources(block())
    assert (source.format, source.selectors) == ("feed", None)


def test_a_page_has_selectors():
    text = page_block(date="'time'", date_format="'%d.%m.%Y'", summary="''")
    assert read_sources(text)[0].selectors == Selectors("article", "h3", "a@href", "time", "%d.%m.%Y", "")


def test_selectors_may_stand_on_one_line():
    text = block(format='"page"') + "\npage = { item = 'li', title = '.', link = '@href' }"
    assert read_sources(text)[0].selectors == Selectors("li", ".", "@href")


def test_a_sitemap_needs_nothing_but_its_address():
    assert read_sources(block(format='"sitemap"'))[0].format == "sitemap"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (block(format='"pages"'), "format: 'pages' (did you mean page?); expected feed, page, sitemap"),
        (
            block(format='"page"'),
            "page: missing; expected [grip.page] with CSS selectors: item, title, link, date, date_format, summary",
        ),
        (
            block(format='"page"') + "\npage = 'article'",
            "page: 'article'; expected [grip.page] with CSS selectors: item, title, link, date, date_format, summary",
        ),
        (
            page_block().replace('format = "page"', 'format = "feed"'),
            'page: selectors for a block that is no page; expected format = "page" beside them',
        ),
        (
            page_block(titel="'h3'"),
            "page.titel: no such field (did you mean title?); expected item, title, link, date, date_format, summary",
        ),
        (page_block(item=None), "page.item: missing; expected a CSS selector that matches each item"),
        (page_block(item="'@href'"), "page.item: '@href' (Invalid character '@' position 0)"),
        (page_block(item="' '"), "page.item: ' '; expected a CSS selector that matches each item"),
        (page_block(title="'h3['"), "page.title: 'h3[' (Malformed attribute selector at position 2)"),
        (page_block(title="7"), "page.title: 7; expected a CSS selector seen from one item"),
        (page_block(link="'a:nosuch'"), "page.link: 'a:nosuch' (':nosuch' was detected as a pseudo-class"),
        (page_block(date_format="'%d.%m.'"), "page.date_format: '%d.%m.'; expected a strptime format with day"),
        (page_block(date_format="'%Q'"), "page.date_format: '%Q'; expected a strptime format with day"),
    ],
)
def test_a_wrong_selector_is_named_with_what_is_expected(text, expected):
    (fault,) = faults_of(text)
    assert fault.startswith(f"my.toml: [grip]: {expected}")


# Writing


def test_a_page_written_as_toml_reads_back_the_same():
    sources = read_sources(page_block(date="'time'") + "\n" + block("dolly", feed_url='"https://dolly.example/"'))
    assert read_sources(to_toml(sources)) == sources


def test_what_is_written_as_toml_reads_back_the_same():
    assert read_sources(to_toml(load_sources())) == load_sources()


def test_difficult_characters_survive_toml():
    (source,) = read_sources(block())
    odd = dataclasses.replace(source, name='He said "cut\\print" – 映画 \U0001f3ac')
    assert read_sources(to_toml([odd])) == (odd,)


def test_a_written_block_has_the_fields_in_the_order_of_the_file():
    lines = to_toml(read_sources(block(note='"x"', format='"sitemap"'))).splitlines()
    assert [line.partition(" ")[0] for line in lines] == ["[grip]", *FIELDS]


def test_addresses_that_differ_in_their_query_are_two():
    assert same_address("https://grip.example/feed?edition=us") != same_address("https://grip.example/feed?edition=uk")
