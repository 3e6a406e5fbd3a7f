"""Where a task's ports are: in a network of its own where the system has such, on the machine's
loopback otherwise.

A task of its own network has an address of 127.0.0.0/8 on this machine, which leads to its ports:
many tasks listen on port 8080, each sees only itself on its loopback, and a load balancer reaches
each by its address. On other systems (macOS, containers without the right) tasks share 127.0.0.1,
and a port that is taken is taken.
"""

import contextlib
import logging
import marshal
import os
import queue
import secrets
import signal
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from emulation.compute.once import once
from emulation.compute.process_images import root
from emulation.compute.processes import SUPERVISOR, Process, ProcessSpec, Status
from emulation.compute.tasks import enter, gate

LOG = logging.getLogger(__name__)

READY_SECONDS = 60.0
TRIES = 20
LOOPBACK = "127.0.0.1"
CREDENTIALS_PORT, AGENT_PORTS = 80, range(51679, 65536)
"""Where AWS has credentials and metadata; where its agent has them, for containers that listen at
port 80 themselves.
"""

Address = tuple[str, int]
Bounds = tuple[int, int]


class PortsTakenError(OSError):
    """No place for a task's ports."""


class NoNetworkError(OSError):
    """A task's network could not be made."""


class NoCommandError(OSError):
    """A container's command cannot be started."""


@dataclass(frozen=True, slots=True)
class Family:
    """The processes of a container."""

    process: Process
    first: int
    """The number of the container's first process, on this machine."""
    handle: int | None = None
    """Its descriptor, where it is not the process that the supervisor knows."""

    def kill(self) -> None:
        """End it now."""
        if self.handle is None:
            self.process.kill()
        else:
            signal.pidfd_send_signal(self.handle, signal.SIGKILL)

    def bury(self) -> None:
        """The process has ended: so does what it stood for."""
        if self.handle is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.handle, signal.SIGKILL)
            os.close(self.handle)


OnExit = Callable[[Process], None]


class Network(Protocol):
    """Where one task's containers are."""

    address: str
    """Where others reach its ports."""
    private: bool
    """Whether it is the task's own, with AWS's address of credentials and metadata in it."""

    def start(self, spec: ProcessSpec, limits: Mapping[str, Bounds], on_exit: OnExit) -> Family:
        """Start a container's process in this network, with limits by their name in `resource`.

        Raises:
            OSError: it cannot be started.
        """

    def close(self) -> None:
        """Nobody needs it any more."""


@dataclass
class SharedNetwork:
    """The machine's own. Limits of a process are not set here."""

    address: str = LOOPBACK
    private: bool = False

    def start(self, spec: ProcessSpec, _: Mapping[str, Bounds], on_exit: OnExit) -> Family:
        """The process as it is."""
        process = SUPERVISOR.start(spec, on_exit)
        return Family(process, process.pid)

    def close(self) -> None:
        """Nothing is to be done."""


@dataclass
class OwnNetwork:
    """A network behind a gate."""

    address: str
    gate: Process
    namespaces: list[int]
    """User (where it has its own) and network, held open."""
    credentials_port: int = CREDENTIALS_PORT
    private: bool = True

    def start(self, spec: ProcessSpec, limits: Mapping[str, Bounds], on_exit: OnExit) -> Family:
        """The process, which first enters the network."""
        heard, tell = os.pipe()
        begun: Future[bool] = Future()

        def ended(process: Process) -> None:
            # Of a command that has not begun nobody is told that it ended.
            if begun.result():
                on_exit(process)

        with os.fdopen(heard) as answer:
            try:
                entered = entering(spec, self.namespaces, limits, tell)
                process = SUPERVISOR.start(entered, ended)
            finally:
                os.close(tell)
            # Both write, whoever comes first, and close it when the command has begun.
            told = answer.read().splitlines()
        first = next((int(line) for line in told if line.isdigit()), 0)
        why = [line for line in told if not line.isdigit()]
        begun.set_result(bool(first) and not why)
        if why:
            process.wait()
            raise NoCommandError(*why)
        if not first:
            process.wait()
            raise NoNetworkError(" ".join(process.logs()[-1:]) or "the process did not start")
        try:
            return Family(process, first, os.pidfd_open(first))
        except ProcessLookupError:
            return Family(process, first)

    def close(self) -> None:
        """End the gate."""
        while self.namespaces:
            os.close(self.namespaces.pop())
        self.gate.kill()
        self.gate.wait()


