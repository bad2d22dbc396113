"""A small vocabulary and an archive written with it, for tests of the API."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy import Engine

from api.app import create_app
from api.settings import ApiSettings
from db.shapes import Axis, Evidence, Figure, ItemDraft, Source, Tag, Tagging
from db.store import Store
from db.vocabulary import Craft, Employer, Region, Topic, Union, Vocabulary, Words
from db.watch import sync_sources
from tests.db.factory import NOW, make_check, make_draft, make_memory, make_source

PUBLIC_URL = "https://craftwatch.example"
NO_WORDS = Words()

TOPICS = (
    Topic("ai", "Artificial intelligence", "AI in creative work.", NO_WORDS, iptc=({"code": "medtop:20001298"},)),
    Topic("ai-voice-cloning", "Voice cloning", "Voices copied by AI.", NO_WORDS, parent="ai"),
    Topic("layoffs", "Layoffs", "Jobs cut.", NO_WORDS),
    Topic("contracts", "Contracts", "Collective agreements.", NO_WORDS),
)
EXPOSURE = {"value": "0.55", "section": "sound", "statement": "Expected to be displaced.", "source": "A survey"}
CRAFTS = (
    Craft(
        "voice-actor",
        "Voice actors",
        "performing",
        NO_WORDS,
        soc=({"code": "27-2011", "title": "Actors"},),
        unions=("sag-aftra",),
        exposure=(EXPOSURE,),
    ),
    Craft("actor", "Actors", "performing", NO_WORDS),
    Craft("dancer", "Dancers", "performing", NO_WORDS, unions=("sag-aftra",)),
    Craft("vfx-artist", "VFX artists", "vfx", NO_WORDS),
    Craft("foley-artist", "Foley artists", "post-sound", NO_WORDS),
    Craft("boom-operator", "Boom operators", "production-sound", NO_WORDS),
)
REGIONS = (
    Region("US", "United States", "country", NO_WORDS, alpha3="USA"),
    Region("US-CA", "California", "subdivision", NO_WORDS, parent="US"),
    Region("los-angeles", "Los Angeles", "place", NO_WORDS, parent="US-CA"),
    Region("GB", "United Kingdom", "country", NO_WORDS, alpha3="GBR"),
)
VOCABULARY = Vocabulary(
    topics={topic.id: topic for topic in TOPICS},
    crafts={craft.id: craft for craft in CRAFTS},
    departments={
        "performing": "Performing",
        "vfx": "Visual effects",
        "sound": "Sound",
        "production-sound": "Production sound",
        "post-sound": "Post-production: sound",
    },
    department_parents={"production-sound": "sound", "post-sound": "sound"},
    regions={region.id: region for region in REGIONS},
    institutions=(),
    employers={
        "big-studio": Employer("big-studio", "Big Studio", NO_WORDS, sectors=("film-tv",)),
        "lamp-pictures": Employer("lamp-pictures", "Lamp Pictures", NO_WORDS, parent="big-studio"),
    },
    unions={"sag-aftra": Union("sag-aftra", "SAG-AFTRA", NO_WORDS, crafts=("voice-actor", "actor"))},
    sectors={"film-tv": "Film and TV", "games": "Games"},
    lexicon={},
    masks={},
    rules_version="rules-1",
)
_AXES = {
    **dict.fromkeys(VOCABULARY.topics, Axis.TOPIC),
    **dict.fromkeys(VOCABULARY.crafts, Axis.CRAFT),
    **dict.fromkeys(VOCABULARY.regions, Axis.REGION),
    **dict.fromkeys(VOCABULARY.employers, Axis.EMPLOYER),
    **dict.fromkeys(VOCABULARY.unions, Axis.UNION),
}


def make_labels(*terms: str, confidence: float = 0.9, **changes: Any) -> Tagging:
    """A tagging with these terms and what contains them."""
    tags: dict[tuple[Axis, str], Tag] = {}
    words = (Evidence("title", 0, 5, "Title", "test/rule/form"),)
    for term in terms:
        axis = _AXES[term]
        tags[axis, term] = Tag(axis, term, confidence, words)
        child = term
        for parent in VOCABULARY.ancestors(axis, term):
            tags.setdefault((axis, parent), Tag(axis, parent, confidence, (), implied_by=child))
            child = parent
    return Tagging(**{"tags": tuple(tags.values()), "rules_version": "rules-1", **changes})


def make_headcount(value: float = 120) -> Figure:
    return Figure("headcount", value, "about", "announced", Evidence("title", 0, 5, "Title", "test/rule/number"))


@dataclass
class Shelf:
    """An archive to fill: `add` saves one item of one source."""

    engine: Engine
    sources: Mapping[str, Source]
    store: Store = field(init=False)

    def __post_init__(self) -> None:
        sync_sources(self.engine, self.sources.values())
        self.store = Store(self.engine, VOCABULARY.wholes)

    def add(self, name: str, *terms: str, source: str = "ledger", labels: Tagging | None = None, **draft: Any) -> None:
        self.save([(make_draft(name, **draft), labels or make_labels(*terms))], source=source)

    def save(self, entries: Iterable[tuple[ItemDraft, Tagging]], *, source: str = "ledger", **memory: Any) -> None:
        now = memory.pop("now", NOW)
        state = {"last_checked_at": now, "last_success_at": now, **memory}
        self.store.save_check(self.sources[source], make_memory(source, **state), make_check(), list(entries), now=now)


def make_shelf(engine: Engine) -> Shelf:
    sources = [
        make_source("ledger", name="The Ledger"),
        make_source("gazette", name="Games Gazette", sector="games"),
        make_source("quiet", name="Quiet Post", enabled=False),
    ]
    return Shelf(engine, {source.id: source for source in sources})


def make_client(database_url: str, now: Callable[[], datetime] = lambda: NOW, **settings: Any) -> TestClient:
    settings = {"read_database_url": database_url, "public_url": PUBLIC_URL, **settings}
    app = create_app(ApiSettings(**settings), vocabulary=VOCABULARY, now=now, lag=0.0)
    return TestClient(app, base_url="http://elsewhere.example")
