"""The root folder that an instance sees: the machine's programs, and everything else its own.

Inside a mount namespace a new root is put together: `/usr` of the machine, read-only, with the
image's commands in its `bin`; `/etc`, `/opt`, `/var`, `/home`, `/root`, `/srv`, `/run` and `/tmp`
from the instance's volume; nothing of the user's files and nothing of this project.
"""

import ctypes
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC = 1, 32, 4096, 16384
MS_NOSUID, MS_NODEV, MS_PRIVATE = 2, 4, 1 << 18

VOLUME = ("etc", "opt", "var", "home", "root", "srv", "mnt", "media", "usr/local")
"""What the root volume keeps between a stop and a start."""

FROM_THE_MACHINE = (
    "alternatives", "ca-certificates", "ca-certificates.conf", "crypto-policies", "gai.conf",
    "group", "host.conf", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime", "login.defs",
    "mime.types", "nsswitch.conf", "passwd", "pki", "protocols", "resolv.conf", "services", "ssl",
    "terminfo", "timezone",
)  # fmt: skip
"""What an image's /etc needs so that the machine's programs run."""

RELEASE = """NAME="Amazon Linux"
VERSION="2023"
ID="amzn"
ID_LIKE="fedora"
VERSION_ID="2023"
PLATFORM_ID="platform:al2023"
PRETTY_NAME="Amazon Linux 2023 (its contract, on the programs of this machine)"
"""

USERS = (("ec2-user:x:1000:1000:EC2 Default User:/home/ec2-user:/bin/bash", "ec2-user:x:1000:"),)


@dataclass(frozen=True, slots=True)
class Image:
    """What is not the machine's: the image's commands, and folders that they need."""

    commands: Path
    folders: Sequence[Path]
    """Seen at the same place, read-only."""
    wheels: Path


def prepare_volume(volume: Path, image: Image, hostname: str) -> None:
    """Lay out a new volume; an existing one is left as the instance left it."""
    for name in (*VOLUME, "tmp"):
        (volume / name).mkdir(parents=True, exist_ok=True)
    (volume / "tmp").chmod(0o1777)
    etc = volume / "etc"
    if (etc / "os-release").exists():
        return
    for name in FROM_THE_MACHINE:
        copy(Path("/etc") / name, etc / name)
    for name in ("systemd/system", "cloud"):
        (etc / name).mkdir(parents=True, exist_ok=True)
    for name in ("log", "lib/cloud/instance", "cache", "tmp", "spool"):
        (volume / "var" / name).mkdir(parents=True, exist_ok=True)
    (volume / "home" / "ec2-user").mkdir(exist_ok=True)
    (etc / "hostname").write_text(f"{hostname}\n")
    (etc / "hosts").write_text(f"127.0.0.1 localhost {hostname}\n::1 localhost\n")
    (etc / "system-release").write_text("Amazon Linux release 2023 (Amazon Linux)\n")
    # Without a network the wheels of the image are what there is.
    (etc / "pip.conf").write_text(f"[global]\nno-index = true\nfind-links = {image.wheels}\n")
    add_users(etc)
    (etc / "os-release").write_text(RELEASE)


def add_users(etc: Path) -> None:
    """The image's own users beside the machine's system users."""
    for passwd, group in USERS:
        name = passwd.partition(":")[0]
        for file, line in ((etc / "passwd", passwd), (etc / "group", group)):
            kept = (
                file.read_text().splitlines()
                if file.exists()
                else ["root:x:0:0:root:/root:/bin/bash"]
            )
            kept = [old for old in kept if ":1000:" not in old and not old.startswith(f"{name}:")]
            file.write_text("\n".join([*kept, line]) + "\n")


def copy(source: Path, target: Path) -> None:
    """Copy what is there and may be read, links as links."""
    if source.is_dir() and not source.is_symlink():
        shutil.copytree(source, target, symlinks=True, ignore=unreadable, dirs_exist_ok=True)
    elif source.is_symlink() and not source.resolve().is_relative_to("/usr"):
        # A link to where the machine's services write, as resolv.conf's.
        if source.exists():
            shutil.copyfile(source, target)
    elif os.access(source, os.R_OK):
        shutil.copy2(source, target, follow_symlinks=False)


def unreadable(folder: str, names: list[str]) -> list[str]:
    """The names that this user may not read: private keys of the machine."""
    return [name for name in names if not os.access(Path(folder) / name, os.R_OK)]


def enter(root: Path, volume: Path, image: Image) -> None:
    """Put the root together at an empty folder and go there for ever."""
    mount("none", Path("/"), flags=MS_REC | MS_PRIVATE)
    mount("tmpfs", root, "tmpfs", MS_NOSUID, "mode=755")
    for entry in sorted(Path("/").iterdir()):
        # /bin, /lib and the like are links into /usr on most systems.
        if entry.is_symlink():
            (root / entry.name).symlink_to(entry.readlink())
        elif entry.name in {"bin", "sbin", "lib", "lib64", "usr"}:
            bind(entry, root / entry.name, read_only=True)
    for name in (*VOLUME, "tmp"):
        # A Python that lives in the machine's /usr/local stays in sight.
        if Path("/", name) not in image.folders:
            bind(volume / name, root / name)
    bind(Path("/usr"), root / ".machine" / "usr", read_only=True)
    for name in ("bin", "sbin"):
        lay_commands(root, name, image.commands)
    for folder in image.folders:
        bind(folder, root / folder.relative_to("/"), read_only=True)
    bind(image.commands, root / ".machine" / "commands", read_only=True)
    for name in ("dev", "sys"):
        bind(Path("/") / name, root / name)
    (root / "proc").mkdir()
    mount("proc", root / "proc", "proc", MS_NOSUID | MS_NODEV)
    (root / "run").mkdir()
    os.chroot(root)
    os.chdir("/")


def lay_commands(root: Path, name: str, commands: Path) -> None:
    """A folder of programs in which the image's come before the machine's of the same name."""
    target = root / "usr" / name
    if target.is_symlink():
        return
    ours = {command.name for command in commands.iterdir()}
    mount("tmpfs", target, "tmpfs", MS_NOSUID, "mode=755")
    for program in (Path("/usr") / name).iterdir():
        if program.name in ours:
            continue
        link = (
            program.readlink()
            if program.is_symlink()
            else Path(f"/.machine/usr/{name}/{program.name}")
        )
        (target / program.name).symlink_to(link)
    for command in ours:
        (target / command).symlink_to(f"/.machine/commands/{command}")


def bind(source: Path, target: Path, *, read_only: bool = False) -> None:
    """Show a folder at another place."""
    target.mkdir(parents=True, exist_ok=True)
    mount(str(source), target, flags=MS_BIND | MS_REC)
    if read_only:
        mount("none", target, flags=MS_REMOUNT | MS_BIND | MS_RDONLY | kept_flags(target))


def kept_flags(target: Path) -> int:
    """A user's namespace may not take back what the machine has set on a mount."""
    found = os.statvfs(target).f_flag
    return found & (os.ST_NOSUID | os.ST_NODEV | os.ST_NOEXEC | os.ST_NOATIME | os.ST_RELATIME)


def mount(source: str, target: Path, kind: str = "", flags: int = 0, options: str = "") -> None:
    """The system's mount(2).

    Raises:
        OSError: it refused.
    """
    system = ctypes.CDLL(None, use_errno=True)
    encoded = [value.encode() or None for value in (source, str(target), kind)]
    if system.mount(*encoded, ctypes.c_ulong(flags), options.encode() or None) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"mount {source} {kind}: {os.strerror(number)}", str(target))
