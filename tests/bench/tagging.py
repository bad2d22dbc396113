"""Tagging alone: ours, which judges what it finds, beside finders of phrases that only find."""

from __future__ import annotations

import json
import random
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from scraper.tag import packaged_tagger
from tests.bench.feeds import NEWS
from tests.bench.options import Options
from tests.bench.report import Row

TEXTS = 5_000
SLOW_TEXTS = 500  # for what is slow
PASSES = 5  # over all texts, the median counts; of spaCy's as well
HERE = Path(__file__).parent


STARTS = 5
# What a tagger costs until it has tagged its first item, Python and imports aside.
START = """
import time
from scraper.tag import packaged_tagger
began = time.process_time()
packaged_tagger().tag("Studio lays off 120 animators in Vancouver", "", language="en", scope="entertainment")
print(time.process_time() - began)
"""


def run(options: Options) -> Iterator[Row]:
    texts = _texts()
    tagger = packaged_tagger()
    tagger.tag(*NEWS[0], language="en")
    starts = [float(subprocess.check_output([sys.executable, "-c", START])) for _ in range(STARTS)]
    yield Row("tagging", "start, first item tagged", 1_000 * statistics.median(starts), "ms of CPU", goal="≤ 150")
    passes = []
    for _ in range(PASSES):
        began = time.process_time()
        for title, summary in texts:
            tagger.tag(title, summary, language="en")
        passes.append(TEXTS / (time.process_time() - began))
    ours = statistics.median(passes)
    yield Row("tagging", "craftwatch: tags with evidence", ours, "items per s of CPU", goal="≥ 15000")
    phrases = _phrases()
    yield Row("tagging", f"one regular expression of {len(phrases):,} phrases", *_alternation(phrases, texts, ours))
    if options.yardsticks:
        with TemporaryDirectory() as folder:
            path = Path(folder) / "texts.json"
            path.write_text(json.dumps({"phrases": phrases, "texts": [" ".join(text) for text in texts]}))
            command = [options.yardsticks, HERE / "yardsticks" / "with_spacy.py", path, str(PASSES)]
            theirs = float(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
        yield Row("tagging", "spaCy PhraseMatcher", theirs, "items per s of CPU", ours / theirs, "ours / it")


def _alternation(phrases: list[str], texts: list[tuple[str, str]], ours: float) -> tuple[float, str, float, str]:
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, phrases))})(?!\w)", re.IGNORECASE)
    began = time.process_time()
    for title, summary in texts[:SLOW_TEXTS]:
        pattern.findall(f"{title} {summary}")
    theirs = SLOW_TEXTS / (time.process_time() - began)
    return theirs, "items per s of CPU", ours / theirs, "ours / it"


def _texts() -> list[tuple[str, str]]:
    """One in five with news in it."""
    chance = random.Random(3)
    common = "the a of to and in for on with says studio film series show music game stage union work new"
    words = common.split() + [
        "".join(chance.choices("aeioubcdfglmnprst", k=chance.randint(3, 9))) for _ in range(2_000)
    ]
    texts = []
    for _ in range(TEXTS):
        title, first = chance.choice(NEWS) if chance.random() < 0.2 else (" ".join(chance.choices(words, k=9)), "")
        texts.append((title.format("Bigger Pictures"), f"{first} {' '.join(chance.choices(words, k=50))}."))
    return texts


def _phrases() -> list[str]:
    """The plain forms of the rule files, longest first."""
    import tomllib

    import db.vocabulary

    found: set[str] = set()
    for path in Path(db.vocabulary.__file__).parent.glob("*.toml"):
        for block in _blocks(tomllib.loads(path.read_text())):
            forms = block.get("forms", ())
            found.update(form for form in forms if isinstance(form, str) and re.fullmatch(r"[\w][\w .'-]+", form))
    return sorted(found, key=lambda form: (-len(form), form))


def _blocks(table: dict[str, object]) -> Iterator[dict[str, list[str]]]:
    yield table  # type: ignore[misc]  # only its lists of words are looked at
    for value in table.values():
        if isinstance(value, dict):
            yield from _blocks(value)
