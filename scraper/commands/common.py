"""What the commands share: one message in place of a traceback, the database, a progress bar, JSON out."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import IO, TYPE_CHECKING, Any, TypeVar

import click

from scraper.logs import log, logs_json

if TYPE_CHECKING:
    from sqlalchemy import Engine

F = TypeVar("F", bound=Callable[..., Any])


class _Problem(click.ClickException):
    """One message, no traceback."""

    def show(self, file: IO[Any] | None = None) -> None:
        if logs_json():
            log.error("%s", self.format_message())
        else:
            super().show(file)


class SetupProblem(_Problem):
    """Something that the person can mend."""

    exit_code = 2


class DatabaseProblem(_Problem):
    exit_code = 3


class AnotherRun(_Problem):
    exit_code = 75


class Interrupted(_Problem):
    exit_code = 130


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


def explaining(command: F) -> F:
    """What can go wrong in the command ends it with a message and an exit code of its own."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> Any:
        with _explained():
            return command(*args, **kwargs)

    return run  # type: ignore[return-value]  # the same signature, by wraps


def open_database() -> Engine:
    """The database of the settings, closed with the command."""
    from db.engine import open_engine
    from db.settings import DatabaseSettings

    settings = DatabaseSettings()
    engine = open_engine(settings.database_url, wait_seconds=settings.database_wait_seconds)
    click.get_current_context().call_on_close(engine.dispose)
    return engine


@contextmanager
def progress_bar(length: int, label: str) -> Iterator[Callable[[int], None]]:
    if not sys.stderr.isatty() or logs_json():
        yield lambda count: None
        return
    with click.progressbar(length=length, label=label, file=sys.stderr) as bar:
        yield bar.update


def echo_json(value: Any) -> None:
    import orjson

    click.echo(orjson.dumps(value))
