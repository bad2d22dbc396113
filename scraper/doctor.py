"""What may be wrong with an installation, each with what to do about it: `craftwatch doctor`."""

from __future__ import annotations

import difflib
import http.client
import importlib
import os
import re
import shutil
import socket
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from shlex import quote
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError
from pydantic_settings import BaseSettings
from sqlalchemy import Connection, Engine, make_url
from sqlalchemy.exc import DBAPIError

from db import checkup
from db.archive import Archive
from db.copying import reading
from db.engine import is_sqlite, open_engine, sqlite_path
from db.errors import DatabaseError, DatabaseUnusable, NoDatabase, explain
from db.migrations import check_schema
from db.settings import DatabaseSettings
from db.shapes import Failure
from db.sources import SourceHealth, health_of, load_sources, newest_items
from db.types import from_epoch, to_epoch
from db.vocabulary import load_vocabulary
from db.words import CHECK_SECONDS, look_at_words
from scraper.options import OptionSetting
from scraper.settings import PREFIX, ScraperSettings
from scraper.sources import PACKAGED, SourcesError
from scraper.sources import load_sources as read_sources_file
from scraper.trial import REMEDIES
from scraper.units import this_program

NO_RUN_FOR = timedelta(days=1)  # sources are asked every hour or so, the slowest once a week
FAILING_FROM = 3  # failures in a row: fewer mend themselves
CLOCK_TOLERANCE = timedelta(minutes=2)
SHORT_OF_DISK, OUT_OF_DISK = 1 << 30, 50 << 20  # bytes
NAMED = 5  # sources in one finding
NEARLY_ALL, MANY = 0.9, 5  # of the failing sources fail for want of a network: ours, not theirs
ANSWER_SECONDS = 3.0  # for what listens where we want to


