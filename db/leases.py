"""How scrapers on any number of machines share one PostgreSQL database: leases on sites, and turns to ask them.

A lease gives a site, with all of its sources, to one scraper. It is renewed while its holder lives and runs out by
itself when the holder dies. A turn is the moment of one request to a site, whoever sends it: it keeps the pause between
two requests from one holder to the next, and to hosts that are only met by a redirect.

Moments are seconds since 1970 by the database's clock, so the clocks of the machines need not agree.
"""

from __future__ import annotations

import os
import secrets
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, text

LONGEST_LEASE_SECONDS = 3600.0
LONGEST_QUEUE = 20  # of turns at one site that are taken and still to come
LONGEST_SPACING_SECONDS = 40.0  # that another may have asked for, where ours is shorter

_NOW = "CAST(extract(epoch FROM statement_timestamp()) AS double precision)"

# A lease or a turn further off than any can be means that the clock was wrong.
_RUNS = f"until > {_NOW} AND until <= {_NOW} + {LONGEST_LEASE_SECONDS}"
_MEET = text(
    "INSERT INTO site_lease (site, holder, until, next_turn) "
    "SELECT site, '', 0, 0 FROM unnest(CAST(:sites AS text[])) AS wanted (site) ON CONFLICT (site) DO NOTHING"
)
_CLAIM = text(
    f"UPDATE site_lease SET holder = :holder, until = {_NOW} + :seconds WHERE site IN ("  # noqa: S608  # constants
    f"SELECT site FROM site_lease WHERE site = ANY(:sites) AND (holder = :holder OR NOT ({_RUNS})) "
    "FOR UPDATE SKIP LOCKED) RETURNING site"
)
_RENEW = text(f"UPDATE site_lease SET until = {_NOW} + :seconds WHERE holder = :holder RETURNING site")  # noqa: S608
_RELEASE_ALL = text("UPDATE site_lease SET holder = '', until = 0 WHERE holder = :holder")
_RELEASE = text(f"{_RELEASE_ALL.text} AND site = ANY(:sites)")
_RUNNING = text(f"SELECT site, until - {_NOW} FROM site_lease WHERE {_RUNS}")  # noqa: S608
_TURN = text(
    f"INSERT INTO site_lease AS known (site, holder, until, next_turn) VALUES (:site, '', 0, {_NOW} + :spacing) "  # noqa: S608
    f"ON CONFLICT (site) DO UPDATE SET next_turn = :spacing + CASE WHEN known.next_turn BETWEEN {_NOW} "
    f"AND {_NOW} + :queue THEN known.next_turn ELSE {_NOW} END RETURNING next_turn - :spacing - {_NOW}"
)


class Leases:
    """The leases of one scraper. Its methods may be called from several threads."""

    def __init__(self, engine: Engine, seconds: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self.holder = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._engine = engine
        self._monotonic = monotonic
        self._safe_until: dict[str, float] = {}  # site → when its lease has run out for all that we know

    def claim(self, sites: Sequence[str]) -> set[str]:
        """Those of these sites that are ours from now on; the others belong to somebody else."""
        began = self._monotonic()
        with self._engine.begin() as connection:
            connection.execute(_MEET, {"sites": sorted(sites)})
            wanted = {"sites": list(sites), "holder": self.holder, "seconds": self.seconds}
            taken = set(connection.scalars(_CLAIM, wanted))
        self._safe_until.update(dict.fromkeys(taken, began + self.seconds))
        return taken

    def holds(self, site: str) -> bool:
        """Whether nobody else can have this site yet."""
        return self._monotonic() < self._safe_until.get(site, 0.0)

    def renew(self) -> None:
        """Keep all of ours, those included that ran out and that nobody took."""
        began, ours = self._monotonic(), list(self._safe_until)
        with self._engine.begin() as connection:
            kept = set(connection.scalars(_RENEW, {"holder": self.holder, "seconds": self.seconds}))
        for site in ours:
            if site in kept and site in self._safe_until:
                self._safe_until[site] = began + self.seconds
            elif site not in kept:
                self._safe_until.pop(site, None)

    def release(self, sites: Sequence[str]) -> None:
        """Give these back."""
        for site in sites:
            self._safe_until.pop(site, None)
        with _begin_lightly(self._engine) as connection:
            connection.execute(_RELEASE, {"holder": self.holder, "sites": list(sites)})

    def release_all(self) -> None:
        self._safe_until.clear()
        with self._engine.begin() as connection:
            connection.execute(_RELEASE_ALL, {"holder": self.holder})


def take_turn(engine: Engine, site: str, spacing_seconds: float) -> float:
    """Seconds until we may ask this site; the next turn, of whoever, is `spacing_seconds` after that."""
    queue = LONGEST_QUEUE * max(spacing_seconds, LONGEST_SPACING_SECONDS)
    with _begin_lightly(engine) as connection:
        wait = connection.execute(_TURN, {"site": site, "spacing": spacing_seconds, "queue": queue}).scalar_one()
    return max(0.0, float(wait))


def running_leases(engine: Engine) -> dict[str, float]:
    """Site → seconds that its lease still runs, whoever holds it."""
    with engine.connect() as connection:
        return {site: float(seconds) for site, seconds in connection.execute(_RUNNING)}


@contextmanager
def _begin_lightly(engine: Engine) -> Iterator[Connection]:
    """A transaction that does not wait for the disk: what a crash of the server loses is a pause that it outlasts."""
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL synchronous_commit = off"))
        yield connection
