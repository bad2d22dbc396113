"""What may be wrong with an installation, each with what to do about it: `craftwatch doctor`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from db.settings import DatabaseSettings
from scraper.examining.database import examine_database, examine_replica
from scraper.examining.findings import Finding, Grade
from scraper.examining.settings import examine_settings
from scraper.options import OptionSetting

__all__ = ["Finding", "Grade", "examine", "exit_code", "report_json", "report_text"]

_WORDS = {Grade.BROKEN: "broken", Grade.WARNING: "to look at", Grade.FINE: "fine"}


def examine(
    now: datetime, environment: Mapping[str, str], options: Mapping[str, OptionSetting] | None = None
) -> list[Finding]:
    """Everything that can be seen from here, without changing anything; what depends on something broken is left out.

    `environment` is only asked which settings there are; their values come from the environment of the process, those
    that are `options` excepted.
    """
    options = options or {}
    findings = [*examine_settings(environment, options)]
    try:
        settings = DatabaseSettings()
    except ValidationError:
        return findings
    return [*findings, *examine_database(settings.database_url, now), *examine_replica(settings.database_url)]


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
