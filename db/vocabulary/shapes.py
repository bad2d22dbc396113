"""What the vocabulary holds, as plain values: terms of each axis, the words that find them, how they hang together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from db.shapes import Axis

DETAILED = frozenset({"US", "CA", "GB", "AU", "IN"})  # countries whose news is filed by state, province or nation


@dataclass(frozen=True, slots=True)
class Rule:
    """Forms that count only in company: a `near` form within so many words, and no `unless` form in the item."""

    forms: tuple[str, ...]
    near: tuple[str, ...] = ()
    within: int | None = None  # words between the two; None = anywhere in the item
    unless: tuple[str, ...] = ()
    field: str = ""  # "title" or "summary" when the forms count only there
    fallback: bool = False  # judged only when no other rule of the axis gave a term


@dataclass(frozen=True, slots=True)
class Words:
    """How a term is found in text, and the sentences that prove it."""

    forms: tuple[str, ...] = ()  # each is enough by itself
    weak: tuple[str, ...] = ()  # each counts only beside a word of work or of the field
    never: tuple[str, ...] = ()  # spans in which the term's own words mean nothing
    when: tuple[Rule, ...] = ()
    foreign: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # language -> forms
    must: tuple[str, ...] = ()
    must_not: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Topic:
    id: str
    label: str
    definition: str
    words: Words
    parent: str = ""
    about: tuple[str, ...] = ()  # words of a title whose item may be about a root topic that only the summary states
    effects: tuple[str, ...] = ()  # words beside such a statement that make it count all the same
    iptc: tuple[Mapping[str, str], ...] = ()  # {code, relation} in IPTC Media Topics


@dataclass(frozen=True, slots=True)
class Craft:
    id: str
    label: str
    department: str
    words: Words
    sectors: tuple[str, ...] = ()
    tier: int = 2
    soc: tuple[Mapping[str, str], ...] = ()  # {code, title} in SOC 2018
    isco: tuple[Mapping[str, str], ...] = ()  # {code, title} in ISCO-08
    code_match: str = ""  # "exact", "close" or "residual": how well the codes fit
    unions: tuple[str, ...] = ()
    yields_to: tuple[str, ...] = ()  # more specific crafts; where one is found, this one is not meant
    exposure: tuple[Mapping[str, str], ...] = ()  # {value, section, statement, source}


@dataclass(frozen=True, slots=True)
class Region:
    id: str  # ISO 3166-1 alpha-2, ISO 3166-2, or a place's own name
    label: str
    level: str  # "supranational", "country", "subdivision" or "place"
    words: Words
    parent: str = ""
    alpha3: str = ""


@dataclass(frozen=True, slots=True)
class Institution:
    """A body that is neither employer nor union in our lists, but says where the news is."""

    forms: tuple[str, ...]
    region: str


@dataclass(frozen=True, slots=True)
class Employer:
    id: str
    name: str
    words: Words
    sectors: tuple[str, ...] = ()
    country: str = ""  # of its head office; never the region of a story
    type: str = ""
    parent: str = ""
    region: str = ""  # where its news is by nature (a public broadcaster), "" for most


@dataclass(frozen=True, slots=True)
class Union:
    id: str
    name: str
    words: Words
    type: str = "union"
    country: str = ""
    sectors: tuple[str, ...] = ()
    crafts: tuple[str, ...] = ()  # whom it speaks for
    region: str = ""


@dataclass(frozen=True, slots=True)
class WordSet:
    """A named set of forms that rules refer to as @name, or a set of spans to mask."""

    id: str
    definition: str
    forms: tuple[str, ...]
    foreign: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """All terms by id, in the order of their files. Equal to itself alone, so that what is made of it can be kept."""

    topics: Mapping[str, Topic]
    crafts: Mapping[str, Craft]
    departments: Mapping[str, str]  # id -> label
    regions: Mapping[str, Region]
    institutions: tuple[Institution, ...]
    employers: Mapping[str, Employer]
    unions: Mapping[str, Union]
    sectors: Mapping[str, str]  # id -> label
    lexicon: Mapping[str, WordSet]
    masks: Mapping[str, WordSet]
    rules_version: str  # changes with any rule file and with the tagger itself
    department_parents: Mapping[str, str] = field(default_factory=dict)  # id -> id of what it is part of, if of any

    def ancestors(self, axis: Axis, term: str) -> tuple[str, ...]:
        """The parents of a term, nearest first; a craft's parent is none, its department is not a tag."""
        terms: Mapping[str, Topic] | Mapping[str, Region] = self.topics if axis is Axis.TOPIC else self.regions
        if axis not in (Axis.TOPIC, Axis.REGION):
            return ()
        chain: list[str] = []
        parent = terms[term].parent
        while parent:
            chain.append(parent)
            parent = terms[parent].parent
        return tuple(chain)

    def filed_region(self, region: str) -> str:
        """Where its items are filed: those of a place under its subdivision, or its country where we file none."""
        while parent := self.regions[region].parent:
            level = self.regions[region].level
            if level == "country" or (level == "subdivision" and parent in DETAILED):
                break
            region = parent
        return region

    def filed_regions(self) -> dict[str, Region]:
        """Those that items are filed under; the others are but names for them."""
        return {code: region for code, region in self.regions.items() if self.filed_region(code) == code}

    def crafts_of_union(self, union: str) -> tuple[str, ...]:
        """Whom a union speaks for: the crafts that its name implies first, then those that name it."""
        naming = (craft.id for craft in self.crafts.values() if union in craft.unions)
        return tuple(dict.fromkeys((*self.unions[union].crafts, *naming)))

    def wholes(self) -> dict[tuple[str, str], tuple[tuple[str, str], ...]]:
        """(axis, term) → what it is part of, nearest first: the departments of a craft, the owners of an employer."""
        owners = {employer.id: employer.parent for employer in self.employers.values()}
        return {
            **{("craft", craft.id): _chain("department", craft.department, self.department_parents)
               for craft in self.crafts.values()},
            **{("employer", owned): _chain("employer", owner, owners) for owned, owner in owners.items() if owner},
        }  # fmt: skip

    def label(self, axis: Axis, term: str) -> str:
        """The name to show; the id itself for a term of an older vocabulary."""
        if axis is Axis.EMPLOYER:
            return self.employers[term].name if term in self.employers else term
        if axis is Axis.UNION:
            return self.unions[term].name if term in self.unions else term
        tables: Mapping[Axis, Mapping[str, Topic | Craft | Region]] = {
            Axis.TOPIC: self.topics,
            Axis.CRAFT: self.crafts,
            Axis.REGION: self.regions,
        }
        found = tables[axis].get(term)
        return found.label if found else term


def _chain(axis: str, first: str, parents: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """A term, what contains it, and so on."""
    chain = [(axis, first)] if first else []
    while chain and (parent := parents.get(chain[-1][1], "")):
        chain.append((axis, parent))
    return tuple(chain)
