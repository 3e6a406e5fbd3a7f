"""The last process standing: kills what the emulator started, should the emulator itself be killed.

It runs as its own session and reads its standard input: `+PGID` when a process group starts,
`-PGID` when it has ended. Only the death of the emulator closes that pipe, however it dies (kill -9
too, where no handler runs). `PR_SET_PDEATHSIG` is no substitute: it fires when the starting
*thread* ends, and grandchildren do not inherit it. Run by path with `python -I -S`, so it imports
nothing but the standard library.
"""

import contextlib
import os
import signal
import sys
import time

GRACE_SECONDS = 2.0


def kill_groups(groups: set[int], number: signal.Signals) -> None:
    """Signal every group that is still there."""
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, number)


def watch() -> set[int]:
    """Follow the pipe to its end; the groups that are left."""
    groups: set[int] = set()
    for line in sys.stdin:
        group = int(line[1:])
        (groups.add if line[0] == "+" else groups.discard)(group)
    return groups


def main() -> None:
    """Watch, then end what is left: TERM first, so that a JVM drops its files, then KILL."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    left = watch()
    if left:
        kill_groups(left, signal.SIGTERM)
        time.sleep(GRACE_SECONDS)
        kill_groups(left, signal.SIGKILL)


if __name__ == "__main__":
    main()
