"""Restarts of the API under a loop of requests: does anybody go away empty-handed?

python -m tests.faults.restart --count 10
"""

from __future__ import annotations

import argparse
import http.client
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from scraper.serving import listen
from tests.processes import PATIENCE_SECONDS, program_in


@dataclass
class Readers:
    """Each asks again and again, on a new connection every time, until `done`."""

    address: tuple[str, int]
    answers: Counter[str] = field(default_factory=Counter)
    longest_seconds: float = 0.0
    done: threading.Event = field(default_factory=threading.Event)

    def wait_for_answers(self, count: int) -> None:
        """Until so many more were given."""
        wanted = self.answers.total() + count
        while self.answers.total() < wanted:
            time.sleep(0.01)

    def read(self) -> None:
        while not self.done.is_set():
            started = time.monotonic()
            try:
                with closing(http.client.HTTPConnection(*self.address, timeout=PATIENCE_SECONDS)) as connection:
                    connection.request("GET", "/v1/health")
                    outcome = str(connection.getresponse().status)
            except (OSError, http.client.HTTPException) as error:
                outcome = type(error).__name__
            self.answers[outcome] += 1
            self.longest_seconds = max(self.longest_seconds, time.monotonic() - started)


def restart_often(count: int, readers: int) -> Readers:
    """The socket stays open, as a service manager keeps it."""
    with tempfile.TemporaryDirectory() as folder, program_in(Path(folder)) as program, listen("127.0.0.1", 0) as socket:
        program.run("migrate")
        serving = program.start("serve", listening=socket)
        crowd = Readers(socket.getsockname())
        threads = [threading.Thread(target=crowd.read) for _ in range(readers)]
        for thread in threads:
            thread.start()
        for _ in range(count):
            crowd.wait_for_answers(10 * readers)
            serving.terminate()
            serving.wait(PATIENCE_SECONDS)
            serving = program.start("serve", listening=socket)
        crowd.wait_for_answers(readers)
        crowd.done.set()
        for thread in threads:
            thread.join(PATIENCE_SECONDS)
    return crowd


def main(arguments: Sequence[str] | None = None) -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--count", type=int, default=10)
    options.add_argument("--readers", type=int, default=8)
    chosen = options.parse_args(arguments)
    crowd = restart_often(chosen.count, chosen.readers)
    print(f"{chosen.count} restarts: {dict(crowd.answers)}, longest answer {crowd.longest_seconds:.1f} s")
    return 0 if set(crowd.answers) == {"200"} else 1


if __name__ == "__main__":
    sys.exit(main())
