"""Scrapers that share a database: each site belongs to one of them, and none is lost with its holder."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, text

from db.engine import open_engine
from db.leases import Leases, running_leases, take_turn

SITES = [f"{n}.example" for n in range(40)]


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def engine(postgresql_database_url: str) -> Iterator[Engine]:
    engine = open_engine(postgresql_database_url)
    yield engine
    engine.dispose()


def move(engine: Engine, column: str, seconds: float) -> None:
    """As if so much time had passed for all leases or turns; negative: as if the clock had been set back."""
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE site_lease SET {column} = {column} - :seconds"), {"seconds": seconds})


def test_a_site_belongs_to_who_claims_it_first(engine: Engine) -> None:
    first, second = Leases(engine, 60), Leases(engine, 60)
    assert (first.claim(["a.example"]), second.claim(["a.example", "b.example"])) == ({"a.example"}, {"b.example"})


def test_claiming_twice_is_claiming_once(engine: Engine) -> None:
    leases = Leases(engine, 60)
    leases.claim(["a.example"])
    assert leases.claim(["a.example"]) == {"a.example"}


def test_of_many_who_claim_at_once_each_site_goes_to_one(engine: Engine) -> None:
    with ThreadPoolExecutor(8) as threads:
        claimed = list(threads.map(lambda _: sorted(Leases(engine, 60).claim(SITES)), range(8)))
    assert sorted(site for sites in claimed for site in sites) == sorted(SITES)


def test_a_released_site_is_free(engine: Engine) -> None:
    first = Leases(engine, 60)
    first.claim(["a.example", "b.example"])
    first.release(["a.example"])
    assert Leases(engine, 60).claim(["a.example", "b.example"]) == {"a.example"}


def test_who_ends_gives_everything_back(engine: Engine) -> None:
    first = Leases(engine, 60)
    first.claim(SITES)
    first.release_all()
    assert running_leases(engine) == {}


def test_nobody_gives_back_what_is_another_s(engine: Engine) -> None:
    Leases(engine, 60).claim(["a.example"])
    second = Leases(engine, 60)
    second.release(["a.example"])
    second.release_all()
    assert second.claim(["a.example"]) == set()


def test_a_dead_holder_s_sites_are_free_when_their_leases_have_run_out(engine: Engine) -> None:
    Leases(engine, 60).claim(["a.example"])
    move(engine, "until", 61)
    assert Leases(engine, 60).claim(["a.example"]) == {"a.example"}


def test_a_living_holder_keeps_its_sites(engine: Engine) -> None:
    first = Leases(engine, 60)
    first.claim(["a.example"])
    move(engine, "until", 30)
    first.renew()
    move(engine, "until", 31)
    assert Leases(engine, 60).claim(["a.example"]) == set()


def test_a_lease_that_ran_out_and_that_nobody_took_can_be_renewed(engine: Engine) -> None:
    clock = Clock()
    first = Leases(engine, 60, clock)
    first.claim(["a.example"])
    clock.seconds = 61
    move(engine, "until", 61)
    first.renew()
    assert first.holds("a.example")


def test_a_lease_that_another_took_cannot_be_renewed(engine: Engine) -> None:
    first = Leases(engine, 60)
    first.claim(["a.example"])
    move(engine, "until", 61)
    Leases(engine, 60).claim(["a.example"])
    first.renew()
    assert not first.holds("a.example")


def test_a_holder_that_was_frozen_trusts_its_lease_no_more(engine: Engine) -> None:
    clock = Clock()
    leases = Leases(engine, 60, clock)
    leases.claim(["a.example"])
    clock.seconds = 60
    assert not leases.holds("a.example")


def test_a_lease_from_a_clock_that_was_years_ahead_is_worth_nothing(engine: Engine) -> None:
    Leases(engine, 60).claim(["a.example"])
    move(engine, "until", -100_000_000)
    assert Leases(engine, 60).claim(["a.example"]) == {"a.example"}


def test_it_is_known_how_long_leases_run(engine: Engine) -> None:
    Leases(engine, 60).claim(["a.example"])
    assert running_leases(engine)["a.example"] == pytest.approx(60, abs=5)


def test_the_first_turn_is_now(engine: Engine) -> None:
    assert take_turn(engine, "a.example", 600) == 0


def test_turns_are_apart_whoever_takes_them(engine: Engine) -> None:
    with ThreadPoolExecutor(4) as threads:
        waits = sorted(threads.map(lambda _: take_turn(engine, "a.example", 600), range(4)))
    assert waits == pytest.approx([0, 600, 1200, 1800], abs=5)


def test_turns_at_two_sites_have_nothing_to_do_with_each_other(engine: Engine) -> None:
    take_turn(engine, "a.example", 600)
    assert take_turn(engine, "b.example", 600) == 0


def test_the_pause_after_a_turn_holds_for_the_next_holder(engine: Engine) -> None:
    first = Leases(engine, 60)
    first.claim(["a.example"])
    take_turn(engine, "a.example", 600)
    first.release(["a.example"])
    Leases(engine, 60).claim(["a.example"])
    assert take_turn(engine, "a.example", 2) == pytest.approx(600, abs=5)


def test_a_turn_from_a_clock_that_was_years_ahead_is_not_waited_for(engine: Engine) -> None:
    take_turn(engine, "a.example", 2)
    move(engine, "next_turn", -100_000_000)
    assert take_turn(engine, "a.example", 2) == 0
