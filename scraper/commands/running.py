"""The main job: scrape, serve, and both at once."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from scraper.commands.common import SetupProblem, echo_json, explaining, open_database

if TYPE_CHECKING:
    from scraper.run import Run
    from scraper.scrape import RunReport, SourceReport


@click.command()
@click.argument("source_ids", metavar="[SOURCE]...", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Ask every enabled source, due or not.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as one JSON document.")
@click.option("--watch", "stay", is_flag=True, help="Stay, and ask each source whenever it is due.")
@explaining
def scrape(source_ids: tuple[str, ...], everything: bool, as_json: bool, stay: bool) -> None:
    """Ask the sources that are due (or those named), once. Made for cron: silent unless at a terminal.

    Exits 0 when all is fine, 1 when some sources failed, 2 when nothing could be fetched or the set-up is wrong, 3 when
    the database cannot be used, 75 when another run is under way.
    """
    from scraper.report import summary_json, summary_text
    from scraper.run import Run, watch
    from scraper.settings import load_settings

    run = Run.of_settings(open_database(), load_settings())
    if stay:
        watch(run)
        return
    report = _once(run, source_ids, everything=everything)
    if as_json:
        echo_json(summary_json(report))
    elif sys.stdout.isatty():
        click.echo(summary_text(report))
    sys.exit(report.exit_code)


@click.command()
@click.option("--host", default="127.0.0.1", envvar="CRAFTWATCH_HOST", show_default=True, show_envvar=True)
@click.option("--port", default=8000, envvar="CRAFTWATCH_PORT", show_default=True, show_envvar=True, type=int)
@explaining
def serve(host: str, port: int) -> None:
    """Serve the read-only API."""
    from scraper.serving import listen, serve_until_stopped

    _check_readable()
    with _listening(listen, host, port) as socket:
        click.echo(f"Serving on {_address(host, port)} (Ctrl+C stops).", err=True)
        serve_until_stopped(socket, _address(host, port))


@click.command()
@click.option("--host", default="127.0.0.1", envvar="CRAFTWATCH_HOST", show_default=True, show_envvar=True)
@click.option("--port", default=8000, envvar="CRAFTWATCH_PORT", show_default=True, show_envvar=True, type=int)
@click.option("--sample", is_flag=True, help="No network: sample feeds, in a fresh database of their own.")
@explaining
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
        engine = open_database()
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
