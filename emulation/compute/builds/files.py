"""Files into and out of a build: patterns, archives."""

import hashlib
import itertools
import os
import re
import shutil
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from emulation.compute.builds.buildspec import Files

EARLIEST = (1980, 1, 1, 0, 0, 0)
"""A zip archive knows no time before."""

SIGNS = "*?["


class FilesError(Exception):
    """What a buildspec names is not there; the words are CodeBuild's."""


@dataclass(frozen=True, slots=True)
class Selected:
    """A file that leaves the build, and its name outside."""

    path: Path
    name: str


def select(source: Path, files: Files) -> list[Selected]:
    """The files that patterns name below a base folder.

    Raises:
        FilesError: the base folder or all of the files are missing.
    """
    found: dict[str, Selected] = {}
    for base in bases(source, files.base):
        for pattern in files.patterns:
            for path in matching(base, pattern, keep_links=files.keep_links):
                name = _name(base, path)
                if not any(fits(name, excluded) for excluded in files.excluded):
                    name = path.name if files.discard_paths else name
                    found[name] = Selected(path, name)
    if not found:
        raise FilesError("no matching artifact paths found")
    return [found[name] for name in sorted(found)]


def bases(source: Path, pattern: str) -> list[Path]:
    """The base folders: a name, or a pattern of names."""
    folder = Path(os.path.normpath(source / pattern))
    if has_signs(pattern):
        found = sorted(path for path in source.glob(pattern) if path.is_dir())
    else:
        found = [folder] if folder.is_dir() else []
    if not found:
        raise FilesError(f"no matching base directory path found for {pattern}")
    return found


def matching(base: Path, pattern: str, *, keep_links: bool) -> Iterator[Path]:
    """The files of a pattern; a folder's name means all that is in it."""
    target = Path(os.path.normpath(base / pattern))
    if target.is_file():
        yield target
        return
    if not has_signs(pattern):
        yield from walk(target, keep_links=keep_links)
        return
    for path in walk(base / plain_part(pattern), keep_links=keep_links):
        if fits(_name(base, path), pattern):
            yield path


def has_signs(pattern: str) -> bool:
    """Whether it is more than a name."""
    return any(sign in pattern for sign in SIGNS)


def plain_part(pattern: str) -> str:
    """The folder that all that fits a pattern is in: environments below others are large."""
    parts = pattern.removeprefix("./").split("/")
    plain = itertools.takewhile(lambda part: not has_signs(part), parts[:-1])
    return "/".join(plain)


def walk(folder: Path, *, keep_links: bool) -> Iterator[Path]:
    """All files below a folder, in order; links are followed, or kept as files."""
    for place, folders, names in os.walk(folder, followlinks=not keep_links):
        folders.sort()
        links = [name for name in folders if keep_links and (Path(place) / name).is_symlink()]
        for name in sorted([*names, *links]):
            path = Path(place) / name
            if path.is_symlink() or path.is_file():
                yield path


def fits(name: str, pattern: str) -> bool:
    """Whether a path fits a pattern with `*`, `**`, `?` and `[...]`; a folder's name fits what is
    in it.
    """
    return _expression(pattern.removeprefix("./")).fullmatch(name) is not None


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    parts = re.split(r"(\*\*/|\*\*|\*|\?|\[[^\]]*\])", pattern)
    words = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    expression = "".join(
        words.get(part, part.replace("[!", "[^") if part.startswith("[") else re.escape(part))
        for part in parts
    )
    return re.compile(f"{expression}(?:/.*)?", re.DOTALL)


def _name(base: Path, path: Path) -> str:
    return path.relative_to(base).as_posix() if path.is_relative_to(base) else path.name


def pack(files: list[Selected], archive: Path, *, keep_links: bool = False) -> None:
    """A zip of files; whether they may be executed stays."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as packed:
        for file in files:
            if keep_links and file.path.is_symlink():
                info = zipfile.ZipInfo(file.name, EARLIEST)
                info.create_system = 3
                info.external_attr = (stat.S_IFLNK | 0o777) << 16
                packed.writestr(info, str(file.path.readlink()))
            elif file.path.exists():
                packed.write(file.path, file.name)


def unpack(archive: Path, folder: Path) -> None:
    """A zip into a folder, with the rights of its files and its links.

    Raises:
        FilesError: it is no zip, or one of its names leaves the folder.
    """
    try:
        with zipfile.ZipFile(archive) as packed:
            for item in packed.infolist():
                _unpack(packed, item, folder)
    except zipfile.BadZipFile as error:
        raise FilesError("zip: not a valid zip file") from error
    except (OSError, RuntimeError) as error:
        raise FilesError(f"zip: {error}") from error


def _unpack(packed: zipfile.ZipFile, item: zipfile.ZipInfo, folder: Path) -> None:
    mode = item.external_attr >> 16
    target = Path(os.path.normpath(folder / item.filename))
    inside = target.parent.resolve().is_relative_to(folder.resolve())
    if not inside or not target.is_relative_to(folder):
        raise FilesError(f"zip: illegal file path: {item.filename}")
    if stat.S_ISLNK(mode):
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(packed.read(item).decode())
        return
    packed.extract(item, folder)
    if mode and not item.is_dir():
        target.chmod(stat.S_IMODE(mode) | 0o600)


def copy(files: list[Selected], folder: Path) -> None:
    """Files under their names in a folder."""
    for file in files:
        target = folder / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file.path, target)


def digests(path: Path) -> tuple[str, str]:
    """The SHA-256 and the MD5 of a file."""
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    with path.open("rb") as file:
        return sha256, hashlib.file_digest(file, "md5").hexdigest()
