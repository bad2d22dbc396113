"""How well the tagger does on hand-labelled headlines, and one headline's tags as plain JSON.

What counts: a label that both readers gave is required, one that a single reader gave is allowed and costs nothing
either way. Topics are scored over all items, crafts and regions over the items that have a topic. A predicted country
of a required subdivision is no error. A headcount is right only when equal.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from db.shapes import Axis, Evidence, Source, Tagging
from scraper.tag import Tagger

AXES = ("relevant", "topics", "crafts", "regions", "headcount")


class Outlet(NamedTuple):
    """What a known source tells about its items."""

    scope: str
    sector: str


UNKNOWN = Outlet("general", "general")


@dataclass(slots=True)
class Score:
    """Right, wrong and missed labels."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    @property
    def recall(self) -> float:
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0

    @property
    def f1(self) -> float:
        both = 2 * self.right + self.wrong + self.missed
        return 2 * self.right / both if both else 1.0


@dataclass(frozen=True, slots=True)
class Error:
    """One label too many or too few, with the words that caused it (none when it is missing)."""

    axis: str
    label: str
    kind: str  # "wrong" or "missed"
    id: str
    title: str
    evidence: tuple[Evidence, ...] = ()


@dataclass(slots=True)
class Evaluation:
    """Scores per axis and per label, and every error."""

    items: int = 0
    axes: dict[str, Score] = field(default_factory=lambda: {axis: Score() for axis in AXES})
    labels: dict[str, dict[str, Score]] = field(default_factory=lambda: {axis: {} for axis in AXES})
    errors: list[Error] = field(default_factory=list)
    rules_version: str = ""


def outlets_of(sources: Iterable[Source]) -> dict[str, Outlet]:
    """What the name of a source says about its items; names are compared without case."""
    return {source.name.casefold(): Outlet(source.scope, source.sector) for source in sources}


def evaluate(path: Path, tagger: Tagger, outlets: Mapping[str, Outlet]) -> Evaluation:
    """Scores over a file of labelled headlines, one JSON object a line. Raises ValueError naming a wrong line."""
    return score(read_records(path), tagger, outlets)


