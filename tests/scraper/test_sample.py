from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest

from db.shapes import Axis, DateQuality, ItemDraft, Source, Tagging
from db.vocabulary import load_vocabulary
from scraper.clean import to_drafts
from scraper.parse import parse_feed
from scraper.sample import load_sample
from scraper.tag import Tagger

NOW = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
DAY = timedelta(days=1)

# The topics that each item is about, by its address without https://; "" where craftwatch should keep silent.
ABOUT = {
    "backlotledger.example/labor/voice-actors-consent-ai-replicas-cartoon-contract/": "ai contracts",
    "backlotledger.example/business/orpheum-vista-burbank-warn-notice/": "layoffs",
    "backlotledger.example/box-office/cartographers-daughter-opening-weekend/": "",
    "backlotledger.example/labor/writers-authorize-strike-daytime/": "contracts",
    "backlotledger.example/casting/ida-fairweather-low-tide/": "",
    "backlotledger.example/labor/teamsters-drivers-location-managers-tentative-deal/": "contracts",
    "backlotledger.example/production/georgia-crews-rally-film-tax-credit/": "layoffs",
    "backlotledger.example/tv/meridian-news-voluntary-buyouts/": "layoffs",
    "backlotledger.example/reviews/paper-moons/": "",
    "backlotledger.example/labor/stunt-performers-digital-double-clause/": "ai",
    "backlotledger.example/ai/plume-ai-generated-opening-credits/": "ai",
    "backlotledger.example/labor/directors-producers-resume-talks/": "contracts",
    "backlotledger.example/business/motion-picture-employment-lowest-decade/": "layoffs",
    "backlotledger.example/labor/iatse-ratify-post-agreement/": "contracts",
    "backlotledger.example/business/kestrel-rowe-furloughs-hiring-freeze/": "layoffs",
    "backlotledger.example/ai/screenwriters-survey-script-readers/": "ai",
    "backlotledger.example/ai/dallas-dubbing-studio-ai-dubbing/": "ai",
    "backlotledger.example/ai/casting-directors-ai-actress-vela-noor/": "ai",
    "blendeacht.example/artikel/fockmast-stellenabbau": "layoffs",
    "blendeacht.example/artikel/synchronsprecher-ki-stimmen": "ai",
    "blendeacht.example/artikel/tarifverhandlungen-warnstreik": "contracts",
    "blendeacht.example/artikel/leuchtturmwaerter-besucherrekord": "",
    "harborcity.example/business/bank-layoffs": "",
    "harborcity.example/business/dock-strike": "",
    "harborcity.example/health/ai-x-rays": "",
    "harborcity.example/media/radio-ai-voices": "ai contracts",
    "harborcity.example/media/chronicle-walkout": "contracts layoffs",
    "harborcity.example/local/lightning-movie-theater": "",
    "keyframecourier.example/vfx/glassharbour-cuts-90": "layoffs",
    "keyframecourier.example/animation/mapleleap-reject-contract": "ai contracts",
    "keyframecourier.example/animation/otter-post-office-first-look": "",
    "keyframecourier.example/animation/survey-ai-jobs": "ai",
    "keyframecourier.example/policy/ottawa-ai-copyright-consultation": "ai",
    "keyframecourier.example/labour/cedar-and-pike-lockout": "contracts",
    "keyframecourier.example/animation/saltbox-frames-hiring-freeze": "layoffs",
    "pacificscreen.example/2041-anime-ai-dubbing": "ai",
    "pacificscreen.example/2036-dalbit-arcade-workforce": "layoffs",
    "pacificscreen.example/2029-sydney-crew-strike": "contracts",
    "pacificscreen.example/2025-festival-picks-wellington": "",
    "pacificscreen.example/2018-mumbai-federation-strike-threat": "contracts",
    "pacificscreen.example/2010-nz-ai-likeness-claim": "ai",
    "pacificscreen.example/2002-composer-ai-film-score": "ai",
    "pacificscreen.example/1991-kelp-and-cobalt-administration": "layoffs",
    "pixelunion.example/posts/bramblefox-layoffs": "layoffs",
    "pixelunion.example/posts/voice-actors-picket-burbank": "ai contracts",
    "pixelunion.example/posts/patch-notes-sunken-vale": "",
    "pixelunion.example/posts/qa-testers-unionize-raleigh": "contracts",
    "pixelunion.example/posts/shop-ai-disclosure": "ai",
    "pixelunion.example/posts/montreal-studio-closes": "layoffs",
    "pixelunion.example/posts/esports-finals": "",
    "pixelunion.example/posts/game-writers-generative-dialogue": "ai",
    "pixelunion.example/posts/performers-ratify-torchwyrm": "ai contracts",
    "pixelunion.example/posts/labor-board-firings-austin": "contracts",
    "pixelunion.example/posts/localization-testers-cut": "ai layoffs",
    "plateauneuf.example/doublage-greve-clonage-voix": "ai contracts",
    "plateauneuf.example/belle-rive-plan-social": "layoffs",
    "plateauneuf.example/heures-bleues-prix-du-public": "",
    "plateauneuf.example/intermittents-appel-greve": "contracts",
    "screencrafts.example/bulletin/512": "ai contracts",
    "screencrafts.example/bulletin/509": "contracts",
    "screencrafts.example/bulletin/505": "contracts",
    "screencrafts.example/bulletin/498": "contracts",
    "screencrafts.example/bulletin/491": "contracts",
    "screencrafts.example/bulletin/487": "",
    "stagedoor.example/news/leeds-stagehands-strike-ballot": "contracts",
    "stagedoor.example/news/redlion-television-140-posts-salford": "layoffs",
    "stagedoor.example/reviews/tempest-five-stars": "",
    "stagedoor.example/news/equity-west-end-ai-consent": "ai",
    "stagedoor.example/news/audiobook-narrators-ai-voices": "ai",
    "stagedoor.example/news/commissioning-slowdown-camera-crews": "layoffs",
    "stagedoor.example/news/north-shore-voluntary-redundancy": "layoffs",
    "stagedoor.example/news/ministers-drop-ai-copyright-plan": "ai",
    "stagedoor.example/news/cardiff-technicians-strike": "contracts",
    "trebleandbass.example/a/1190": "ai",
    "trebleandbass.example/a/1184": "ai",
    "trebleandbass.example/a/1179": "",
    "trebleandbass.example/a/1171": "ai",
    "trebleandbass.example/a/1166": "contracts",
    "trebleandbass.example/a/1152": "layoffs",
    "trebleandbass.example/a/1147": "ai",
    "trebleandbass.example/a/1138": "ai",
}

