"""The care of the archive."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scraper.commands.common import SetupProblem, echo_json, explaining, open_database, progress_bar
from scraper.logs import announce

if TYPE_CHECKING:
    from db.backup import Inventory
    from db.rebuild import Mended


@click.command()
@explaining
def migrate() -> None:
    """Create the database, or bring it up to date."""
    from db.migrations import migrate_alone

    was_older = migrate_alone(open_database())
    click.echo("The database was brought up to date." if was_older else "The database is up to date.")


@click.command()
@click.option("--dry-run", is_flag=True, help="Only tell what would change, with examples.")
@explaining
def retag(dry_run: bool) -> None:
    """Give the whole archive the tags of today's rules."""
    from db.checkup import note_retagged
    from db.migrations import locked_archive
    from db.rebuild import rebuild as derive_anew
    from db.store import Store, count_items
    from db.vocabulary import load_vocabulary
    from scraper.retag import report_text
    from scraper.retag import retag as tag_anew
    from scraper.settings import load_settings
    from scraper.sources import load_sources
    from scraper.tag import packaged_tagger

    engine = open_database()
    vocabulary = load_vocabulary()
    sources = {source.id: source for source in load_sources(load_settings().sources)}
    with locked_archive(engine), progress_bar(count_items(engine), "Tagging") as step:
        store = Store(engine, vocabulary.wholes)
        report = tag_anew(store, packaged_tagger(), sources, datetime.now(UTC), dry_run=dry_run, on_batch=step)
    click.echo(report_text(report, dry_run))
    if not dry_run:  # what terms are part of may have changed as well
        _say_mended(derive_anew(engine, vocabulary.wholes(), datetime.now(UTC)))
        note_retagged(engine, vocabulary.rules_version)


@click.command()
@explaining
def rebuild() -> None:
    """Make anew what is derived from the items: how they are filed, the counts, the search index.

    For when `doctor` or `backup` finds that numbers do not add up. Interrupted, it has changed nothing; readers see the
    old numbers until all are right. No scrape can run meanwhile.
    """
    from db.migrations import check_schema
    from db.rebuild import rebuild as derive_anew
    from db.store import count_items
    from db.vocabulary import load_vocabulary

    engine = open_database()
    check_schema(engine)
    wholes = load_vocabulary().wholes()
    with progress_bar(count_items(engine), "Rebuilding") as step:
        mended = derive_anew(engine, wholes, datetime.now(UTC), step)
    if mended:
        _say_mended(mended)
    else:
        click.echo("Nothing was wrong.")


def _say_mended(mended: Mended) -> None:
    wrong = [f"{mended.items:,} item{'s' if mended.items != 1 else ''} filed otherwise"] if mended.items else []
    wrong += [f"{mended.counts:,} count{'s' if mended.counts != 1 else ''}"] if mended.counts else []
    wrong += ["the search index"] if mended.search else []
    if wrong:
        click.echo(f"Set right: {', '.join(wrong)}.")


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Replace FILE.")
@explaining
def backup(file: Path, force: bool) -> None:
    """Write the whole archive to FILE, while everything else goes on.

    One SQLite file, whichever kind the database is; it is checked before it takes its name. Where numbers in it do not
    add up, it says so.
    """
    from db.backup import back_up

    if file.exists() and not force:
        raise SetupProblem(f"{file} is there already. Name another file, or replace it: --force")
    with _file_faults(file), _late_progress_bar("Backing up") as (start, step):
        inventory = back_up(open_database(), file, on_start=start, on_rows=step)
    click.echo(f"{file}: {_told(inventory)}.")
    _warn_of_counts(file)


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path))
@click.option("--force", is_flag=True, help="Replace the items that the database has.")
@explaining
def restore(file: Path, force: bool) -> None:
    """Put the archive of a backup FILE in the place of the database, and verify it.

    The database may be of the other kind than the one that was backed up, or not be there at all.
    """
    from db.backup import restore as put_back

    with _file_faults(file), _late_progress_bar("Restoring") as (start, step):
        now = datetime.now(UTC)
        inventory = put_back(file, open_database(), now, force=force, on_start=start, on_rows=step)
    click.echo(f"Restored and verified: {_told(inventory)}. Restart craftwatch serve where it runs.")


