"""The `craftwatch` command. What a command needs is imported when it runs, so that `--help` and `--version` are quick.

Exit codes, the same for every command: 0 all fine, 1 some sources failed, 2 no server could be reached or the set-up
is wrong, 3 the database cannot be used, 75 another run is under way (EX_TEMPFAIL: try again later), 130 ended by
Ctrl+C, 143 by SIGTERM.
"""

from __future__ import annotations

import gc
import signal
import threading
from collections.abc import Callable
from importlib.metadata import version
from types import FrameType
from typing import Any

import click
from click.core import ParameterSource

from scraper.commands import archive, running, sources, trying, units
from scraper.commands.common import Interrupted, SetupProblem
from scraper.logs import FORMATS, configure_logging, logs_json

# When the garbage collector looks: what a command imports and reads stays, so that it would look in vain.
_GARBAGE = (20_000, 10, 10)
_WRONG_FORM = "craftwatch.wrong_form"


class _Commands(click.Group):
    """Who reads JSON reads of a mistake in the command, too, and of its end by Ctrl+C, as a line of the log."""

    def invoke(self, ctx: click.Context) -> Any:
        gc.set_threshold(*_GARBAGE)
        restore = _end_on_sigterm()
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise Interrupted("Ended by Ctrl+C, before the work was done.") from None
        except click.UsageError as error:
            if logs_json():
                raise SetupProblem(error.format_message()) from error
            raise
        finally:
            restore()
            gc.freeze()  # all goes with the process: to look for garbage in it first takes longer than most commands


def _end_on_sigterm() -> Callable[[], object]:
    """For those commands that have no way of their own to end; how to undo it. Threads cannot be told by signals."""
    if threading.current_thread() is not threading.main_thread():
        return lambda: None
    before = signal.signal(signal.SIGTERM, _end)
    return lambda: signal.signal(signal.SIGTERM, before or signal.SIG_DFL)


def _end(number: int, frame: FrameType | None) -> None:
    """What was begun is cleared away, which the signal alone would leave lying."""
    raise SystemExit(128 + number)


class _Form(click.Option):
    """Complains only when it is known that another command than `doctor` is to run: that one tells of all settings."""

    def type_cast_value(self, ctx: click.Context, value: Any) -> Any:
        try:
            return super().type_cast_value(ctx, value)
        except click.BadParameter as error:
            ctx.meta[_WRONG_FORM] = error
            return FORMATS[0]


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(version("craftwatch"), message="craftwatch %(version)s")
@click.option("-v", "--verbose", is_flag=True, help="Log every source, not only those that fail.")
@click.option(
    "--log",
    "log_format",
    cls=_Form,
    type=click.Choice(FORMATS),
    default="plain",
    envvar="CRAFTWATCH_LOG",
    show_envvar=True,
    help="The log as lines for people, or as one JSON object per line.",
)
@click.pass_context
def main(context: click.Context, verbose: bool, log_format: str) -> None:
    """Entertainment trade news about AI, layoffs and contracts, tagged by craft and region."""
    is_setting = context.get_parameter_source("log_format") is ParameterSource.ENVIRONMENT
    if _WRONG_FORM in context.meta and not (is_setting and context.invoked_subcommand == "doctor"):
        raise context.meta[_WRONG_FORM]
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
    archive.rebuild,
    archive.backup,
    archive.restore,
    archive.copy,
    archive.prune,
    archive.doctor,
):
    main.add_command(command)
