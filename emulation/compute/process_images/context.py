"""Where COPY and ADD take files from: the build's context, a stage before, another image."""

import os
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from emulation.compute.process_images.image import ImageError
from emulation.compute.process_images.merging import is_whiteout
from emulation.compute.process_images.patterns import Ignored, has_wildcard, regex


class SourceError(ImageError):
    """A source is not there."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file, folder or link of a source; `name` is its path below what is copied, empty for what
    is named itself.
    """

    path: Path
    name: str

    @property
    def is_folder(self) -> bool:
        """Whether it is one, and not a link to one."""
        return self.path.is_dir() and not self.path.is_symlink()


class Tree:
    """Files of one or more folders, the first of which hides the others."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = folders

    def matches(self, source: str) -> list[str]:
        """The paths that a source names, in order.

        Raises:
            SourceError: none.
        """
        name = os.path.normpath(f"/{source}").lstrip("/")
        if has_wildcard(name):
            pattern = regex(name, deep=False)
            found = sorted(one.name for one in self._walk("", "") if pattern.fullmatch(one.name))
        else:
            found = [name] if self._find(name) is not None else []
        if not found:
            raise SourceError(
                f"file not found in build context or excluded by .dockerignore: stat {source}:"
                " file does not exist"
            )
        return found

    def entry(self, name: str) -> Entry:
        """What is at a path that was matched; a link that is named itself is followed."""
        path = self._find(name)
        for _ in range(40):
            if path is None or not path.is_symlink():
                break
            name = os.path.normpath(f"/{Path(name).parent}/{path.readlink()}").lstrip("/")
            path = self._find(name)
        if path is None:
            raise SourceError(f"stat {name}: file does not exist")
        return Entry(path, "")

    def below(self, name: str) -> Iterator[Entry]:
        """Everything in a folder, folders before what is in them."""
        seen = set()
        for entry in self._walk(name, ""):
            if entry.name not in seen:
                seen.add(entry.name)
                yield entry

    def _find(self, name: str) -> Path | None:
        for folder in self._folders:
            path = folder / name
            if os.path.lexists(path):
                return None if is_whiteout(path.lstat()) else path
        return None

    def _walk(self, top: str, name: str) -> Iterator[Entry]:
        for folder in self._folders:
            place = folder / top / name
            for path in sorted(place.iterdir()) if place.is_dir() else ():
                below = f"{name}/{path.name}".lstrip("/")
                if not is_whiteout(path.lstat()):
                    yield Entry(path, below)
                if path.is_dir() and not path.is_symlink():
                    yield from self._walk(top, below)


def unpack(stream: IO[bytes], folder: Path) -> None:
    """Write a context that comes as an archive, packed or not.

    Raises:
        tarfile.TarError: it is none, or it ends within a file.
    """
    with tarfile.open(fileobj=stream, mode="r|*") as archive:
        archive.extractall(folder, _members(archive), filter=_with_modes)


def _members(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """Up to the end, padded or not: docker pads nothing after what it adds to a context, as the
    Dockerfile that lies outside of it.
    """
    while (member := _next(archive)) is not None:
        yield member


def _next(archive: tarfile.TarFile) -> tarfile.TarInfo | None:
    try:
        return archive.next()
    except tarfile.ReadError:
        if archive.offset == 0:
            raise
        return None


def _with_modes(member: tarfile.TarInfo, path: str) -> tarfile.TarInfo | None:
    """What stays inside of the context, with its modes as they are."""
    return tarfile.tar_filter(member, path).replace(mode=member.mode, deep=False)


def prune(context: Path, dockerfile: str) -> None:
    """Remove from a context what `.dockerignore`, or the file beside the Dockerfile that has its
    name, leaves out.
    """
    for name in (f"{dockerfile}.dockerignore", ".dockerignore"):
        if (context / name).is_file():
            _prune(context, Ignored((context / name).read_text(errors="replace").splitlines()))
            return


def _prune(context: Path, ignored: Ignored) -> None:
    for folder, names, files in os.walk(context, topdown=False):
        for name in [*files, *names]:
            path = Path(folder) / name
            if not ignored(path.relative_to(context).as_posix()):
                continue
            if not path.is_dir() or path.is_symlink():
                path.unlink()
            elif not any(path.iterdir()):
                path.rmdir()
