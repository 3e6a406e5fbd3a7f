"""Waiting for AWS: ticks that come quickly first and then slower, with a deadline and a way out."""

import threading
import time
from collections.abc import Iterator

from pipeline.errors import StoppedError

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 3.0

_STOPPED = threading.Event()


def stop_waiting() -> None:
    """End every wait of this process: the operator has interrupted, or another stage has failed."""
    _STOPPED.set()


def wait_again() -> None:
    """Undo `stop_waiting`."""
    _STOPPED.clear()


def polls(seconds: float, longest: float = LONGEST_PAUSE) -> Iterator[None]:
    """Ticks until `seconds` are over: the quick is seen at once, the slow is not pestered."""
    deadline = time.monotonic() + seconds
    pause = FIRST_PAUSE
    while time.monotonic() < deadline:
        yield
        if _STOPPED.wait(pause):
            raise StoppedError("The wait was ended.")
        pause = min(pause * 1.3, longest)
