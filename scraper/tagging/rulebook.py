"""The vocabulary compiled for one language: what to look for, and who asks for it."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import NamedTuple

from db.shapes import Axis as TagAxis
from db.vocabulary import Rule, Vocabulary, Words
from scraper.tagging import figures
from scraper.tagging.frequency import PER_THOUSAND
from scraper.tagging.phrases import Node, Phrases
from scraper.tagging.rules import Axis, numbers_of
from scraper.tagging.tokens import A_NUMBER

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
AI_ANYWHERE = Words(when=(Rule(forms=("@ai",), near=("@entertainment",)),))  # languages without rules of their own


Hint = tuple[
    frozenset[bytes], frozenset[bytes] | None
]  # words that must all stand in the text; words of which one must
NUMBER_WORDS = frozenset(word.encode() for word in figures.NUMBER_WORDS)
WIDE_TYPES = frozenset({"conglomerate", "platform", "ai-company"})  # employers whose name alone shows no field


class Name(NamedTuple):
    """What a phrase names: an organisation, or a place."""

    axis: TagAxis
    term: str
    weak: bool
    sectors: tuple[str, ...] = ()  # none for those whose name alone shows no field
    kind: str = ""  # an employer's type


def calls_of(name: Name) -> tuple[str, ...]:
    """The named sets that rules can ask for when an organisation stands in a text: @employer.games, @union.iatse."""
    details = filter(None, (*name.sectors, name.kind)) if name.axis is TagAxis.EMPLOYER else (name.term,)
    return (f"@{name.axis}", *(f"@{name.axis}.{detail}" for detail in details))


def _commonness(word: bytes) -> tuple[int, int, bytes]:
    return PER_THOUSAND.get(word, 1), -len(word), word


def _flat(asked: frozenset[int], members: Mapping[int, set[int]]) -> Iterator[int]:
    """The phrases that a side of a rule asks for, those of its named sets included."""
    for number in asked:
        yield from members.get(number, (number,))


class Rulebook:
    """Tries and indexes for one language. Names of organisations and places are read in every language alike."""

    def __init__(self, vocabulary: Vocabulary, language: str = "en") -> None:
        self.vocabulary, self.language = vocabulary, language
        self.phrases = Phrases()
        self.sets: dict[int, list[int]] = {}  # phrase -> named sets that it belongs to
        self.organisations: dict[int, list[Name]] = {}
        self.topics = self.axis("topics", {term.id: term.words for term in vocabulary.topics.values()})
        self._read_lexicon()
        self._read_organisations()
        self.masks = self._masks()
        self.about = {
            topic.id: numbers_of(self.phrases, topic.about) for topic in vocabulary.topics.values() if topic.about
        }
        self.effects = {
            topic.id: numbers_of(self.phrases, topic.effects) for topic in vocabulary.topics.values() if topic.effects
        }
        self.entertainment = self.phrases.named("@entertainment")
        self.makers = self.phrases.named("@makers")
        self.headcount = self.phrases.named("@headcount")
        self.hints = self._hints()
        self.hint_words = frozenset(self.hints)
        self.count_callers = frozenset(
            phrase for judge in self.topics.judges if self.headcount in judge.near for phrase in judge.forms
        )
        self.first: Node = self.phrases.trie(sorted(self.asked()))

    @cached_property
    def details(self) -> Details:
        """Crafts and places: compiled when the first tracked item asks for them."""
        with collector_at_rest():
            return Details(self)

    def axis(self, file: str, terms: Mapping[str, Words]) -> Axis:
        axis = Axis(file)
        for term, words in terms.items():
            axis.add(self.phrases, term, words, self.language)
        if file == "topics" and self.language != "en":
            axis.add(self.phrases, "ai", AI_ANYWHERE, "en")
        return axis

    def _read_lexicon(self) -> None:
        """Members of a set call the set by its name: @games holds wherever one of its forms stands."""
        everything = self.phrases.named("@entertainment")
        for name, word_set in self.vocabulary.lexicon.items():
            forms = word_set.forms if self.language == "en" else word_set.foreign.get(self.language, ())
            number = self.phrases.named(f"@{name}")
            for phrase in self.phrases.all_numbers(forms):
                self.sets.setdefault(phrase, []).append(number)
                if name in FIELDS and everything not in self.sets[phrase]:
                    self.sets[phrase].append(everything)

    def _read_organisations(self) -> None:
        for employer in self.vocabulary.employers.values():
            sectors = () if employer.type in WIDE_TYPES or "other" in employer.sectors else employer.sectors
            self.name(self.organisations, TagAxis.EMPLOYER, employer.id, employer.words, sectors, employer.type)
        for union in self.vocabulary.unions.values():
            sectors = () if "other" in union.sectors else union.sectors
            self.name(self.organisations, TagAxis.UNION, union.id, union.words, sectors)

    def name(
        self,
        names: dict[int, list[Name]],
        axis: TagAxis,
        term: str,
        words: Words,
        sectors: tuple[str, ...],
        kind: str = "",
    ) -> None:
        for weak, forms in ((False, words.forms), (True, words.weak)):
            for phrase in self.phrases.all_numbers(forms):
                names.setdefault(phrase, []).append(Name(axis, term, weak, sectors, kind))
        for phrase in self.phrases.all_numbers(words.never):
            names.setdefault(phrase, [])

    def _masks(self) -> frozenset[int]:
        masks = {
            phrase for word_set in self.vocabulary.masks.values() for phrase in self.phrases.all_numbers(word_set.forms)
        }
        return frozenset(masks)

    def may_match(self, words: set[bytes]) -> bool:
        """False only if no topic rule can hold in a text of these words: most texts are left here."""
        for word in words & self.hint_words:
            for others, company in self.hints[word]:
                if others <= words and (company is None or not company.isdisjoint(words)):
                    return True
        return False

    def _hints(self) -> dict[bytes, list[Hint]]:
        """Per word: what else must stand in a text for a form with that word to count."""
        members = self._members()
        hints: dict[bytes, dict[Hint, None]] = {}
        read = {
            number: words for number in self._read_by_topics(members) if (words := self.phrases.coarse_words(number))
        }
        rarest = {number: min(words, key=_commonness) for number, words in read.items()}
        companies: dict[frozenset[int], frozenset[bytes] | None] = {frozenset(): None}
        for judge in self.topics.judges:
            if judge.near not in companies:
                company = {rarest[number] for number in _flat(judge.near, members) if number in rarest}
                numbers = NUMBER_WORDS | {A_NUMBER} if self.headcount in judge.near else frozenset()
                companies[judge.near] = frozenset(company | numbers)
            for number in _flat(judge.forms, members):
                if number in read:
                    hint = read[number] - {rarest[number]}, companies[judge.near]
                    hints.setdefault(rarest[number], {})[hint] = None
        return {word: sorted(found, key=lambda hint: len(hint[0])) for word, found in hints.items()}

    def _read_by_topics(self, members: Mapping[int, set[int]]) -> set[int]:
        return {number for judge in self.topics.judges for number in _flat(judge.forms | judge.near, members)}

    def _members(self) -> dict[int, set[int]]:
        """The phrases that call each named set."""
        members: dict[int, set[int]] = {}
        for phrase, sets in self.sets.items():
            for number in sets:
                members.setdefault(number, set()).add(phrase)
        for name, phrases in self._named_organisations():
            members[self.phrases.named(name)] = phrases
        return members

    def _named_organisations(self) -> Iterator[tuple[str, set[int]]]:
        """Sets that organisations call by their kind, sector or id."""
        calls: dict[str, set[int]] = {}
        for phrase, names in self.organisations.items():
            for name in names:
                for call in calls_of(name):
                    calls.setdefault(call, set()).add(phrase)
        yield from calls.items()

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
    """What is asked of tracked items only: crafts, places, and the trie of their phrases."""

    def __init__(self, rules: Rulebook) -> None:
        vocabulary = rules.vocabulary
        self.crafts = rules.axis("crafts", {term.id: term.words for term in vocabulary.crafts.values()})
        self.regions = rules.axis(
            "regions", {each.id: Words(when=each.words.when) for each in vocabulary.regions.values()}
        )
        self.places: dict[int, list[Name]] = {}
        for region in vocabulary.regions.values():
            rules.name(self.places, TagAxis.REGION, region.id, region.words, ())
        for institution in vocabulary.institutions:
            rules.name(self.places, TagAxis.REGION, institution.region, Words(forms=institution.forms), ())
        asked = {*self.crafts.phrases(), *self.places, *self.regions.phrases()} - rules.asked()
        self.trie: Node = rules.phrases.trie(sorted(asked))


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
