"""The schema's history (Alembic) and the two questions about it: bring it up to date; is it?"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine, inspect, text

from db.errors import HalfCopied, NoDatabase, SchemaTooNew, SchemaTooOld

if TYPE_CHECKING:
    from alembic.config import Config

HALF_COPIED = "half_copied"  # a counter that is there while db.copying is at work, or was interrupted
_FOLDER = Path(__file__).parent


def migrate(engine: Engine) -> bool:
    """Bring the schema up to date in one transaction; true when there was something to do.

    Raises SchemaTooNew when a later craftwatch wrote the database.
    """
    from alembic import command  # slow to import, and every other command only asks which version there is

    before = _current(engine)
    _refuse_newer(before)
    with engine.begin() as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return before != _head()


def is_up_to_date(engine: Engine) -> bool:
    return _current(engine) == _head()


def check_schema(engine: Engine) -> None:
    """Raises SchemaTooOld or SchemaTooNew unless the schema is the one this code was written for.

    Raises NoDatabase where there are no tables yet, HalfCopied where a copy into it was interrupted.
    """
    current = _current(engine)
    if current is None and _is_empty(engine):
        raise NoDatabase("There is nothing in the database yet. Run: craftwatch migrate")
    _refuse_newer(current)
    if current != _head():
        raise SchemaTooOld("The database is of an older version. Run: craftwatch migrate")
    with engine.connect() as connection:
        if connection.scalar(text("SELECT 1 FROM counter WHERE name = :name"), {"name": HALF_COPIED}):
            raise HalfCopied("The archive is not copied to here in full yet. Run the same craftwatch copy again.")


def _refuse_newer(current: str | None) -> None:
    if current is not None and current not in _revisions():
        raise SchemaTooNew(
            f"The database was written by a later craftwatch (schema {current}). Update craftwatch, or name another "
            "database in CRAFTWATCH_DATABASE_URL."
        )


def _is_empty(engine: Engine) -> bool:
    with engine.connect() as connection:
        return not inspect(connection).get_table_names()


def _current(engine: Engine) -> str | None:
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


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
