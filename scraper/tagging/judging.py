"""One item being read: what was found so far, step by step, and the tags that follow from it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from db.shapes import Axis, Evidence, Figure, Tag
from db.vocabulary import Vocabulary
from scraper.tagging import figures
from scraper.tagging.phrases import Found, Span, find
from scraper.tagging.rulebook import SECTOR_SETS, Name, Rulebook, calls_of
from scraper.tagging.rules import Hit
from scraper.tagging.tokens import Text

# The confidence scale; db/vocabulary/README.md says what each step means.
SURE_IN_TITLE, SURE_IN_SUMMARY, RULE_IN_TITLE, RULE_IN_SUMMARY, IMPLIED = 1.0, 0.9, 0.8, 0.7, 0.6

DETAILED = frozenset({"US", "CA", "GB", "AU", "IN"})  # countries whose news is filed by state, province or nation
COMPANY_WITHIN = 8  # words between a weak name and the word that makes it sure
TOPIC_WITHIN = 12  # words
WORK = ("@labour", "@headcount_loss", "@workforce", "@cut_verb")
FIELD = (*WORK, "@entertainment", "@ai", "@lawmaking")
EFFECT_WITHIN = 12  # words
ROLL, ROLL_WITHIN = (
    frozenset({"represents", "representing"}),
    30,
)  # what opens a list of trades, and its length in words

STAGES = {
    "contracts-negotiations": "talks",
    "contracts-expiry-extension": "deadline",
    "contracts-strike-authorization": "strike-authorisation",
    "contracts-strike": "strike",
    "contracts-lockout": "strike",
    "contracts-tentative-agreement": "tentative",
    "contracts-ratification-vote": "ratification",
}  # in the order in which a dispute goes: the furthest one named is its stage


def filed_region(vocabulary: Vocabulary, region: str) -> str:
    """A place stands for its subdivision, or for its country where we file no subdivisions."""
    regions = vocabulary.regions
    while parent := regions[region].parent:
        if regions[region].level == "country" or (regions[region].level == "subdivision" and parent in DETAILED):
            break
        region = parent
    return region


class Reading:
    """What one item says. Each step uses what the steps before it found."""

    def __init__(self, rules: Rulebook, text: Text, sector: str) -> None:
        self.rules, self.text, self.source_sector = rules, text, sector
        self.found: Found = {}
        self.ambient: set[int] = set()
        self.masked: list[Span] = []
        self.names: dict[Span, list[Name]] = {}
        self.places: dict[str, Span] = {}
        self.topics: list[Hit] = []
        self.crafts: list[Hit] = []
        self.regions: list[Hit] = []
        self._figures: list[Figure] = []
        find(text, rules.first, self.found)
        if sector in SECTOR_SETS:
            self.ambient.add(rules.phrases.named(SECTOR_SETS[sector]))

    def mask(self) -> None:
        """Words inside a title, a person's name or an idiom mean nothing; names of organisations are kept."""
        self.masked = [span for phrase in self.found if phrase in self.rules.masks for span in self.found[phrase]]
        if self.masked:
            self.found = self._unmasked(self.found)
        self._call_sets()

    def _unmasked(self, found: Found) -> Found:
        organisations = self.rules.organisations
        kept: Found = {}
        for phrase, spans in found.items():
            strict = phrase in organisations
            left = [span for span in spans if not any(_inside(span, mask, strict) for mask in self.masked)]
            if left:
                kept[phrase] = left
        return kept

    def _call_sets(self) -> None:
        sets, found = self.rules.sets, self.found
        for phrase in [phrase for phrase in found if phrase in sets]:
            for number in sets[phrase]:
                found.setdefault(number, []).extend(found[phrase])

    def find_organisations(self) -> None:
        """The longest name at each place; a weak name only beside a word of work or of the field."""
        organisations = self.rules.organisations
        spans = {
            span: organisations[phrase]
            for phrase in self.found
            if phrase in organisations
            for span in self.found[phrase]
        }
        for span, names in spans.items():
            if any(_inside(span, other, True) for other in spans):
                continue
            sure = [name for name in names if not name.weak or self._in_company(span, WORK)]
            if sure:
                self.names[span] = sure
        for span, names in self.names.items():
            for name in names:
                self._call_name(span, name)

    def _in_company(self, span: Span, sets: tuple[str, ...]) -> bool:
        """A form of one of the sets stands near, and is not the name itself."""
        numbers = [self.rules.phrases.named(name) for name in sets]
        others = (other for number in numbers for other in self.found.get(number, ()))
        return any(_gap(span, other) in range(COMPANY_WITHIN) for other in others)

    def _call_name(self, span: Span, name: Name) -> None:
        for call in calls_of(name):
            self.found.setdefault(self.rules.phrases.named(call), []).append(span)

    def find_numbers(self) -> None:
        """Counts of jobs that go, where a rule may ask for one nearby (@headcount)."""
        if not self.rules.count_callers.isdisjoint(self.found):
            self._count()

    def _count(self) -> None:
        if not figures.may_count(self.text.keys):
            return
        fields = (("title", self.text.title), ("summary", self.text.summary))
        item = f"{self.text.title} {self.text.summary}"
        counts = [figure for field, text in fields for figure in figures.headcounts(field, text, item)]
        shares = [figure for field, text in fields for figure in figures.staff_shares(field, text)]
        self._figures = figures.most_exact_first(counts) + shares
        spans = [self.text.words_at(f.evidence.field, f.evidence.start, f.evidence.end) for f in self._figures]
        if spans:
            self.found.setdefault(self.rules.headcount, []).extend(span for span in spans if span)

    def judge_topics(self) -> None:
        hits = self.rules.topics.hits(self.found, set(self.found), self.ambient, {}, self.text.title_length)
        passing = self._passing(hits)
        self.topics = [hit for hit in hits if self._root(hit) not in passing]
        for hit in self.topics:
            self.ambient.update(self.rules.phrases.named(f"@topic.{term}") for term in (hit.term, self._root(hit)))

    def _passing(self, hits: list[Hit]) -> set[str]:
        """Root topics that the summary mentions once while the title speaks of something else."""
        spans: dict[str, set[Span]] = {}
        for hit in hits:
            spans.setdefault(self._root(hit), set()).add(hit.spans[0])
        return {root for root, stated in spans.items() if not self._is_about(root, stated)}

    def _is_about(self, root: str, stated: set[Span]) -> bool:
        return self._title_is_about(root, stated) or _apart(stated) > 1 or self._has_effects(root, stated)

    def _has_effects(self, root: str, stated: set[Span]) -> bool:
        effects = self.rules.effects.get(root, frozenset()).intersection(self.found)
        places = [place for phrase in effects for place in self.found[phrase]]
        return any(0 <= _gap(span, place) < EFFECT_WITHIN for span in stated for place in places)

    def _title_is_about(self, root: str, stated: set[Span]) -> bool:
        about = self.rules.about.get(root)
        if about is None or any(map(self._in_title, stated)):
            return True
        return any(self._in_title(span) for phrase in about.intersection(self.found) for span in self.found[phrase])

    def _root(self, hit: Hit) -> str:
        return self.rules.vocabulary.topics[hit.term].parent or hit.term

    def in_the_field(self, categories: Sequence[str]) -> bool:
        """Entertainment words, or an organisation of the field, or the feed's own category."""
        shown = self.rules.entertainment in self.found or self.rules.makers in self.found
        if shown or any(name.sectors for names in self.names.values() for name in names):
            return True
        for category in categories:
            text, found = Text(category, ""), Found()
            find(text, self.rules.first, found)
            if any(self.rules.entertainment in self.rules.sets.get(phrase, ()) for phrase in found):
                return True
        return False

    def find_places(self) -> None:
        """The longest place name at each place, not inside a masked span or an organisation's name."""
        later: Found = {}
        find(self.text, self.rules.details.trie, later)
        for phrase, spans in self._unmasked(later).items():
            self.found.setdefault(phrase, []).extend(spans)
        standing = {
            s: self.rules.details.places[p] for p in self.found if p in self.rules.details.places for s in self.found[p]
        }
        named = [(span, names) for span, names in sorted(standing.items()) if not self._within_longer(span, standing)]
        for span, names in named:
            for name in names:
                if not name.weak or self._in_company(span, FIELD):
                    self.places.setdefault(filed_region(self.rules.vocabulary, name.term), span)
        self._let_title_speak()

    def _within_longer(self, span: Span, places: Mapping[Span, list[Name]]) -> bool:
        """New Mexico is not Mexico, the Chicago Tribune not Chicago; but Ubisoft Montreal is in Montreal."""
        if any(_inside(span, other, True) for other in places):
            return True
        return any(_inside(span, other, True) and span[1] != other[1] for other in self.names)

    def _let_title_speak(self) -> None:
        """Where the title says where, places that only the summary names are left out."""
        if any(map(self._in_title, self.places.values())):
            self.places = {region: span for region, span in self.places.items() if self._in_title(span)}

    def _all_names(self) -> Iterator[tuple[Span, Name]]:
        for span, names in sorted(self.names.items()):
            for name in names:
                yield span, name

    def judge_regions(self) -> None:
        """Places first; rules (an actors' strike without a place is Hollywood's) where no place is named."""
        self.regions = self.rules.details.regions.hits(
            self.found, set(self.found), self.ambient, {}, self.text.title_length
        )

    def judge_crafts(self) -> None:
        crafts = self.rules.details.crafts
        covered: dict[Span, set[str]] = {span: set() for span, names in self.names.items()}
        for phrase in [phrase for phrase in self.found if phrase in crafts.sure_forms]:
            for span in self.found[phrase]:
                covered.setdefault(span, set()).update(crafts.sure_forms[phrase])
        hits = crafts.hits(self.found, set(self.found), self.ambient, covered, self.text.title_length)
        in_title = {hit.term for hit in hits if self._in_title(hit.spans[0])}
        hits = self._without_rolls(hits, in_title)
        if in_title:
            hits = [hit for hit in hits if hit.term in in_title or self._beside_topic(hit.spans[0])]
        yielding = {term for term in {hit.term for hit in hits} if self._yields(term, hits, in_title)}
        self.crafts = [hit for hit in hits if hit.term not in yielding]

    def _beside_topic(self, span: Span) -> bool:
        """Where the title names crafts, others count only beside what the summary says of the topic."""
        return any(_gap(span, place) < TOPIC_WITHIN for hit in self.topics for place in hit.places)

    def _without_rolls(self, hits: list[Hit], in_title: set[str]) -> list[Hit]:
        """A union that "represents actors, dancers and hosts" says whom it speaks for, not whom the news is about."""
        most = 1 if in_title else 2  # trades that a union may be said to speak for before it is a roll
        for place in [place for place, word in enumerate(self.text.keys) if word in ROLL]:
            listed = [hit for hit in hits if hit.spans[0][0] - place in range(ROLL_WITHIN) and hit.term not in in_title]
            if len({hit.term for hit in listed}) > most:
                hits = [hit for hit in hits if hit not in listed]
        return hits

    def _yields(self, term: str, hits: list[Hit], in_title: set[str]) -> bool:
        """A general craft is not meant where a more specific one is found, unless the title names only the general."""
        specific = {hit.term for hit in hits} & set(self.rules.vocabulary.crafts[term].yields_to)
        return bool(specific) and (term not in in_title or not specific.isdisjoint(in_title))

    def tags(self) -> tuple[Tag, ...]:
        regions = sorted(self._region_tags(), key=lambda tag: "-" not in tag.term)  # the most specific first
        return (*self._topic_tags(), *self._craft_tags(), *regions, *self._organisation_tags())

    def _topic_tags(self) -> list[Tag]:
        return self._with_parents(Axis.TOPIC, self._from_hits(Axis.TOPIC, "topics", self.topics))

    def _craft_tags(self) -> list[Tag]:
        tags = self._from_hits(Axis.CRAFT, "crafts", self.crafts)
        if not tags:
            for span, names in sorted(self.names.items()):
                for name in names:
                    if name.axis is Axis.UNION:
                        union = self.rules.vocabulary.unions[name.term]
                        tags |= {
                            craft: self._implied(Axis.CRAFT, craft, span, name)
                            for craft in union.crafts[:1]
                            if craft not in tags
                        }
        return list(tags.values())

    def _region_tags(self) -> list[Tag]:
        tags = {
            term: Tag(
                Axis.REGION,
                term,
                SURE_IN_TITLE if self._in_title(span) else SURE_IN_SUMMARY,
                (self._evidence(span, f"regions/{term}/form"),),
            )
            for term, span in self.places.items()
        }
        tags = self._implied_regions(Axis.UNION) | tags
        tags = tags or self._implied_regions(Axis.EMPLOYER) or self._from_hits(Axis.REGION, "regions", self.regions)
        return self._with_parents(Axis.REGION, tags)

    def _implied_regions(self, axis: Axis) -> dict[str, Tag]:
        """Regions of the unions or employers named, each with its first name as evidence."""
        tags: dict[str, Tag] = {}
        for span, name in self._all_names():
            region = self._region_of(span, name) if name.axis is axis else ""
            if region and region not in tags:
                tags[region] = self._implied(Axis.REGION, region, span, name)
        return tags

    def _region_of(self, span: Span, name: Name) -> str:
        """An employer's only where the item speaks of its staff: the BBC also reports."""
        vocabulary = self.rules.vocabulary
        if name.axis is Axis.UNION:
            return vocabulary.unions[name.term].region
        region = vocabulary.employers[name.term].region
        return region if region and self._in_company(span, WORK) else ""

    def _organisation_tags(self) -> list[Tag]:
        tags: dict[str, Tag] = {}
        for span, name in self._all_names():
            if name.term not in tags:
                confidence = SURE_IN_TITLE if self._in_title(span) else SURE_IN_SUMMARY
                rule = f"organisations/{name.term}/{'weak' if name.weak else 'form'}"
                tags[name.term] = Tag(name.axis, name.term, confidence, (self._evidence(span, rule),))
        return list(tags.values())

    def _implied(self, axis: Axis, term: str, span: Span, name: Name) -> Tag:
        evidence = self._evidence(span, f"organisations/{name.term}/implies")
        return Tag(axis, term, IMPLIED, (evidence,), implied_by=f"{name.axis}:{name.term}")

    def _from_hits(self, axis: Axis, file: str, hits: Iterable[Hit]) -> dict[str, Tag]:
        """One tag per term, from its most direct hit."""
        best: dict[str, tuple[float, Hit]] = {}
        for hit in hits:
            confidence = self._confidence(hit)
            if hit.term not in best or confidence > best[hit.term][0]:
                best[hit.term] = confidence, hit
        return {term: self._tag(axis, file, confidence, hit) for term, (confidence, hit) in best.items()}

    def _tag(self, axis: Axis, file: str, confidence: float, hit: Hit) -> Tag:
        rule = f"{file}/{hit.term}/{hit.rule}"
        return Tag(axis, hit.term, confidence, tuple(self._evidence(span, rule) for span in hit.spans))

    def _with_parents(self, axis: Axis, tags: dict[str, Tag]) -> list[Tag]:
        """A parent is implied by its first child; its evidence is the child's."""
        parents: dict[str, Tag] = {}
        for term, tag in tags.items():
            child = term
            for parent in self.rules.vocabulary.ancestors(axis, term):
                if parent not in tags and parent not in parents:
                    parents[parent] = Tag(axis, parent, tag.confidence, (), implied_by=child)
                child = parent
        return [*tags.values(), *parents.values()]

    def _confidence(self, hit: Hit) -> float:
        if self._in_title(hit.spans[0]):
            return SURE_IN_TITLE if hit.sure else RULE_IN_TITLE
        return SURE_IN_SUMMARY if hit.sure else RULE_IN_SUMMARY

    def _in_title(self, span: Span) -> bool:
        return span[0] < self.text.title_length

    def _evidence(self, span: Span, rule: str) -> Evidence:
        field, start, end = self.text.locate(*span)
        text = self.text.title if field == "title" else self.text.summary
        return Evidence(field, start, end, text[start:end], rule)

    def figures(self) -> tuple[Figure, ...]:
        roots = {self._root(hit) for hit in self.topics}
        if "layoffs" in roots and not self._figures:
            self._count()
        kept = list(self._figures) if "layoffs" in roots else []
        if "contracts" in roots:
            kept += figures.votes("title", self.text.title) + figures.votes("summary", self.text.summary)
        return tuple(kept)

    def stage(self) -> str:
        """The furthest step of the dispute that the item names."""
        named = {hit.term for hit in self.topics}
        return next((stage for topic, stage in reversed(STAGES.items()) if topic in named), "")

    def sector(self) -> str:
        """Of the source; of a general source's item, the sector of the organisation or craft it names first."""
        if self.source_sector not in ("", "general"):
            return self.source_sector
        for _, names in sorted(self.names.items()):
            for name in names:
                if len(name.sectors) == 1:
                    return name.sectors[0]
        for hit in self.crafts:
            sectors = self.rules.vocabulary.crafts[hit.term].sectors
            if sectors:
                return sectors[0]
        return self.source_sector


def _inside(span: Span, other: Span, strictly: bool) -> bool:
    if not (other[0] <= span[0] and span[1] <= other[1]):
        return False
    return not strictly or other != span


def _gap(span: Span, other: Span) -> int:
    return other[0] - span[1] if other[0] >= span[1] else span[0] - other[1]


def _apart(spans: set[Span]) -> int:
    """How many of the spans stand side by side, none over another."""
    count, reached = 0, -1
    for start, end in sorted(spans):
        if start >= reached:
            count, reached = count + 1, end
    return count
