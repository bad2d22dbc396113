"""Dialling: what is looked up, what is checked, and what is dialled in the end."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import threading
from collections.abc import Iterable

import httpcore
import pytest

from scraper.fetching.addresses import Address, AddressRefused, parse_allowed
from scraper.fetching.dial import MAX_ADDRESSES, AddressGuard, GuardedBackend, NameNotFound, resolve_host


class Network(httpcore.AsyncNetworkBackend):
    """Records what is dialled; addresses in `dead` cannot be reached."""

    def __init__(self, dead: Iterable[str] = ()) -> None:
        self.dialled: list[str] = []
        self._dead = frozenset(dead)

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        self.dialled.append(host)
        if host in self._dead:
            raise httpcore.ConnectError(f"{host} is dead")
        return httpcore.AsyncMockStream([])


class Resolver:
    """Answers each look-up with the next of its lists of addresses."""

    def __init__(self, *answers: list[str]) -> None:
        self._answers = list(answers)
        self.asked = 0

    async def __call__(self, host: str, port: int) -> list[Address]:
        self.asked += 1
        return [ipaddress.ip_address(each) for each in self._answers.pop(0)]


def dial(network: Network, *answers: list[str], host: str = "feeds.example", allowed: str = "") -> list[str]:
    guard = AddressGuard(parse_allowed(allowed), Resolver(*answers))
    asyncio.run(GuardedBackend(guard, network).connect_tcp(host, 80))
    return network.dialled


def test_the_checked_address_is_dialled_and_not_the_name() -> None:
    assert dial(Network(), ["1.1.1.1"]) == ["1.1.1.1"]


def test_a_name_is_looked_up_once_so_that_a_second_answer_cannot_differ() -> None:
    resolver = Resolver(["1.1.1.1"], ["127.0.0.1"])
    asyncio.run(GuardedBackend(AddressGuard(resolve=resolver), Network()).connect_tcp("feeds.example", 80))
    assert resolver.asked == 1


def test_a_name_that_leads_to_a_private_address_is_not_dialled() -> None:
    network = Network()
    with pytest.raises(AddressRefused, match=r"10\.0\.0\.1 is not a public address \(private\)"):
        dial(network, ["10.0.0.1"])
    assert network.dialled == []


def test_of_a_mixed_answer_only_public_addresses_are_dialled() -> None:
    assert dial(Network(dead=["1.1.1.1"]), ["127.0.0.1", "1.1.1.1", "::1", "1.0.0.1"]) == ["1.1.1.1", "1.0.0.1"]


def test_a_dead_address_is_followed_by_the_next() -> None:
    assert dial(Network(dead=["2606:4700::1"]), ["2606:4700::1", "1.1.1.1"]) == ["2606:4700::1", "1.1.1.1"]


def test_so_many_addresses_are_tried_and_no_more() -> None:
    addresses = [f"1.1.1.{i}" for i in range(20)]
    network = Network(dead=addresses)
    with pytest.raises(httpcore.ConnectError):
        dial(network, addresses)
    assert len(network.dialled) == MAX_ADDRESSES


def test_an_allowed_address_is_dialled_under_any_name() -> None:
    assert dial(Network(), ["127.0.0.1"], allowed="127.0.0.1:80") == ["127.0.0.1"]


def test_an_address_in_an_odd_spelling_is_not_even_looked_up() -> None:
    resolver = Resolver()
    with pytest.raises(AddressRefused):
        asyncio.run(AddressGuard(resolve=resolver).addresses_for("0x7f.1", 80))
    assert resolver.asked == 0


def test_a_name_without_addresses_is_not_found() -> None:
    with pytest.raises(NameNotFound):
        dial(Network(), [])


def test_the_resolver_of_the_system_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("1.1.1.1", 80))] * 2
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    assert asyncio.run(resolve_host("feeds.example", 80)) == [ipaddress.ip_address("1.1.1.1")]


@pytest.mark.parametrize("error", [socket.gaierror(-2, "Name or service not known"), UnicodeError("label too long")])
def test_a_look_up_that_fails_is_a_name_not_found(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(NameNotFound, match=r"feeds\.example: (Name or service|label too long)"):
        asyncio.run(resolve_host("feeds.example", 80))


def test_a_resolver_that_hangs_delays_no_other_name(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()

    def hang(host: str, *_: object, **__: object) -> list[object]:
        if host != "quick.example":
            release.wait(10)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("1.1.1.1", 80))]

    async def look_up() -> list[Address]:
        hanging = [asyncio.ensure_future(resolve_host(f"slow{i}.example", 80)) for i in range(40)]
        try:
            return await asyncio.wait_for(resolve_host("quick.example", 80), timeout=5)
        finally:
            for task in hanging:
                task.cancel()

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    try:
        assert asyncio.run(look_up()) == [ipaddress.ip_address("1.1.1.1")]
    finally:
        release.set()
