"""The command as a process of its own, with an empty database: for what only a real process shows."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.blocks import source_block

PATIENCE_SECONDS = 60  # with what ends in a second: the machine may be busy

# File descriptor 3 for the program, as a service manager gives it: execv keeps the process id that LISTEN_PID names.
_AS_SERVICE = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}
os.execv(sys.executable, [sys.executable, *sys.argv[2:]])
"""


class Program:
    """Starts `craftwatch …` with settings of its own; what was started is gone when the block ends."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.database = f"sqlite:///{folder / 'program.db'}"
        self.sources = folder / "sources.toml"
        self.list_sources()
        kept = {name: value for name, value in os.environ.items() if not name.startswith("CRAFTWATCH_")}
        ours = {
            "CRAFTWATCH_DATABASE_URL": self.database,
            "CRAFTWATCH_SOURCES": str(self.sources),
            "CRAFTWATCH_HOST_INTERVAL_SECONDS": "0",
            "PYTHONUNBUFFERED": "1",
        }
        self.environment = kept | ours | settings
        self._started: list[subprocess.Popen[str]] = []

    def list_sources(self, **urls: str) -> None:
        self.sources.write_text("".join(source_block(name, url) for name, url in urls.items()))

    def run(self, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "scraper", *words],
            env=self.environment | settings,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
        )

    def start(
        self, *words: str, listening: socket.socket | None = None, code: str = "", **settings: str
    ) -> subprocess.Popen[str]:
        """`listening` is passed on as a service manager does; `code` runs in place of the command."""
        arguments = ["-c", code] if code else ["-m", "scraper", *words]
        passed: Sequence[int] = ()
        if listening is not None:
            arguments = ["-c", _AS_SERVICE, str(listening.fileno()), *arguments]
            passed = (listening.fileno(),)
        process = subprocess.Popen(
            [sys.executable, *arguments],
            env=self.environment | settings,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            pass_fds=passed,
        )
        self._started.append(process)
        return process

    def end_all(self) -> None:
        for process in self._started:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout, process.stderr):
                with suppress(BrokenPipeError):
                    pipe.close()  # type: ignore[union-attr]  # all three were asked for


@contextmanager
def program_in(folder: Path, **settings: str) -> Iterator[Program]:
    program = Program(folder, **settings)
    try:
        yield program
    finally:
        program.end_all()


def line_with(words: str, stream: Iterator[str]) -> str:
    """The first line of a process's output that has these words, within PATIENCE_SECONDS."""
    found: list[str] = []
    seen: list[str] = []

    def read() -> None:
        for line in stream:
            seen.append(line)
            if words in line:
                found.append(line)
                return

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    reader.join(PATIENCE_SECONDS)
    assert found, f"no {words!r} in {seen}"
    return found[0]
