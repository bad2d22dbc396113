"""What may be wrong with an installation, each with what to do about it: `craftwatch doctor`."""

from __future__ import annotations

import difflib
import http.client
import importlib
import os
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import BaseSettings
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from db import checkup
from db.archive import Archive
from db.copying import reading
from db.engine import is_sqlite, open_engine, sqlite_path
from db.errors import DatabaseError, DatabaseUnusable, explain
from db.migrations import check_schema
from db.settings import DatabaseSettings
from db.shapes import Failure
from db.sources import SourceHealth, health_of, load_sources, newest_items
from db.types import from_epoch, to_epoch
from db.vocabulary import load_vocabulary
from db.words import look_at_words
from scraper.options import OptionSetting
from scraper.settings import PREFIX, ScraperSettings
from scraper.sources import SourcesError
from scraper.sources import load_sources as read_sources_file
from scraper.trial import REMEDIES

NO_RUN_FOR = timedelta(days=1)  # sources are asked every hour or so, the slowest once a week
FAILING_FROM = 3  # failures in a row: fewer mend themselves
CLOCK_TOLERANCE = timedelta(minutes=2)
SHORT_OF_DISK, OUT_OF_DISK = 1 << 30, 50 << 20  # bytes
NAMED = 5  # sources in one finding
ANSWER_SECONDS = 3.0  # for what listens where we want to


class Grade(StrEnum):
    FINE = "fine"
    WARNING = "warning"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found about one matter; `advice` is what to do, "" where all is well."""

    matter: str
    grade: Grade
    found: str
    advice: str = ""


Findings = Iterator[Finding]
_OURS = (b"rules_version", b"/v1/problems#", b"craftwatch_")  # words of /v1/health, well or not, and of /metrics
_WORDS = {Grade.BROKEN: "broken", Grade.WARNING: "to look at", Grade.FINE: "fine"}


def examine(
    now: datetime, environment: Mapping[str, str], options: Mapping[str, OptionSetting] | None = None
) -> list[Finding]:
    """Everything that can be seen from here, without changing anything; what depends on something broken is left out.

    `environment` is only asked which settings there are; their values come from the environment of the process, those
    that are `options` excepted.
    """
    options = options or {}
    findings = [*_settings(environment, options), *_places(options), *_contact(), *_sources_file()]
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
    for prefix, what, path in ((PREFIX, "API", "/v1/health"), (f"{PREFIX}METRICS_", "numbers", "/metrics")):
        host, port = options.get(f"{prefix}HOST"), options.get(f"{prefix}PORT")
        if host and port and port.value and not host.fault and not port.fault:
            yield _place_to_listen(prefix, what, host.value, port.value, path)


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
    if settings.contact:
        yield Finding("contact", Grade.FINE, f"Publishers can write to {settings.contact}.")
    else:
        advice = "Set CRAFTWATCH_CONTACT to an address or URL; some servers turn away who has none."
        yield Finding("contact", Grade.WARNING, "Publishers are not told whom to write to.", advice)


def _sources_file() -> Findings:
    settings = _scraper_settings()
    if settings is None:
        return
    try:
        sources = read_sources_file(settings.sources)
    except SourcesError as error:
        first, _, more = str(error).partition("\n")
        found = f"{first} (and {len(more.splitlines())} more)" if more else first
        yield Finding("sources file", Grade.BROKEN, found, "Mend the block; until then no scrape starts.")
        return
    enabled = sum(source.enabled for source in sources)
    if enabled:
        yield Finding("sources file", Grade.FINE, f"{enabled} sources enabled, {len(sources) - enabled} not.")
    else:
        advice = "Set enabled = true in the blocks of those to watch, or name another file in CRAFTWATCH_SOURCES."
        yield Finding("sources file", Grade.BROKEN, "No source is enabled: nothing is ever asked.", advice)


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
    except DatabaseError as error:
        yield _unusable(error)
    finally:
        if engine is not None:
            engine.dispose()


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
    folder = path.parent
    closed = [str(place) for place in (folder, path) if not os.access(place, os.W_OK)]
    if closed:
        advice = f"Let the user who runs craftwatch write there: chown {_user()} {' '.join(closed)}"
        yield Finding("rights", Grade.BROKEN, f"{' and '.join(closed)} cannot be written to by this user.", advice)
    else:
        yield Finding("rights", Grade.FINE, f"{folder} can be written to.")
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
    index = look_at_words(file)
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
        advice = "Run: craftwatch scrape. Then from cron: */10 * * * * craftwatch scrape"
        yield Finding("runs", Grade.WARNING, "No scrape has asked a source yet.", advice)
        return
    last = from_epoch(max(checked))
    if now - last > NO_RUN_FOR:
        advice = "See that cron or the timer still runs: */10 * * * * craftwatch scrape. By hand: craftwatch -v scrape"
        found = f"No source was asked since {_moment(last)}, {(now - last).days} days ago."
        yield Finding("runs", Grade.WARNING, found.replace("1 days", "1 day"), advice)
    else:
        yield Finding("runs", Grade.FINE, f"A source was last asked on {_moment(last)}.")


def _health(sources: list[SourceHealth], newest: Mapping[str, int], now: datetime) -> Findings:
    words = {source.id: health_of(source, newest.get(source.id), to_epoch(now)) for source in sources}
    failing = [source for source in sources if words[source.id] == "failing" and (source.failures or 0) >= FAILING_FROM]
    watched = [source for source in sources if words[source.id] not in ("disabled", "stopped", "never checked")]
    if failing and len(failing) == len(watched):
        advice = (
            "Check this machine's network, its name server, and CRAFTWATCH_PROXY. Then run: craftwatch scrape --all"
        )
        yield Finding("sources", Grade.BROKEN, f"Every source fails, all {len(failing)} of them.", advice)
    yield from _failing(failing)
    yield from _silent([source for source in watched if words[source.id] == "silent"], newest)
    yield from _stopped([source for source in sources if words[source.id] == "stopped"])
    tally = Counter(words[source.id] for source in sources if words[source.id] != "disabled")
    if not {"silent", "stopped"} & tally.keys() and not failing:
        yield Finding("sources", Grade.FINE, ", ".join(f"{n} {word}" for word, n in tally.most_common()) or "None yet.")


def _failing(failing: list[SourceHealth]) -> Findings:
    by_reason: dict[str, list[SourceHealth]] = defaultdict(list)
    for source in failing:
        by_reason[source.last_failure_reason or "unknown"].append(source)
    for reason, those in sorted(by_reason.items(), key=lambda pair: -len(pair[1])):
        remedy = REMEDIES[Failure(reason)] if reason in set(Failure) else "Look at the log."
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
