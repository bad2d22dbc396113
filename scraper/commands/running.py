"""The main job: scrape, serve, and both at once."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from scraper.commands.common import SetupProblem, echo_json, explaining, open_database
from scraper.logs import announce, logs_json

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
    """Ask the sources that are due (or those named), once. Made for cron: silent unless at a terminal or given names.

    Exits 0 when all is fine, 1 when some sources failed, 2 when none could be reached or the set-up is wrong, 3 when
    the database cannot be used, 75 when another run is under way, 143 or 130 when it was asked to end.
    """
    from scraper.report import summary_json, summary_text
    from scraper.run import Run, watch
    from scraper.settings import load_settings
    from scraper.stopping import stopping

    if stay and (source_ids or everything or as_json):
        raise SetupProblem("--watch asks every source whenever it is due: it goes with no names, --all or --json.")
    with stopping() as stop:
        run = replace(Run.of_settings(open_database(), load_settings()), stop=stop)
        if stay:
            watch(run)
            return
        report = _once(run, source_ids, everything=everything)
    exit_code = stop.exit_code if stop.asked else report.exit_code
    if as_json:
        echo_json(summary_json(report) | {"exit_code": exit_code, "interrupted": stop.asked})
    elif source_ids or sys.stdout.isatty():
        click.echo(summary_text(report))
    sys.exit(exit_code)


def listening_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for name, default, text in (
        ("metrics-port", 0, "Tell Prometheus the numbers at this port, at /metrics; 0: nowhere."),
        ("metrics-host", "127.0.0.1", "Where that port listens."),
        ("port", 8000, None),
        ("host", "127.0.0.1", None),
    ):
        envvar = f"CRAFTWATCH_{name.upper().replace('-', '_')}"
        command = click.option(
            f"--{name}",
            default=default,
            type=click.IntRange(0, 65_535) if isinstance(default, int) else str,
            envvar=envvar,
            help=text,
            show_default=True,
            show_envvar=True,
        )(command)
    return command


@click.command()
@listening_options
@explaining
def serve(**places: Any) -> None:
    """Serve the read-only API, until SIGTERM or SIGINT: requests under way are finished first."""
    from scraper.serving import serve_until_stopped
    from scraper.stopping import stopping

    _check_readable()
    with _listening(**places) as (sockets, address), stopping() as stop:
        announce(f"Serving on {address} (Ctrl+C stops).")
        serve_until_stopped(sockets, address, stop)


@click.command()
@listening_options
@click.option("--sample", is_flag=True, help="No network: sample feeds, in a fresh database of their own.")
@explaining
def up(sample: bool, **places: Any) -> None:
    """Migrate, scrape what is due, serve the API, and go on scraping on schedule."""
    from db.migrations import migrate_alone
    from scraper.report import summary_text
    from scraper.run import Run, sample_database
    from scraper.serving import scraping_alongside, serve_until_stopped
    from scraper.settings import load_settings
    from scraper.stopping import stopping

    settings = load_settings()
    with _listening(**places) as (sockets, address), stopping() as stop:
        if sample:
            sample_database()
        engine = open_database()
        migrate_alone(engine)
        run = Run.of_sample(engine, settings) if sample else Run.of_settings(engine, settings)
        report = _once(replace(run, stop=stop))
        announce(summary_text(report), err=False)
        if stop.asked:
            sys.exit(stop.exit_code)
        if report.exit_code == SetupProblem.exit_code:
            announce("To look around without a network: make run SAMPLE=1 (or: craftwatch up --sample)", err=False)
        announce(f"\nServing on {address}, its documentation on {address}docs (Ctrl+C stops).", err=False)
        with scraping_alongside(enabled=not sample):
            serve_until_stopped(sockets, address, stop)


def _check_readable() -> None:
    from db.engine import open_engine
    from db.migrations import check_schema
    from db.settings import DatabaseSettings

    engine = open_engine(DatabaseSettings().reading_url, read_only=True)
    check_schema(engine)
    engine.dispose()


def _once(run: Run, source_ids: tuple[str, ...] = (), *, everything: bool = False) -> RunReport:
    """One run, with a progress bar when a person is looking."""
    bar: Any = None

    def start(count: int) -> None:
        nonlocal bar
        if count and sys.stderr.isatty() and not logs_json():
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
def _listening(host: str, port: int, metrics_host: str, metrics_port: int) -> Iterator[tuple[list[Any], str]]:
    """The sockets to serve on and the address to tell people; one that the service manager listens on comes first."""
    from scraper.serving import address_of, inherited_socket, listen, offer_metrics

    with ExitStack() as sockets:
        main = inherited_socket() or _bind(listen, host, port)
        served = [sockets.enter_context(main)]
        if metrics_port:
            metrics = _bind(listen, metrics_host, metrics_port, "metrics-")
            served.append(sockets.enter_context(metrics))
            offer_metrics(metrics_port)
        yield served, address_of(main)


def _bind(listen: Callable[[str, int], Any], host: str, port: int, prefix: str = "") -> Any:
    from scraper.serving import CannotListen

    try:
        return listen(host, port)
    except CannotListen as error:
        option = prefix + error.at_fault
        setting = f"CRAFTWATCH_{option.upper().replace('-', '_')}"
        raise SetupProblem(f"{error} Set --{option} or {setting} to another: {error.advice}.") from error
