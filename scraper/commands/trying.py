"""Our parser and tagger, for documents and headlines of your own."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from scraper.commands.common import SetupProblem, echo_json, explaining


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--content-type", default="", help="As a server would state it, such as application/feed+json.")
@click.option("--url", default="", help="Where the document is from: what relative links are relative to.")
@explaining
def parse(file: Path, content_type: str, url: str) -> None:
    """What our parser makes of a feed document, as JSON lines."""
    from scraper.parse import parse_feed
    from scraper.parsing.errors import ParseError
    from scraper.parsing.lines import entry_lines

    try:
        for line in entry_lines(parse_feed(file.read_bytes(), content_type, url)):
            echo_json(line)
    except ParseError as error:
        raise SetupProblem(f"{file}: {error.reason.value} ({error.detail})") from error


@click.command()
@explaining
def tag() -> None:
    """Tag headlines: JSON lines in (id, title, summary, optional outlet and categories), JSON lines out."""
    import orjson

    from scraper.evaluate import outlets_of, tag_json_line
    from scraper.settings import load_settings
    from scraper.sources import load_sources
    from scraper.tag import packaged_tagger

    tagger = packaged_tagger()
    outlets = outlets_of(load_sources(load_settings().sources))
    for number, line in enumerate(sys.stdin.buffer, start=1):
        if not line.strip():
            continue
        try:
            record = orjson.loads(line)
            echo_json(tag_json_line(tagger, record, outlets))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise SetupProblem(f"line {number}: expected a JSON object with id, title and summary ({error})") from error


@click.command()
@click.argument("gold", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the figures as one JSON document.")
@click.option("--errors", is_flag=True, help="Print the worst errors with the words that caused them.")
@explaining
def evaluate(gold: Path, as_json: bool, errors: bool) -> None:
    """Precision and recall of the tagger on hand-labelled headlines.

    GOLD has a JSON object a line: title and topics, and, as far as they are known, id, summary, outlet, crafts, regions
    (lists of ids), headcount (a number or null), and topics_ok, crafts_ok, regions_ok: what may be given as well.
    """
    from scraper.evaluate import evaluate as score
    from scraper.evaluate import outlets_of, render, to_json
    from scraper.settings import load_settings
    from scraper.sources import load_sources
    from scraper.tag import packaged_tagger

    outlets = outlets_of(load_sources(load_settings().sources))
    try:
        evaluation = score(gold, packaged_tagger(), outlets)
    except ValueError as error:
        raise SetupProblem(str(error)) from error
    if not evaluation.items:
        raise SetupProblem(f"{gold.name}: there is no headline in it.")
    if as_json:
        echo_json(to_json(evaluation))
    else:
        click.echo(render(evaluation, errors=errors))
