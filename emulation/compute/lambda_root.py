"""What a function's process is before it is the function's: it gives itself the folders of Lambda
and then becomes the runtime.

Run by path with `python -I -S`, it imports next to nothing: each function waits for it when it
starts, and `pathlib`, `json` and `typing` take longer than all the rest. In a mount namespace of
its own it builds a root of the machine's folders, read-only, with the bundle at /var/task, the
layers at /opt, the runtime's packages at /var/runtime and a /tmp of the function's size; and
replaces itself by the function's command, so that the process number stays. A process that follows
another one in the same environment joins its namespaces, and so finds its /tmp again, as on AWS.
"""

# ruff: noqa: PTH103, PTH112, PTH114, PTH115, PTH118, PTH120, PTH123, PTH208, PTH211

import ctypes
import marshal
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ROOT = "/tmp"
"""A folder that every machine has, hidden by what is mounted on it."""
REPLACED = ("tmp", "opt", "var")
"""Folders of the machine that a function does not see as they are."""
OWN_BELOW_VAR = ("task", "runtime")

MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000
MS_NOSUID, MS_NODEV = 0x2, 0x4
MNT_DETACH = 2
SYS_MOUNT_SETATTR = 442
AT_FDCWD, AT_RECURSIVE = -100, 0x8000
MOUNT_ATTR_RDONLY = 1

LIBC = ctypes.CDLL(None, use_errno=True)


def main() -> None:
    """Enter the namespaces and become the command."""
    plan = marshal.loads(bytes.fromhex(sys.argv[1]))
    if plan["namespaces"]:
        join(plan["namespaces"])
    else:
        build(plan)
    os.chdir(plan["task"])
    os.execve(plan["command"][0], plan["command"], plan["environment"])


def join(namespaces: list[int]) -> None:
    """Enter those of the process before; the user's first, which gives the right to the other."""
    for namespace in namespaces:
        os.setns(namespace)
        os.close(namespace)


def build(plan: "dict[str, Any]") -> None:
    """A root of its own. What is hidden by it is opened before."""
    separate()
    binds = {target: open_path(source) for target, source in plan["binds"].items()}
    kept = {path: open_path(path) for path in plan["kept"]}
    host = {path: open_path(path) for path in entries("/", REPLACED)}
    below_var = {path: open_path(path) for path in entries("/var", OWN_BELOW_VAR)}
    mount("tmpfs", ROOT, "tmpfs", MS_NOSUID | MS_NODEV, "size=1m,mode=755")
    for path, source in {**host, **below_var, **binds}.items():
        place(path, source)
    for folder in ("tmp", "opt", "var/task", "var/runtime"):
        os.makedirs(f"{ROOT}/{folder}", exist_ok=True)
    read_only()
    size = f"size={plan['storage_mb']}m,mode=1777"
    mount("tmpfs", f"{ROOT}/tmp", "tmpfs", MS_NOSUID | MS_NODEV, size)
    for path, source in kept.items():
        place(path, source)
    os.chdir(ROOT)
    checked(LIBC.pivot_root(b".", b"."), "pivot_root")
    checked(LIBC.umount2(b".", MNT_DETACH), "umount")


def separate(*, as_root: bool = False) -> None:
    """Leave the machine's mounts: nothing that is mounted from now on is seen there. Who may not do
    so, root in most containers among them, may in a user namespace of its own, and is the same user
    there or root.
    """
    user, group = os.geteuid(), os.getegid()
    try:
        os.unshare(os.CLONE_NEWNS)
    except PermissionError:
        os.unshare(os.CLONE_NEWUSER | os.CLONE_NEWNS)
        write("/proc/self/setgroups", "deny")
        write("/proc/self/uid_map", f"{0 if as_root else user} {user} 1")
        write("/proc/self/gid_map", f"{0 if as_root else group} {group} 1")
    mount(None, "/", None, MS_REC | MS_PRIVATE)


def write(path: str, text: str) -> None:
    """Write to a file of the kernel."""
    with open(path, "w") as file:
        file.write(text)


def entries(folder: str, without: tuple[str, ...]) -> list[str]:
    """The paths in a folder of the machine."""
    return [os.path.join(folder, name) for name in os.listdir(folder) if name not in without]


def open_path(path: str) -> int | str:
    """A folder or file, held open; a link, as where it leads."""
    if os.path.islink(path):
        return os.readlink(path)
    return os.open(path, os.O_PATH | os.O_CLOEXEC)


def place(path: str, source: int | str) -> None:
    """Show a folder or file of the machine at a path of the new root."""
    target = ROOT + path
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if isinstance(source, str):
        return os.symlink(source, target)
    held = f"/proc/self/fd/{source}"
    if os.path.isdir(held):
        os.makedirs(target, exist_ok=True)
    else:
        os.close(os.open(target, os.O_CREAT, 0o644))
    return mount(held, target, None, MS_BIND | MS_REC)


def read_only() -> None:
    """Of everything that is mounted below the new root now; devices can still be written to."""
    attributes = MOUNT_ATTR_RDONLY.to_bytes(8, sys.byteorder) + bytes(24)
    done = LIBC.syscall(
        SYS_MOUNT_SETATTR, AT_FDCWD, ROOT.encode(), AT_RECURSIVE, attributes, len(attributes)
    )
    checked(done, "mount_setattr")


def mount(
    source: str | None, target: str, kind: str | None, flags: int, data: str | None = None
) -> None:
    """mount(2)."""
    where = os.fsencode(target)
    words = [os.fsencode(word) if word is not None else None for word in (source, kind, data)]
    checked(LIBC.mount(words[0], where, words[1], flags, words[2]), f"mount on {target}")


def checked(result: int, what: str) -> None:
    """Raise what the C library tells.

    Raises:
        OSError: the call failed.
    """
    if result:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


if __name__ == "__main__":
    main()
