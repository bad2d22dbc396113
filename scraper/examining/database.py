"""The database: its place, its schema, what is in it, and the replica that the API may read."""

from __future__ import annotations

import os
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from shlex import quote

from sqlalchemy import Connection, Engine, make_url
from sqlalchemy.exc import DBAPIError

from db import checkup
from db.archive import Archive
from db.copying import reading
from db.engine import is_sqlite, open_engine, sqlite_path
from db.errors import DatabaseError, DatabaseUnusable, NoDatabase, explain
from db.migrations import check_schema
from db.settings import PREFIX, DatabaseSettings
from db.sources import load_sources, newest_items
from db.vocabulary import load_vocabulary
from db.words import CHECK_SECONDS, look_at_words
from scraper.examining.findings import Finding, Findings, Grade, in_utc
from scraper.examining.sources import examine_sources

CLOCK_TOLERANCE = timedelta(minutes=2)
SHORT_OF_DISK, OUT_OF_DISK = 1 << 30, 50 << 20  # bytes


def examine_database(url: str, now: datetime) -> Findings:
    engine = None
    try:
        engine = open_engine(url, read_only=True)
        if is_sqlite(engine):
            yield from _place(sqlite_path(engine))
        check_schema(engine)
        yield Finding("database", Grade.FINE, f"{engine.dialect.name}, of this version.")
        yield from _inside(engine, url, now)
    except DBAPIError as error:
        yield _unusable(explain(error))
    except NoDatabase as error:
        yield _missing(error, url)
    except DatabaseError as error:
        yield _unusable(error)
    finally:
        if engine is not None:
            engine.dispose()


def _missing(error: NoDatabase, url: str) -> Finding:
    found = str(error).partition(" Run: ")[0]
    advice = "To begin one, run: craftwatch migrate. If there was one: craftwatch restore FILE, with its newest backup."
    if url.startswith("sqlite"):
        file = Path(make_url(url).database or "").expanduser().absolute()
        left = [name for name in _beside(file) if name != file]
        if left:
            found = f"{found} There was one: {left[0]} is still there."
            advice = "Run: craftwatch restore FILE, with its newest backup. To begin anew instead: craftwatch migrate"
        above = _nearest(file)
        if not above.is_dir():
            found, advice = f"{found} {above} is a file.", "Name another place in CRAFTWATCH_DATABASE_URL."
        elif not os.access(above, os.W_OK | os.X_OK):
            found = f"{found} This user cannot make {file.parent if above != file.parent else file}."
            making = f"As root, run: install -d -o {_user()} {quote(str(file.parent))}."
            advice = f"{_let_write([above]) if above == file.parent else making} Then run: craftwatch migrate"
    return Finding("database", Grade.BROKEN, found, advice)


def _beside(file: Path) -> list[Path]:
    """The file of a database and what goes with it, so far as it is there."""
    names = (Path(f"{file}{ending}") for ending in ("", "-wal", "-shm", ".lock"))
    return [name for name in names if os.path.exists(name)]  # pathlib raises where one may not look


def _nearest(file: Path) -> Path:
    """The folder of a file, or the one above that this user sees."""
    return next(folder for folder in file.parents if os.path.exists(folder))


def _let_write(places: list[Path]) -> str:
    """`places`: the folder first."""
    names, user = " ".join(quote(str(place)) for place in places), _user()
    return (
        f"Let all who run craftwatch write there, by a group of them all: chgrp GROUP {names}; chmod g+rwX {names}; "
        f"chmod g+s {quote(str(places[0]))}. If {user} is the only one: chown {user} {names}."
    )


def _unusable(error: DatabaseError) -> Finding:
    """What is wrong, and after it what to do: so are these errors written."""
    text = str(error)
    mark = "; " if isinstance(error, DatabaseUnusable) and "; " in text else ". "
    found, _, advice = text.partition(mark)
    return Finding("database", Grade.BROKEN, f"{found.rstrip('.')}.", advice[:1].upper() + advice[1:])


def examine_replica(primary: str) -> Findings:
    url = os.environ.get(f"{PREFIX}READ_DATABASE_URL") or primary
    if url == primary:
        return
    engine = None
    try:
        engine = open_engine(url, read_only=True)
        check_schema(engine)
        yield Finding("replica", Grade.FINE, "The database that the API reads is of this version.")
    except (DBAPIError, DatabaseError) as error:
        found = str(explain(error) if isinstance(error, DBAPIError) else error)
        advice = (
            "Check CRAFTWATCH_READ_DATABASE_URL and the server it names; without it the API reads the main database."
        )
        yield Finding("replica", Grade.BROKEN, f"The API cannot read its database: {found}", advice)
    finally:
        if engine is not None:
            engine.dispose()


