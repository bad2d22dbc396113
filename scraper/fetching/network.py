"""Connections for httpcore by asyncio alone.

httpcore's own, anyio's, find out at every step which library runs the loop and open scopes for time limits that nobody
sets: a quarter of what it takes to be told that a feed has not changed. Ours is for requests that fit into one packet.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import httpcore

READ_AHEAD = 64 * 1024  # bytes that may have come before they are asked for

_INFORMATION = {"ssl_object": "ssl_object", "client_addr": "sockname", "server_addr": "peername", "socket": "socket"}


class AsyncioNetwork(httpcore.AsyncNetworkBackend):
    """Dials with asyncio."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Raises httpcore.ConnectError, httpcore.ConnectTimeout."""
        local = (local_address, 0) if local_address else None
        with _called(httpcore.ConnectError, httpcore.ConnectTimeout):
            async with asyncio.timeout(timeout):
                _, stream = await asyncio.get_running_loop().create_connection(_Stream, host, port, local_addr=local)
        for option in socket_options or ():
            stream.get_extra_info("socket").setsockopt(*option)
        return stream

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class _Stream(asyncio.Protocol, httpcore.AsyncNetworkStream):
    _transport: asyncio.Transport

    def __init__(self) -> None:
        self._received = bytearray()
        self._is_over = False
        self._failure: Exception | None = None
        self._news = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        if len(self._received) > READ_AHEAD:
            self._transport.pause_reading()
        self._news.set()

    def eof_received(self) -> None:
        self._is_over = True
        self._news.set()

    def connection_lost(self, failure: Exception | None) -> None:
        self._is_over, self._failure = True, failure
        self._news.set()

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        with _called(httpcore.ReadError, httpcore.ReadTimeout):
            async with asyncio.timeout(timeout):
                while not self._received and not self._is_over:
                    self._news.clear()
                    await self._news.wait()
        if not self._received and self._failure is not None:
            raise httpcore.ReadError(str(self._failure)) from self._failure
        data = bytes(self._received[:max_bytes])
        del self._received[:max_bytes]
        self._transport.resume_reading()
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if self._transport.is_closing():
            raise httpcore.WriteError("the connection was closed")
        self._transport.write(buffer)

    async def aclose(self) -> None:
        self._transport.abort()  # nothing of ours is on its way, and who does not answer a goodbye may not hold us

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        loop = asyncio.get_running_loop()
        if self._is_over or self._received:
            self._transport.abort()
            raise httpcore.ConnectError("it was closed, or spoke, before TLS began")
        with _called(httpcore.ConnectError, httpcore.ConnectTimeout):
            try:
                async with asyncio.timeout(timeout):
                    secured = await loop.start_tls(self._transport, self, ssl_context, server_hostname=server_hostname)
            except BaseException:
                self._transport.abort()
                raise
        assert secured is not None  # None only for a connection that was closed meanwhile: then it raises
        self._transport = secured
        return self

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":  # of an idle connection: something came unasked, or the end
            return self._is_over or bool(self._received)
        return self._transport.get_extra_info(_INFORMATION[info]) if info in _INFORMATION else None


@contextmanager
def _called(failure: type[Exception], lateness: type[Exception]) -> Iterator[None]:
    """What went wrong, by httpcore's names."""
    try:
        yield
    except TimeoutError as error:
        raise lateness(str(error)) from error
    except OSError as error:  # TLS errors are some of them
        raise failure(str(error)) from error