class Grade(StrEnum):
    FINE = "fine"
    WARNING = "warning"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found about one matter; `advice` is what to do, or may be done where all is well, else ""."""

    matter: str
    grade: Grade
    found: str
    advice: str = ""


Findings = Iterator[Finding]
_OURS = (b"rules_version", b"/v1/problems#", b"craftwatch_")  # words of /v1/health, well or not, and of /metrics
_UNREACHED = {Failure.DNS.value, Failure.CONNECT.value, Failure.TIMEOUT.value}
_WORDS = {Grade.BROKEN: "broken", Grade.WARNING: "to look at", Grade.FINE: "fine"}


def examine(
    now: datetime, environment: Mapping[str, str], options: Mapping[str, OptionSetting] | None = None
) -> list[Finding]:
    """Everything that can be seen from here, without changing anything; what depends on something broken is left out.

    `environment` is only asked which settings there are; their values come from the environment of the process, those
    that are `options` excepted.
    """
    options = options or {}
    findings = [
        *_settings(environment, options),
        *_places(options),
        *_contact(),
        *_reports(),
        *_proxy(),
        *_sources_file(),
    ]
    try:
        settings = DatabaseSettings()
    except ValidationError:
        return findings
    return [*findings, *_database(settings.database_url, now), *_replica(settings.database_url)]


def exit_code(findings: Iterable[Finding]) -> int:
    """0 all fine, 1 warnings, 2 something is broken."""
    grades = {finding.grade for finding in findings}
    return 2 if Grade.BROKEN in grades else 1 if Grade.WARNING in grades else 0


def report_text(findings: list[Finding]) -> str:
    width = max(len(finding.matter) for finding in findings)
    lines = []
    for finding in findings:
        lines.append(f"{finding.grade.value:<7}  {finding.matter:<{width}}  {finding.found}")
        if finding.advice:
            lines.append(f"{'':<7}  {'':<{width}}  → {finding.advice}")
    grades = Counter(finding.grade for finding in findings)
    told = [f"{grades[grade]} {_WORDS[grade]}" for grade in (Grade.BROKEN, Grade.WARNING, Grade.FINE) if grades[grade]]
    return "\n".join([*lines, "", f"{', '.join(told)}."])


def report_json(findings: list[Finding]) -> dict[str, Any]:
    return {"exit_code": exit_code(findings), "findings": [asdict(finding) for finding in findings]}


# Settings and files


def _settings(environment: Mapping[str, str], options: Mapping[str, OptionSetting]) -> Findings:
    # By name: the scraper does not import the API.
    kinds: list[type[BaseSettings]] = [
        DatabaseSettings,
        ScraperSettings,
        importlib.import_module("api.settings").ApiSettings,
    ]
    known = {PREFIX + name.upper() for kind in kinds for name in kind.model_fields} | set(options)
    ours = sorted(name for name in environment if name.startswith(PREFIX))
    faults = dict(fault for kind in kinds for fault in _setting_faults(kind))
    faults |= {name: option.fault for name, option in options.items() if option.fault}
    for name, fault in faults.items():
        yield Finding("settings", Grade.BROKEN, f"{name}: {fault}", f"Set {name} to what is expected, or leave it out.")
    for name in ours:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"Did you mean {near[0]}?" if near else "Leave it out; the README lists the settings."
            yield Finding("settings", Grade.WARNING, f"There is no setting {name}.", hint)
    if not faults and known.issuperset(ours):
        yield Finding("settings", Grade.FINE, f"{len(ours)} set, all valid.")


def _setting_faults(kind: type[BaseSettings]) -> Iterator[tuple[str, str]]:
    """No value in the text: an address may hold a password."""
    try:
        kind()
    except ValidationError as error:
        for fault in error.errors():
            yield PREFIX + str(fault["loc"][0]).upper(), fault["msg"].removeprefix("Value error, ")


def _places(options: Mapping[str, OptionSetting]) -> Findings:
    """Where the API and the numbers for Prometheus are to be reached. Looking takes the place, for a moment."""
    taken: list[tuple[str, int]] = []
    for prefix, what, path in ((PREFIX, "API", "/v1/health"), (f"{PREFIX}METRICS_", "numbers", "/metrics")):
        host, port = options.get(f"{prefix}HOST"), options.get(f"{prefix}PORT")
        if host and port and port.value and not host.fault and not port.fault:
            if any(_collide((host.value, port.value), place) for place in taken):
                found = f"The API and the numbers are both to be served on port {port.value}: serve would not start."
                yield Finding("listening", Grade.BROKEN, found, f"Set {prefix}PORT to another.")
                continue
            taken.append((host.value, port.value))
            yield _place_to_listen(prefix, what, host.value, port.value, path)


def _collide(one: tuple[str, int], other: tuple[str, int]) -> bool:
    every = {"", "0.0.0.0", "::"}  # noqa: S104  # not bound
    return one[1] == other[1] and (one[0] == other[0] or bool(every & {one[0], other[0]}))


def _place_to_listen(prefix: str, what: str, host: str, port: int, path: str) -> Finding:
    from scraper.serving import CannotListen, listen

    try:
        listen(host, port).close()
    except CannotListen as error:
        if error.is_taken and _is_ours(host, port, path):
            return Finding("listening", Grade.FINE, f"craftwatch serves the {what} on {host}:{port}.")
        # It may be meant to be taken, where nothing is served from here.
        grade = Grade.WARNING if error.is_taken else Grade.BROKEN
        setting = f"{prefix}{error.at_fault.upper()}"
        return Finding(
            "listening", grade, f"{error}", f"To serve the {what}, set {setting} to another: {error.advice}."
        )
    return Finding("listening", Grade.FINE, f"The {what} can be served on {host}:{port}.")


def _is_ours(host: str, port: int, path: str) -> bool:
    """Whether what listens there answers like craftwatch."""
    reached = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  # not bound
    connection = http.client.HTTPConnection(reached, port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status in (200, 503) and any(mark in answer.read(1 << 20) for mark in _OURS)
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _contact() -> Findings:
    settings = _scraper_settings()
    if settings is None:
        return
    if not settings.contact:
        advice = "Set CRAFTWATCH_CONTACT to an address or URL; some servers turn away who has none."
        yield Finding("contact", Grade.WARNING, "Publishers are not told whom to write to.", advice)
    elif not re.fullmatch(r"\S+@\S+|https?://\S+", settings.contact):
        found = f"CRAFTWATCH_CONTACT is {settings.contact!r}, where nobody can write to."
        yield Finding("contact", Grade.WARNING, found, "Set it to an address such as you@example.org, or to a URL.")
    else:
        yield Finding("contact", Grade.FINE, f"Publishers can write to {settings.contact}.")


def _reports() -> Findings:
    if not os.environ.get(f"{PREFIX}REPORT_URL"):
        advice = "If you want to hear of them, set CRAFTWATCH_REPORT_URL to mailto:you@example.org or a form's address."
        yield Finding("reports", Grade.FINE, "The pages do not say how to report a wrong tag.", advice)


def _proxy() -> Findings:
    """Nothing of its address but host and port is told: it may hold a password."""
    settings = _scraper_settings()
    if settings is None or not settings.proxy:
        return
    parts = urlsplit(settings.proxy)
    place = parts.hostname or ""
    try:
        port = parts.port or {"http": 80, "https": 443}[parts.scheme]
        place = f"{place}:{port}"
        socket.create_connection((parts.hostname, port), ANSWER_SECONDS).close()
    except (OSError, ValueError) as error:  # of names that are none: UnicodeError, a ValueError
        why = (getattr(error, "strerror", None) or str(error)).rstrip(".")
        advice = "Start it, or set CRAFTWATCH_PROXY to one that runs; without it sources are asked directly."
        found = f"No proxy answers at {place}, so no source can be asked: {why}."
        yield Finding("proxy", Grade.BROKEN, found, advice)
        return
    yield Finding("proxy", Grade.FINE, f"Something listens at {place}.")


def _sources_file() -> Findings:
    settings = _scraper_settings()
    if settings is None:
        return
    try:
        sources = read_sources_file(settings.sources)
    except SourcesError as error:
        first, _, more = str(error).partition("\n")
        found = f"{first} (and {len(more.splitlines())} more)" if more else first
        yield Finding("sources file", Grade.BROKEN, found, _advice_on_sources(settings.sources or PACKAGED, first))
        return
    enabled = sum(source.enabled for source in sources)
    if enabled:
        yield Finding("sources file", Grade.FINE, f"{enabled} sources enabled, {len(sources) - enabled} not.")
    else:
        advice = "Set enabled = true in the blocks of those to watch, or name another file in CRAFTWATCH_SOURCES."
        yield Finding("sources file", Grade.BROKEN, "No source is enabled: nothing is ever asked.", advice)


def _advice_on_sources(file: Path, fault: str) -> str:
    until = "Until then no scrape starts."
    other = "name another file in CRAFTWATCH_SOURCES, or unset it to use the one that comes with craftwatch"
    fault = fault.removeprefix(f"{file}: ")
    if fault.startswith("["):
        return f"Mend the block in {file}. {until}"
    if fault.startswith("not TOML"):
        return f"Mend that line of {file}, or {other}. {until}"
    if fault.startswith("no source"):
        return f"Write a block for each source into {file}, or {other}. {until}"
    return f"Put a sources.toml there, or {other}. {until}"


def _scraper_settings() -> ScraperSettings | None:
    try:
        return ScraperSettings()
    except ValidationError:
        return None


# The database


def _database(url: str, now: datetime) -> Findings:
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


def _replica(primary: str) -> Findings:
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
    yield from _runs(sources, now)
    yield from _health(sources, newest, now)


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
        fault = f"It is {_moment(now)} here, and an item was received on {_moment(vitals.newest_receipt)}."
    if fault:
        advice = "Set the clocks by the network: timedatectl set-ntp true. What was received too late stays dated so."
        yield Finding("clock", Grade.WARNING, fault, advice)
    else:
        yield Finding("clock", Grade.FINE, f"It is {_moment(now)}; nothing was received later.")


def _rules(vitals: checkup.Vitals) -> Findings:
    count = vitals.items_of_older_rules
    if count:
        advice = "Run: craftwatch retag (with --dry-run first, to see what would change)."
        yield Finding("rules", Grade.WARNING, f"{count:,} items have the tags of other rules than today's.", advice)
    else:
        yield Finding("rules", Grade.FINE, "All items have the tags of today's rules.")


# The sources


def _runs(sources: list[SourceHealth], now: datetime) -> Findings:
    checked = [source.last_checked_at for source in sources if source.last_checked_at is not None]
    if not checked:
        advice = f"Run: craftwatch scrape. Then from cron: {_cron_line()}"
        yield Finding("runs", Grade.WARNING, "No scrape has asked a source yet.", advice)
        return
    last = from_epoch(max(checked))
    if now - last > NO_RUN_FOR:
        advice = f"Run: craftwatch -v scrape. See that the timer still runs, or cron with: {_cron_line()}"
        found = f"No source was asked since {_moment(last)}, {(now - last).days} days ago."
        yield Finding("runs", Grade.WARNING, found.replace("1 days", "1 day"), advice)
    else:
        yield Finding("runs", Grade.FINE, f"A source was last asked on {_moment(last)}.")


def _cron_line() -> str:
    """Cron has neither the PATH nor the settings of a shell. Values are not told: one may hold a password."""
    fields = (*DatabaseSettings.model_fields, *ScraperSettings.model_fields)
    ours = [name for name in sorted(os.environ) if name in {PREFIX + field.upper() for field in fields}]
    settings = f" (before it, as lines of their own, your settings: {', '.join(ours)})" if ours else ""
    return f"*/10 * * * * {quote(str(this_program()))} scrape{settings}"


def _health(sources: list[SourceHealth], newest: Mapping[str, int], now: datetime) -> Findings:
    words = {source.id: health_of(source, newest.get(source.id), to_epoch(now)) for source in sources}
    failing = [source for source in sources if words[source.id] == "failing" and (source.failures or 0) >= FAILING_FROM]
    watched = [source for source in sources if words[source.id] not in ("disabled", "stopped", "never checked")]
    if failing and len(failing) == len(watched):
        advice = (
            "Check this machine's network, its name server, and CRAFTWATCH_PROXY. Then run: craftwatch scrape --all"
        )
        yield Finding("sources", Grade.BROKEN, f"Every source fails, all {len(failing)} of them.", advice)
    yield from _failing(failing, everyone=len(failing) == len(watched))
    yield from _silent([source for source in watched if words[source.id] == "silent"], newest)
    yield from _stopped([source for source in sources if words[source.id] == "stopped"])
    tally = Counter(words[source.id] for source in sources if words[source.id] != "disabled")
    if not {"silent", "stopped"} & tally.keys() and not failing:
        yield Finding("sources", Grade.FINE, ", ".join(f"{n} {word}" for word, n in tally.most_common()) or "None yet.")


def _failing(failing: list[SourceHealth], *, everyone: bool) -> Findings:
    by_reason: dict[str, list[SourceHealth]] = defaultdict(list)
    for source in failing:
        by_reason[source.last_failure_reason or "unknown"].append(source)
    unreached = sum(len(by_reason[reason]) for reason in by_reason.keys() & _UNREACHED)
    ours = unreached > NEARLY_ALL * len(failing) and (everyone or unreached >= MANY)
    for reason, those in sorted(by_reason.items(), key=lambda pair: -len(pair[1])):
        remedy = REMEDIES[Failure(reason)] if reason in set(Failure) else "Look at the log."
        if ours and reason in _UNREACHED:
            remedy = (
                "So many at once: check this machine's network, its name server (/etc/resolv.conf), and its firewall."
            )
        since = [f"{source.id} (since {_day(source.last_success_at)})" for source in those]
        found = f"{_count(those)} fail{'s' if len(those) == 1 else ''} as {reason}: {_some(since)}."
        yield Finding("sources", Grade.WARNING, found, f"{remedy} To try: craftwatch sources check {those[0].id}")


def _silent(silent: list[SourceHealth], newest: Mapping[str, int]) -> Findings:
    if silent:
        since = [f"{source.id} (since {_day(newest.get(source.id))})" for source in silent]
        found = f"{_count(silent)} answer{'s' if len(silent) == 1 else ''} but had nothing new: {_some(since)}."
        advice = "The outlet may have closed, or have another feed: craftwatch sources check with its address finds it."
        yield Finding("sources", Grade.WARNING, found, advice)


def _stopped(stopped: list[SourceHealth]) -> Findings:
    if stopped:
        since = [f"{source.id} (since {_day(source.stopped_at)})" for source in stopped]
        yield Finding("sources", Grade.WARNING, f"{_count(stopped)} gone: {_some(since)}.", REMEDIES[Failure.GONE])


def _count(sources: list[SourceHealth]) -> str:
    return f"{len(sources)} source{'s' if len(sources) != 1 else ''}"


def _some(names: list[str]) -> str:
    more = f", and {len(names) - NAMED} more (craftwatch sources lists them)" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def _day(seconds: int | None) -> str:
    return "ever" if seconds is None else f"{from_epoch(seconds):%Y-%m-%d}"


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
