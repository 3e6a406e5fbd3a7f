"""One object for all threads: `functools.cache` lets each of several first callers make its own."""

from collections.abc import Callable
from functools import cache, wraps
from threading import RLock


def once[**Arguments, Made](make: Callable[Arguments, Made]) -> Callable[Arguments, Made]:
    """A function that makes its result once for the same arguments, whoever asks meanwhile."""
    cached, lock = cache(make), RLock()

    @wraps(make)
    def made(*arguments: Arguments.args, **named: Arguments.kwargs) -> Made:
        with lock:
            return cached(*arguments, **named)  # type: ignore[arg-type]

    return made
