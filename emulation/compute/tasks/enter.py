"""What a container's process is before it is the container's: it goes into the task's network, and
begins a family of processes of its own.

The container's command is the first process of that family, as in a container: it gets a signal
only if it handles it, and whatever it leaves behind ends with it. This process stays outside and in
between: it hands signals on, and ends as the command ends. It kills the family when the emulator is
gone: the kernel does that only for a command that has not changed its user.

Run by path with `python -I -S`: each container waits for it when it starts.
"""

import ctypes
import marshal
import os
import resource
import signal
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PR_SET_PDEATHSIG = 1
HANDED_ON = (
    signal.SIGTERM,
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGHUP,
    signal.SIGUSR1,
    signal.SIGUSR2,
    signal.SIGWINCH,
)
NOT_FOUND = 127
NOT_EXECUTABLE = 126


def main() -> None:
    """Enter, begin the family, and end as it ends."""
    plan = marshal.loads(bytes.fromhex(sys.argv[1]))
    libc = ctypes.CDLL(None, use_errno=True)
    for number in plan["namespaces"]:
        os.setns(number)
        os.close(number)
    os.unshare(os.CLONE_NEWPID)
    emulator = os.getppid()
    # Blocked until handled: a signal that comes in between is not lost.
    signal.pthread_sigmask(signal.SIG_BLOCK, HANDED_ON)
    child = os.fork()
    if child == 0:
        become(plan, libc)
    for number in HANDED_ON:
        signal.signal(number, lambda given, _frame: hand_on(child, given, emulator))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, HANDED_ON)
    os.write(plan["tell"], b"%d\n" % child)
    os.close(plan["tell"])
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    os._exit(code if code >= 0 else 128 - code)


def hand_on(child: int, number: int, emulator: int) -> None:
    """A signal, to the command."""
    try:
        os.kill(child, number if os.getppid() == emulator else signal.SIGKILL)
    except ProcessLookupError:
        return


def become(plan: "dict[str, Any]", libc: ctypes.CDLL) -> None:
    """The command; it dies with the process between."""
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    os.setsid()
    for name, bounds in plan["limits"].items():
        limit(getattr(resource, name), *bounds)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, HANDED_ON)
    os.set_inheritable(plan["tell"], plan["command_tells"])
    try:
        if plan["folder"]:
            os.chdir(plan["folder"])
        os.execvpe(plan["command"][0], plan["command"], plan["environment"])
    except OSError as error:
        reason = str(error.strerror).lower()
        os.write(plan["tell"], f'exec: "{plan["command"][0]}": {reason}\n'.encode())
        os._exit(NOT_FOUND if isinstance(error, FileNotFoundError) else NOT_EXECUTABLE)


def limit(kind: int, soft: int, hard: int) -> None:
    """A limit, as far as this user may go."""
    most = resource.getrlimit(kind)[1]
    try:
        resource.setrlimit(kind, (soft, hard))
    except (OSError, ValueError):
        resource.setrlimit(kind, (soft if most < 0 else min(soft, most), most))


if __name__ == "__main__":
    main()
