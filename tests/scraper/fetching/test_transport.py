"""Connections are kept for the next request to a host, and closed when too many hosts have one."""

from __future__ import annotations

import asyncio
from ipaddress import ip_address

import pytest

from scraper.fetch import Fetcher
from scraper.fetching import transport
from scraper.fetching.addresses import Address
from tests.fetching import settings_for
from tests.server import LoopbackServer, feed


async def everywhere(host: str, port: int) -> list[Address]:
    return [ip_address("127.0.0.1")]


def connections(*hosts: str) -> list[int]:
    """The number of the connection on which each of these hosts was asked, one after the other."""
    with LoopbackServer() as server:
        server.add("/feed", feed())

        async def ask() -> None:
            async with Fetcher(settings_for(server), resolve=everywhere) as fetcher:
                for host in hosts:
                    await fetcher.fetch(server.url("/feed", host))

        asyncio.run(ask())
        return [request.connection for request in server.requests]


def test_each_host_keeps_its_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "IDLE_HOSTS", 3)
    assert connections("a.example", "b.example", "c.example", "a.example") == [1, 2, 3, 1]


def test_the_host_that_was_asked_longest_ago_loses_its_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "IDLE_HOSTS", 2)
    assert connections("a.example", "b.example", "c.example", "b.example", "a.example") == [1, 2, 3, 2, 4]
