"""Connections by asyncio, as httpcore uses them."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import httpcore
import pytest

from scraper.fetching.network import READ_AHEAD, AsyncioNetwork

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def connected(serve: Serve) -> AsyncIterator[httpcore.AsyncNetworkStream]:
    async def serve_to_the_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await serve(reader, writer)
        with suppress(OSError):
            await reader.read()
        writer.close()

    server = await asyncio.start_server(serve_to_the_end, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    stream = await AsyncioNetwork().connect_tcp("127.0.0.1", port, timeout=5)
    try:
        yield stream
    finally:
        await stream.aclose()
        server.close()
        await asyncio.sleep(0.05)  # for both ends to be closed


def run(talk: Callable[[], Awaitable[None]]) -> None:
    async def within_bounds() -> None:
        async with asyncio.timeout(20):
            await talk()

    asyncio.run(within_bounds())


async def say_and_end(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"all of it")
    writer.close()


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(await reader.read(100))


async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


def test_what_is_written_is_answered() -> None:
    async def talk() -> None:
        async with connected(echo) as stream:
            await stream.write(b"hello", timeout=5)
            assert await stream.read(100, timeout=5) == b"hello"
            assert not stream.get_extra_info("is_readable")

    run(talk)


def test_what_came_before_the_end_is_read_piece_by_piece_and_then_the_end() -> None:
    async def talk() -> None:
        async with connected(say_and_end) as stream:
            await asyncio.sleep(0.1)
            assert [await stream.read(6) for _ in range(3)] == [b"all of", b" it", b""]

    run(talk)


def test_what_comes_unasked_makes_an_idle_connection_unfit() -> None:
    async def talk() -> None:
        async with connected(say_and_end) as stream:
            await asyncio.sleep(0.1)
            assert stream.get_extra_info("is_readable")
            with pytest.raises(httpcore.WriteError):
                await stream.write(b"GET")

    run(talk)


def test_a_connection_that_is_reset_is_an_error_and_no_end() -> None:
    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        raw: socket.socket = writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    async def talk() -> None:
        async with connected(reset) as stream:
            await stream.write(b"?")
            with pytest.raises(httpcore.ReadError):
                await stream.read(100, timeout=5)

    run(talk)


def test_a_sender_who_is_faster_than_we_read_is_made_to_wait() -> None:
    whole = 8_000_000
    sent = 0

    async def pour(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65_536)
        while sent < whole:
            writer.write(bytes(50_000))
            sent += 50_000
            await writer.drain()
        writer.close()

    async def talk() -> None:
        async with connected(pour) as stream:
            await asyncio.sleep(0.5)
            assert sent < whole
            ahead = len(await stream.read(whole))
            assert READ_AHEAD < ahead < 16 * READ_AHEAD
            rest = 0
            while piece := await stream.read(65_536, timeout=5):
                rest += len(piece)
            assert ahead + rest == whole

    run(talk)


def test_time_limits_go_by_the_names_of_httpcore() -> None:
    async def talk() -> None:
        async with connected(say_nothing) as stream:
            with pytest.raises(httpcore.ReadTimeout):
                await stream.read(1, timeout=0.05)

    run(talk)


def test_a_port_on_which_nobody_listens_is_a_connect_error() -> None:
    async def talk() -> None:
        with socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))
            with pytest.raises(httpcore.ConnectError):
                await AsyncioNetwork().connect_tcp("127.0.0.1", nobody.getsockname()[1], timeout=5)

    run(talk)
