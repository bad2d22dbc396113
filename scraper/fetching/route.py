"""Where a fetch stands between redirects: what may be asked next, and what the way there says of the address."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, replace

import httpx

from db.discretion import without_credentials
from db.shapes import Failure
from scraper.fetching.answers import PERMANENT_REDIRECTS
from scraper.fetching.errors import FetchError

MAX_REDIRECTS = 5


@dataclass(frozen=True, slots=True)
class Route:
    """Where a fetch stands: the address to ask next, and how it was reached."""

    url: httpx.URL  # without userinfo and fragment
    source: httpx.URL
    credentials: tuple[str, str] | None
    permanent: bool = True  # by 301 and 308 only, so far
    permanent_redirect_to: str | None = None
    visited: tuple[httpx.URL, ...] = ()

    @classmethod
    def begin(cls, url: str) -> Route:
        parsed = parse_url(url, "the address")
        bare = _bare(parsed) if "@" in url or "#" in url else parsed  # reading an address is dear
        credentials = (parsed.username, parsed.password) if parsed.userinfo else None
        return cls(bare, bare, credentials)

    def authorization(self) -> dict[str, str]:
        """The header with the credentials of the source, for its own origin only (RFC 7617)."""
        if self.credentials is None or origin(self.url) != origin(self.source):
            return {}
        return {"Authorization": f"Basic {b64encode(':'.join(self.credentials).encode()).decode()}"}

    def redirected(self, status: int, location: str) -> Route:
        """The route after one redirect. A source asked by https is never followed to http (nothing secret would leak,
        but anyone on the way could then write its items); one asked by http has promised nothing."""
        if not location:
            raise FetchError(Failure.HTTP_4XX, f"status {status} without a Location", status=status)
        url = _bare(parse_url(location, "a redirect", self.url))
        if self.source.scheme == "https" and url.scheme == "http":
            raise FetchError(Failure.TLS, f"redirected from https to {without_credentials(str(url))}", status=status)
        if url.host.startswith("tollbit."):  # where its publishers send programs
            raise FetchError(Failure.CHALLENGE, "redirected to a paywall for programs (TollBit)", status=status)
        visited = (*self.visited, self.url)
        if url in visited or len(visited) > MAX_REDIRECTS:
            what = "redirected in a circle" if url in visited else f"more than {MAX_REDIRECTS} redirects"
            raise FetchError(Failure.HTTP_4XX, what, status=status)
        permanent = self.permanent and status in PERMANENT_REDIRECTS
        moved_to = str(url) if permanent and self.credentials is None else self.permanent_redirect_to
        return replace(self, url=url, permanent=permanent, permanent_redirect_to=moved_to, visited=visited)


def parse_url(text: str, what: str, base: httpx.URL | None = None) -> httpx.URL:
    try:
        url = base.join(text) if base is not None else httpx.URL(text)
        host = url.host  # decoded here, and then only: raises for "xn--" and what is no name
    except (httpx.InvalidURL, ValueError):
        raise FetchError(Failure.REFUSED_ADDRESS, f"{what} cannot be read as a URL") from None
    if url.scheme not in ("http", "https") or not host or not 0 < port_of(url) < 65_536:
        raise FetchError(
            Failure.REFUSED_ADDRESS, f"{what} is not an http or https URL: {without_credentials(str(url))}"
        )
    return url


def _bare(url: httpx.URL) -> httpx.URL:
    return url.copy_with(userinfo=b"", fragment=None)


def origin(url: httpx.URL) -> tuple[str, str, int]:
    return url.scheme, url.host, port_of(url)


def port_of(url: httpx.URL) -> int:
    if url.port is None:
        return 443 if url.scheme == "https" else 80
    return url.port
