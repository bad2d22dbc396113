"""Item to tags, each with the words that earned it.

    words → mask → organisations → places → numbers → topics → crafts → parents

One pass over the words finds every phrase of the vocabulary (scraper.tagging.phrases); what follows judges what was
found, each step in a file of its name. Most texts hold nothing that a topic asks for: their set of words shows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from db.shapes import Axis, Evidence, Figure, Tag, Tagging
from db.vocabulary import Vocabulary, default_cache, load_vocabulary
from scraper.tagging.crafts import judge_crafts
from scraper.tagging.kept import kept_rulebook
from scraper.tagging.languages import detect_language
from scraper.tagging.masks import mask
from scraper.tagging.numbers import figures_of, find_numbers
from scraper.tagging.organisations import find_organisations, in_the_field
from scraper.tagging.places import find_places, judge_regions
from scraper.tagging.reading import Reading
from scraper.tagging.rulebook import Rulebook, collector_at_rest
from scraper.tagging.tags import sector_of, tags_of
from scraper.tagging.tokens import Text, words_of
from scraper.tagging.topics import judge_topics, stage_of

LANGUAGES = ("en", "de", "fr", "es", "it", "ja", "ko")  # languages that the vocabulary has forms in

__all__ = ["Axis", "Evidence", "Figure", "Tag", "Tagger", "Tagging", "packaged_tagger"]


class Tagger:
    """The rules of one vocabulary, each language compiled once, or kept in the folder `cache`; `tag` is pure."""

    def __init__(self, vocabulary: Vocabulary, cache: Path | None = None) -> None:
        self.vocabulary = vocabulary
        self._cache = cache
        self.rules_version = vocabulary.rules_version
        self._nothing: dict[tuple[str, str], Tagging] = {}
        self._rulebooks: dict[str, Rulebook] = {}  # by language, compiled when a text needs it

    def tag(
        self,
        title: str,
        summary: str,
        *,
        categories: Sequence[str] = (),
        language: str = "",
        scope: str = "general",
        sector: str = "general",
    ) -> Tagging:
        """What the rules say about one item. An item of `scope` "general" must show that it is in the field."""
        words = words_of(title, summary)
        language = language.lower().split("-")[0] or detect_language(title, summary, words)
        rules = self._rulebook(language)
        untracked = self._untracked(sector, language)
        if rules is None or not rules.screen.may_match(words):
            return untracked
        reading = Reading(rules, Text(title, summary), sector)
        if not rules.may_hold(reading.found, reading.ambient):
            return untracked
        mask(reading)
        find_organisations(reading)
        if scope != "entertainment" and not in_the_field(reading, categories):
            return untracked
        find_numbers(reading)
        judge_topics(reading)
        if not reading.topics:
            return untracked
        find_places(reading)
        judge_crafts(reading)
        judge_regions(reading)
        return Tagging(
            tags=tags_of(reading),
            figures=figures_of(reading),
            stage=stage_of(reading),
            sector=sector_of(reading),
            language=language,
            rules_version=self.rules_version,
        )

    def _untracked(self, sector: str, language: str) -> Tagging:
        """Most items: the same value for all of a sector and language, made once."""
        known = self._nothing.get((sector, language))
        if known is None:
            known = Tagging(sector=sector, language=language, rules_version=self.rules_version)
            self._nothing[sector, language] = known
        return known

    def _rulebook(self, language: str) -> Rulebook | None:
        if language not in self._rulebooks and language in LANGUAGES:
            self._rulebooks[language] = self._compiled(language)
        return self._rulebooks.get(language)

    def _compiled(self, language: str) -> Rulebook:
        def compiled() -> Rulebook:
            with collector_at_rest():
                return Rulebook(self.vocabulary, language)

        return kept_rulebook(self._cache, self.vocabulary, language, compiled) if self._cache else compiled()


def packaged_tagger() -> Tagger:
    """A tagger by the rules that come with the package; what it compiles is kept for the next start."""
    return Tagger(load_vocabulary(), default_cache())
