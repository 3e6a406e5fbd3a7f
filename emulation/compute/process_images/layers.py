"""Layers: a folder of what one step changed, and the archive of it that registries keep.

A folder is as the OCI specification has a layer (`layer.md`): what a step removed is an empty file
`.wh.NAME`, a folder whose former content is gone has `.wh..wh..opq`. Archives are tar, packed with
gzip; the same files give the same archive, so the same digest.
"""

import gzip
import hashlib
import os
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

from emulation.compute.process_images.blobs import Blobs, pieces
from emulation.compute.process_images.image import ImageError

GONE = ".wh."
EMPTIED = ".wh..wh..opq"
LEVEL = 1
"""Of gzip: packages of Python are packed within seconds, and only this machine keeps them."""

Owners = Mapping[str, tuple[int, int]]
"""Users and groups of the files that do not belong to root, by their path in the layer."""


class LayerError(ImageError):
    """An archive is no layer that can be unpacked here."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer: `diff_id` is the digest of the archive before it is packed, `digest` and `size` (in
    bytes) are of what is packed.
    """

    diff_id: str
    digest: str
    size: int


class _Writable(Protocol):
    def write(self, data: bytes, /) -> Any: ...


class _Hashing:
    """A file that knows the digest of what went through it."""

    def __init__(self, file: _Writable) -> None:
        self._file = file
        self._hash = hashlib.sha256()

    def write(self, data: bytes) -> int:
        self._hash.update(data)
        self._file.write(data)
        return len(data)

    def flush(self) -> None:
        """gzip asks for it."""

    @property
    def digest(self) -> str:
        return f"sha256:{self._hash.hexdigest()}"


def pack(folder: Path, blobs: Blobs, owners: Owners | None = None) -> Layer:
    """The archive of a layer's folder, among the blobs."""
    new = blobs.new_file()
    with new.open("wb") as file:
        packed = _Hashing(file)
        with gzip.GzipFile("", "wb", LEVEL, packed, mtime=0) as zipped:
            plain = _Hashing(zipped)
            _write(folder, plain, owners or {})
    size = new.stat().st_size
    blobs.adopt(new, packed.digest)
    return Layer(plain.digest, packed.digest, size)


def _write(folder: Path, file: _Hashing, owners: Owners) -> None:
    with tarfile.open(fileobj=file, mode="w|", format=tarfile.PAX_FORMAT) as archive:  # type: ignore[call-overload]
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder).as_posix()
            member = archive.gettarinfo(path, name)
            if member is None:
                continue
            _own(member, owners.get(name))
            if member.isreg():
                with path.open("rb") as content:
                    archive.addfile(member, content)
            else:
                archive.addfile(member)


def _own(member: tarfile.TarInfo, owner: tuple[int, int] | None) -> None:
    """Names of owners are this machine's; whoever builds without being root is root inside."""
    member.uname = member.gname = ""
    member.mtime = int(member.mtime)
    if owner is not None:
        member.uid, member.gid = owner
    elif os.geteuid() != 0:
        member.uid = member.gid = 0


def unpack(blob: Path, diff_id: str, folder: Path) -> None:
    """Unpack an archive into an empty folder.

    Raises:
        LayerError: it is damaged, not what its image says, or of a kind that nobody unpacks here.
    """
    with blob.open("rb") as file:
        plain = _Reading(_unzipped(file))
        try:
            with tarfile.open(fileobj=plain, mode="r|") as archive:  # type: ignore[call-overload]
                for member in archive:
                    _extract(archive, member, folder)
            for _ in pieces(plain):  # type: ignore[arg-type]
                pass
        except (tarfile.TarError, EOFError, OSError) as error:
            raise LayerError(f"failed to extract layer: {error}") from error
    if plain.digest != diff_id:
        raise LayerError(f"wrong diff id calculated on extraction {plain.digest}, not {diff_id}")


class _Reading:
    """A file that is read, and the digest of it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._hash = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self._hash.update(data)
        return data

    @property
    def digest(self) -> str:
        return f"sha256:{self._hash.hexdigest()}"


def _unzipped(file: IO[bytes]) -> IO[bytes]:
    start = file.read(4)
    file.seek(0)
    if start == b"\x28\xb5\x2f\xfd":
        raise LayerError("layers that are packed with zstd are not emulated")
    return gzip.GzipFile(fileobj=file) if start[:2] == b"\x1f\x8b" else file  # type: ignore[return-value]


def _extract(archive: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    name = os.path.normpath(member.name).lstrip("/")
    if name == ".":
        return
    if name.split("/")[0] == ".." or _through_link(folder, name):
        raise LayerError(f"{member.name} leads out of the layer")
    if member.isdev():
        # A container has its own devices.
        return
    if member.islnk() and _through_link(folder, os.path.normpath(member.linkname).lstrip("/")):
        raise LayerError(f"{member.name} leads out of the layer")
    found = member.replace(name=name, uname="", gname="", deep=False)
    target = folder / name
    if target.is_symlink() or (target.exists() and not (member.isdir() and target.is_dir())):
        target.unlink()
    archive.extract(found, folder, numeric_owner=True, filter="fully_trusted")


def _through_link(folder: Path, name: str) -> bool:
    parents = list(Path(name).parents)[:-1]
    return ".." in Path(name).parts or any((folder / parent).is_symlink() for parent in parents)
