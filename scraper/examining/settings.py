"""The settings, the places that they name, and the file of sources."""

from __future__ import annotations

import difflib
import http.client
import importlib
import os
import re
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import ValidationError

from db.settings import PREFIX, DatabaseSettings, EnvironmentSettings
from scraper.examining.findings import Finding, Findings, Grade
from scraper.options import OptionSetting
from scraper.settings import ScraperSettings
from scraper.sources import PACKAGED, SourcesError
from scraper.sources import load_sources as read_sources_file

ANSWER_SECONDS = 3.0  # for what listens where we want to
_OURS = (b"rules_version", b"/v1/problems#", b"craftwatch_")  # words of /v1/health, well or not, and of /metrics


def examine_settings(environment: Mapping[str, str], options: Mapping[str, OptionSetting]) -> Findings:
    yield from _settings(environment, options)
    yield from _places(options)
    yield from _contact()
    yield from _reports()
    yield from _proxy()
    yield from _sources_file()


def _settings(environment: Mapping[str, str], options: Mapping[str, OptionSetting]) -> Findings:
    # By name: the scraper does not import the API.
    kinds: list[type[EnvironmentSettings]] = [
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
        yield Finding("settings", Grade.FINE, f"{sum(1 for name in ours if environment[name])} set, all valid.")


def _setting_faults(kind: type[EnvironmentSettings]) -> Iterator[tuple[str, str]]:
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
