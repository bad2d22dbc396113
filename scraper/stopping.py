"""Being asked to end: by SIGTERM, by SIGINT, or by the end of the process that started us."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

STEP_SECONDS = 0.25  # between two looks
PARENT = "CRAFTWATCH_PARENT"  # in the environment of a child that must not outlive us: our process id


class Stop:
    """Whether we were asked to end. Looked at from time to time: a signal handler that wakes others could deadlock."""

    def __init__(self, parent: str = "") -> None:
        self.signal = 0  # the first that asked
        self._parent = parent

    @property
    def asked(self) -> bool:
        return bool(self.signal) or self._parent not in ("", str(os.getppid()))

    @property
    def exit_code(self) -> int:
        """Of work that was cut short, as shells count."""
        return 128 + self.signal

    def wait(self, seconds: float) -> None:
        """Sleep so long, or until asked."""
        end = time.monotonic() + seconds
        while not self.asked and (left := end - time.monotonic()) > 0:
            time.sleep(min(left, STEP_SECONDS))

    def handle(self, number: int, frame: FrameType | None) -> None:
        """A second Ctrl+C ends at once; a repeated SIGTERM says nothing new, for supervisors may send several."""
        if self.signal and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.signal = self.signal or number


@contextmanager
def stopping() -> Iterator[Stop]:
    """While the block runs, SIGTERM and SIGINT ask for its end and interrupt nothing."""
    stop = Stop(os.environ.pop(PARENT, ""))
    before = {number: signal.signal(number, stop.handle) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
