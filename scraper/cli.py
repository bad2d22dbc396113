"""The `craftwatch` command. What a command needs is imported when it runs, so that `--help` and `--version` are quick.

Exit codes, the same for every command: 0 all fine, 1 some sources failed, 2 nothing could be fetched or the set-up is
wrong, 3 the database cannot be used, 75 another run is under way (EX_TEMPFAIL: try again later).
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import wraps
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from scraper.run import Run
    from scraper.scrape import RunReport, SourceReport

F = TypeVar("F", bound=Callable[..., Any])


class SetupProblem(click.ClickException):
    """Something that the person can mend: one message, no traceback."""

    exit_code = 2


class DatabaseProblem(click.ClickException):
    exit_code = 3


class AnotherRun(click.ClickException):
    exit_code = 75


@contextmanager
def _explained() -> Iterator[None]:
    from pydantic import ValidationError
    from sqlalchemy.exc import DBAPIError

    from db.errors import DatabaseError, explain
    from db.lock import AlreadyRunning
    from scraper.settings import SettingsError
    from scraper.sources import SourcesError

    try:
        yield
    except AlreadyRunning as error:
        raise AnotherRun(str(error)) from error
    except DBAPIError as error:
        raise DatabaseProblem(str(explain(error))) from error
    except DatabaseError as error:
        raise DatabaseProblem(str(error)) from error
    except (SettingsError, SourcesError) as error:
        raise SetupProblem(str(error)) from error
    except ValidationError as error:
        raise SetupProblem(_settings_text(error)) from error


def _settings_text(error: Any) -> str:
    """No value in the text: a database URL may hold a password."""
    faults = (f"CRAFTWATCH_{str(fault['loc'][0]).upper()}: {fault['msg']}" for fault in error.errors())
    return "\n".join(faults)


def _explaining(command: F) -> F:
    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> Any:
        with _explained():
            return command(*args, **kwargs)

    return run  # type: ignore[return-value]  # the same signature, by wraps


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(version("craftwatch"), message="craftwatch %(version)s")
@click.option("-v", "--verbose", is_flag=True, help="Log every source, not only those that fail.")
def main(verbose: bool) -> None:
    """Entertainment trade news about AI, layoffs and contracts, tagged by craft and region."""
    level = logging.INFO if verbose else logging.ERROR
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    logging.getLogger("httpx").setLevel(logging.WARNING)


@main.command()
@_explaining
def migrate() -> None:
    """Create the database, or bring it up to date."""
    from db.migrations import migrate as bring_up_to_date

    changed = bring_up_to_date(_engine())
    click.echo("The database was brought up to date." if changed else "The database is up to date.")


@main.command()
@click.argument("source_ids", metavar="[SOURCE]...", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Ask every enabled source, due or not.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as one JSON document.")
@click.option("--watch", "stay", is_flag=True, help="Stay, and ask each source whenever it is due.")
@_explaining
def scrape(source_ids: tuple[str, ...], everything: bool, as_json: bool, stay: bool) -> None:
    """Ask the sources that are due (or those named), once. Made for cron: silent unless at a terminal.

    Exits 0 when all is fine, 1 when some sources failed, 2 when nothing could be fetched or the set-up is wrong, 3 when
    the database cannot be used, 75 when another run is under way.
    """
    from scraper.report import summary_json, summary_text
    from scraper.run import Run, watch
    from scraper.settings import load_settings

    run = Run.of_settings(_engine(), load_settings())
    if stay:
        watch(run)
        return
    report = _once(run, source_ids, everything=everything)
    if as_json:
        _echo_json(summary_json(report))
    elif sys.stdout.isatty():
        click.echo(summary_text(report))
    sys.exit(report.exit_code)


@main.command()
@click.option("--host", default="127.0.0.1", envvar="CRAFTWATCH_HOST", show_default=True, show_envvar=True)
@click.option("--port", default=8000, envvar="CRAFTWATCH_PORT", show_default=True, show_envvar=True, type=int)
@_explaining
def serve(host: str, port: int) -> None:
    """Serve the read-only API."""
    from scraper.serving import listen, serve_until_stopped

    _check_readable()
    with _listening(listen, host, port) as socket:
        click.echo(f"Serving on {_address(host, port)} (Ctrl+C stops).", err=True)
        serve_until_stopped(socket, _address(host, port))


@main.command()
@click.option("--host", default="127.0.0.1", envvar="CRAFTWATCH_HOST", show_default=True, show_envvar=True)
@click.option("--port", default=8000, envvar="CRAFTWATCH_PORT", show_default=True, show_envvar=True, type=int)
@click.option("--sample", is_flag=True, help="No network: sample feeds, in a fresh database of their own.")
@_explaining
def up(host: str, port: int, sample: bool) -> None:
    """Migrate, scrape what is due, serve the API, and go on scraping on schedule."""
    from db.migrations import migrate as bring_up_to_date
    from scraper.report import summary_text
    from scraper.run import Run, sample_database
    from scraper.serving import listen, scraping_alongside, serve_until_stopped
    from scraper.settings import load_settings

    settings = load_settings()
    with _listening(listen, host, port) as socket:
        if sample:
            sample_database()
        engine = _engine()
        bring_up_to_date(engine)
        run = Run.of_sample(engine, settings) if sample else Run.of_settings(engine, settings)
        report = _once(run)
        click.echo(summary_text(report))
        if report.exit_code == SetupProblem.exit_code:
            click.echo("To look around without a network: make run SAMPLE=1 (or: craftwatch up --sample)")
        click.echo(
            f"\nServing on {_address(host, port)}, its documentation on {_address(host, port)}docs (Ctrl+C stops)."
        )
        with scraping_alongside(enabled=not sample):
            serve_until_stopped(socket, _address(host, port))


@main.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--content-type", default="", help="As a server would state it, such as application/feed+json.")
@click.option("--url", default="", help="Where the document is from: what relative links are relative to.")
@_explaining
def parse(file: Path, content_type: str, url: str) -> None:
    """What our parser makes of a feed document, as JSON lines."""
    from scraper.parse import ParseError, parse_feed
    from scraper.parsing.lines import entry_lines

    try:
        for line in entry_lines(parse_feed(file.read_bytes(), content_type, url)):
            _echo_json(line)
    except ParseError as error:
        raise SetupProblem(f"{file}: {error.reason.value} ({error.detail})") from error


@main.command()
@_explaining
def tag() -> None:
    """Tag headlines: JSON lines in (id, title, summary, optional outlet and categories), JSON lines out."""
    import orjson

    from db.vocabulary import load_vocabulary
    from scraper.evaluate import outlets_of, tag_json_line
    from scraper.settings import load_settings
    from scraper.sources import load_sources
    from scraper.tag import Tagger

    tagger = Tagger(load_vocabulary())
    outlets = outlets_of(load_sources(load_settings().sources))
    for number, line in enumerate(sys.stdin.buffer, start=1):
        if not line.strip():
            continue
        try:
            record = orjson.loads(line)
            _echo_json(tag_json_line(tagger, record, outlets))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise SetupProblem(f"line {number}: expected a JSON object with id, title and summary ({error})") from error


@main.command()
@click.argument("gold", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the figures as one JSON document.")
@click.option("--errors", is_flag=True, help="Print the worst errors with the words that caused them.")
@_explaining
def evaluate(gold: Path, as_json: bool, errors: bool) -> None:
    """Precision and recall of the tagger on hand-labelled headlines (JSON lines)."""
    from db.vocabulary import load_vocabulary
    from scraper.evaluate import evaluate as score
    from scraper.evaluate import outlets_of, render, to_json
    from scraper.settings import load_settings
    from scraper.sources import load_sources
    from scraper.tag import Tagger

    outlets = outlets_of(load_sources(load_settings().sources))
    evaluation = score(gold, Tagger(load_vocabulary()), outlets)
    if as_json:
        _echo_json(to_json(evaluation))
    else:
        click.echo(render(evaluation, errors=errors))


@main.command()
@click.option("--dry-run", is_flag=True, help="Only tell what would change, with examples.")
@_explaining
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

    engine = _engine()
    check_schema(engine)
    vocabulary = load_vocabulary()
    sources = {source.id: source for source in load_sources(load_settings().sources)}
    with run_lock(engine), _progress(count_items(engine), "Tagging") as step:
        store = Store(engine, vocabulary.departments_of_crafts())
        report = tag_anew(store, Tagger(vocabulary), sources, datetime.now(UTC), dry_run=dry_run, on_batch=step)
    click.echo(report_text(report, dry_run))


@main.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON lines.")
@click.pass_context
@_explaining
def sources(context: click.Context, as_json: bool) -> None:
    """List the sources with their health: last success, last failure and why, next check and why then."""
    from db.settings import DatabaseSettings
    from scraper.health import health_table, load_health

    if context.invoked_subcommand is not None:
        return
    health = load_health(DatabaseSettings().database_url, _engine(), datetime.now(UTC))
    if as_json:
        for source in health:
            _echo_json(source)
    else:
        click.echo(health_table(health))


@sources.command()
@click.argument("source_id", metavar="SOURCE")
@_explaining
def check(source_id: str) -> None:
    """Ask one source now and tell what it gave. Nothing is saved.

    SOURCE is an id; or the address of a site (https://…): its feed or news sitemap is looked for, and a block for it
    printed.
    """
    from scraper.discover import find_sources
    from scraper.run import known_source
    from scraper.settings import load_settings
    from scraper.sources import load_sources
    from scraper.trial import try_source

    settings = load_settings()
    by_id = {source.id: source for source in load_sources(settings.sources)}
    if "://" in source_id:
        trial = find_sources(source_id, settings, tuple(by_id.values()))
    else:
        trial = try_source(by_id[known_source(source_id, by_id)], settings)
    click.echo(trial.text)
    sys.exit(0 if trial.succeeded else 1)


@sources.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_explaining
def import_opml(file: Path) -> None:
    """Print the feeds of an OPML file as blocks for a sources file; those that we have already are left out."""
    from scraper.opml import from_opml
    from scraper.settings import load_settings
    from scraper.sources import load_sources, to_toml

    click.echo(to_toml(from_opml(file.read_bytes(), load_sources(load_settings().sources))), nl=False)


@sources.command()
@_explaining
def export() -> None:
    """Print the sources as OPML, for other feed readers."""
    from scraper.opml import to_opml
    from scraper.settings import load_settings
    from scraper.sources import load_sources

    click.echo(to_opml(load_sources(load_settings().sources)), nl=False)


def _engine() -> Engine:
    from db.engine import open_engine
    from db.settings import DatabaseSettings

    settings = DatabaseSettings()
    engine = open_engine(settings.database_url, wait_seconds=settings.database_wait_seconds)
    click.get_current_context().call_on_close(engine.dispose)
    return engine


def _check_readable() -> None:
    from db.engine import open_engine
    from db.migrations import check_schema
    from db.settings import DatabaseSettings

    engine = open_engine(DatabaseSettings().database_url, read_only=True)
    check_schema(engine)
    engine.dispose()


def _once(run: Run, source_ids: tuple[str, ...] = (), *, everything: bool = False) -> RunReport:
    """One run, with a progress bar when a person is looking."""
    bar: Any = None

    def start(count: int) -> None:
        nonlocal bar
        if count and sys.stderr.isatty():
            bar = click.progressbar(length=count, label="Scraping", file=sys.stderr)
            bar.render_progress()

    def step(report: SourceReport) -> None:
        if bar is not None:
            bar.update(1)

    try:
        return run.once(source_ids, everything=everything, on_start=start, on_done=step)
    finally:
        if bar is not None:
            bar.render_finish()


@contextmanager
def _progress(length: int, label: str) -> Iterator[Callable[[int], None]]:
    if not sys.stderr.isatty():
        yield lambda count: None
        return
    with click.progressbar(length=length, label=label, file=sys.stderr) as bar:
        yield bar.update


@contextmanager
def _listening(listen: Callable[[str, int], Any], host: str, port: int) -> Iterator[Any]:
    try:
        socket = listen(host, port)
    except OSError as error:
        hint = "Choose another with --port or CRAFTWATCH_PORT."
        raise SetupProblem(f"Cannot listen on {host}:{port}: {error.strerror}. {hint}") from error
    with socket:
        yield socket


def _address(host: str, port: int) -> str:
    """Under which this machine reaches us; a wildcard is no address to call."""
    reached = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  # compared, not bound
    return f"http://{f'[{reached}]' if ':' in reached else reached}:{port}/"


def _echo_json(value: Any) -> None:
    import orjson

    click.echo(orjson.dumps(value))
