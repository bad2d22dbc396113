"""The `craftwatch` command. What a command needs is imported when it runs, so that `--help` and `--version` are quick.

Exit codes, the same for every command: 0 all fine, 1 some sources failed, 2 nothing could be fetched or the set-up is
wrong, 3 the database cannot be used, 75 another run is under way (EX_TEMPFAIL: try again later).
"""

from __future__ import annotations

from importlib.metadata import version

import click

from scraper.commands import archive, running, sources, trying, units
from scraper.logs import FORMATS, configure_logging


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(version("craftwatch"), message="craftwatch %(version)s")
@click.option("-v", "--verbose", is_flag=True, help="Log every source, not only those that fail.")
@click.option(
    "--log",
    "log_format",
    type=click.Choice(FORMATS),
    default="plain",
    envvar="CRAFTWATCH_LOG",
    show_envvar=True,
    help="The log as lines for people, or as one JSON object per line.",
)
def main(verbose: bool, log_format: str) -> None:
    """Entertainment trade news about AI, layoffs and contracts, tagged by craft and region."""
    configure_logging(log_format, verbose=verbose)


for command in (
    running.scrape,
    running.serve,
    running.up,
    units.units,
    sources.sources,
    trying.parse,
    trying.tag,
    trying.evaluate,
    archive.migrate,
    archive.retag,
    archive.backup,
    archive.restore,
    archive.copy,
    archive.prune,
    archive.doctor,
):
    main.add_command(command)
