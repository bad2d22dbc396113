"""From the address of a site to a block for sources.toml: its feed, or its news sitemap, found and tried.

    home page ─► the feeds it declares (link elements, RFC 8288 Link header)   each is tried
                 none declared: the usual paths                                 until one is a feed
                 no feed: the sitemaps of robots.txt and the usual path         until one has news

At most 19 requests, each through the Fetcher: robots.txt, the pause between requests to one host and the check of
addresses hold here as in a run. A site that is down or turns us away is not asked for the rest.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urljoin, urlsplit

from db.discretion import without_credentials
from db.shapes import DateQuality, Failure, Selectors, Source
from scraper.cleaning.urls import canonical_url, is_web_url
from scraper.fetch import PAGE_TYPES, Fetched, Fetcher, FetchError, accepted_types
from scraper.fetching.robots import origin_of
from scraper.ids import free_id
from scraper.parsing.errors import ParseError
from scraper.parsing.links import PageLinks, header_feeds, robots_sitemaps
from scraper.parsing.workers import FeedItems, ParserPool
from scraper.settings import ScraperSettings
from scraper.sources import LANGUAGE_TAG, one_line, same_address, to_toml
from scraper.trial import REMEDIES, Trial

FEED_PATHS = ("/feed/", "/rss", "/feed.xml", "/atom.xml", "/index.xml", "/feed.json")
SITEMAP_PATH = "/news-sitemap.xml"
MAX_DECLARED = 6
MAX_SITEMAPS = 4
MAX_PARTS = 2  # of an index of sitemaps
TO_REVIEW = "# Review kind, sector, country and scope."

# After these the next address is worth a try; after any other failure the site is left alone.
_GOES_ON = frozenset({Failure.HTTP_4XX, Failure.GONE, Failure.EMPTY, Failure.TOO_LARGE, Failure.NOT_A_FEED})


def find_sources(url: str, settings: ScraperSettings, known: Sequence[Source] = ()) -> Trial:
    """Blocks for what a site has to be watched by, as text for sources.toml; what was tried is told in comments.

    What is in `known` already is named and gets no block. Failed when nothing was found.
    """
    return asyncio.run(_find_sources(url, settings, known))


async def _find_sources(url: str, settings: ScraperSettings, known: Sequence[Source]) -> Trial:
    async with Fetcher(settings) as fetcher, ParserPool(1) as parsers:
        search = _Search(fetcher, parsers, known)
        try:
            await search.run(url)
        except (FetchError, ParseError) as error:
            return Trial(
                f"{without_credentials(url)}\nfailed: {error.reason.value} ({error.detail})\n{REMEDIES[error.reason]}",
                False,
            )
    return search.result()


@dataclass
class _Search:
    """One site, looked through."""

    fetcher: Fetcher
    parsers: ParserPool
    known: Sequence[Source]
    lines: list[str] = field(default_factory=list)  # of the answer
    found: int = 0
    asked: set[str] = field(default_factory=set)
    unwelcome: bool = False
    homepage: str = ""
    links: PageLinks = PageLinks("", "", ())  # noqa: RUF009  # frozen

    async def run(self, url: str) -> None:
        """Raises FetchError when the page itself cannot be had, ParseError when it is of no use."""
        page = await self._fetch(url, PAGE_TYPES)
        self.homepage = page.url_final
        if await self._is_source(page, url, "feed") or await self._is_source(page, url, "sitemap"):
            return
        self.links = await self.parsers.find_page_links(page.body, page.declared_type, page.url_final)
        await self._try_feeds(header_feeds(page.link_header, page.url_final))
        if not self.found:
            await self._try_sitemaps()

    def result(self) -> Trial:
        if self.found:
            return Trial("\n".join([*self.lines, TO_REVIEW]), True)
        template = self._block("page", self.homepage, "", self.links.language)
        return Trial("\n".join([*self.lines, *_NOTHING_FOUND, to_toml([template])]), False)

    async def _try_feeds(self, in_header: Iterable[str]) -> None:
        declared = [
            url for url in dict.fromkeys((*self.links.feeds, *in_header)) if "comments" not in urlsplit(url).path
        ]
        for url in declared[:MAX_DECLARED]:
            await self._try(url, "feed")
        if declared:
            return
        for path in FEED_PATHS:
            if not self.unwelcome and await self._try(urljoin(self.homepage, path), "feed"):
                return

    async def _try_sitemaps(self) -> None:
        origin = origin_of(self.homepage)
        record = self.fetcher.robots_records().get(origin)
        named = robots_sitemaps(record.text or "" if record else "", self.homepage)
        urls = sorted(dict.fromkeys((*named, urljoin(self.homepage, SITEMAP_PATH))), key=lambda url: "news" not in url)
        for url in urls[:MAX_SITEMAPS]:
            if not self.unwelcome and await self._try(url, "sitemap"):
                return

    async def _try(self, url: str, format: str) -> bool:
        """Whether this address has what is looked for; a line tells what it has instead."""
        try:
            fetched = await self._fetch(url, accepted_types(format))
        except FetchError as error:
            self.unwelcome = self.unwelcome or not _goes_on(error)
            self.lines.append(_failed(url, error))
            return False
        if await self._is_source(fetched, url, format, tell=True):
            return True
        return format == "sitemap" and await self._try_parts(fetched)

    async def _try_parts(self, index: Fetched) -> bool:
        """Of an index of sitemaps, those whose address says that they have news."""
        try:
            parts = await self.parsers.find_sitemaps(index.body, index.declared_type, index.url_final)
        except ParseError:
            return False
        with_news = [url for url in parts if "news" in urlsplit(url).path][:MAX_PARTS]
        for url in [url for url in with_news if url not in self.asked]:
            try:
                part = await self._fetch(url, accepted_types("sitemap"))
            except FetchError as error:
                self.lines.append(_failed(url, error))
                continue
            if await self._is_source(part, url, "sitemap", tell=True):
                return True
        return False

    async def _fetch(self, url: str, accept: str) -> Fetched:
        self.asked.add(url)
        fetched = await self.fetcher.fetch(url, accept=accept)
        if not isinstance(fetched, Fetched):
            raise FetchError(Failure.EMPTY, "not modified, though nothing was asked conditionally")
        return fetched

    async def _is_source(self, fetched: Fetched, url: str, format: str, tell: bool = False) -> bool:
        """Whether a document has entries; if so, its block is in the lines."""
        probe = self._block(format, fetched.url_final, "", self.links.language)
        try:
            document = await self.parsers.parse(
                fetched.body, fetched.declared_type, fetched.url_final, probe, datetime.now(UTC)
            )
        except ParseError as error:
            if tell:
                self.lines.append(_failed(url, error))
            return False
        self.found += 1
        address = url if _is_plain(url) else fetched.url_final
        self.lines += self._told(fetched.permanent_redirect_to or address, format, document)
        return True

    def _told(self, url: str, format: str, document: FeedItems) -> Iterable[str]:
        yield _comment(
            f"{without_credentials(url)}: {document.format}, {len(document.drafts)} entries{_newest(document)}"
        )
        by_address = {same_address(source.feed_url): source.id for source in self.known}
        if source_id := by_address.get(same_address(url)):
            yield f"# It is watched already: [{source_id}]\n"
            return
        language = document.drafts[0].language if document.drafts else self.links.language
        block = self._block(format, url, document.title, language)
        self.known = (*self.known, block)
        yield to_toml([block])

    def _block(self, format: str, url: str, title: str, language: str) -> Source:
        host = (urlsplit(self.homepage).hostname or "").removeprefix("www.")
        name = one_line(title) or one_line(self.links.title) or host
        return Source(
            id=free_id({source.id for source in self.known}, name, host),
            name=name,
            homepage=canonical_url(self.homepage),
            feed_url=url,
            kind="trade",
            sector="general",
            country="",
            language=_tag(language),
            format=format,
            selectors=_EXAMPLE if format == "page" else None,
        )


_EXAMPLE = Selectors(item="article", title="h2", link="h2 a", date="time", summary="p")
_NOTHING_FOUND = (
    "# No feed and no news sitemap was found. If the page lists its news, put this block with selectors that fit",
    "# into your sources file and try it with `craftwatch sources check`:",
)


def _goes_on(error: FetchError) -> bool:
    by_robots = error.reason is Failure.BLOCKED and error.status is None  # of this path, perhaps not of the next
    return error.reason in _GOES_ON or by_robots


def _failed(url: str, error: FetchError | ParseError) -> str:
    return _comment(f"{without_credentials(url)}: {error.reason.value} ({error.detail})")


def _comment(text: str) -> str:
    """On one line, whatever a server put into it: the next line would be no comment."""
    return f"# {one_line(text)}"


def _newest(document: FeedItems) -> str:
    stated = [d.published_at for d in document.drafts if d.date_quality in (DateQuality.STATED, DateQuality.UPDATED)]
    return f", the newest of {max(stated):%Y-%m-%d}" if stated else ""


def _is_plain(url: str) -> bool:
    return is_web_url(url) and url.isascii() and url.isprintable() and " " not in url


def _tag(language: str) -> str:
    """A language as sources.toml wants it: en_gb → en-GB; "" for what is none."""
    primary, mark, rest = language.strip().replace("_", "-").partition("-")
    tag = primary.lower() + mark + (rest.upper() if len(rest) == 2 else rest)
    return tag if LANGUAGE_TAG.fullmatch(tag) else ""
