"""What a build's shell is before it is the shell: it gives itself a machine of its own.

The root is an overlay over this machine's: a build may write everywhere, as in its container, and
nothing of it is there afterwards. The repository that the emulator runs from, its state and the
user's home are not seen. A shell that follows another one of the same build joins its root. Run by
path with `python -I -S`, so it finds our modules itself.
"""

import marshal
import os
import sys
from pathlib import Path
from typing import Any

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
    ROOT,
    SYS_MOUNT_SETATTR,
    checked,
    join,
    mount,
    separate,
)

NEW = f"{ROOT}/root"
KERNEL = ("/proc", "/sys", "/dev")
"""What is mounted at these is shown as it is; other mounts can only be read."""


def main() -> None:
    """Build or join the root and become the command."""
    plan = marshal.loads(bytes.fromhex(sys.argv[1]))
    if plan["namespaces"]:
        join(plan["namespaces"])
    else:
        separate()
        build(plan)
    os.chdir(plan["folder"])
    os.execve(plan["command"][0], plan["command"], plan["environment"])


def build(plan: dict[str, Any]) -> None:
    """The overlay, and on it what is hidden, what is the build's own and what must stay."""
    writable = {target: held(source) for target, source in plan["writable"].items()}
    kept = {path: held(path) for path in plan["kept"]}
    below = [(path, held(path)) for path in mounts() if not path.startswith(ROOT + "/")]
    mount("tmpfs", ROOT, "tmpfs", MS_NOSUID | MS_NODEV, "mode=755")
    for name in ("upper", "work", "root"):
        (Path(ROOT) / name).mkdir()
    options = f"lowerdir=/,upperdir={ROOT}/upper,workdir={ROOT}/work"
    mount("overlay", NEW, "overlay", MS_NOSUID, options)
    for path, source in below:
        place(path, source, read_only=not path.startswith(KERNEL))
    for path in plan["hidden"]:
        Path(NEW + path).mkdir(parents=True, exist_ok=True)
        mount("tmpfs", NEW + path, "tmpfs", MS_NOSUID | MS_NODEV, "size=1m,mode=755")
    for path, source in writable.items():
        place(path, source, read_only=False)
    for path, source in kept.items():
        place(path, source, read_only=True)
    os.chdir(NEW)
    checked(LIBC.pivot_root(b".", b"."), "pivot_root")
    checked(LIBC.umount2(b".", MNT_DETACH), "umount")


def mounts() -> list[str]:
    """Where something is mounted on the root, the outermost only: an overlay does not cross it."""
    found: list[str] = []
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    for path in sorted({line.split()[4] for line in lines} - {"/"}):
        if not any(path.startswith(f"{outer}/") for outer in found):
            found.append(path.encode().decode("unicode_escape"))
    return found


def held(path: str) -> int:
    """A file or folder of the machine, held open: it may be hidden by what is mounted next."""
    return os.open(path, os.O_PATH | os.O_CLOEXEC)


def place(path: str, source: int, *, read_only: bool) -> None:
    """Show a file or folder of the machine at a path of the new root."""
    target, origin = Path(NEW + path), Path(f"/proc/self/fd/{source}")
    if origin.is_dir():
        target.mkdir(parents=True, exist_ok=True)
    elif not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    mount(str(origin), str(target), None, MS_BIND | MS_REC)
    if read_only:
        attributes = MOUNT_ATTR_RDONLY.to_bytes(8, sys.byteorder) + bytes(24)
        done = LIBC.syscall(
            SYS_MOUNT_SETATTR, AT_FDCWD, os.fsencode(target), AT_RECURSIVE, attributes, 32
        )
        checked(done, f"mount_setattr on {path}")


if __name__ == "__main__":
    main()