def entering(
    spec: ProcessSpec, namespaces: Sequence[int], limits: Mapping[str, Bounds], tell: int
) -> ProcessSpec:
    """A process that enters namespaces before it becomes its command, and tells its number. A
    command that tells itself why it cannot begin is told where.
    """
    tells = root.TELL in spec.environment
    plan = {
        "namespaces": list(namespaces),
        "tell": tell,
        "command_tells": tells,
        "limits": {name: list(bounds) for name, bounds in limits.items()},
        "folder": str(spec.folder),
        "command": [str(word) for word in spec.command],
        "environment": {**spec.environment, **({root.TELL: str(tell)} if tells else {})},
    }
    return replace(
        spec,
        command=[sys.executable, "-I", "-S", enter.__file__, marshal.dumps(plan).hex()],
        environment={},
        folder=Path("/"),
        pass_fds=[*spec.pass_fds, *namespaces, tell],
    )


def own_network(ports: Sequence[int], gateway: Address, credentials: Address) -> OwnNetwork:
    """A network with ways to these ports of it, and from it to the gateway and the credentials.

    Raises:
        PortsTakenError: this machine does not let these ports be listened on.
        NoNetworkError: the gate did not open.
    """
    address, listeners = listen(ports)
    # Whoever listens at a port of all addresses needs it to be free at each.
    door = next(port for port in (CREDENTIALS_PORT, *AGENT_PORTS) if port not in ports)
    plan = {
        "ports": [(sock.fileno(), port) for sock, port in zip(listeners, ports, strict=True)],
        "outward": [
            ((gate.CREDENTIALS, door), credentials),
            ((LOOPBACK, gateway[1]), gateway),
        ],
    }
    numbers: queue.SimpleQueue[str] = queue.SimpleQueue()
    process = SUPERVISOR.start(
        ProcessSpec(
            name=f"gate-{address}",
            command=[sys.executable, "-I", "-S", gate.__file__, marshal.dumps(plan).hex()],
            environment={},
            folder=Path("/"),
            log=numbers.put,
            pass_fds=[sock.fileno() for sock in listeners],
            needed=True,
        ),
        lambda ended: numbers.put("".join(ended.logs()[-1:])),
    )
    for sock in listeners:
        sock.close()
    try:
        number = numbers.get(timeout=READY_SECONDS)
        return OwnNetwork(address, process, gate_namespaces(process.pid, int(number)), door)
    except (queue.Empty, ValueError, OSError) as error:
        process.kill()
        raise NoNetworkError(f"{' '.join(process.logs()[-1:])} {error}".strip()) from error


def gate_namespaces(pid: int, thread: int) -> list[int]:
    """The user's, where it is not this one's, and the network's, held open."""
    own = Path(f"/proc/{pid}/ns/user")
    found = [Path(f"/proc/{pid}/task/{thread}/ns/net")]
    if own.stat().st_ino != Path("/proc/self/ns/user").stat().st_ino:
        found.insert(0, own)
    return [os.open(path, os.O_RDONLY | os.O_CLOEXEC) for path in found]


def listen(ports: Sequence[int]) -> tuple[str, list[socket.socket]]:
    """An address of this machine at which all these ports are free, and sockets that listen."""
    last: OSError = PortsTakenError("no address is free")
    for _ in range(TRIES):
        one, two, three = (secrets.randbelow(size) for size in (110, 256, 254))
        address = f"127.{one + 16}.{two}.{three + 1}"
        with contextlib.ExitStack() as stack:
            try:
                found = [stack.enter_context(listener(address, port)) for port in ports]
            except OSError as error:
                last = error
                continue
            stack.pop_all()
            return address, found
    raise PortsTakenError(f"Ports {', '.join(map(str, ports))}: {last.strerror or last}") from last


def listener(address: str, port: int) -> socket.socket:
    """A socket that listens."""
    made = socket.socket()
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((address, port))
        made.listen(socket.SOMAXCONN)
    except OSError:
        made.close()
        raise
    return made


def free_here(ports: Sequence[int]) -> list[int]:
    """Those of the ports that nobody listens on at the machine's own address."""
    free = []
    for port in ports:
        with contextlib.suppress(OSError):
            listener(LOOPBACK, port).close()
            free.append(port)
    return free


@once
def are_private() -> bool:
    """Whether this system gives tasks networks of their own; tried once with the real thing."""
    if sys.platform != "linux":
        return False
    nowhere = (LOOPBACK, 9)
    try:
        network = own_network([], nowhere, nowhere)
    except OSError as error:
        LOG.warning("tasks have no network of their own here: %s", error)
        return False
    probe = ProcessSpec("task-probe", ["/bin/sh", "-c", "exit 0"], {}, Path("/"))
    try:
        worked = network.start(probe, {}, _nothing).process.wait(READY_SECONDS)
    except OSError as error:
        LOG.warning("tasks have no network of their own here: %s", error)
        return False
    finally:
        network.close()
    return worked is Status.SUCCEEDED


def _nothing(_: Process) -> None:
    return None
