"""The schema's history (Alembic) and the two questions about it: bring it up to date; is it?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect, text

from db.errors import HalfCopied, NoDatabase, NotOurs, SchemaTooNew, SchemaTooOld
from db.lock import RunLock, run_lock

if TYPE_CHECKING:
    from alembic.config import Config

HALF_COPIED = "half_copied"  # a counter that is there while db.copying is at work, or was interrupted
_FOLDER = Path(__file__).parent
_HISTORY = "alembic_version"
_SINCE_THE_FIRST = {"counter", "item", "item_term", "term_day"}  # tables of every schema of ours
_NAMED = 3  # tables of another program


def migrate(engine: Engine) -> bool:
    """Bring the schema up to date in one transaction; true when there was something to do.

    Raises SchemaTooNew when a later craftwatch wrote the database, NotOurs when another program did.
    """
    from alembic import command  # slow to import, and every other command only asks which version there is

    before = _revision(engine)
    with engine.begin() as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return before != _head()


def migrate_alone(engine: Engine) -> bool:
    """`migrate` while no run is under way, for one of an older craftwatch would write as it used to.

    Raises AlreadyRunning as well.
    """
    if _revision(engine) == _head():
        return False
    with run_lock(engine):
        return migrate(engine)


@contextmanager
def locked_archive(engine: Engine, *, shared: bool = False) -> Iterator[RunLock]:
    """`run_lock` on an archive that has, and keeps, the schema of this code. Raises what check_schema raises, too."""
    check_schema(engine)  # first, for a lock leaves its file beside a database that may not be there
    with run_lock(engine, shared=shared) as lock:
        check_schema(engine)  # it may have been brought further while others had the lock
        yield lock


def check_schema(engine: Engine) -> None:
    """Raises SchemaTooOld or SchemaTooNew unless the schema is the one this code was written for.

    Raises NoDatabase where there are no tables yet, NotOurs where they are another program's, HalfCopied where a copy
    into it was interrupted.
    """
    current = _revision(engine)
    if current is None:
        raise NoDatabase("There is nothing in the database yet. Run: craftwatch migrate")
    if current != _head():
        raise SchemaTooOld("The database is of an older version. Run: craftwatch migrate")
    with engine.connect() as connection:
        if connection.scalar(text("SELECT 1 FROM counter WHERE name = :name"), {"name": HALF_COPIED}):
            raise HalfCopied("The archive is not copied to here in full yet. Run the same craftwatch copy again.")


def _revision(engine: Engine) -> str | None:
    """Of our schema; None where there is no table yet. Raises SchemaTooNew, NotOurs."""
    with engine.connect() as connection:
        tables = set(inspect(connection).get_table_names()) - _of_extensions(connection)
        stated = connection.scalars(text("SELECT version_num FROM alembic_version")).all() if _HISTORY in tables else []
    if not stated and tables <= {_HISTORY}:
        return None
    current = stated[0] if len(stated) == 1 else ""
    if not current or not (tables >= _SINCE_THE_FIRST or _looks_later(current)):
        raise NotOurs(
            f"The database is another program's (with {_some(tables)} in it). "
            "Name another: in CRAFTWATCH_DATABASE_URL, for copy with --to."
        )
    if current not in _revisions():
        raise SchemaTooNew(
            f"The database was written by a later craftwatch (schema {current}). Update craftwatch, or name another "
            "database in CRAFTWATCH_DATABASE_URL."
        )
    return current


def _of_extensions(connection: Connection) -> set[str]:
    """Tables that PostgreSQL's extensions brought, such as spatial_ref_sys of PostGIS: nobody's data."""
    if connection.dialect.name != "postgresql":
        return set()
    members = (
        "SELECT relname FROM pg_class JOIN pg_depend ON objid = pg_class.oid AND classid = 'pg_class'::regclass "
        "WHERE deptype = 'e' AND relnamespace = current_schema()::regnamespace"
    )
    return set(connection.scalars(text(members)))


def _looks_later(revision: str) -> bool:
    """Other programs' revisions are not numbers as long as ours."""
    return len(revision) == len(_head()) and revision.isdecimal() and revision > _head()


def _some(tables: set[str]) -> str:
    names = sorted(tables - {_HISTORY} or tables)
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"table{'s' if len(names) > 1 else ''} {', '.join(names[:_NAMED])}{more}"


def _head() -> str:
    return _revisions()[-1]


@lru_cache(maxsize=1)
def _revisions() -> list[str]:
    """Oldest first: each migration's file is named for its number."""
    return sorted(path.name.partition("_")[0] for path in (_FOLDER / "versions").glob("[0-9]*.py"))


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.set_main_option("path_separator", "os")
    return config
