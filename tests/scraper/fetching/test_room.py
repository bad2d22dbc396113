"""Room for bodies: who may grow, who waits, and that nobody waits for ever."""

from __future__ import annotations

import asyncio

from scraper.fetching.room import Place, Room


async def begun(place: Place, size: int) -> asyncio.Task[None]:
    """The growing of this body, as far as it comes by itself."""
    growing = asyncio.ensure_future(place.grow(size))
    for _ in range(3):
        await asyncio.sleep(0)
    return growing


def test_bodies_that_fit_together_do_not_wait() -> None:
    async def story() -> None:
        room = Room(100)
        with room.place() as eldest, room.place() as other:
            await eldest.grow(60)
            assert (await begun(other, 40)).done()

    asyncio.run(story())


def test_a_body_that_does_not_fit_waits_for_one_that_ends() -> None:
    async def story() -> None:
        room = Room(100)
        with room.place() as eldest, room.place() as waiting:
            await eldest.grow(10)
            with room.place() as ending:
                await ending.grow(60)
                growing = await begun(waiting, 40)
                assert not growing.done()
            await growing

    asyncio.run(story())


def test_the_eldest_may_pass_the_bound() -> None:
    async def story() -> None:
        room = Room(100)
        with room.place() as eldest, room.place() as other:
            await other.grow(90)
            assert (await begun(eldest, 500)).done()

    asyncio.run(story())


def test_when_the_eldest_ends_the_next_may_pass_the_bound() -> None:
    async def story() -> None:
        room = Room(100)
        first = room.place()
        eldest = first.__enter__()
        with room.place() as next_:
            await eldest.grow(90)
            growing = await begun(next_, 200)
            assert not growing.done()
            first.__exit__(None, None, None)
            await growing

    asyncio.run(story())


def test_a_body_is_counted_at_its_size() -> None:
    async def story() -> None:
        room = Room(100)
        with room.place() as eldest, room.place() as other:
            for size in (10, 20, 30):
                await eldest.grow(size)
            assert (await begun(other, 70)).done()

    asyncio.run(story())
