"""The sources: their health, trying one, taking them in and out as OPML."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from scraper.commands.common import echo_json, explaining
from scraper.logs import announce


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON lines.")
@click.pass_context
@explaining
def sources(context: click.Context, as_json: bool) -> None:
    """List the sources with their health: last success, last failure and why, next check and why then."""
    from db.settings import DatabaseSettings
    from scraper.health import health_table, load_health

    if context.invoked_subcommand is not None:
        return
    health = load_health(DatabaseSettings().database_url, datetime.now(UTC))
    if as_json:
        for source in health:
            echo_json(source)
    else:
        click.echo(health_table(health))


@sources.command()
@click.argument("source_id", metavar="SOURCE")
@explaining
def check(source_id: str) -> None:
    """Ask one source now and tell what it gave. Nothing is saved.

    SOURCE is an id; or a site, by its address (https://…) or name: its feed or news sitemap is looked for, and a block
    for it printed.
    """
    from scraper.discover import find_sources
    from scraper.run import known_source
    from scraper.settings import load_settings
    from scraper.sources import load_sources
    from scraper.trial import try_source

    settings = load_settings()
    by_id = {source.id: source for source in load_sources(settings.sources)}
    if "://" in source_id or "." in source_id:  # no id has a dot
        address = source_id if "://" in source_id else f"https://{source_id}"
        trial = find_sources(address, settings, tuple(by_id.values()))
    else:
        trial = try_source(by_id[known_source(source_id, by_id)], settings)
    click.echo(trial.text)
    sys.exit(0 if trial.succeeded else 1)


@sources.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@explaining
def import_opml(file: Path) -> None:
    """Print the feeds of an OPML file as blocks for a sources file; those that we have already are left out."""
    from scraper.opml import count_feeds, from_opml
    from scraper.settings import load_settings
    from scraper.sources import load_sources, to_toml

    document = file.read_bytes()
    found = from_opml(document, load_sources(load_settings().sources))
    click.echo(to_toml(found), nl=False)
    if left_out := count_feeds(document) - len(found):
        announce(f"{left_out} left out: already on the list, named twice, or without an address that can be asked.")


@sources.command()
@explaining
def export() -> None:
    """Print the sources as OPML, for other feed readers."""
    from scraper.opml import to_opml
    from scraper.settings import load_settings
    from scraper.sources import load_sources

    click.echo(to_opml(load_sources(load_settings().sources)), nl=False)
