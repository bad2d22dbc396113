"""The figures of an item: counted where a rule or a topic asks for them."""

from __future__ import annotations

from db.shapes import Figure
from scraper.tagging import figures
from scraper.tagging.reading import Reading


def find_numbers(reading: Reading) -> None:
    """Counts of jobs that go, where a rule may ask for one nearby (@headcount)."""
    if not reading.rules.count_callers.isdisjoint(reading.found):
        spans = [reading.text.words_at(*each.evidence[:3]) for each in _jobs(reading)]
        if spans:
            reading.call(reading.rules.headcount, [span for span in spans if span])


def figures_of(reading: Reading) -> tuple[Figure, ...]:
    """Jobs that go of an item about layoffs, votes of one about contracts."""
    roots, text = {reading.root(hit) for hit in reading.topics}, reading.text
    jobs = _jobs(reading) if "layoffs" in roots else []
    if "contracts" not in roots:
        return tuple(jobs)
    return (*jobs, *figures.votes("title", text.title), *figures.votes("summary", text.summary))


def _jobs(reading: Reading) -> list[Figure]:
    if reading.figures is None:
        reading.figures = _count(reading)
    return reading.figures


def _count(reading: Reading) -> list[Figure]:
    text = reading.text
    item = f"{text.title} {text.summary}"
    if not figures.may_count(item, text.keys):
        return []
    fields = (("title", text.title), ("summary", text.summary))
    counts = [figure for field, words in fields for figure in figures.headcounts(field, words, item)]
    shares = [figure for field, words in fields for figure in figures.staff_shares(field, words)]
    return figures.most_exact_first(counts) + shares
