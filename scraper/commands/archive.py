"""The care of the archive."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from scraper.commands.common import explaining, open_database, progress_bar


@click.command()
@explaining
def migrate() -> None:
    """Create the database, or bring it up to date."""
    from db.migrations import migrate as bring_up_to_date

    changed = bring_up_to_date(open_database())
    click.echo("The database was brought up to date." if changed else "The database is up to date.")


@click.command()
@click.option("--dry-run", is_flag=True, help="Only tell what would change, with examples.")
@explaining
def retag(dry_run: bool) -> None:
    """Give the whole archive the tags of today's rules."""
    from db.lock import run_lock
    from db.migrations import check_schema
    from db.store import Store, count_items
    from db.vocabulary import load_vocabulary
    from scraper.retag import report_text
    from scraper.retag import retag as tag_anew
    from scraper.settings import load_settings
    from scraper.sources import load_sources
    from scraper.tag import Tagger

    engine = open_database()
    check_schema(engine)
    vocabulary = load_vocabulary()
    sources = {source.id: source for source in load_sources(load_settings().sources)}
    with run_lock(engine), progress_bar(count_items(engine), "Tagging") as step:
        store = Store(engine, vocabulary.departments_of_crafts())
        report = tag_anew(store, Tagger(vocabulary), sources, datetime.now(UTC), dry_run=dry_run, on_batch=step)
    click.echo(report_text(report, dry_run))
