"""What a container's process is before it is the program: it gives itself the image's root.

The root is an overlay: what the container writes, the image's files, the files of the known base.
Where the image stands on a known base, more overlays lie on it, with the machine's folders below:
/usr without /usr/local, and of /etc what programs need. An image that brings everything itself gets
nothing of the machine. Devices are the harmless ones. A second process of a container (a health
check) joins the root of the first.

Run by path with `python -I -S`, so it finds our modules itself.
"""

# ruff: noqa: PTH102, PTH103, PTH112, PTH114, PTH115, PTH118, PTH120, PTH208, PTH211

import contextlib
import errno
import marshal
import os
import socket
import stat
import sys
from pathlib import Path
from typing import Any, Never

sys.path.append(str(Path(__file__).parents[3]))

from emulation.compute.lambda_root import (
    AT_FDCWD,
    AT_RECURSIVE,
    LIBC,
    MNT_DETACH,
    MOUNT_ATTR_RDONLY,
    MS_BIND,
    MS_NODEV,
    MS_NOSUID,
    MS_REC,
    SYS_MOUNT_SETATTR,
    checked,
    mount,
    separate,
)

STAGE = "/tmp"
"""A folder that every machine has, hidden by what is mounted on it."""
NEW = f"{STAGE}/root"

MACHINE: dict[str, set[str] | None] = {
    **dict.fromkeys(("bin", "sbin", "lib", "lib32", "lib64", "libx32")),
    "usr": None,
    "var/lib/dpkg": None,
    "var/lib/apt": None,
    "etc": {
        "alternatives",
        "apt",
        "ca-certificates",
        "ca-certificates.conf",
        "debian_version",
        "dpkg",
        "ld.so.cache",
        "ld.so.conf",
        "ld.so.conf.d",
        "localtime",
        "login.defs",
        "nsswitch.conf",
        "os-release",
        "pam.conf",
        "pam.d",
        "pki",
        "protocols",
        "security",
        "services",
        "ssl",
        "timezone",
    },
}
"""What of the machine an image on a known base sees, and of a folder only these; whatever else is
in it is not there. Accounts, for one, are the base's: a layer must not carry those of the machine
away.
"""
HIDDEN = {"usr": {"local"}, "var/lib/dpkg": {"statoverride"}}
"""What of it is not seen: the image's own, and owners of files who have no account in it."""
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
LINKS = {
    "fd": "/proc/self/fd",
    "stdin": "/proc/self/fd/0",
    "stdout": "/proc/self/fd/1",
    "stderr": "/proc/self/fd/2",
}
NOT_FOUND, NOT_STARTED = 127, 126
TELL = "PROCESS_IMAGES_TELL"
"""In the environment of this program, not of the container's: the descriptor at which somebody
wants to be told why the command cannot be started; empty if nobody does. It closes when the
command has begun.
"""
JOINED = ("user", "mnt", "net", "uts")


def main() -> None:
    """Build or join the root and become the command."""
    plan = marshal.loads(bytes.fromhex(sys.argv[1]))
    if plan["joined"]:
        join(plan["joined"])
    else:
        for number in plan["namespaces"]:
            os.setns(number)
            os.close(number)
        separate(as_root=True)
        name(plan["hostname"])
        build(plan)
    start(plan)


def join(pid: int) -> None:
    """Enter the namespaces of a process of the same container, the user's first."""
    folder = f"/proc/{pid}/ns"
    numbers = [
        os.open(f"{folder}/{kind}", os.O_RDONLY)
        for kind in JOINED
        if os.readlink(f"{folder}/{kind}") != os.readlink(f"/proc/self/ns/{kind}")
    ]
    for number in numbers:
        os.setns(number)
        os.close(number)


def name(hostname: str) -> None:
    """The container's own name, where it has one."""
    if hostname:
        os.unshare(os.CLONE_NEWUTS)
        socket.sethostname(hostname)


def build(plan: dict[str, Any]) -> None:
    """Mount the root and what is shown in it, and enter it."""
    binds = [(target, held(source), only) for target, source, only in plan["binds"]]
    devices = {device: held(f"/dev/{device}") for device in DEVICES}
    kernel = {path: held(path) for path in ("/proc", "/sys")}
    layers = [held(path) for path in plan["lower"]]
    upper, work = held(plan["upper"]), held(plan["work"])
    machine = {
        path: (held(f"/{path}"), held(over), held(spare)) for path, over, spare in plan["machine"]
    }
    mount("tmpfs", STAGE, "tmpfs", MS_NOSUID | MS_NODEV, "mode=755")
    os.mkdir(NEW)
    overlay(NEW, [link(layer) for layer in layers], upper, work)
    for path, (source, over, spare) in machine.items():
        below = [f"{link(layer)}/{path}" for layer in layers]
        seen = [*filter(os.path.isdir, below), mask(path, link(source)), link(source)]
        overlay(f"{NEW}/{path}", seen, over, spare)
    for path, source in kernel.items():
        place(path, source, read_only=path == "/sys")
    lay_devices(devices)
    for target, source, only in binds:
        place(target, source, read_only=only)
    if plan["read_only"]:
        # What is mounted in it stays as it is.
        for path in (NEW, *(f"{NEW}/{name}" for name in machine)):
            set_read_only(path, recursive=False)
    os.chdir(NEW)
    checked(LIBC.pivot_root(b".", b"."), "pivot_root")
    checked(LIBC.umount2(b".", MNT_DETACH), "umount")


