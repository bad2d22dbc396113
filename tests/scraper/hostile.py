"""Documents that no publisher should send: made here, by name, to be parsed within a worker's limits."""

from __future__ import annotations

import base64
import gzip
import random
from collections.abc import Callable

ATOM = 'xmlns="http://www.w3.org/2005/Atom"'
GOOD = "<item><title>A good entry</title><link>https://a.example/good</link><guid>good</guid></item>"
KILO, MEGA = 1_000, 1_000_000


def rss(inside: str, head: str = "", doctype: str = "") -> bytes:
    return f'{doctype}<rss version="2.0"><channel><title>T</title>{head}{inside}{GOOD}</channel></rss>'.encode(
        "utf-8", "surrogatepass"
    )


def atom(inside: str, doctype: str = "") -> bytes:
    good = '<entry><title>A good entry</title><id>good</id><link href="https://a.example/good"/></entry>'
    return f"{doctype}<feed {ATOM}><title>T</title>{inside}{good}</feed>".encode("utf-8", "surrogatepass")


def item(**fields: str) -> str:
    return "<item>" + "".join(f"<{name}>{text}</{name}>" for name, text in fields.items()) + "</item>"


def entry(inside: str) -> str:
    return f"<entry><title>E</title><id>e</id>{inside}</entry>"


def json_feed(items: str) -> bytes:
    return f'{{"version": "https://jsonfeed.org/version/1.1", "title": "T", "items": {items}}}'.encode()


def entities(levels: int, width: int) -> str:
    bomb = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * width}">' for n in range(levels))
    return f'<!DOCTYPE rss [<!ENTITY e0 "lol">{bomb}]>'


def attributes(count: int) -> str:
    return " ".join(f'a{n}="{n}"' for n in range(count))


def noise(count: int) -> bytes:
    return random.Random(7).randbytes(count)


