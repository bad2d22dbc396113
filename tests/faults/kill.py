"""kill -9 of a real scrape, its parsers included, at random moments: is the database whole, and does a rerun heal?

python -m tests.faults.kill --count 100 --database sqlite --seed 7
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from db.engine import open_engine
from tests.faults.press import Command, broken_rules, database, document
from tests.server import LoopbackServer, feed

NEW_EACH_TIME = 3
KILLS_PER_HEALING = 4
LEASE_SECONDS = 3  # that a killed run leaves behind, on PostgreSQL


@dataclass
class Tally:
    """What was seen over all the kills."""

    seed: int
    kills: int = 0
    in_time: int = 0  # the run was still going
    saving: int = 0  # it had saved some of the outlets and not all
    broken: Counter[str] = field(default_factory=Counter)
    lost: int = 0
    doubled: int = 0
    items: int = 0
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        return not (self.broken or self.lost or self.doubled)

    def __str__(self) -> str:
        return (
            f"seed {self.seed}: {self.kills} kills in {self.seconds:.0f} s, {self.in_time} while running, "
            f"{self.saving} between two saves; {self.items} items; "
            f"integrity broken {sum(self.broken.values())} {dict(self.broken)}, "
            f"lost {self.lost}, doubled {self.doubled}"
        )


def kill_often(kind: str, count: int, seed: int, outlets: int = 16) -> Tally:
    """Every outlet has new items each time. Runs are killed; every few, one is left to finish and must heal."""
    tally, started = Tally(seed), time.monotonic()
    with tempfile.TemporaryDirectory() as name, LoopbackServer("0.0.0.0") as server:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL runs as another user
        with database(kind, folder) as url:
            command = Command(folder, url, "", {"CRAFTWATCH_LEASE_SECONDS": str(LEASE_SECONDS)})
            trial = _Trial(server, command, outlets, random.Random(seed), tally)
            engine = open_engine(url)
            trial.heal()
            while tally.kills < count:
                for _ in range(min(KILLS_PER_HEALING, count - tally.kills)):
                    trial.kill()
                    tally.broken.update(broken_rules(engine))
                trial.heal()
                tally.broken.update(broken_rules(engine))
                tally.seconds = time.monotonic() - started
                print(f"… {tally}", file=sys.stderr, flush=True)
            engine.dispose()
    return tally


class _Trial:
    def __init__(
        self, server: LoopbackServer, command: Command, outlets: int, chance: random.Random, tally: Tally
    ) -> None:
        self.hosts = {f"outlet-{n}": f"127.0.1.{n + 1}" for n in range(outlets)}
        allowed = ",".join(f"{host}:{server.port}" for host in self.hosts.values())
        self.server, self.command, self.chance, self.tally = server, replace(command, allowed=allowed), chance, tally
        self.command.list_sources({outlet: server.url("/feed", host) for outlet, host in self.hosts.items()})
        self.published = 10
        self.working_seconds = 1.0  # of a run, from its first request to its end

    def kill(self) -> None:
        """A run, killed somewhere between its first request and a little after its end."""
        self._publish()
        self._await_leases()
        before = self.command.number("SELECT count(*) FROM item")
        with self.command.start("scrape", "--all", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            self._wait_for_a_request(process)
            try:
                process.wait(self.chance.uniform(0, 1.1) * self.working_seconds)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                self.tally.in_time += 1
        self.tally.kills += 1
        saved = self.command.number("SELECT count(*) FROM item") - before
        self.tally.saving += saved > 0 and before + saved < self._expected()

    def heal(self) -> None:
        self._publish()
        self._await_leases()
        self.command.scrape()
        self.working_seconds = time.monotonic() - self.server.requests[-len(self.hosts)].at
        self.tally.items = self.command.number("SELECT count(*) FROM item")
        self.tally.lost += max(0, self._expected() - self.tally.items)
        self.tally.doubled += max(0, self.tally.items - self._expected())

    def _publish(self) -> None:
        self.published += NEW_EACH_TIME
        oldest = max(0, self.published - NEW_EACH_TIME * (KILLS_PER_HEALING + 2))
        for outlet, host in self.hosts.items():
            self.server.add("/feed", feed(document(outlet, range(oldest, self.published))), host)

    def _await_leases(self) -> None:
        """Until those of the run that was killed have run out."""
        while self.command.number("SELECT count(*) FROM site_lease WHERE holder <> ''") and self._leased():
            time.sleep(0.1)

    def _leased(self) -> int:
        now = "extract(epoch FROM clock_timestamp())"  # there are leases on PostgreSQL only
        return self.command.number(f"SELECT count(*) FROM site_lease WHERE until > {now}")

    def _expected(self) -> int:
        return self.published * len(self.hosts)

    def _wait_for_a_request(self, process: subprocess.Popen[str]) -> None:
        asked = len(self.server.requests)
        while len(self.server.requests) == asked and process.poll() is None:
            time.sleep(0.01)


def main(arguments: Sequence[str] | None = None) -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--count", type=int, default=100)
    options.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    options.add_argument("--seed", type=int, default=None)
    chosen = options.parse_args(arguments)
    seed = random.randrange(2**32) if chosen.seed is None else chosen.seed
    tally = kill_often(chosen.database, chosen.count, seed)
    print(f"{chosen.database}, {tally}")
    return 0 if tally.passed else 1


if __name__ == "__main__":
    sys.exit(main())
