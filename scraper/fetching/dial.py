"""Opening connections: resolve a name, check every address, dial exactly the one that was checked."""

from __future__ import annotations

import ipaddress
import socket
import threading
from asyncio import wrap_future
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import Future

import httpcore

from scraper.fetching.addresses import Address, AddressPort, AddressRefused, check_address, literal_address
from scraper.fetching.network import AsyncioNetwork

Resolve = Callable[[str, int], Awaitable[list[Address]]]

CONNECT_SECONDS = 8.0  # per address, so that one dead address leaves time for the next
MAX_ADDRESSES = 4


class NameNotFound(Exception):
    """The name has no address, or no resolver told us one."""


async def resolve_host(host: str, port: int) -> list[Address]:
    """The addresses of a name, in the order of the system's resolver. Raises NameNotFound.

    Each look-up has a daemon thread of its own: a resolver that hangs can be given up, delays no other name, and does
    not keep the process from ending.
    """
    answer: Future[list[Address]] = Future()
    threading.Thread(target=_look_up, args=(host, port, answer), daemon=True, name=f"resolve {host}").start()
    return await wrap_future(answer)


def _look_up(host: str, port: int, answer: Future[list[Address]]) -> None:
    if not answer.set_running_or_notify_cancel():
        return
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        answer.set_result(list(dict.fromkeys(ipaddress.ip_address(entry[4][0]) for entry in found)))
    except (OSError, ValueError) as error:  # ValueError: a label too long for IDNA
        answer.set_exception(NameNotFound(f"{host}: {getattr(error, 'strerror', None) or error}"))


class AddressGuard:
    """Turns a host into addresses that may be dialled; everything that dials goes through it."""

    def __init__(self, allowed: Iterable[AddressPort] = (), resolve: Resolve = resolve_host) -> None:
        self._allowed = frozenset(allowed)
        self._resolve = resolve

    async def addresses_for(self, host: str, port: int) -> list[Address]:
        """The dialable addresses of a host. Raises AddressRefused when it has only others, NameNotFound when none."""
        literal = literal_address(host)
        found = [literal] if literal is not None else await self._resolve(host, port)
        if not found:
            raise NameNotFound(f"{host} has no address")
        refused = None
        dialable = []
        for address in found:
            try:
                check_address(address, port, self._allowed)
                dialable.append(address)
            except AddressRefused as error:
                refused = error
        if refused is not None and not dialable:
            raise refused
        return dialable


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """httpcore's network, dialling checked addresses only. TLS still names and verifies the host of the URL."""

    def __init__(self, guard: AddressGuard, network: httpcore.AsyncNetworkBackend | None = None) -> None:
        self._guard = guard
        self._network = network or AsyncioNetwork()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        addresses = await self._guard.addresses_for(host, port)
        failure: Exception = httpcore.ConnectError(f"no address of {host} could be dialled")
        for address in addresses[:MAX_ADDRESSES]:
            try:
                return await self._network.connect_tcp(
                    str(address), port, timeout or CONNECT_SECONDS, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def sleep(self, seconds: float) -> None:
        await self._network.sleep(seconds)
