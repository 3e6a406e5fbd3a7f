"""The network of one task, and the way into it and out of it: one process with a foot on each side.

A socket belongs to the network that its thread is in when it is made. So this process has two
threads: the main one stays on this machine, the other goes into a network of its own, where it only
makes sockets. Between the two pairs of bytes are carried: from the task's address on this machine
(a listening socket that the emulator passes) to its port inside; from 169.254.170.2 and the
gateway's port inside to this machine. Nothing else is reached. No privilege is needed for it where
users have namespaces.

Run by path with `python -I -S`. It prints its inner thread's number when everything listens.
"""

import asyncio
import fcntl
import marshal
import os
import socket
import struct
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, cast

SIOCGIFFLAGS, SIOCSIFFLAGS, SIOCSIFADDR = 0x8913, 0x8914, 0x8916
IFF_UP = 1
CREDENTIALS = "169.254.170.2"
"""Where AWS has a task's credentials and metadata, on port 80."""

Address = tuple[str, int]


def main() -> None:
    """Carry bytes until killed."""
    plan = marshal.loads(bytes.fromhex(sys.argv[1]))
    own_user()
    inside = ThreadPoolExecutor(1, initializer=enter)
    asyncio.run(serve(plan, inside))


def own_user() -> None:
    """Become root of a user namespace, where this process may not have a network otherwise. Before
    there is a second thread: the kernel refuses it afterwards.
    """
    if os.geteuid() == 0 and may_unshare():
        return
    user, group = os.geteuid(), os.getegid()
    os.unshare(os.CLONE_NEWUSER)
    write("/proc/self/setgroups", "deny")
    write("/proc/self/uid_map", f"0 {user} 1")
    write("/proc/self/gid_map", f"0 {group} 1")


def may_unshare() -> bool:
    """Whether a thread of this process may have a network of its own as it is; tried in a child."""
    child = os.fork()
    if child == 0:
        try:
            os.unshare(os.CLONE_NEWNET)
        except OSError:
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1] == 0


def write(path: str, text: str) -> None:
    """Write to a file of the kernel."""
    with open(path, "w") as file:  # noqa: PTH123
        file.write(text)


def enter() -> None:
    """The inner thread's first step: a network with a loopback and the credentials' address."""
    os.unshare(os.CLONE_NEWNET)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        flags = fcntl.ioctl(control, SIOCGIFFLAGS, struct.pack("16sh14x", b"lo", 0))
        up = struct.unpack("16sh14x", flags)[1] | IFF_UP
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", up))
        place = struct.pack("HH4s8x", socket.AF_INET, 0, socket.inet_aton(CREDENTIALS))
        fcntl.ioctl(control, SIOCSIFADDR, struct.pack("16s16s", b"lo:1", place))


def inner_socket() -> socket.socket:
    """A socket of the task's network; called in the inner thread."""
    made = socket.socket()
    made.setblocking(False)
    return made


def listening(address: Address) -> socket.socket:
    """A socket that listens in the task's network; called in the inner thread."""
    made = inner_socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind(address)
    made.listen(socket.SOMAXCONN)
    return made


async def serve(plan: "dict[str, Any]", inside: ThreadPoolExecutor) -> None:
    """Listen on both sides."""
    loop = asyncio.get_running_loop()
    for number, port in plan["ports"]:
        outer = socket.socket(fileno=number)
        outer.setblocking(False)
        await loop.create_server(partial(Inward, ("127.0.0.1", port), inside), sock=outer)
    for place, target in plan["outward"]:
        inner = await loop.run_in_executor(inside, listening, tuple(place))
        await loop.create_server(partial(Outward, tuple(target)), sock=inner)
    number = await loop.run_in_executor(inside, threading.get_native_id)
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


class Pump(asyncio.Protocol):
    """One end of a connection: what it gets goes to the other end, no faster than that takes it."""

    def __init__(self, other: "asyncio.Transport | None" = None) -> None:
        self.other = other
        self.own: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember it."""
        self.own = as_transport(transport)

    def data_received(self, data: bytes) -> None:
        """Carry it."""
        if self.other is not None:
            self.other.write(data)

    def eof_received(self) -> bool:
        """This end says no more; the other one may still."""
        if self.other is not None and not self.other.is_closing():
            self.other.write_eof()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """Then the other end is closed too, when it has sent what it still holds."""
        if self.other is not None:
            self.other.close()

    def pause_writing(self) -> None:
        """This end is full."""
        if self.other is not None:
            self.other.pause_reading()

    def resume_writing(self) -> None:
        """This end takes more."""
        if self.other is not None and not self.other.is_closing():
            self.other.resume_reading()


class Outward(Pump):
    """A connection from the task to this machine."""

    def __init__(self, target: Address) -> None:
        super().__init__()
        self.target = target

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Connect it, and read nothing before that."""
        super().connection_made(transport)
        as_transport(transport).pause_reading()
        self.connecting = asyncio.ensure_future(self.connect())

    async def connect(self) -> None:
        """Nobody listens: the connection is broken off."""
        own = self.own
        if own is None:
            return
        try:
            self.other = await self.reach(Pump(own))
        except OSError:
            own.abort()
            return
        if own.is_closing():
            self.other.close()
        else:
            own.resume_reading()

    async def reach(self, far: Pump) -> asyncio.Transport:
        """The other end."""
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_connection(lambda: far, *self.target)
        return as_transport(transport)


class Inward(Outward):
    """A connection from this machine to the task."""

    def __init__(self, target: Address, inside: ThreadPoolExecutor) -> None:
        super().__init__(target)
        self.inside = inside

    async def reach(self, far: Pump) -> asyncio.Transport:
        """By a socket that is made in the task's network."""
        loop = asyncio.get_running_loop()
        made = await loop.run_in_executor(self.inside, inner_socket)
        try:
            await loop.sock_connect(made, self.target)
        except OSError:
            made.close()
            raise
        transport, _ = await loop.create_connection(lambda: far, sock=made)
        return as_transport(transport)


def as_transport(transport: asyncio.BaseTransport) -> asyncio.Transport:
    """What a stream's protocol is given."""
    if TYPE_CHECKING:
        transport = cast(asyncio.Transport, transport)
    return transport


if __name__ == "__main__":
    main()
