"""The pages in a browser: by pointer, by keyboard, without script, on a phone, in the dark; checked by axe-core.

Needs Chromium (CRAFTWATCH_CHROMIUM, or `chromium` on the path) and axe-core (CRAFTWATCH_AXE, or where `make axe` puts
it); each test that lacks what it needs is skipped.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import feedparser
import httpx
import pytest
import uvicorn

from api.app import create_app
from scraper.serving import listen
from tests.api.pages.conftest import NOW, sample_settings
from tests.api.pages.reading import NOT_THERE, PAGES
from tests.server import LoopbackServer, reply

pytestmark = pytest.mark.xdist_group("browser")
ROOT = Path(__file__).parents[3]
CHROMIUM = os.environ.get("CRAFTWATCH_CHROMIUM") or shutil.which("chromium") or ""
AXE = Path(os.environ.get("CRAFTWATCH_AXE") or ROOT / ".venv/npm/node_modules/axe-core/axe.min.js")
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# What moved after it was shown: how far, and which elements.
SHIFTS = """new Promise(done => {
    const moved = [];
    const tell = one => [one.value, ...one.sources.map(({node}) => node?.outerHTML ?? node?.textContent)];
    new PerformanceObserver(list => moved.push(...list.getEntries().map(tell)))
        .observe({type: 'layout-shift', buffered: true});
    requestAnimationFrame(() => requestAnimationFrame(() => done(moved)));
})"""
PHONE, DESK = {"width": 360, "height": 740}, {"width": 1280, "height": 900}


@pytest.fixture(scope="module")
def site(sample_url: str) -> Iterator[str]:
    """The address of a server of the sample."""
    socket = listen("127.0.0.1", 0)
    address = f"http://127.0.0.1:{socket.getsockname()[1]}"
    app = create_app(sample_settings(sample_url, public_url=address), now=lambda: NOW)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [socket]}, daemon=True)
    thread.start()
    yield address
    server.should_exit = True
    thread.join(10)
    socket.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if not CHROMIUM:
        pytest.skip("no Chromium on this machine")
    api = pytest.importorskip("playwright.sync_api")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Any, site: str) -> Iterator[Any]:
    """`open_page(address, **context)`: a page of a context of its own; whatever it logs as an error is a failure."""
    contexts, errors = [], []

    def is_fault(message: Any) -> bool:
        of_the_missing = "status of 404" in message.text and message.location["url"] == site.rstrip("/") + NOT_THERE
        return message.type == "error" and not of_the_missing

    def open_one(address: str, **options: Any) -> Any:
        context = browser.new_context(**{"viewport": DESK, "base_url": site, **options})
        context.set_default_timeout(20_000)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: errors.append(message.text) if is_fault(message) else None)
        page.on("request", lambda sent: errors.append(sent.url) if not sent.url.startswith(site) else None)
        page.goto(address)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert errors == []


@pytest.mark.parametrize("address", [*PAGES, NOT_THERE])
def test_axe_finds_nothing(open_page, address):
    if not AXE.exists():
        pytest.skip("no axe-core: make axe")
    found = []
    for options in ({"viewport": PHONE}, {"color_scheme": "dark"}):
        page = open_page(address, **options)
        page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        page.evaluate(AXE.read_text(encoding="utf-8"))
        result = page.evaluate("rules => axe.run({runOnly: rules, resultTypes: ['violations']})", RULES)
        for fault in result["violations"]:
            found += [(fault["id"], node["html"][:200], node["failureSummary"][:300]) for node in fault["nodes"]]
    assert found == []


@pytest.mark.parametrize("address", [*PAGES, NOT_THERE])
def test_nothing_is_wider_than_a_phone_and_nothing_moves(open_page, address):
    page = open_page(address, viewport=PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.evaluate(SHIFTS) == []
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize(
    ("address", "upto", "viewport"),
    [("/charts", "per week</b>", PHONE), ("/", "</main>", DESK), ("/crafts/voice-actor", "</main>", DESK)],
)
def test_what_is_shown_of_half_a_page_stays_where_it_is(browser, site, address, upto, viewport):
    body = httpx.get(site + address, headers={"accept": "text/html"}).content
    style = body.split(b'rel="stylesheet" href="')[1].split(b'"')[0].decode()
    cut = body.index(upto.encode()) + len(upto)
    script = body.split(b'<script src="')[1].split(b'"')[0].decode()
    is_shown = threading.Event()

    async def send_in_halves(request: Any, writer: Any) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/html; charset=utf-8\r\n\r\n" + body[:cut])
        await asyncio.to_thread(is_shown.wait, 20)
        writer.write(body[cut:])
        await writer.drain()

    with LoopbackServer() as server:
        server.add(address, send_in_halves)
        for kind, path in (("text/css", style), ("text/javascript", script)):
            server.add(path, reply(body=httpx.get(site + path).content, content_type=kind))
        page = browser.new_page(viewport=viewport)
        page.goto(server.url(address), wait_until="commit")
        page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length")
        is_shown.set()
        page.wait_for_load_state()
        assert page.evaluate(SHIFTS) == []
        page.close()


def test_a_craft_and_a_region_are_picked_and_why_is_read(open_page):
    page = open_page("/")
    page.locator("#craft").select_option("voice-actor")
    page.locator("#region").select_option("US")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url("**/?craft=voice-actor&region=US")
    assert page.locator("h1").inner_text() == "Voice actors · in United States"
    page.locator("details.why summary").first.click()
    assert page.locator("details.why[open] mark").first.is_visible()


def test_a_column_leads_to_its_items(open_page):
    page = open_page("/charts")
    column = page.locator("svg.columns").first.locator("a").first
    said = int(column.locator("title").text_content().rpartition(": ")[2].split()[0])
    column.click()
    page.wait_for_url("**/?from=*")
    assert page.locator("article.story").count() == said


def test_the_address_of_the_feed_can_be_read_by_a_feed_reader(open_page):
    page = open_page("/?craft=voice-actor&region=US", permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy Atom address").click()
    assert page.get_by_role("status").filter(has_text="Copied").count() == 1
    address = page.evaluate("navigator.clipboard.readText()")
    feed = feedparser.parse(httpx.get(address, trust_env=False).content)
    shown = page.locator("article.story h3").all_inner_texts()
    assert [entry.title for entry in feed.entries] == shown


def test_the_link_to_the_embeds_unfolds_them(open_page):
    page = open_page("/?craft=voice-actor")
    page.get_by_role("link", name="Embed", exact=True).click()
    assert page.locator("#embed-1").is_visible()


def test_pages_go_on_and_back_without_script(open_page):
    page = open_page("/?limit=10", java_script_enabled=False)
    first = page.locator("article.story h3").all_inner_texts()
    page.get_by_role("link", name="Older", exact=True).click()
    page.get_by_role("link", name="Older", exact=True).click()
    page.get_by_role("link", name="Newer", exact=True).click()
    page.get_by_role("link", name="Newer", exact=True).click()
    assert page.locator("article.story h3").all_inner_texts() == first


def test_the_form_works_without_script_in_the_dark_on_a_phone(open_page):
    page = open_page("/", java_script_enabled=False, viewport=PHONE, color_scheme="dark")
    page.get_by_text("Pick craft, region, topic, time").click()
    page.locator("#topic").select_option("layoffs")
    page.locator("#q").fill("studio")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url("**/?q=studio&topic=layoffs")
    assert page.locator("article.story").count() > 0


@pytest.mark.parametrize("address", ["/", "/?craft=voice-actor&region=US&topic=ai", "/?topic=layoffs&window=P30D"])
def test_a_headline_is_on_the_first_screen_of_a_phone(open_page, address):
    page = open_page(address, java_script_enabled=False, viewport=PHONE)
    headline = page.locator("article.story h3").first.bounding_box()
    assert headline["y"] + headline["height"] <= PHONE["height"]


def test_what_is_folded_on_a_phone_opens_without_script(open_page):
    page = open_page("/?craft=voice-actor", java_script_enabled=False, viewport=PHONE)
    assert not page.locator("form").or_(page.locator("figure.first")).or_(page.locator(".chips")).first.is_visible()
    page.get_by_text("Change what is asked for").click()
    page.get_by_text("Items per week, as a picture").click()
    assert page.locator("form").is_visible()
    assert page.locator(".chips").is_visible()
    assert page.locator("figure.first").is_visible()


def test_nothing_is_folded_on_a_wide_screen(open_page):
    page = open_page("/?craft=voice-actor", java_script_enabled=False)
    assert page.locator("form").is_visible()
    assert page.locator("figure.first").is_visible()
    assert page.locator(".fold").first.is_hidden()


def test_a_menu_on_a_phone_has_room_for_its_choice(open_page):
    page = open_page("/?craft=voice-actor", viewport=PHONE)
    page.get_by_text("Change what is asked for").click()
    assert page.locator("#craft").bounding_box()["width"] > 300


def test_the_columns_of_crafts_and_topics_are_of_one_width_on_a_phone(open_page):
    page = open_page("/charts", viewport=PHONE)
    boxes = [head.bounding_box()["width"] for head in page.locator(".heat thead th").all()[1:]]
    assert max(boxes) - min(boxes) < 1
    too_long = "[...document.querySelectorAll('.heat thead th')].filter(one => one.scrollWidth > one.clientWidth + 1)"
    assert page.evaluate(f"{too_long}.length") == 0


def test_the_caption_of_a_table_that_scrolls_wraps_on_a_phone(open_page):
    page = open_page("/about", viewport=PHONE)
    caption = "(() => { const range = document.createRange(); range.selectNodeContents("
    caption += "document.querySelector('.scroll caption')); return range.getBoundingClientRect().right })()"
    assert page.evaluate(caption) <= 345


def test_everything_can_be_done_by_keyboard(open_page):
    page = open_page("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "q"
    page.keyboard.type("strike")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?q=strike")
    page.locator("details.why summary").first.focus()
    page.keyboard.press("Enter")
    assert page.locator("details.why[open]").count() == 1


def test_walking_a_menu_by_keyboard_leaves_nothing(open_page):
    page = open_page("/")
    page.locator("#topic").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert page.url.endswith("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "craft"


@pytest.mark.parametrize(("viewport", "leaves"), [(DESK, True), (PHONE, False)])
def test_a_menu_takes_effect_at_once_unless_the_form_would_fold_again(open_page, viewport, leaves):
    page = open_page("/", viewport=viewport)
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    page.evaluate("void (HTMLFormElement.prototype.requestSubmit = () => { document.title = 'it leaves' })")
    # A choice that the browser itself reports, without the form seeing the key that made it.
    page.evaluate("window.addEventListener('keydown', event => event.stopPropagation(), true)")
    page.locator("#topic").focus()
    page.keyboard.press("ArrowDown")
    assert page.locator("#topic").input_value() != ""
    assert (page.title() == "it leaves") is leaves


def test_focus_can_be_seen(open_page):
    page = open_page("/")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_the_dark_is_dark(open_page):
    page = open_page("/about", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(23, 22, 20)"


def test_another_site_can_frame_the_list_and_nothing_else(browser, site):
    frames = "".join(f'<iframe src="{site}{path}"></iframe>' for path in ("/embed/list?topic=ai", "/"))
    with LoopbackServer() as other:
        other.add("/", reply(body=frames.encode(), content_type="text/html"))
        page = browser.new_page()
        page.goto(other.url("/"))
        page.wait_for_load_state("networkidle")
        stories = [frame.locator("article.story").count() for frame in page.frames[1:]]
        page.close()
    assert stories[0] > 0
    assert stories[1] == 0


def test_print_leaves_out_what_paper_cannot_do(open_page):
    page = open_page("/")
    page.emulate_media(media="print")
    assert not page.locator("form").is_visible()
    assert page.locator(".address").first.is_visible()


def test_print_shows_what_a_screen_folds_and_no_words_that_only_lead_elsewhere(open_page):
    page = open_page("/charts?craft=voice-actor")
    page.emulate_media(media="print")
    assert page.locator("header .paper").is_visible()
    assert page.get_by_text("it refuses to be read by programs").is_visible()
    words = page.locator("body").inner_text()
    assert [dead for dead in ("per month", "The list", "Which, and since when", "Follow:") if dead in words] == []
