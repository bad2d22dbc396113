"""Give the whole archive the tags of today's rules: in a stream, repeatable, with a preview."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from db.labels import unpack_tags
from db.shapes import Source, Tag, Tagging
from db.store import SourceFacts, Store, labels_differ, source_facts, stored_items
from scraper.tag import Tagger

SAMPLES = 5  # titles shown for each change of a tag


@dataclass
class RetagReport:
    """What today's rules say otherwise: "topic:ai" → how many items win it, lose it, and some of their titles."""

    items: int = 0
    changed: int = 0
    won: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    samples: dict[str, list[str]] = field(default_factory=dict)  # "+topic:ai" / "-topic:ai" → titles

    def add(self, title: str, old: set[str], new: set[str]) -> None:
        self.changed += 1
        for sign, tally, terms in (("+", self.won, new - old), ("-", self.lost, old - new)):
            for term in terms:
                tally[term] += 1
                titles = self.samples.setdefault(sign + term, [])
                if len(titles) < SAMPLES:
                    titles.append(title)


def retag(
    store: Store,
    tagger: Tagger,
    sources: Mapping[str, Source],
    now: datetime,
    *,
    dry_run: bool = False,
    on_batch: Callable[[int], None] = lambda count: None,
) -> RetagReport:
    """Tag every stored item anew and keep what differs, unless it is a dry run.

    Nothing else about an item changes. Interrupted and repeated, it ends in the same state.
    """
    report = RetagReport()
    kept = source_facts(store.engine)  # of sources that left the file as well: their items stay what they were
    for rows in stored_items(store.engine):
        tagged = [(row, _tag(tagger, row, sources.get(row.source_id, kept[row.source_id]))) for row in rows]
        differing = [(row, made) for row, made in tagged if labels_differ(row, made, kept[row.source_id].sector)]
        for row, tagging in differing:
            report.add(row.title, _terms(unpack_tags(row.tags)), _terms(tagging.tags))
        if differing and not dry_run:
            store.relabel(differing, now=now)
        report.items += len(rows)
        on_batch(len(rows))
    return report


def report_text(report: RetagReport, dry_run: bool) -> str:
    verb = "would change" if dry_run else "changed"
    lines = [f"{report.items:,} items read, {report.changed:,} {verb}."]
    for term in sorted(report.won | report.lost):
        lines.append(f"{term}: +{report.won[term]} −{report.lost[term]}")
        for sign in "+-":
            lines += [f"    {sign} {title}" for title in report.samples.get(sign + term, ())]
    return "\n".join(lines)


def _tag(tagger: Tagger, row: Row[Any], source: Source | SourceFacts) -> Tagging:
    return tagger.tag(
        row.title,
        row.summary,
        categories=row.categories,
        language=row.language,
        scope=source.scope,
        sector=source.sector,
    )


def _terms(tags: tuple[Tag, ...]) -> set[str]:
    return {f"{tag.axis.value}:{tag.term}" for tag in tags}