DOCUMENTS: dict[str, Callable[[], bytes]] = {
    # Depth and width
    "nested-elements": lambda: rss("<a>" * 100_000 + "</a>" * 100_000),
    "nested-elements-unclosed": lambda: rss("<a>" * 200_000),
    "nested-items": lambda: rss("<item>" * 20_000 + "</item>" * 20_000),
    "nested-in-content": lambda: rss(item(title="t", description="<div>" * 50_000)),
    "nested-xhtml": lambda: atom(entry('<content type="xhtml">' + "<div>" * 50_000 + "</div>" * 50_000 + "</content>")),
    "nested-json": lambda: json_feed("[" * 100_000 + "]" * 100_000),
    "nested-json-objects": lambda: json_feed('[{"id": ' + '{"a":' * 100_000 + "1" + "}" * 100_000 + "}]"),
    "attributes-50000": lambda: rss(f"<thing {attributes(50_000)}/>"),
    "attributes-on-item": lambda: rss(f"<item {attributes(50_000)}><title>t</title></item>"),
    "attributes-on-root": lambda: rss(GOOD).replace(b"<rss ", f"<rss {attributes(20_000)} ".encode()),
    "attributes-many-tags": lambda: rss(f"<thing {attributes(1_000)}/>" * 50),
    "attribute-of-a-megabyte": lambda: rss(f'<thing a="{"x" * MEGA}"/>'),
    "namespaces-20000": lambda: rss("<thing " + " ".join(f'xmlns:n{n}="urn:{n}"' for n in range(20_000)) + "/>"),
    "tag-name-of-a-megabyte": lambda: rss(f"<{'n' * MEGA}/>"),
    "unclosed-tag": lambda: rss("<item><title>t</title></item><thing " + "x" * MEGA),
    "unclosed-comment": lambda: rss("<!--" + "x-" * 500_000),
    "comments": lambda: rss("<!-- x -->" * 100_000),
    "processing-instructions": lambda: rss("<?x y?>" * 100_000),
    "unclosed-cdata": lambda: rss("<item><title><![CDATA[" + "x" * MEGA),
    "cdata-openings": lambda: rss("<item><title>" + "<![CDATA[" * 100_000),
    "closing-tags": lambda: rss("</a>" * 200_000),
    "less-than-signs": lambda: rss("<" * 200_000),
    "ampersands": lambda: rss(item(title="&" * 200_000)),
    # Number and size
    "items-100000": lambda: rss("<item><title>t</title></item>" * 100_000),
    "items-100000-malformed": lambda: rss("<item><title>t & u</title></item>" * 100_000),
    "items-json-100000": lambda: json_feed(
        "[" + ",".join(f'{{"id": "{n}", "title": "t"}}' for n in range(100_000)) + "]"
    ),
    "fifty-megabytes": lambda: rss(item(title="t", description="x " * 25_000) * 1_000),
    "title-of-a-megabyte": lambda: rss(item(title="x" * MEGA)),
    "title-of-spaces": lambda: rss(item(title="t" + " " * MEGA + "t")),
    "summary-of-ten-megabytes": lambda: rss(item(title="t", description="word " * 2 * MEGA)),
    "guid-of-a-megabyte": lambda: rss(item(title="t", guid="g" * MEGA)),
    "link-of-a-megabyte": lambda: rss(item(title="t", link="https://a.example/" + "x" * MEGA)),
    "categories-20000": lambda: rss("<item><title>t</title>" + "<category>c</category>" * 20_000 + "</item>"),
    "authors-20000": lambda: atom(entry("<author><name>n</name></author>" * 20_000)),
    "links-20000": lambda: atom(entry('<link href="https://a.example/"/>' * 20_000)),
    "one-guid-500-times": lambda: rss("".join(item(title=f"t{n}", guid="same") for n in range(500))),
    # Quadratic patterns
    "author-of-letters": lambda: rss(item(title="t", author="a" * 100_000)),
    "author-of-letters-malformed": lambda: rss(item(title="t & u", author="a" * 100_000)),
    "author-of-dots": lambda: rss(item(title="t", author="a@" + "a." * 50_000)),
    "date-of-digits": lambda: rss(item(title="t", pubDate="1" * 100_000)),
    "date-of-colons": lambda: rss(item(title="t", pubDate="2024-01-01T" + "00:" * 50_000)),
    "summary-of-open-tags": lambda: rss(item(title="t", description="&lt;a " * 100_000)),
    "summary-of-open-quotes": lambda: rss(item(title="t", description="&lt;a b='" * 50_000) * 50),
    "summary-of-open-comments": lambda: rss(item(title="t", description="&lt;!--" * 50_000) * 50),
    "summary-of-marks": lambda: rss(item(title="t", description="The post " * 2_000 + "[" * 5_000) * 20),
    "combining-marks": lambda: rss(item(title="e" + "\u0301\u0323" * 100_000, description="\u0323\u0301" * 100_000)),
    "character-references": lambda: rss(item(title="&#65;" * 200_000)),
    "reference-of-many-digits": lambda: rss(item(title="&#" + "9" * 100_000 + ";")),
    # Entities
    "entity-bomb": lambda: rss(item(title="&e9;"), doctype=entities(9, 10)),
    "entity-bomb-in-attribute": lambda: rss('<thing a="&e9;"/>', doctype=entities(9, 10)),
    "entity-quadratic": lambda: rss(
        item(title="&big;" * 5_000), doctype=f'<!DOCTYPE rss [<!ENTITY big "{"x" * 100_000}">]>'
    ),
    "entity-quadratic-on-lines": lambda: rss(
        item(title="&big;" * 5_000), doctype=f'<!DOCTYPE rss [\n<!ENTITY big "{"x" * 100_000}">\n]>\n'
    ),
    "entity-of-itself": lambda: rss(item(title="&a;"), doctype='<!DOCTYPE rss [<!ENTITY a "&b;"><!ENTITY b "&a;">]>'),
    "entity-of-a-file": lambda: rss(
        item(title="&a;"), doctype='<!DOCTYPE rss [<!ENTITY a SYSTEM "file:///etc/hostname">]>'
    ),
    "entity-of-an-address": lambda: rss(
        item(title="&a;"), doctype='<!DOCTYPE rss [<!ENTITY a SYSTEM "http://127.0.0.1:9/x">]>'
    ),
    "entity-parameter": lambda: rss(
        item(title="t"), doctype='<!DOCTYPE rss [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x.dtd"> %p;]>'
    ),
    "entity-with-backslash": lambda: rss(item(title="&a;"), doctype='<!DOCTYPE rss [\n<!ENTITY a "\\x\\g">\n]>\n'),
    "doctype-unclosed": lambda: rss(item(title="t"), doctype="<!DOCTYPE rss [" + '<!ENTITY a "b">' * 10_000),
    "doctype-of-a-megabyte": lambda: rss(item(title="t"), doctype=f"<!DOCTYPE rss [{'<!ELEMENT a (b)>' * 60_000}]>"),
    # Characters
    "nul-bytes": lambda: rss(item(title="a\x00b\x00c")),
    "controls": lambda: rss(item(title="".join(map(chr, range(1, 32))).replace("\n", ""))),
    "lone-surrogates": lambda: rss(item(title="a\ud800b\udfffc")),
    "surrogate-references": lambda: rss(item(title="a&#xD800;b&#57343;c&#xD83D;&#xDE00;")),
    "references-out-of-range": lambda: rss(item(title="&#x110000;&#xFFFFFFFF;&#-1;&#x;&#0;&#xFFFF;")),
    "surrogates-in-json": lambda: json_feed(
        r'[{"id": "\ud800", "title": "a\udfffb\u0000c", "url": "https://a.example/\ud800"}]'
    ),
    "right-to-left": lambda: rss(item(title="\u202egnitset\u202c \u200f\u200b\u2066")),
    "emoji": lambda: rss(item(title="👩\u200d🎤" * 20_000)),
    # Encodings
    "utf-16": lambda: rss(item(title="é")).decode().encode("utf-16"),
    "utf-16-half": lambda: rss(item(title="é")).decode().encode("utf-16")[:-3],
    "utf-16-declared-only": lambda: b'<?xml version="1.0" encoding="utf-16"?>' + rss(item(title="t")),
    "utf-32-declared-only": lambda: b'<?xml version="1.0" encoding="utf-32"?>' + rss(item(title="t")),
    "unknown-encoding": lambda: b'<?xml version="1.0" encoding="klingon"?>' + rss(item(title="t")),
    "rot13-declared": lambda: b'<?xml version="1.0" encoding="rot13"?>' + rss(item(title="t")),
    "zlib-declared": lambda: b'<?xml version="1.0" encoding="zlib"?>' + rss(item(title="t")),
    "utf-7-declared": lambda: b'<?xml version="1.0" encoding="utf-7"?>' + rss(item(title="+ADw-script+AD4-")),
    "wrong-charset": lambda: (
        b'<?xml version="1.0" encoding="utf-8"?>' + rss(item(title="é“")).decode().encode("cp1252")
    ),
    "broken-utf-8": lambda: rss(item(title="XYZ")).replace(b"XYZ", b"\xff\xfe\xc3\x28\xe2\x82\xf0\x9f"),
    # Not what it says
    "empty": lambda: b"",
    "blanks": lambda: b" \r\n\t" * 1_000,
    "html-page": lambda: b"<!DOCTYPE html><html><head><title>x</title></head><body>" + b"<p>x</p>" * 10_000,
    "html-with-items": lambda: b"<html><body><item><title>x</title></item></body></html>",
    "svg-image": lambda: b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "png-image": lambda: b"\x89PNG\r\n\x1a\n" + noise(100_000),
    "gzip": lambda: gzip.compress(rss(item(title="t"))),
    "noise": lambda: noise(MEGA),
    "noise-in-tags": lambda: b"<rss><channel><item><title>" + noise(200_000),
    "opml": lambda: b'<opml version="2.0"><body><outline text="x" xmlUrl="https://a.example/"/></body></opml>',
    "sitemap": lambda: b"<urlset><url><loc>https://a.example/</loc></url></urlset>",
    "path-as-body": lambda: b"/etc/hostname",
    "address-as-body": lambda: b"http://127.0.0.1:9/feed.xml",
    "file-address-as-body": lambda: b"file:///etc/hostname",
    "json-of-another-kind": lambda: b'{"items": [{"id": 1}]}',
    "json-cut": lambda: json_feed('[{"id": "1", "title": "t"')[:-1],
    "json-of-wrong-types": lambda: json_feed(
        '[{"id": [], "url": {}, "title": 1e400, "tags": [null, 1, {}], "authors": {"name": 1}, "date_published": 7},'
        " null, 3]"
    ),
    "json-large-numbers": lambda: json_feed('[{"id": ' + "9" * 100_000 + ', "title": "t"}]'),
    # Markup where text is expected
    "script-everywhere": lambda: rss(
        item(
            title="&lt;script&gt;alert(1)&lt;/script&gt;t",
            link="javascript:alert(1)",
            description="<![CDATA[<img src=x onerror=alert(1)><svg onload=alert(1)>]]>",
            author="<![CDATA[<script>alert(1)</script>]]>",
            category="<![CDATA[<b onclick=alert(1)>x</b>]]>",
            guid="&lt;script&gt;alert(1)&lt;/script&gt;",
        )
    ),
    "script-in-base64": lambda: atom(
        entry(
            f'<content type="application/html" mode="base64">'
            f"{base64.b64encode(b'<script>alert(1)</script>text').decode()}</content>"
        )
    ),
    "base64-broken": lambda: atom(entry('<content type="application/octet-stream">====</content>')),
    "script-in-xhtml": lambda: atom(
        entry(
            '<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><script>alert(1)</script>t</div></content>'
        )
    ),
    "script-in-language": lambda: rss(item(title="t"), head="<language>&lt;script&gt;</language>"),
    "link-schemes": lambda: rss(
        "".join(
            item(title="t", link=link)
            for link in (
                "data:text/html,x",
                "java&#9;script:alert(1)",
                "vbscript:x",
                "//a.example/x",
                "http://",
                "http://[",
            )
        )
    ),
    "base-of-another-scheme": lambda: atom(entry('<link xml:base="javascript:" href="alert(1)"/>')),
    # Numbers and dates
    "dates-absurd": lambda: rss(
        "".join(
            item(title="t", pubDate=date)
            for date in ("0000-00-00", "9999-99-99", "Mon, 01 Jan 99999 00:00:00 GMT", "9999-12-31T23:59:59-14:00", "²")
        )
    ),
    "advice-absurd": lambda: rss(
        "", head="<ttl>-1</ttl><ttl>99999999999</ttl><skipHours><hour>99</hour><hour>x</hour></skipHours>"
    ),
}
