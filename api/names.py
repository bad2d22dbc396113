"""Every name that a filter may use: the vocabulary's terms, the sources, and what older rules filed items under."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Mapping
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

    `since`: when this process took up this program and these names, in seconds since 1970.
    `spellings` and `within`: axis → word in lower case → code: of other spellings of it, and of what lies within it.
    """

    labels: Mapping[str, Mapping[str, str]]
    sources: Mapping[str, SourceName]
    filed: Mapping[TermKey, int]  # grows as items are filed
    fingerprint: str
    since: int = 0
    spellings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    within: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    _folded: dict[str, dict[str, str]] = field(default_factory=dict)

    def label(self, axis: str, code: str) -> str:
        return self.labels.get(axis, {}).get(code, code)

    def find(self, axis: str, word: str) -> str | None:
        """The code that a reader means, in whatever case; for `en-US` that of English. None when there is none."""
        if word in self.labels[axis] or (axis, word) in self.filed:
            return word
        if axis not in self._folded:
            self._folded[axis] = {code.casefold(): code for code in self.labels[axis]}
        folded = word.casefold().partition("-")[0] if axis == "language" else word.casefold()
        return self._folded[axis].get(folded) or self.spellings.get(axis, {}).get(folded)

    def nearest(self, axis: str, word: str) -> list[str]:
        """Up to three codes whose code or label is like the word, best first."""
        wanted = word.casefold()[:80]
        known = dict(self.within.get(axis, {}))
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
    fingerprint = hashlib.blake2b(facts, digest_size=6).hexdigest()
    spellings, within = {"region": _spellings(vocabulary)}, {"region": _places(vocabulary)}
    return Names(labels, sources, filed, fingerprint, spellings=spellings, within=within)


def _terms(vocabulary: Vocabulary) -> list[tuple[Axis, Mapping[str, object]]]:
    return [
        (Axis.TOPIC, vocabulary.topics),
        (Axis.CRAFT, vocabulary.crafts),
        (Axis.REGION, vocabulary.filed_regions()),
        (Axis.EMPLOYER, vocabulary.employers),
        (Axis.UNION, vocabulary.unions),
    ]


def _spellings(vocabulary: Vocabulary) -> dict[str, str]:
    """Regions by their three letters (ISO 3166-1 alpha-3) and by acronyms such as UK."""
    spellings: dict[str, str] = {}
    for region in vocabulary.filed_regions().values():
        dotless = {form: form.replace(".", "") for form in region.words.forms}
        acronyms = [each for form in dotless for each in (form, dotless[form]) if dotless[form].isupper()]
        spellings.update((word.casefold(), region.id) for word in (*acronyms, region.alpha3) if word)
    return spellings


def _places(vocabulary: Vocabulary) -> dict[str, str]:
    """The regions in which places are that nothing is filed under, by what the places are called."""
    places = [region for region in vocabulary.regions.values() if vocabulary.filed_region(region.id) != region.id]
    return {word.casefold(): vocabulary.filed_region(place.id) for place in places for word in (place.id, place.label)}


def _missing(axis: str, known: Mapping[str, str], filed: Mapping[TermKey, int]) -> dict[str, str]:
    """Codes in use that the vocabulary does not name."""
    return {code: code for filed_axis, code in sorted(filed) if filed_axis == axis and code not in known}