@click.command()
@click.option(
    "--to", "url", required=True, metavar="URL", help="sqlite:///file.db or postgresql://user:password@host/name"
)
@explaining
def copy(url: str) -> None:
    """Copy the whole archive into another, empty database, SQLite or PostgreSQL, and verify it.

    Interrupted, it goes on when it is run again. No scrape can run meanwhile.
    """
    from db.copying import copy_archive

    with _late_progress_bar("Copying") as (start, step):
        contents = copy_archive(open_database(), _open_other(url), on_start=start, on_rows=step)
    width = max(map(len, contents))
    for table, held in sorted(contents.items()):
        click.echo(f"{table:<{width}}  {held.rows:>12,} rows  {held.checksum}")
    click.echo("Copied and verified. To use it, set CRAFTWATCH_DATABASE_URL.")


@click.command()
@click.option(
    "--older-than",
    "age",
    default="P90D",
    show_default=True,
    metavar="DURATION",
    callback=lambda context, option, text: _read_duration(text),
    help="ISO 8601, such as P90D or P1Y.",
)
@explaining
def prune(age: timedelta) -> None:
    """Forget old checks of sources (the fetch log). Items are never forgotten.

    What is forgotten is missing where coverage is asked for a time so long ago.
    """
    from db.migrations import check_schema
    from db.prune import prune_fetch_log

    engine = open_database()
    check_schema(engine)
    count = prune_fetch_log(engine, datetime.now(UTC) - age)
    click.echo(f"{count:,} check{'s' if count != 1 else ''} forgotten.")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the findings as one JSON document.")
@click.pass_context
def doctor(context: click.Context, as_json: bool) -> None:
    """Look at settings, database, clock, disk and sources; tell what is wrong and what to do about it.

    Nothing is changed. Exits 0 when all is fine, 1 with warnings, 2 when something is broken.
    """
    import os

    from scraper.doctor import examine, exit_code, report_json, report_text
    from scraper.options import settings_of_options

    findings = examine(datetime.now(UTC), os.environ, settings_of_options(context.find_root().command, os.environ))
    if as_json:
        echo_json(report_json(findings))
    else:
        click.echo(report_text(findings))
    context.exit(exit_code(findings))


def _warn_of_counts(file: Path) -> None:
    """Say so, on standard error, where a backup holds what `rebuild` mends: it is kept."""
    from db.checkup import count_advice, count_faults
    from db.copying import reading
    from db.engine import open_engine
    from db.words import look_at_words

    engine = open_engine(f"sqlite:///{file.absolute()}", read_only=True)
    try:
        with reading(engine) as moment:
            for fault in count_faults(moment):
                announce(f"Numbers in the database and in its backup do not add up: {fault}. {count_advice(fault)}")
        fault = look_at_words(file).fault
        if fault:
            announce(f"Searches fail in the database and in its backup: {fault}. Run: craftwatch rebuild")
    finally:
        engine.dispose()


def _told(inventory: Inventory) -> str:
    newest = f", the newest of {inventory.newest_at:%Y-%m-%d %H:%M} UTC" if inventory.newest_at else ""
    return f"{inventory.items:,} items{newest}, {inventory.sources:,} sources, {inventory.bytes:,} bytes"


def _open_other(url: str) -> Any:
    """The database to copy to, closed with the command."""
    from pydantic import ValidationError

    from db.engine import open_engine
    from db.settings import DatabaseSettings

    try:
        settings = DatabaseSettings(database_url=url or "none")  # which is refused; "" is the default database
    except ValidationError as error:
        raise click.BadParameter(error.errors()[0]["msg"].removeprefix("Value error, "), param_hint="--to") from None
    engine = open_engine(settings.database_url, wait_seconds=settings.database_wait_seconds)
    click.get_current_context().call_on_close(engine.dispose)
    return engine


def _read_duration(text: str) -> timedelta:
    from pydantic import TypeAdapter, ValidationError

    try:
        age = TypeAdapter(timedelta).validate_python(text)
    except ValidationError:
        age = timedelta(-1)
    if not text.startswith("P") or age < timedelta():
        raise click.BadParameter("expected an ISO 8601 duration such as P90D")
    return age


@contextmanager
def _file_faults(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SetupProblem(f"{error.filename or file}: {error.strerror}.") from error


@contextmanager
def _late_progress_bar(label: str) -> Iterator[tuple[Callable[[int], None], Callable[[int], None]]]:
    """(start, step): a progress bar whose length is known only when the work begins."""
    from contextlib import ExitStack

    with ExitStack() as stack:
        steps: list[Callable[[int], None]] = []
        yield (
            lambda length: steps.append(stack.enter_context(progress_bar(length, label))),
            lambda count: steps[-1](count),
        )