def read_records(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                try:
                    record = json.loads(line)
                    record["title"], record["topics"]
                except (ValueError, KeyError, TypeError) as error:
                    raise ValueError(
                        f"{path.name}, line {number}: a labelled headline is expected ({error})"
                    ) from error
                yield record


def score(records: Iterable[Mapping[str, Any]], tagger: Tagger, outlets: Mapping[str, Outlet]) -> Evaluation:
    """Scores over labelled headlines."""
    evaluation = Evaluation(rules_version=tagger.rules_version)
    for record in records:
        evaluation.items += 1
        _score_item(evaluation, record, _tag(tagger, record, outlets), tagger)
    return evaluation


def tag_json_line(tagger: Tagger, record: Mapping[str, Any], outlets: Mapping[str, Outlet]) -> dict[str, Any]:
    """Tags of one headline (id, title, summary; optional outlet, categories, language) as plain JSON."""
    tagging = _tag(tagger, record, outlets)
    vocabulary = tagger.vocabulary
    regions = tagging.terms(Axis.REGION)
    specific = _most_specific(tagger, regions)
    return {
        "id": record.get("id"),
        "topics": list(tagging.terms(Axis.TOPIC)),
        "crafts": list(tagging.terms(Axis.CRAFT)),
        "regions": specific,
        "regions_implied": [region for region in regions if region not in specific],
        "employers": [vocabulary.label(Axis.EMPLOYER, term) for term in tagging.terms(Axis.EMPLOYER)],
        "employer_ids": list(tagging.terms(Axis.EMPLOYER)),
        "unions": [vocabulary.label(Axis.UNION, term) for term in tagging.terms(Axis.UNION)],
        "union_ids": list(tagging.terms(Axis.UNION)),
        "headcount": _headcount(tagging),
        "headcount_pct": _first_figure(tagging, "headcount_pct"),
        "stage": tagging.stage,
        "sector": tagging.sector,
        "language": tagging.language,
        "evidence": [
            {"axis": str(tag.axis), "term": tag.term, **evidence._asdict()}
            for tag in tagging.tags
            for evidence in tag.evidence
        ]
        + [{"axis": "figure", "term": figure.kind, **figure.evidence._asdict()} for figure in tagging.figures],
        "rules_version": tagging.rules_version,
    }


def _tag(tagger: Tagger, record: Mapping[str, Any], outlets: Mapping[str, Outlet]) -> Tagging:
    outlet = outlets.get(str(record.get("outlet") or "").casefold(), UNKNOWN)
    return tagger.tag(
        str(record.get("title") or ""),
        str(record.get("summary") or ""),
        categories=tuple(record.get("categories") or ()),
        language=str(record.get("language") or ""),
        scope=outlet.scope,
        sector=outlet.sector,
    )


def _headcount(tagging: Tagging) -> int | None:
    value = _first_figure(tagging, "headcount")
    return None if value is None else int(value)


def _first_figure(tagging: Tagging, kind: str) -> float | None:
    return next((figure.value for figure in tagging.figures if figure.kind == kind), None)


def _most_specific(tagger: Tagger, regions: Sequence[str]) -> list[str]:
    """Without the parents of others, subdivisions before countries."""
    parents = {parent for region in regions for parent in tagger.vocabulary.ancestors(Axis.REGION, region)}
    return sorted((region for region in regions if region not in parents), key=lambda region: "-" not in region)


def _score_item(evaluation: Evaluation, record: Mapping[str, Any], tagging: Tagging, tagger: Tagger) -> None:
    roots = {topic for topic in tagging.terms(Axis.TOPIC) if not tagger.vocabulary.topics[topic].parent}
    required, allowed = set(record["topics"]), {*record["topics"], *record.get("topics_ok", ())}
    _count(evaluation, "topics", record, tagging, roots, required, allowed)
    tracked = {"tracked"} if roots else set()
    _count(
        evaluation,
        "relevant",
        record,
        tagging,
        tracked,
        {"tracked"} if required else set(),
        {"tracked"} if allowed else set(),
    )
    if required and "crafts" in record:
        crafts = set(tagging.terms(Axis.CRAFT))
        wanted = set(record["crafts"])
        _count(evaluation, "crafts", record, tagging, crafts, wanted, wanted | set(record.get("crafts_ok", ())))
    if required and "regions" in record:
        regions = set(_most_specific(tagger, tagging.terms(Axis.REGION)))
        wanted = set(record["regions"])
        fine = wanted | set(record.get("regions_ok", ()))
        fine |= {region.split("-")[0] for region in fine}
        _count(evaluation, "regions", record, tagging, regions, wanted, fine)
    if "headcount" in record:
        _count_headcount(evaluation, record, tagging)


def _count_headcount(evaluation: Evaluation, record: Mapping[str, Any], tagging: Tagging) -> None:
    stated, found = record.get("headcount"), _headcount(tagging)
    predicted = {str(found)} if found is not None else set()
    wanted = {str(stated)} if stated is not None else set()
    _count(evaluation, "headcount", record, tagging, predicted, wanted, wanted, per_label=False)


def _count(
    evaluation: Evaluation,
    axis: str,
    record: Mapping[str, Any],
    tagging: Tagging,
    predicted: set[str],
    required: set[str],
    allowed: set[str],
    per_label: bool = True,
) -> None:
    for kind, labels in (
        ("right", predicted & required),
        ("wrong", predicted - allowed),
        ("missed", required - predicted),
    ):
        for label in labels:
            scores = [evaluation.axes[axis]]
            if per_label:
                scores.append(evaluation.labels[axis].setdefault(label, Score()))
            for each in scores:
                setattr(each, kind, getattr(each, kind) + 1)
            if kind != "right" and axis != "relevant":
                evidence = _evidence_of(tagging, axis, label) if kind == "wrong" else ()
                title = str(record["title"])
                evaluation.errors.append(Error(axis, label, kind, str(record.get("id")), title, evidence))


def _evidence_of(tagging: Tagging, axis: str, label: str) -> tuple[Evidence, ...]:
    if axis == "headcount":
        return tuple(figure.evidence for figure in tagging.figures if figure.kind == "headcount")[:1]
    tags = {tag.term: tag for tag in tagging.tags if tag.axis.value == axis.rstrip("s")}
    tag = tags[label]
    return tag.evidence or tags[tag.implied_by].evidence


def render(evaluation: Evaluation, errors: bool = False) -> str:
    """The table for people; with `errors` every error below it, wrong ones with their words."""
    lines = [f"{evaluation.items} headlines, rules {evaluation.rules_version}", ""]
    lines.append(f"{'':28}{'precision':>10}{'recall':>8}{'F1':>8}{'right':>7}{'wrong':>7}{'missed':>7}")
    for axis, total in evaluation.axes.items():
        lines.append(_row(axis, total))
        if axis in ("topics", "crafts", "regions"):
            lines += [_row(f"  {label}", each) for label, each in sorted(evaluation.labels[axis].items())]
    if errors:
        lines += ["", *(_error_line(error) for error in evaluation.errors)]
    return "\n".join(lines)


def _row(name: str, each: Score) -> str:
    return (
        f"{name:28}{each.precision:>10.3f}{each.recall:>8.3f}{each.f1:>8.3f}"
        f"{each.right:>7}{each.wrong:>7}{each.missed:>7}"
    )


def _error_line(error: Error) -> str:
    words = " · ".join(f"{each.text!r} ({each.rule})" for each in error.evidence)
    return f"{error.axis:10}{error.kind:7}{error.label:28}{error.title[:110]}{'   ← ' + words if words else ''}"


def to_json(evaluation: Evaluation) -> dict[str, Any]:
    """The same figures for machines."""
    return {
        "items": evaluation.items,
        "rules_version": evaluation.rules_version,
        "axes": {axis: _figures(each) for axis, each in evaluation.axes.items()},
        "labels": {
            axis: {label: _figures(each) for label, each in sorted(labels.items())}
            for axis, labels in evaluation.labels.items()
            if labels and axis != "relevant"
        },
        "errors": [
            {
                "axis": error.axis,
                "label": error.label,
                "kind": error.kind,
                "id": error.id,
                "title": error.title,
                "evidence": [each._asdict() for each in error.evidence],
            }
            for error in evaluation.errors
        ],
    }


def _figures(each: Score) -> dict[str, float]:
    return {
        "precision": round(each.precision, 4),
        "recall": round(each.recall, 4),
        "f1": round(each.f1, 4),
        "right": each.right,
        "wrong": each.wrong,
        "missed": each.missed,
    }