INTENDED_CRAFTS = """
    3d-modeler animator art-director assistant-director audiobook-narrator background-actor broadcast-technician
    broadcaster camera-crew casting-director character-designer choreographer cinematographer composer compositor
    concept-artist costume-designer costumer craft-service dancer director driver dubbing-actor game-artist
    game-designer game-localization game-programmer game-qa game-writer graphic-designer grip hairstylist illustrator
    journalist lighting-technician location-manager makeup-artist musician picture-editor playwright previs-artist
    production-sound projectionist props publicist re-recording-mixer recording-artist screenwriter script-reader
    script-supervisor set-construction set-decorator showrunner songwriter sound-editor stage-actor stage-manager
    stagehand storyboard-artist studio-musician stunt-performer talent-agent vfx-artist video-game-performer voice-actor
"""

INTENDED_REGIONS = """
    AU AU-NSW AU-VIC CA CA-BC CA-NS CA-ON CA-QC DE FR GB GB-ENG GB-SCT GB-WLS IE IN IN-MH JP KR NZ
    US US-CA US-GA US-IL US-NC US-NJ US-NM US-NY US-OH US-OR US-TN US-TX US-WA
"""


@cache
def items() -> dict[str, list[tuple[Source, ItemDraft, Tagging]]]:
    """What the sample gives, by address without https://; one element per source that has the item."""
    tagger = Tagger(load_vocabulary())
    sources, documents = load_sample(NOW)
    found: dict[str, list[tuple[Source, ItemDraft, Tagging]]] = {}
    for source in sources:
        if source.feed_url in documents:
            for draft in to_drafts(parse_feed(documents[source.feed_url], "", source.feed_url), source, NOW):
                tagging = tagger.tag(
                    draft.title,
                    draft.summary,
                    categories=draft.categories,
                    language=draft.language,
                    scope=source.scope,
                    sector=source.sector,
                )
                found.setdefault(draft.url.removeprefix("https://"), []).append((source, draft, tagging))
    return found


def terms(axis: Axis) -> set[str]:
    return {term for copies in items().values() for _, _, tagging in copies for term in tagging.terms(axis)}


def drafts() -> list[ItemDraft]:
    return [draft for copies in items().values() for _, draft, _ in copies]