def overlay(target: str, lower: list[str], upper: int, work: int) -> None:
    """Mount an overlay; attributes of users, for who is not root may set no others."""
    options = f"lowerdir={':'.join(lower)},upperdir={link(upper)},workdir={link(work)},userxattr"
    mount("overlay", target, "overlay", 0, options)


def mask(path: str, folder: str) -> str:
    """A layer that hides what an image does not see of a folder of the machine."""
    target = f"{STAGE}/masks/{path}"
    os.makedirs(target)
    kept = MACHINE[path]
    for entry in os.listdir(folder):
        if entry in HIDDEN.get(path, set()) or (kept is not None and entry not in kept):
            os.mknod(f"{target}/{entry}", stat.S_IFCHR, 0)
    return target


def lay_devices(devices: dict[str, int]) -> None:
    """The harmless ones, and shared memory."""
    target = f"{NEW}/dev"
    os.makedirs(target, exist_ok=True)
    mount("tmpfs", target, "tmpfs", MS_NOSUID, "size=1m,mode=755")
    for device, source in devices.items():
        place(f"/dev/{device}", source, read_only=False)
    for entry, where in LINKS.items():
        os.symlink(where, f"{target}/{entry}")
    os.mkdir(f"{target}/shm")
    mount("tmpfs", f"{target}/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777")


def held(path: str) -> int:
    """A file or folder of the machine, held open: it may be hidden by what is mounted next."""
    return os.open(path, os.O_PATH | os.O_CLOEXEC)


def link(number: int) -> str:
    """A path of what is held: short, for all options of a mount fit into one page."""
    return f"/proc/self/fd/{number}"


def place(path: str, source: int, *, read_only: bool) -> None:
    """Show a file or folder of the machine at a path of the new root."""
    target = inside(path)
    if os.path.isdir(link(source)):
        os.makedirs(target, exist_ok=True)
    elif not os.path.lexists(target):
        os.makedirs(os.path.dirname(target), exist_ok=True)
        os.close(os.open(target, os.O_CREAT, 0o644))
    mount(link(source), target, None, MS_BIND | MS_REC)
    if read_only:
        set_read_only(target, recursive=True)


def inside(path: str) -> str:
    """Where a path of the new root is now; a link in it leads nowhere else than there."""
    found = NEW
    for part in Path(os.path.normpath(path)).parts[1:]:
        found = os.path.join(found, part)
        for _ in range(40):
            if not os.path.islink(found):
                break
            where = os.readlink(found)
            within = os.path.join(os.path.dirname(found).removeprefix(NEW) or "/", where)
            found = NEW + os.path.normpath(within)
    return found


def set_read_only(target: str, *, recursive: bool) -> None:
    """Of what is mounted at a path."""
    attributes = MOUNT_ATTR_RDONLY.to_bytes(8, sys.byteorder) + bytes(24)
    flags = AT_RECURSIVE if recursive else 0
    done = LIBC.syscall(
        SYS_MOUNT_SETATTR, AT_FDCWD, os.fsencode(target), flags, attributes, len(attributes)
    )
    checked(done, f"mount_setattr on {target}")


def start(plan: dict[str, Any]) -> Never:
    """Become the program, as its user and in its folder, with the words of a container's runtime
    when it cannot be started.
    """
    user, group, groups = plan["user"]
    folder = plan["folder"]
    os.makedirs(folder, exist_ok=True)
    if os.geteuid() == 0 and user is not None:
        with contextlib.suppress(PermissionError):
            # A namespace of a user who is not root knows no other users.
            os.setgroups(groups)
            os.setgid(group)
            os.setuid(user)
    program, *_ = command = plan["command"]
    told = int(os.environ.get(TELL) or 2)
    if told > 2:
        os.set_inheritable(told, False)
    try:
        os.chdir(folder)
        os.execvpe(program, command, plan["environment"])
    except OSError as error:
        reason = os.strerror(error.errno or 0).lower()
        if error.errno in {errno.ENOENT, errno.ENOTDIR}:
            absolute = "/" in program
            reason = f"stat {program}: {reason}" if absolute else NOT_IN_PATH
        os.write(told, f'exec: "{program}": {reason}\n'.encode())
        os._exit(NOT_FOUND if error.errno == errno.ENOENT else NOT_STARTED)


NOT_IN_PATH = "executable file not found in $PATH"


if __name__ == "__main__":
    main()