def _place(path: Path) -> Findings:
    folder, files = _nearest(path), _beside(path)
    closed = [place for place in (folder, *files) if not os.access(place, os.W_OK)]
    if closed:
        found = f"{' and '.join(map(str, closed))} cannot be written to by this user."
        yield Finding("rights", Grade.BROKEN, found, _let_write([folder, *files]))
    else:
        yield Finding("rights", Grade.FINE, f"{folder} can be written to.")
    if path not in files:  # this user may not even look
        return
    free, size = shutil.disk_usage(folder).free, path.stat().st_size
    told = f"{free / 1e9:,.1f} GB free, the database has {size / 1e9:,.2f} GB."
    if free < OUT_OF_DISK:
        yield Finding("disk", Grade.BROKEN, told, f"Free some space on the disk of {folder}; nothing can be saved.")
    elif free < max(SHORT_OF_DISK, size):
        advice = f"Free some space on the disk of {folder}, or let craftwatch prune forget old checks."
        yield Finding("disk", Grade.WARNING, told, advice)
    else:
        yield Finding("disk", Grade.FINE, told)


def _user() -> str:
    return os.environ.get("USER") or str(os.getuid())


def _inside(engine: Engine, url: str, now: datetime) -> Findings:
    with reading(engine) as moment:
        damage = _integrity(moment)
        yield from damage
        if not checkup.is_writable(moment):
            found = "This user may not write to the database, or its server is a replica."
            yield Finding(
                "rights",
                Grade.BROKEN,
                found,
                "Name the main server, and a user who may write, in CRAFTWATCH_DATABASE_URL.",
            )
        vitals = checkup.take_vitals(moment, load_vocabulary().rules_version, now)
        yield from _counts(moment, vitals)
        if is_sqlite(engine) and all(finding.grade is Grade.FINE for finding in damage):
            yield _words(sqlite_path(engine))  # while `moment` is open: who closes the file last writes to it
    yield from _clock(vitals, now)
    yield from _rules(vitals)
    archive = Archive(url)
    try:
        with archive.snapshot() as snapshot:
            snapshot.take_time()
            sources, newest = load_sources(snapshot), newest_items(snapshot, "source")
    finally:
        archive.close()
    yield from examine_sources(sources, newest, now)


def _integrity(moment: Connection) -> list[Finding]:
    findings = []
    for fault in checkup.file_faults(moment):
        advice = "Put the database aside and run: craftwatch restore FILE, with the newest backup."
        if "index" in fault and moment.dialect.name == "postgresql":
            advice = "Run on the server: REINDEX DATABASE"
        findings.append(Finding("integrity", Grade.BROKEN, f"The database is damaged: {fault}.", advice))
    return findings or [Finding("integrity", Grade.FINE, "No damage found.")]


def _words(file: Path) -> Finding:
    # A third of what a scrape waits for a lock, and at most what look_at_words takes by itself.
    index = look_at_words(file, min(CHECK_SECONDS, DatabaseSettings().database_wait_seconds / 3))
    if index.fault:
        return Finding("search", Grade.BROKEN, f"Searches fail: {index.fault}.", "Run: craftwatch rebuild")
    if index.unchecked:
        return Finding("search", Grade.FINE, f"The index of words was not looked at in full: {index.unchecked}.")
    return Finding("search", Grade.FINE, "The index of words fits the items.")


def _counts(moment: Connection, vitals: checkup.Vitals) -> Findings:
    faults = checkup.count_faults(moment)
    for fault in faults:
        yield Finding("counts", Grade.BROKEN, f"Numbers do not add up: {fault}.", checkup.count_advice(fault))
    if not faults:
        yield Finding("counts", Grade.FINE, f"{vitals.items:,} items; all counts add up.")


def _clock(vitals: checkup.Vitals, now: datetime) -> Findings:
    fault = ""
    if vitals.ahead is not None and abs(vitals.ahead) > CLOCK_TOLERANCE.total_seconds():
        side = "ahead of" if vitals.ahead > 0 else "behind"
        fault = f"The database server's clock is {abs(vitals.ahead):,.0f} s {side} this machine's."
    elif vitals.newest_receipt is not None and vitals.newest_receipt > now + CLOCK_TOLERANCE:
        fault = f"It is {in_utc(now)} here, and an item was received on {in_utc(vitals.newest_receipt)}."
    if fault:
        advice = "Set the clocks by the network: timedatectl set-ntp true. What was received too late stays dated so."
        yield Finding("clock", Grade.WARNING, fault, advice)
    else:
        yield Finding("clock", Grade.FINE, f"It is {in_utc(now)}; nothing was received later.")


def _rules(vitals: checkup.Vitals) -> Findings:
    count = vitals.items_of_older_rules
    if count:
        advice = "Run: craftwatch retag (with --dry-run first, to see what would change)."
        yield Finding("rules", Grade.WARNING, f"{count:,} items have the tags of other rules than today's.", advice)
    else:
        yield Finding("rules", Grade.FINE, "All items have the tags of today's rules.")
