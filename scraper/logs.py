"""What the log looks like: lines for people, or one JSON object per line."""

from __future__ import annotations

import logging
import sys
import time
from types import TracebackType

import click

FORMATS = ("plain", "json")
_QUIET = ("httpx", "alembic")  # each tells every step it takes

log = logging.getLogger("craftwatch")


class _JsonHandler(logging.StreamHandler):  # type: ignore[type-arg]  # generic only for type checkers
    pass


def configure_logging(form: str, *, verbose: bool = False) -> None:
    """Everything goes to standard error, what uvicorn and other libraries log as well.

    "plain": what went wrong; with `verbose` every source too. "json": all of it, for what reads it chooses by level.
    """
    handler: logging.Handler
    if form == "json":
        handler = _JsonHandler(sys.stderr)
        handler.setFormatter(_json_formatter())
        sys.excepthook = _log_bug
    else:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(level=logging.INFO if verbose or form == "json" else logging.ERROR, handlers=[handler])
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def logs_json() -> bool:
    return any(isinstance(handler, _JsonHandler) for handler in logging.getLogger().handlers)


def announce(text: str, *, err: bool = True) -> None:
    """Tell the person who started us, on standard error or output; whoever reads JSON finds it in the log."""
    if logs_json():
        log.info("%s", text.strip())
    else:
        click.echo(text, err=err)


def _json_formatter() -> logging.Formatter:
    from pythonjsonlogger.core import RESERVED_ATTRS
    from pythonjsonlogger.orjson import OrjsonFormatter

    class Formatter(OrjsonFormatter):
        converter = time.gmtime  # type: ignore[assignment]  # as the documentation of logging says
        default_time_format = "%Y-%m-%dT%H:%M:%S"
        default_msec_format = "%s.%03dZ"

    return Formatter(
        ["asctime", "levelname", "name", "message"],
        rename_fields={"asctime": "time", "levelname": "level", "name": "logger"},
        reserved_attrs=[*RESERVED_ATTRS, "color_message"],  # uvicorn's second copy of its messages
    )


def _log_bug(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    log.critical("%s", error, exc_info=(kind, error, trace))
