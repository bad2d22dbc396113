"""The vocabulary compiled for one language: what to look for, and who asks for it."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Set
from contextlib import contextmanager
from functools import cached_property
from typing import NamedTuple

from db.shapes import Axis as TagAxis
from db.vocabulary import Craft, Employer, Rule, Topic, Union, Vocabulary, Words
from scraper.tagging.phrases import Found, Index, Phrases
from scraper.tagging.rules import Axis, Reach
from scraper.tagging.screening import Screen, screen_of

FIELDS = (
    "film_tv", "animation_vfx", "games", "music", "stage", "audio", "news_media", "publishing", "theme_parks",
)  # fmt: skip  # the sets of the lexicon that show that an item is in the field; together @entertainment
SECTOR_SETS = {
    "film-tv": "@film_tv",
    "games": "@games",
    "music": "@music",
    "stage": "@stage",
    "animation-vfx": "@animation_vfx",
    "broadcast-news": "@news_media",
    "publishing": "@publishing",
    "theme-parks": "@theme_parks",
}
AI_ANYWHERE = (Rule(forms=("@ai",), near=("@entertainment",)),)  # in languages without rules of their own
WIDE_TYPES = frozenset({"conglomerate", "platform", "ai-company"})  # employers whose name alone shows no field


class Name(NamedTuple):
    """What a phrase names: an organisation, or a place."""

    axis: TagAxis
    term: str
    weak: bool
    sectors: tuple[str, ...] = ()  # none for those whose name alone shows no field
    calls: tuple[int, ...] = ()  # the named sets that hold where it stands: @employer.games, @union.iatse


Names = dict[int, list[Name]]  # by phrase; an empty list for one that names nothing


class Rulebook:
    """Indexes for one language. Names of organisations and places are read in every language alike."""

    def __init__(self, vocabulary: Vocabulary, language: str = "en") -> None:
        self.vocabulary, self.language = vocabulary, language
        self.phrases = Phrases()
        self.sets: dict[int, list[int]] = {}  # phrase -> named sets that it belongs to
        self.organisations: Names = {}
        self.entertainment, self.makers, self.headcount = map(
            self.phrases.named, ("@entertainment", "@makers", "@headcount")
        )
        self.topics = self._topics()
        self._read_lexicon()
        self._read_organisations()
        numbers, topics = self.phrases.all_numbers, vocabulary.topics.values()
        self.masks = numbers(form for each in vocabulary.masks.values() for form in each.forms)
        self.about = {topic.id: numbers(topic.about) for topic in topics if topic.about}
        self.effects = {topic.id: numbers(topic.effects) for topic in topics if topic.effects}
        self.count_callers = self.topics.callers_of(self.headcount)
        self.screen: Screen = screen_of(self.topics.judges, self.phrases, self._members(), self.headcount)
        self.reach = self._reach()
        self.first: Index = self.phrases.index(self.asked())

    def __getstate__(self) -> dict[str, object]:
        """All that was made of the vocabulary, not itself."""
        return {name: value for name, value in self.__dict__.items() if name != "vocabulary"}

    @cached_property
    def details(self) -> Details:
        """Crafts and places: compiled when the first tracked item asks for them."""
        with collector_at_rest():
            return Details(self)

    def axis(self, terms: Iterable[Topic | Craft]) -> Axis:
        axis = Axis(self.phrases, self.language)
        for term in terms:
            axis.add(term.id, term.words)
        return axis

    def _topics(self) -> Axis:
        topics = self.axis(self.vocabulary.topics.values())
        if self.language != "en":
            topics.add_rules("ai", AI_ANYWHERE)
        return topics

    def _read_lexicon(self) -> None:
        """Members of a set call the set by its name: @games holds wherever one of its forms stands."""
        for name, word_set in self.vocabulary.lexicon.items():
            forms = word_set.forms if self.language == "en" else word_set.foreign.get(self.language, ())
            number = self.phrases.named(f"@{name}")
            for phrase in self.phrases.all_numbers(forms):
                sets = self.sets.setdefault(phrase, [])
                sets.append(number)
                if name in FIELDS and self.entertainment not in sets:
                    sets.append(self.entertainment)

    def _read_organisations(self) -> None:
        for employer in self.vocabulary.employers.values():
            self.name(self.organisations, employer.words, *_ways(self._named_employer(employer)))
        for union in self.vocabulary.unions.values():
            self.name(self.organisations, union.words, *_ways(self._named_union(union)))

    def _named_employer(self, employer: Employer) -> Name:
        sectors = () if employer.type in WIDE_TYPES or "other" in employer.sectors else employer.sectors
        calls = "@employer", *(f"@employer.{detail}" for detail in (*sectors, employer.type) if detail)
        return Name(TagAxis.EMPLOYER, employer.id, False, sectors, tuple(map(self.phrases.named, calls)))

    def _named_union(self, union: Union) -> Name:
        sectors = () if "other" in union.sectors else union.sectors
        calls = "@union", f"@union.{union.id}"
        return Name(TagAxis.UNION, union.id, False, sectors, tuple(map(self.phrases.named, calls)))

    def name(self, names: Names, words: Words, sure: Name, weak: Name) -> None:
        """Enter the forms of what has a name."""
        for name, forms in ((sure, words.forms), (weak, words.weak)):
            for phrase in self.phrases.all_numbers(forms):
                names.setdefault(phrase, []).append(name)
        for phrase in self.phrases.all_numbers(words.never):
            names.setdefault(phrase, [])

    def _members(self) -> dict[int, set[int]]:
        """The phrases that call each named set."""
        members: dict[int, set[int]] = {}
        for phrase, sets in self.sets.items():
            for number in sets:
                members.setdefault(number, set()).add(phrase)
        for phrase, names in self.organisations.items():
            for name in names:
                for number in name.calls:
                    members.setdefault(number, set()).add(phrase)
        return members

    def _reach(self) -> dict[int, Reach]:
        """What each phrase can do for a topic, by itself or by the named sets that it calls."""
        calls: dict[int, set[int]] = {phrase: {phrase} for phrase in self.topics.phrases()}
        for phrase, sets in self.sets.items():
            calls.setdefault(phrase, {phrase}).update(sets)
        for phrase, names in self.organisations.items():
            calls.setdefault(phrase, {phrase}).update(*(name.calls for name in names))
        return {phrase: reach for phrase, numbers in calls.items() if any(reach := self.topics.reach_of(numbers))}

    def may_hold(self, found: Found, ambient: Set[int]) -> bool:
        """False only if no topic rule can hold with these phrases, whatever the steps that follow find."""
        reaches = [reach for reach in map(self.reach.get, found) if reach]
        return self.topics.may_hold(reaches, ambient | {self.headcount})

    def asked(self) -> set[int]:
        """What topics need to be judged: their own phrases, sets, masks and organisations."""
        return {
            *self.topics.phrases(),
            *self.sets,
            *self.masks,
            *self.organisations,
            *frozenset().union(*self.about.values()),
        }


class Details:
    """What is asked of tracked items only: crafts, places, and the index of their phrases."""

    def __init__(self, rules: Rulebook) -> None:
        vocabulary = rules.vocabulary
        self.crafts = rules.axis(vocabulary.crafts.values())
        self.regions = Axis(rules.phrases, rules.language)
        self.places: Names = {}
        for region in vocabulary.regions.values():
            if rules.language == "en":
                self.regions.add_rules(region.id, region.words.when)
            rules.name(self.places, region.words, *_ways(Name(TagAxis.REGION, region.id, False)))
        for institution in vocabulary.institutions:
            words = Words(forms=institution.forms)
            rules.name(self.places, words, *_ways(Name(TagAxis.REGION, institution.region, False)))
        asked = {*self.crafts.phrases(), *self.places, *self.regions.phrases()} - rules.asked()
        self.index: Index = rules.phrases.index(asked)


def _ways(name: Name) -> tuple[Name, Name]:
    """The name where its form is sure, and where it is weak."""
    return name, name._replace(weak=True)


@contextmanager
def collector_at_rest() -> Iterator[None]:
    """Compiling makes some 60,000 objects, all to stay: the collector, watching, would take half the time."""
    watching = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if watching:
            gc.enable()
