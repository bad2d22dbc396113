"""The `craftwatch` command. What a command needs is imported when it runs, so that `--help` and `--version` are quick.

Exit codes, the same for every command: 0 all fine, 1 some sources failed, 2 nothing could be fetched or the set-up is
wrong, 3 the database cannot be used, 75 another run is under way (EX_TEMPFAIL: try again later).
"""

from __future__ import annotations

import logging
import sys
from importlib.metadata import version

import click

from scraper.commands import archive, running, sources, trying


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(version("craftwatch"), message="craftwatch %(version)s")
@click.option("-v", "--verbose", is_flag=True, help="Log every source, not only those that fail.")
def main(verbose: bool) -> None:
    """Entertainment trade news about AI, layoffs and contracts, tagged by craft and region."""
    level = logging.INFO if verbose else logging.ERROR
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    logging.getLogger("httpx").setLevel(logging.WARNING)


for command in (
    running.scrape,
    running.serve,
    running.up,
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