def test_the_manifest_names_every_item():
    assert set(items()) == set(ABOUT)


@pytest.mark.parametrize("address", [address for address, topics in ABOUT.items() if topics])
def test_an_item_about_a_topic_is_tagged_with_it(address):
    missing = {
        topic
        for _, _, tagging in items()[address]
        for topic in set(ABOUT[address].split()) - set(tagging.terms(Axis.TOPIC))
    }
    assert missing == set()


@pytest.mark.parametrize("address", [address for address, topics in ABOUT.items() if not topics])
def test_an_ordinary_item_is_not_tracked(address):
    assert not any(tagging.tracked for _, _, tagging in items()[address])


def test_every_topic_and_sub_topic_is_shown():
    assert set(load_vocabulary().topics) - terms(Axis.TOPIC) == set()


def test_many_crafts_are_shown():
    assert set(INTENDED_CRAFTS.split()) - terms(Axis.CRAFT) == set()


def test_many_regions_are_shown():
    assert set(INTENDED_REGIONS.split()) - terms(Axis.REGION) == set()


def test_several_items_are_about_voice_actors_in_the_united_states():
    taggings = [copies[0][2] for copies in items().values()]
    assert (
        sum("voice-actor" in tagging.terms(Axis.CRAFT) and "US" in tagging.terms(Axis.REGION) for tagging in taggings)
        >= 4
    )


def test_every_kind_of_figure_is_shown():
    kinds = {figure.kind for copies in items().values() for _, _, tagging in copies for figure in tagging.figures}
    assert kinds == {"headcount", "headcount_pct", "vote_pct", "turnout_pct"}


def test_section_feeds_of_one_outlet_share_items():
    assert sum(len({source.id for source, _, _ in copies}) > 1 for copies in items().values()) == 3


def test_all_formats_are_shown():
    sources, documents = load_sample(NOW)
    formats = {
        parse_feed(documents[source.feed_url], "", source.feed_url).format
        for source in sources
        if source.feed_url in documents
    }
    assert formats == {"rss20", "rss10", "atom10", "json11"}


def test_one_source_has_no_document_so_that_a_failure_is_seen():
    sources, documents = load_sample(NOW)
    assert [source.id for source in sources if source.feed_url not in documents] == ["marquee-gazette"]


def test_every_document_belongs_to_a_source():
    sources, documents = load_sample(NOW)
    assert documents.keys() <= {source.feed_url for source in sources}


def test_every_address_is_one_that_cannot_exist():
    sources, documents = load_sample(NOW)
    text = b"".join(documents.values()).decode()
    hosts = set(re.findall(r'https?://([^/"<\s]+)', text)) - {"jsonfeed.org", "purl.org", "www.w3.org"}
    hosts |= {source.feed_url.split("/")[2] for source in sources} | {
        source.homepage.split("/")[2] for source in sources
    }
    assert [host for host in hosts if not host.endswith(".example")] == []


def test_every_item_has_a_summary():
    assert [draft.url for draft in drafts() if not draft.summary] == []


def test_every_date_is_believed():
    assert {draft.date_quality for draft in drafts()} == {DateQuality.STATED, DateQuality.UPDATED}


def test_items_are_of_the_last_weeks_and_none_of_the_future():
    dates = [draft.published_at for draft in drafts()]
    assert NOW - 2 * DAY < max(dates) < NOW
    assert NOW - 50 * DAY < min(dates) < NOW - 30 * DAY


def test_dates_are_counted_from_the_day_in_utc():
    _, documents = load_sample(datetime(2026, 3, 29, 23, 59, tzinfo=UTC))
    assert b"<pubDate>Sat, 28 Mar 2026 21:40:00 GMT</pubDate>" in documents["https://backlotledger.example/feed/"]
    assert b'"date_published": "2026-03-28T18:02:00Z"' in documents["https://pixelunion.example/feed.json"]


def test_no_placeholder_is_left():
    assert [url for url, document in load_sample(NOW)[1].items() if b"{{" in document] == []


def test_a_day_gives_the_same_bytes_at_any_hour():
    assert load_sample(NOW) == load_sample(NOW + timedelta(hours=20))


def test_entries_keep_their_ids_when_time_passes():
    def ids(now: datetime) -> dict[str, list[str]]:
        return {
            url: [entry.id for entry in parse_feed(document, "", url).entries]
            for url, document in load_sample(now)[1].items()
        }

    assert ids(NOW) == ids(NOW + 100 * DAY)
