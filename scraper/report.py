"""What a run brought, for people and for programs."""

from __future__ import annotations

from typing import Any

from scraper.scrape import RunReport, SourceReport


def summary_text(report: RunReport) -> str:
    """A line per source, those that failed last, then the whole in one sentence."""
    if not report.sources:
        return "No source is due. `craftwatch sources` tells when each is asked next; `scrape --all` asks them now."
    ordered = sorted(report.sources, key=lambda source: (source.outcome == "failed", source.source_id))
    width = max(len(source.source_id) for source in ordered)
    lines = [f"{source.source_id:<{width}}  {_outcome(source)}" for source in ordered]
    return "\n".join([*lines, "", totals(report)])


def totals(report: RunReport) -> str:
    counts, failed = report.counts, sum(report.failures.values())
    postponed = sum(source.outcome == "postponed" for source in report.sources)
    count = len(report.sources) - postponed
    asked = f"{count} source{'s' if count != 1 else ''} asked in {report.seconds:.1f} s"
    if postponed:
        asked += f", {postponed} put off"
    text = f"{asked}: {counts.new} new items, {counts.changed} changed, {counts.unchanged} unchanged"
    if not failed:
        return f"{text}."
    reasons = ", ".join(f"{reason} {number}" for reason, number in report.failures.most_common())
    if failed == count:
        return f"{asked}: nothing could be fetched ({reasons})."
    return f"{text}; {failed} failed ({reasons})."


def summary_json(report: RunReport) -> dict[str, Any]:
    """`{seconds, sources, new, changed, unchanged, failed: {reason: count}, by_source: [{id, outcome, …}]}`."""
    counts = report.counts
    return {
        "exit_code": report.exit_code,
        "seconds": round(report.seconds, 3),
        "sources": len(report.sources),
        "new": counts.new,
        "changed": counts.changed,
        "unchanged": counts.unchanged,
        "failed": dict(report.failures),
        "by_source": [_as_json(source) for source in sorted(report.sources, key=lambda source: source.source_id)],
    }


def _outcome(source: SourceReport) -> str:
    if source.reason is not None:
        return f"failed: {source.reason.value} ({source.detail})"
    if source.outcome == "postponed":
        return f"not asked: {source.detail}"
    if source.outcome == "not_modified":
        return "not modified"
    counts = source.counts
    return f"{counts.new} new, {counts.changed} changed, {counts.unchanged} unchanged"


def _as_json(source: SourceReport) -> dict[str, Any]:
    return {
        "id": source.source_id,
        "outcome": source.outcome,
        "new": source.counts.new,
        "changed": source.counts.changed,
        "unchanged": source.counts.unchanged,
        "reason": source.reason.value if source.reason is not None else None,
        "detail": source.detail,
        "bytes": source.bytes,
        "seconds": round(source.seconds, 3),
    }
