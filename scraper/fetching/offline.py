"""Documents at hand in place of the network: for the sample, and for tests of what follows the fetch."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from db.shapes import Failure
from scraper.fetch import FEED_TYPES, Fetched, FetchError, NotModified
from scraper.fetching.answers import Freshness, Validators


class OfflineFetcher:
    """Answers with the document of an address; an address without one answers 404."""

    def __init__(self, documents: Mapping[str, bytes]) -> None:
        self._documents = documents

    async def fetch(
        self, url: str, validators: Validators | None = None, accept: str = FEED_TYPES
    ) -> Fetched | NotModified:
        body = self._documents.get(url)
        if body is None:
            raise FetchError(Failure.HTTP_4XX, "status 404", status=404)
        digest = hashlib.sha256(body).hexdigest()
        current = Validators(etag=f'"{digest[:16]}"')
        if validators is not None and validators.etag == current.etag:
            return NotModified(current, Freshness(), url, None, 0.0)
        return Fetched(
            url_final=url,
            status=200,
            body=body,
            content_type="",
            charset=None,
            validators=current,
            body_hash=digest,
            freshness=Freshness(),
            permanent_redirect_to=None,
            bytes_on_wire=len(body),
            duration_seconds=0.0,
        )
