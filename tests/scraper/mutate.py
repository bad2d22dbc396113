"""Random damage to our fixture feeds, to see that none makes parsing or cleaning raise.

python -m tests.scraper.mutate --count 100000 --seed 7
"""

from __future__ import annotations

import argparse
import random
import sys
import time
import traceback
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from db.shapes import Source
from scraper.clean import to_drafts
from scraper.parse import parse_feed
from scraper.parsing.errors import ParseError
from scraper.parsing.lines import entry_lines

DATA = Path(__file__).parents[1] / "data"
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
SOURCE = Source("a", "A", "https://a.example/", "https://a.example/feed", "trade", "general", "US", "en")
TOKENS = [
    b'<', b'>', b'&', b'&#', b'&#xD800;', b'&#0;', b'&lt;', b']]>', b'<![CDATA[', b'<!--', b'-->', b'<?xml ?>',
    b'</item>', b'<item>', b'</entry>', b'<entry>', b'<link>', b'<guid>', b'<title>', b'</title>',
    b"<!DOCTYPE x [<!ENTITY a 'b'>]>", b'&a;', b'\x00', b'\xff', b'\xfe\xff', b'\xed\xa0\x80', b'\xf0\x9f',
    b'\\ud800', b'{', b'}', b'[', b']', b'"', b"'", b':', b',', b'=', b"9" * 30, b'-1', b'1e999', b'null',
    b" xmlns='", b" xml:base='http://[", b" xml:lang='", b" type='xhtml'", b'%', b'@', b'a@b', b'(', b'\r', b'\n',
    b'\t', b" " * 50, b'GMT', b'0000', b'http://[::1', b'javascript:',
    b"<div xmlns='http://www.w3.org/1999/xhtml'>",
]  # fmt: skip


def mutated(body: bytes, chance: random.Random) -> bytes:
    """`body` with one to eight injuries: bytes flipped, cut, doubled, moved, or a token put in."""
    for _ in range(chance.randint(1, 8)):
        start = chance.randrange(len(body) + 1)
        end = min(len(body), start + int(chance.expovariate(0.05)))
        piece = body[start:end]
        match chance.randrange(6):
            case 0:
                piece = bytes(byte ^ (1 << chance.randrange(8)) for byte in piece)
            case 1:
                piece = b""
            case 2:
                piece = piece * chance.randint(2, 5)
            case 3:
                place = chance.randrange(len(body) + 1)
                piece = body[place : place + chance.randint(1, 200)]
            case 4:
                piece = chance.randbytes(chance.randint(1, 6))
            case _:
                piece = chance.choice(TOKENS)
        body = body[:start] + piece + body[end:]
    return body if chance.random() > 0.02 else body[: chance.randrange(len(body) + 1)]


def attempt(body: bytes) -> str:
    """How a document ends: "entries" or the name of its failure; whatever else is raised comes through."""
    try:
        feed = parse_feed(body, "", SOURCE.feed_url)
    except ParseError as error:
        if error.__cause__ is not None:  # a parser raised: named for the run, but a defect to be found here
            return f"{error.reason} ({type(error.__cause__).__name__})"
        return error.reason
    to_drafts(feed, SOURCE, NOW)
    entry_lines(feed)
    return "entries"


def main(arguments: Sequence[str] | None = None) -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--count", type=int, default=1_000)
    options.add_argument("--seed", type=int, default=None)
    chosen = options.parse_args(arguments)
    seed = random.randrange(2**32) if chosen.seed is None else chosen.seed
    chance = random.Random(seed)
    documents = [path.read_bytes() for path in sorted(DATA.iterdir()) if path.suffix in (".xml", ".json")]
    endings: Counter[str] = Counter()
    started = time.monotonic()
    for _ in range(chosen.count):
        body = mutated(chance.choice(documents), chance)
        try:
            endings[attempt(body)] += 1
        except Exception:
            endings["exception"] += 1
            traceback.print_exc()
            print(f"the document: {body!r}", file=sys.stderr)
    print(f"seed {seed}: {chosen.count} mutations in {time.monotonic() - started:.0f} s, ", end="")
    print(f"{endings['exception']} exceptions; " + ", ".join(f"{end} {times}" for end, times in endings.most_common()))
    return 1 if endings["exception"] else 0


if __name__ == "__main__":
    sys.exit(main())
