"""httpx over httpcore pools of our own making, whose network is guarded: one small pool for each host.

One pool for all would look at every open connection for each request, which with hundreds of hosts costs more than the
requests themselves.
"""

from __future__ import annotations

import ssl
from collections import OrderedDict
from collections.abc import AsyncIterator
from functools import lru_cache
from itertools import islice

import httpcore
import httpx

from scraper.fetching.dial import AddressGuard, GuardedBackend
from scraper.settings import ScraperSettings

KEEPALIVE_SECONDS = 10.0
IDLE_HOSTS = 64  # whose connections are kept; more would only be open files

Origin = tuple[str, str, int | None]


class GuardedTransport(httpx.AsyncBaseTransport):
    """Dials checked addresses only, or the proxy of the settings. `ssl_context` and `network` are for tests."""

    def __init__(
        self,
        settings: ScraperSettings,
        guard: AddressGuard,
        ssl_context: ssl.SSLContext | None = None,
        network: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        self._proxy = settings.proxy
        self._context = ssl_context
        self._network = network if settings.proxy else GuardedBackend(guard, network)
        self._pools: OrderedDict[Origin, httpcore.AsyncConnectionPool] = OrderedDict()  # last used last

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        origin = (url.scheme, url.host, url.port)
        if origin not in self._pools:
            await self._make_room()
        # A pool opens its connection before it first waits: from here on it does not look idle to others.
        answer = await self._pool_for(origin).handle_async_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        # httpx reads Location even when it is not to follow it, and raises on some; Route reads it, so it goes aside.
        location = next((value for name, value in answer.headers if name.lower() == b"location"), None)
        return httpx.Response(
            answer.status,
            headers=[(name, value) for name, value in answer.headers if name.lower() != b"location"],
            stream=_AnswerStream(answer),
            extensions={**answer.extensions, "location": location},
        )

    async def aclose(self) -> None:
        while self._pools:
            await self._pools.popitem()[1].aclose()

    def _pool_for(self, origin: Origin) -> httpcore.AsyncConnectionPool:
        pool = self._pools.pop(origin, None) or self._open_pool(origin)
        self._pools[origin] = pool
        return pool

    async def _make_room(self) -> None:
        surplus = max(len(self._pools) + 1 - IDLE_HOSTS, 0)
        idle = (origin for origin, pool in self._pools.items() if all(each.is_idle() for each in pool.connections))
        for pool in [self._pools.pop(origin) for origin in list(islice(idle, surplus))]:
            await pool.aclose()

    def _open_pool(self, origin: Origin) -> httpcore.AsyncConnectionPool:
        # No bound on connections: Fetcher counts them; waiting in the pool would use up the deadline.
        if self._proxy is None:
            return httpcore.AsyncConnectionPool(
                ssl_context=self._context or (_authorities() if origin[0] == "https" else None),
                max_connections=None,
                keepalive_expiry=KEEPALIVE_SECONDS,
                network_backend=self._network,
            )
        proxy = httpx.URL(self._proxy)
        return httpcore.AsyncHTTPProxy(
            proxy_url=httpcore.URL(scheme=proxy.raw_scheme, host=proxy.raw_host, port=proxy.port, target=b"/"),
            proxy_auth=(proxy.username, proxy.password) if proxy.userinfo else None,
            ssl_context=self._context or _authorities(),
            max_connections=None,
            keepalive_expiry=KEEPALIVE_SECONDS,
            network_backend=self._network,
        )


class _AnswerStream(httpx.AsyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for data in self._answer.aiter_stream():
            yield data

    async def aclose(self) -> None:
        await self._answer.aclose()


@lru_cache(maxsize=1)
def _authorities() -> ssl.SSLContext:
    """Reading them takes its time: only where TLS is spoken, and once for all runs of a process."""
    return httpx.create_ssl_context(trust_env=False)
