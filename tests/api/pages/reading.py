"""Pages as their readers see them."""

from __future__ import annotations

from fastapi.testclient import TestClient
from lxml import etree, html

PAGES = (
    "/",
    "/?craft=voice-actor&region=US",
    "/?topic=contracts-lockout&craft=colorist",
    "/?q=strike&window=P30D",
    "/charts",
    "/charts?over=month&topic=layoffs",
    "/crafts",
    "/crafts/voice-actor",
    "/regions",
    "/regions/US",
    "/unions",
    "/unions/sag-aftra",
    "/sources",
    "/about",
    "/docs",
    "/embed/list?topic=ai",
)
NOT_THERE = "/crafts/nope"
_UNKNOWN_TAG = 801  # libxml2 knows the tags of HTML 4


def document_of(client: TestClient, address: str) -> html.HtmlElement:
    answer = client.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    return html.document_fromstring(answer.content.decode())


def faults_of(body: bytes) -> list[str]:
    """What is wrong with the markup."""
    parser = etree.HTMLParser(encoding="utf-8")
    etree.fromstring(body, parser)
    return [f"{fault.line}: {fault.message}" for fault in parser.error_log if fault.type != _UNKNOWN_TAG]


def titles(document: html.HtmlElement) -> list[str]:
    return [heading.text_content() for heading in document.xpath("//article[@class='story']/h3")]


def links(document: html.HtmlElement) -> set[str]:
    """Addresses on this site that the page leads to."""
    found = {str(address) for address in document.xpath("//a/@href | //link/@href | //script/@src | //img/@src")}
    own = {address.removeprefix("https://craftwatch.example") for address in found}
    return {address.partition("#")[0] for address in own if address.startswith("/")}
