"""The schema's history (Alembic) and the two questions about it: bring it up to date; is it?"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from db.errors import SchemaTooNew, SchemaTooOld


def migrate(engine: Engine) -> bool:
    """Bring the schema up to date in one transaction; true when there was something to do.

    Raises SchemaTooNew when a later craftwatch wrote the database.
    """
    before = _current(engine)
    _refuse_newer(before)
    with engine.begin() as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return before != _head()


def check_schema(engine: Engine) -> None:
    """Raises SchemaTooOld or SchemaTooNew unless the schema is the one this code was written for."""
    current = _current(engine)
    _refuse_newer(current)
    if current != _head():
        raise SchemaTooOld("The database is of an older version. Run: craftwatch migrate")


def _refuse_newer(current: str | None) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if current is not None and current not in known:
        raise SchemaTooNew(
            f"The database was written by a later craftwatch (schema {current}). Update craftwatch, or name another "
            "database in CRAFTWATCH_DATABASE_URL."
        )


def _current(engine: Engine) -> str | None:
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def _head() -> str | None:
    return ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    return config
