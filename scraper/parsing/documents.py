"""What a source serves, feed, page or sitemap, to entries."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from db.shapes import Failure, ParsedFeed, Source
from scraper.parse import parse_feed
from scraper.parsing.errors import ParseError
from scraper.parsing.links import PageLinks

T = TypeVar("T")


def parse_document(body: bytes, content_type: str, url: str, source: Source) -> ParsedFeed:
    """The entries of a source's document; `url` is its own address, `content_type` may hold a charset.

    Raises ParseError and nothing else.
    """
    if source.format == "page" and (selectors := source.selectors) is not None:
        from scraper.parsing.pages import parse_page  # slow to import, and most workers see no page

        return _named(lambda: parse_page(body, content_type, url, selectors))
    if source.format == "sitemap":
        from scraper.parsing.sitemaps import parse_sitemap

        return _named(lambda: parse_sitemap(body, content_type, url))
    return parse_feed(body, content_type, url)


def find_page_links(body: bytes, content_type: str, url: str) -> PageLinks:
    """The feeds that a web page declares. Raises ParseError and nothing else."""
    from scraper.parsing.pages import read_links

    return _named(lambda: read_links(body, content_type, url))


def find_sitemaps(body: bytes, content_type: str, url: str) -> tuple[str, ...]:
    """The sitemaps that an index of sitemaps names; () when it is none. Raises ParseError and nothing else."""
    from scraper.parsing.sitemaps import read_index

    return _named(lambda: read_index(body, content_type, url))


def _named(parse: Callable[[], T]) -> T:
    """What `parse` gives; whatever it raises, as a ParseError."""
    try:
        return parse()
    except ParseError:
        raise
    except MemoryError as error:
        raise ParseError(Failure.PARSE_FAILED, "the document needs more memory than there is") from error
    except Exception as error:  # whatever a parser of others raises costs this document and no more
        raise ParseError(Failure.PARSE_FAILED, f"{type(error).__name__}: {error}"[:300]) from error
