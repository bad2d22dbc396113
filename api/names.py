"""Every name that a filter may use: the vocabulary's terms, the sources, and what older rules filed items under."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from db.filing import TermKey
from db.shapes import Axis
from db.sources import SourceName
from db.vocabulary import Vocabulary

#: A filter's parameter → the axis on which items are filed.
AXES: Mapping[str, str] = {
    "topic": "topic",
    "craft": "craft",
    "department": "department",
    "sector": "sector",
    "region": "region",
    "union": "union",
    "employer": "employer",
    "source": "source",
    "lang": "language",
}


@dataclass(frozen=True, slots=True)
class Names:
    """axis → code → label, in the vocabulary's order. `fingerprint` changes when any of it does.

    `parts`: what a term covers though items are not filed under it, as departments of departments.
    `since`: when this process took up this program and these names, in seconds since 1970.
    """

    labels: Mapping[str, Mapping[str, str]]
    sources: Mapping[str, SourceName]
    filed: Mapping[TermKey, int]  # grows as items are filed
    fingerprint: str
    since: int = 0
    parts: Mapping[TermKey, Sequence[TermKey]] = field(default_factory=dict)
    _folded: dict[str, dict[str, str]] = field(default_factory=dict)

    def label(self, axis: str, code: str) -> str:
        return self.labels.get(axis, {}).get(code, code)

    def find(self, axis: str, word: str) -> str | None:
        """The code that a reader means, whatever its case; None when there is none."""
        if word in self.labels[axis] or (axis, word) in self.filed:
            return word
        if axis not in self._folded:
            self._folded[axis] = {code.casefold(): code for code in self.labels[axis]}
        return self._folded[axis].get(word.casefold())

    def covered(self, axis: str, code: str) -> list[TermKey]:
        """The term, and its parts."""
        return [(axis, code), *self.parts.get((axis, code), ())]

    def not_covered(self, keys: Sequence[TermKey]) -> list[TermKey]:
        """These terms, without those that are parts of others among them."""
        parts = {part for key in keys for part in self.parts.get(key, ())}
        return [key for key in keys if key not in parts]

    def nearest(self, axis: str, word: str) -> list[str]:
        """Up to three codes whose code or label is like the word, best first."""
        wanted = word.casefold()[:80]
        known: dict[str, str] = {}
        for code, label in self.labels[axis].items():
            known[label.casefold()] = code
            known[code.casefold()] = code
        close = difflib.get_close_matches(wanted, known, n=6, cutoff=0.6)
        beginning = [text for text in known if len(wanted) >= 3 and text.startswith(wanted)]
        return list(dict.fromkeys(known[text] for text in [*beginning, *close]))[:3]


def make_names(vocabulary: Vocabulary, sources: Mapping[str, SourceName], filed: Mapping[TermKey, int]) -> Names:
    languages = {code: code for axis, code in sorted(filed) if axis == "language"}
    labels = {
        **{axis.value: {code: vocabulary.label(axis, code) for code in codes} for axis, codes in _terms(vocabulary)},
        "department": dict(vocabulary.departments),
        "sector": {**dict(vocabulary.sectors), **_missing("sector", vocabulary.sectors, filed)},
        "source": {source_id: source.name for source_id, source in sources.items()},
        "language": languages,
    }
    facts = repr((vocabulary.rules_version, sorted(sources.items()))).encode()
    parts: dict[TermKey, list[TermKey]] = {}
    for department, parent in vocabulary.department_parents.items():
        parts.setdefault(("department", parent), []).append(("department", department))
    return Names(labels, sources, filed, hashlib.blake2b(facts, digest_size=6).hexdigest(), parts=parts)


def _terms(vocabulary: Vocabulary) -> list[tuple[Axis, Mapping[str, object]]]:
    return [
        (Axis.TOPIC, vocabulary.topics),
        (Axis.CRAFT, vocabulary.crafts),
        (Axis.REGION, vocabulary.regions),
        (Axis.EMPLOYER, vocabulary.employers),
        (Axis.UNION, vocabulary.unions),
    ]


def _missing(axis: str, known: Mapping[str, str], filed: Mapping[TermKey, int]) -> dict[str, str]:
    """Codes in use that the vocabulary does not name."""
    return {code: code for filed_axis, code in sorted(filed) if filed_axis == axis and code not in known}
