"""Users and groups of an image: who `USER`, `--chown` and a container's user are, in numbers."""

from dataclasses import dataclass
from pathlib import Path

from emulation.compute.process_images.image import ImageError


@dataclass(frozen=True, slots=True)
class Account:
    """A user in numbers, and where it lives."""

    user: int
    group: int
    groups: tuple[int, ...] = ()
    home: str = "/"


ROOT = Account(0, 0, (0,), "/root")


def account(text: str, *roots: Path) -> Account:
    """The account of `name`, `uid`, `name:group`, `uid:gid`; empty is root. The first of the roots
    that has the files knows.

    Raises:
        ImageError: nobody there has the name; the words are those of a container's runtime.
    """
    name, _, group = text.partition(":")
    found = _user(name or "0", roots)
    if not group:
        return found
    return Account(found.user, _group(group, roots), found.groups, found.home)


def _user(name: str, roots: tuple[Path, ...]) -> Account:
    for fields in _entries("passwd", roots):
        if len(fields) >= 6 and name in (fields[0], fields[2]):
            user, group, home = int(fields[2]), int(fields[3]), fields[5] or "/"
            return Account(user, group, (group, *_memberships(fields[0], roots)), home)
    if name.isdigit():
        return Account(int(name), 0, (0,), "/root" if name == "0" else "/")
    raise ImageError(f"unable to find user {name}: no matching entries in passwd file")


def _group(name: str, roots: tuple[Path, ...]) -> int:
    for fields in _entries("group", roots):
        if len(fields) >= 3 and name in (fields[0], fields[2]):
            return int(fields[2])
    if name.isdigit():
        return int(name)
    raise ImageError(f"unable to find group {name}: no matching entries in group file")


def _memberships(name: str, roots: tuple[Path, ...]) -> list[int]:
    return [
        int(fields[2])
        for fields in _entries("group", roots)
        if len(fields) >= 4 and name in fields[3].split(",")
    ]


def _entries(file: str, roots: tuple[Path, ...]) -> list[list[str]]:
    for root in roots:
        path = root / "etc" / file
        if path.is_file():
            lines = path.read_text(errors="replace").splitlines()
            return [line.split(":") for line in lines if line]
    return []
