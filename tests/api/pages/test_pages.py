"""Pages on the sample: well-formed, safe, complete without script, and every link leads somewhere."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from urllib.parse import parse_qsl, urlencode, urlsplit

import brotli
import pytest
from lxml import etree

from tests.api.pages.reading import PAGES, document_of, faults_of, links, titles

every_page = pytest.mark.parametrize("address", PAGES)
OUTSIDE = "https://craftwatch.example"


@every_page
def test_a_page_is_well_formed(pages, address):
    assert faults_of(pages.get(address).content) == []


@every_page
def test_no_id_is_used_twice(pages, address):
    ids = Counter(document_of(pages, address).xpath("//@id"))
    assert [name for name, times in ids.items() if times > 1] == []


@every_page
def test_nothing_is_written_inline_that_the_policy_forbids(pages, address):
    document = document_of(pages, address)
    handlers = document.xpath("//@*[starts-with(name(), 'on') or name() = 'style']")
    assert handlers + document.xpath("//style | //script[not(@src)] | //*[starts-with(@href, 'javascript:')]") == []


@every_page
def test_nothing_is_fetched_from_elsewhere(pages, address):
    fetched = document_of(pages, address).xpath("//link[@rel='stylesheet' or @rel='icon']/@href | //@src")
    assert [one for one in fetched if not one.startswith("/static/")] == []


@every_page
def test_a_page_is_small(pages, address):
    answer = pages.get(address, headers={"accept-encoding": "br"})
    assert len(brotli.compress(answer.content, quality=4)) < 100_000


@every_page
def test_a_page_may_run_only_what_it_brings_itself(pages, address):
    policy = pages.get(address).headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "style-src 'self'; script-src 'self'" in policy
    assert "unsafe" not in policy


def test_only_embeds_may_be_framed(pages):
    framed = {
        address for address in PAGES if "frame-ancestors *" in pages.get(address).headers["content-security-policy"]
    }
    assert framed == {address for address in PAGES if address.startswith("/embed/")}


@pytest.mark.parametrize("address", ["/", "/charts", "/crafts/voice-actor", "/sources", "/unions/sag-aftra"])
def test_every_link_leads_somewhere(pages, address):
    broken = {}
    for link in links(document_of(pages, address)):
        answer = pages.head(link)
        if answer.status_code != 200:
            broken[link] = answer.status_code
    assert broken == {}


@every_page
def test_headings_leave_out_no_level(pages, address):
    levels = [int(heading.tag[1]) for heading in document_of(pages, address).xpath("//h1 | //h2 | //h3")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


@pytest.mark.parametrize(
    "query",
    [
        "",
        "craft=voice-actor&region=US",
        "craft=voice-actor%2Canimator",
        "topic=-ai&q=%22strike+vote%22",
        "source=backlot-ledger&window=P30D",
        "from=2026-11-01&to=2026-11-10&lang=en",
        "region=GB&min_confidence=0.8&sort=received",
        "topic=ai&topic=contracts&region=US",
        "craft=voice-actor&craft=-animator&craft=actor,voice-actor",
    ],
)
def test_the_form_sends_what_the_address_asked(pages, query):
    form = document_of(pages, f"/?{query}").xpath("//form")[0]
    sent = [(name, value) for name, value in form.form_values() if value]
    asked = [pair for pair in parse_qsl(query) if pair[0] != "sort"]
    assert sorted(sent) == sorted(asked)


def test_the_list_is_what_the_api_lists(pages):
    query = "craft=voice-actor&region=US&limit=20"
    listed = [item["title"] for item in pages.get(f"/v1/items.json?{query}").json()["data"]]
    assert titles(document_of(pages, f"/?{query}")) == listed


def test_fields_left_empty_stay_out_of_the_address(pages):
    answer = pages.get("/?q=&topic=&craft=animator&region=&window=&from=&to=")
    assert (answer.status_code, answer.headers["location"]) == (302, "/?craft=animator")


@pytest.mark.parametrize("path", ["/", "/charts", "/embed/list", "/embed/chart.svg"])
@pytest.mark.parametrize(
    "hung",
    ["fbclid=1", "utm_source=news&utm_medium=mail", "gclid=x&gad_source=1&gbraid=y", "mc_cid=a", "dclid=1&_gl=2"],
)
def test_what_others_hang_on_a_shared_link_is_left_out(pages, path, hung):
    answer = pages.get(f"{path}?craft=animator&{hung}")
    assert (answer.status_code, answer.headers["location"]) == (302, f"{path}?craft=animator")


def test_what_is_asked_twice_can_be_taken_away_one_by_one(pages):
    chips = document_of(pages, "/?topic=ai&topic=contracts&craft=-voice-actor,animator").xpath(
        "//ul[@class='chips']//a"
    )
    assert [(chip.text_content().removeprefix("Take away "), chip.get("href")) for chip in chips] == [
        ("Topic: Artificial intelligence", "/?topic=contracts&craft=-voice-actor,animator"),
        ("Topic: Contracts and industrial relations", "/?topic=ai&craft=-voice-actor,animator"),
        ("Craft: Animators, not Voice actors", "/?topic=ai&topic=contracts"),
    ]


@pytest.mark.parametrize(
    "query",
    [
        "topic=ai&topic=-layoffs",
        "region=US&region=-US-CA",
        "craft=-voice-actor&craft=actor",
        "topic=ai,-layoffs&topic=contracts",
    ],
)
def test_a_choice_of_a_menu_leads_to_as_many_items_as_it_says(pages, query):
    name, kept = query.partition("=")[0], query.rpartition("&")[0]
    options = document_of(pages, f"/?{query}").xpath(f"//select[@name='{name}']//option")
    counted = [(option, said) for option in options if (said := re.search(r"\((\d+)\)$", option.text.strip()))]
    assert counted
    for option, said in counted:
        total = pages.get(f"/v1/items.json?{kept}&{name}={option.get('value')}").json()["total"]
        assert total == int(said[1]), option.text


@pytest.mark.parametrize("query", ["region=US", "region=US-CA&region=US", "region=US&topic=ai", "topic=ai"])
def test_a_bar_of_a_region_leads_to_as_many_items_as_it_says(pages, query):
    bars = document_of(pages, f"/charts?{query}").xpath("//ul[@class='bars']/li/a[starts-with(@href, '/?')]")
    assert bars
    for bar in bars:
        total = pages.get(f"/v1/items.json?{urlsplit(bar.get('href')).query}").json()["total"]
        assert bar.xpath("./span[@class='n']")[0].text == str(total)


def test_a_menu_counts_under_what_else_its_kind_of_term_is_asked(pages):
    choices = document_of(pages, "/?topic=ai&topic=contracts").xpath("//select[@name='topic']/option/text()")
    both = pages.get("/v1/items.json?topic=ai&topic=contracts").json()["total"]
    assert any(choice.strip() == f"Contracts and industrial relations ({both})" for choice in choices)


def test_a_city_leads_to_the_region_that_its_news_is_filed_under(pages):
    assert pages.get("/regions/los-angeles").headers["location"] == "/regions/US-CA"


def test_dates_win_over_a_window(pages):
    assert pages.get("/?window=P7D&from=2026-11-01").headers["location"] == "/?from=2026-11-01"


def test_pages_go_on_and_back(pages):
    first = document_of(pages, "/?limit=10")
    second = document_of(pages, first.xpath("//a[@rel='next']/@href")[0])
    third = document_of(pages, second.xpath("//a[@rel='next']/@href")[0])
    again = document_of(pages, third.xpath("//a[@rel='prev']/@href")[0])
    assert titles(again) == titles(second)
    assert titles(document_of(pages, again.xpath("//a[@rel='prev']/@href")[0])) == titles(first)


def test_older_pages_show_every_item_once(pages):
    seen, address = [], "/?limit=10"
    while address:
        page = document_of(pages, address)
        seen += page.xpath("//article//details//a[starts-with(@href, '/items/')]/@href")
        address = next(iter(page.xpath("//a[@rel='next']/@href")), "")
    assert len(seen) == len(set(seen)) == pages.get("/v1/items.json").json()["total"]


def test_a_menu_says_how_many_there_are(pages):
    option = document_of(pages, "/?region=US").xpath("//select[@id='craft']//option[@value='voice-actor']")[0]
    total = pages.get("/v1/items.json?region=US&craft=voice-actor").json()["total"]
    assert option.text_content() == f"Voice actors ({total})"


@pytest.mark.parametrize("query", ["", "craft=voice-actor", "q=strike&to=2026-11-15", "region=US&window=P7D"])
def test_the_menu_of_times_says_how_many_there_are_under_the_rest_of_the_filter(pages, query):
    rest = [pair for pair in parse_qsl(query) if pair[0] != "window"]
    for option in document_of(pages, f"/?{query}").xpath("//select[@id='window']//option[@value != '']"):
        asked = urlencode([*rest, ("window", option.get("value"))])
        total = pages.get(f"/v1/items.json?{asked}").json()["total"]
        assert option.text_content().endswith(f" ({total})")


@pytest.mark.parametrize("query", ["", "topic=contracts-lockout&region=GB"])
def test_every_craft_can_be_picked_in_a_quiet_week(pages, query):
    options = document_of(pages, f"/?{query}").xpath("//select[@id='craft']//option[@value != '']")
    crafts = {craft["id"] for craft in pages.get("/v1/crafts").json()["data"]}
    assert {option.get("value") for option in options} == crafts
    assert all(option.text_content().endswith(")") for option in options)


def test_feeds_of_the_view_are_announced(pages):
    feeds = document_of(pages, "/?craft=voice-actor").xpath("//link[@rel='alternate']/@href")
    assert f"{OUTSIDE}/v1/items.atom?craft=voice-actor" in feeds
    assert len(feeds) == 3


def test_an_empty_list_says_who_could_not_be_read_and_what_to_leave_out(pages):
    page = document_of(pages, "/?topic=contracts-lockout&craft=colorist").text_content()
    assert "Nothing matches" in page
    assert "None of them has ever had such an item" in page
    assert "without Craft: Colourists" in page


def test_a_source_that_could_not_be_read_is_named_with_the_reason(pages):
    assert "The Marquee Gazette: it refuses to be read by programs, last read 11 Nov" in " ".join(
        document_of(pages, "/").xpath("//div[contains(@class, 'coverage')]")[0].text_content().split()
    )


def test_why_tagged_marks_the_words(pages):
    item = pages.get("/v1/items.json?craft=voice-actor&limit=1").json()["data"][0]
    page = document_of(pages, f"/items/{item['id']}")
    evidence = [one["text"] for tag in item["labels"]["crafts"] for one in tag["evidence"]]
    marked = [mark.text_content() for mark in page.xpath("//mark")]
    assert [text for text in evidence if not any(text in mark for mark in marked)] == []


def test_a_wrong_tag_is_reported_with_item_and_tag(pages):
    item = pages.get("/v1/items.json?limit=1").json()["data"][0]
    addresses = document_of(pages, f"/items/{item['id']}").xpath("//dd/a/@href")
    query = dict(parse_qsl(urlsplit(addresses[0]).query))
    assert addresses[0].startswith("mailto:steward@craftwatch.example?")
    assert item["labels"]["topics"][0]["id"] in query["subject"]
    assert f"{OUTSIDE}/items/{item['id']}" in query["body"]


def test_a_craft_shows_its_exposure_with_the_source(pages):
    text = document_of(pages, "/crafts/voice-actor").text_content()
    assert "Named among the workers at the front of displacement." in text
    assert "CVL Economics" in text


def test_what_we_say_of_exposure_is_no_quotation(pages):
    assert document_of(pages, "/crafts/voice-actor").xpath("//blockquote | //q") == []


def test_a_craft_is_compared_with_no_week_that_nobody_watched(pages):
    sentence = document_of(pages, "/crafts/voice-actor").xpath("//p[@class='week']")[0].text_content()
    week = pages.get("/v1/items.json?craft=voice-actor&from=2026-11-16").json()["total"]
    assert sentence.startswith(f"{week} item")
    assert "watching began on Friday 20 November 2026" in sentence


@pytest.mark.parametrize(
    "address", ["/", "/?topic=ai-voice-cloning", "/charts?craft=voice-actor", "/charts?topic=contracts&topic=ai"]
)
def test_a_column_leads_to_as_many_items_as_it_says(pages, address):
    columns = document_of(pages, address).xpath("//*[name()='svg'][.//*[contains(., ' item')]]//a")
    assert columns
    for link in columns:
        said = link.xpath("./*[name()='title']")[0].text.rpartition(": ")[2]
        query = urlsplit(link.get("href")).query
        total = pages.get(f"/v1/items.json?{query}").json()["total"]
        assert said == f"{total} item{'' if total == 1 else 's'}"


@pytest.mark.parametrize(
    "query", ["", "craft=voice-actor", "topic=ai-voice-cloning", "topic=ai&region=US", "topic=ai,contracts"]
)
def test_a_heat_cell_leads_to_as_many_items_as_it_says(pages, query):
    cells = document_of(pages, f"/charts?{query}").xpath("//table[@class='heat']//td/a")[:12]
    assert cells
    for link in cells:
        total = pages.get(f"/v1/items.json?{urlsplit(link.get('href')).query}").json()["total"]
        assert link.text_content() == str(total)


def test_a_picture_of_some_crafts_says_of_how_many(pages, monkeypatch):
    text = " ".join(document_of(pages, "/charts").text_content().split())
    assert re.search(r"of the 20 crafts with the most items, of [0-9]+ crafts in all\.", text)
    monkeypatch.setattr("api.pages.pictures.MOST_CRAFTS", 1_000)
    assert "with the most items" not in document_of(pages, "/charts?lang=en").text_content()


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("periods", "week_from,week_to,ai,layoffs,contracts"),
        ("crafts", "craft,label,ai,layoffs,contracts"),
        ("regions", "region,label,items"),
        ("months", "month_from,jobs,announcements"),
        ("headcounts", "published,employers,labels,headcount,stated,sources,title,item"),
    ],
)
def test_the_numbers_of_a_picture_name_terms_as_filters_do(pages, name, head):
    assert pages.get(f"/charts/{name}.csv").text.splitlines()[0] == head


@pytest.mark.parametrize("name", ["periods", "crafts", "regions", "months", "headcounts"])
def test_every_picture_has_its_numbers_as_csv(pages, name):
    answer = pages.get(f"/charts/{name}.csv?region=US")
    assert answer.headers["content-type"].startswith("text/csv")
    assert len(answer.text.splitlines()) > 1


def test_more_announcements_than_are_read_in_a_month_are_no_picture_of_it(pages, monkeypatch):
    monkeypatch.setattr("api.pages.pictures.MOST_READ", 1)
    text = document_of(pages, "/charts?lang=en&topic=layoffs").text_content()  # nobody has asked this before
    assert "a number as an item states it" in text
    assert "Jobs announced as cut, per month" not in text


def test_headcounts_are_told_as_stated(pages):
    text = document_of(pages, "/charts").text_content()
    assert "a number as an item states it" in text
    stated = [one["labels"]["headcount"] for one in pages.get("/v1/items.json?topic=layoffs&limit=200").json()["data"]]
    assert all(f"{figure['value']:,.0f} jobs" in text for figure in stated if figure)


@pytest.mark.parametrize("address", ["/embed/chart.svg?topic=ai", "/embed/badge.svg?craft=animator&theme=dark"])
def test_an_embedded_picture_stands_alone(pages, address):
    answer = pages.get(address)
    assert answer.headers["content-type"] == "image/svg+xml"
    picture = etree.fromstring(answer.content)
    assert picture.xpath("//@style | //*[local-name()='style' or local-name()='script'] | //@*[name()='href']") == []
    assert picture.xpath("//*[local-name()='title']")[0].text


def test_embedded_links_leave_the_frame(pages):
    targets = {link.get("target") for link in document_of(pages, "/embed/list").xpath("//a")}
    assert targets == {"_blank"}


def test_sources_that_fail_are_told_in_words(pages):
    text = " ".join(document_of(pages, "/sources").text_content().split())
    assert "It refuses to be read by programs; last read on 11 November 2026" in text


def test_a_static_file_is_kept_for_good_under_its_own_name_only(pages):
    address = document_of(pages, "/").xpath("//link[@rel='stylesheet']/@href")[0]
    stem, _, suffix = address.split(".")
    assert "immutable" in pages.get(address).headers["cache-control"]
    assert pages.get(f"{stem}.0000000000.{suffix}").headers["cache-control"] == "no-store"


def test_a_page_known_to_the_reader_is_not_sent_again(pages):
    tag = pages.get("/").headers["etag"]
    assert pages.get("/", headers={"if-none-match": tag}).status_code == 304


@pytest.mark.parametrize(
    ("address", "status"), [("/?craft=voice-actr", 400), ("/crafts/voice-actr", 404), ("/no", 404)]
)
def test_what_goes_wrong_is_told_as_a_page(pages, address, status):
    answer = pages.get(address)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert faults_of(answer.content) == []


def test_a_name_nearly_right_is_suggested(pages):
    assert 'href="/crafts/voice-actor"' in pages.get("/crafts/voice-actr").text


def test_a_name_unlike_all_others_suggests_nothing(pages):
    assert "did you mean" not in pages.get("/crafts/nope").text


def test_the_measurement_says_once_on_how_many_headlines(pages):
    text = " ".join(document_of(pages, "/about").text_content().split())
    assert text.partition("Measured on ")[2].partition(".")[0].count("headlines") == 1


def test_programs_get_problem_documents(pages):
    answer = pages.get("/?craft=nonsense", headers={"accept": "*/*"})
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_filter_survives_in_every_narrowing_link(pages):
    tags = document_of(pages, f"/?{urlencode({'region': 'US', 'topic': 'ai'})}").xpath("//li[@class='craft']/a/@href")
    assert tags
    assert all("region=US" in tag and "topic=ai" in tag for tag in tags)
