"""Whether anybody scrapes, and how the sources fare."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from shlex import quote

from db.settings import PREFIX, DatabaseSettings
from db.shapes import UNREACHED, Failure
from db.sources import SourceHealth, health_of
from db.types import from_epoch, to_epoch
from scraper.examining.findings import Finding, Findings, Grade, in_utc
from scraper.settings import ScraperSettings
from scraper.trial import REMEDIES
from scraper.units import this_program

NO_RUN_FOR = timedelta(days=1)  # sources are asked every hour or so, the slowest once a week
FAILING_FROM = 3  # failures in a row: fewer mend themselves
NAMED = 5  # sources in one finding
NEARLY_ALL, MANY = 0.9, 5  # of the failing sources fail for want of a network: ours, not theirs


def examine_sources(sources: list[SourceHealth], newest: Mapping[str, int], now: datetime) -> Findings:
    yield from _runs(sources, now)
    yield from _health(sources, newest, now)


def _runs(sources: list[SourceHealth], now: datetime) -> Findings:
    checked = [source.last_checked_at for source in sources if source.last_checked_at is not None]
    if not checked:
        advice = f"Run: craftwatch scrape. Then from cron: {_cron_line()}"
        yield Finding("runs", Grade.WARNING, "No scrape has asked a source yet.", advice)
        return
    last = from_epoch(max(checked))
    if now - last > NO_RUN_FOR:
        advice = f"Run: craftwatch -v scrape. See that the timer still runs, or cron with: {_cron_line()}"
        found = f"No source was asked since {in_utc(last)}, {(now - last).days} days ago."
        yield Finding("runs", Grade.WARNING, found.replace("1 days", "1 day"), advice)
    else:
        yield Finding("runs", Grade.FINE, f"A source was last asked on {in_utc(last)}.")


def _cron_line() -> str:
    """Cron has neither the PATH nor the settings of a shell. Values are not told: one may hold a password."""
    fields = (*DatabaseSettings.model_fields, *ScraperSettings.model_fields)
    ours = [name for name in sorted(os.environ) if name in {PREFIX + field.upper() for field in fields}]
    settings = f" (before it, as lines of their own, your settings: {', '.join(ours)})" if ours else ""
    return f"*/10 * * * * {quote(str(this_program()))} scrape{settings}"


def _health(sources: list[SourceHealth], newest: Mapping[str, int], now: datetime) -> Findings:
    words = {source.id: health_of(source, newest.get(source.id), to_epoch(now)) for source in sources}
    watched = [source for source in sources if words[source.id] not in ("disabled", "stopped", "never checked")]
    failing = [source for source in sources if words[source.id] == "failing"]
    if len(failing) < len(watched):  # else it is not for them to mend
        failing = [source for source in failing if (source.failures or 0) >= FAILING_FROM]
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
    unreached = sum(len(by_reason[reason]) for reason in by_reason.keys() & UNREACHED)
    ours = unreached > NEARLY_ALL * len(failing) and (everyone or unreached >= MANY)
    for reason, those in sorted(by_reason.items(), key=lambda pair: -len(pair[1])):
        remedy = REMEDIES[Failure(reason)] if reason in set(Failure) else "Look at the log."
        if ours and reason in UNREACHED:
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
    return "the beginning" if seconds is None else f"{from_epoch(seconds):%Y-%m-%d}"
