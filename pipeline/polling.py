"""Waiting for AWS: ticks that come quickly first and then slower, with a deadline."""

import time
from collections.abc import Iterator

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 3.0


def polls(seconds: float, longest: float = LONGEST_PAUSE) -> Iterator[None]:
    """Ticks until `seconds` are over: the quick is seen at once, the slow is not pestered."""
    deadline = time.monotonic() + seconds
    pause = FIRST_PAUSE
    while time.monotonic() < deadline:
        yield
        time.sleep(pause)
        pause = min(pause * 1.3, longest)
