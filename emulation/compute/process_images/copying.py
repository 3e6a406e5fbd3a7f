"""COPY and ADD: files into a layer.

As the Dockerfile reference has it: a folder's content is copied and not the folder, a target that
ends with a slash or is a folder gets files by their names, what is copied belongs to root unless
`--chown` says otherwise. Owners are recorded in the image also where nobody may give files away.
"""

import hashlib
import os
import shutil
import stat
import tarfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from posixpath import basename, join

from emulation.compute.process_images.accounts import account
from emulation.compute.process_images.blobs import pieces
from emulation.compute.process_images.context import Entry, Tree
from emulation.compute.process_images.dockerfile import Instruction
from emulation.compute.process_images.image import ImageError
from emulation.compute.process_images.settings_steps import Words
from emulation.compute.process_images.stage import Stage
from emulation.compute.process_images.words import WordError

REMOTE = ("http://", "https://", "git@", "ssh://", "git://")
INLINE_MODE = 0o644


@dataclass(slots=True)
class Copy:
    """One COPY or ADD, read; what it does to a layer is `write`."""

    stage: Stage
    tree: Tree
    sources: Sequence[str]
    """Paths in the tree, matched."""
    inline: Sequence[tuple[str, str]]
    """Files of the Dockerfile itself: their names and texts."""
    target: str
    """Absolute."""
    as_folder: bool
    owner: tuple[int, int]
    mode: int | None
    unpacks: bool
    owners: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Of the layer's files, once they are written."""

    def fingerprint(self) -> str:
        """Changes when what is copied changes; not with its times."""
        found = hashlib.sha256(repr((self.target, self.as_folder, self.owner, self.mode)).encode())
        for name, text in self.inline:
            found.update(repr((name, text)).encode())
        for source in self.sources:
            for entry in self._entries(source):
                found.update(repr((source, entry.name, summary(entry.path))).encode())
        return found.hexdigest()

    def write(self, layer: Path) -> None:
        """Copy into a layer's folder."""
        for name, text in self.inline:
            place = self._place(layer, self._file_target(name))
            place.write_text(text)
            place.chmod(self.mode or INLINE_MODE)
            self._own(layer, place)
        for source in self.sources:
            self._copy(layer, source)

    def _copy(self, layer: Path, source: str) -> None:
        top = self.tree.entry(source)
        if self.unpacks and _is_archive(top.path):
            self._unpack(layer, top.path)
            return
        target = self.target if top.is_folder else self._file_target(basename(source))
        for entry in self._entries(source):
            self._copy_entry(layer, entry, join(target, entry.name) if entry.name else target)

    def _entries(self, source: str) -> Iterator[Entry]:
        top = self.tree.entry(source)
        yield top
        if top.is_folder:
            yield from self.tree.below(source)

    def _file_target(self, name: str) -> str:
        folder = self.as_folder or self.stage.is_folder(self.stage.resolved(self.target))
        return join(self.target, name) if folder else self.target

    def _copy_entry(self, layer: Path, entry: Entry, target: str) -> None:
        place = self._place(layer, target)
        if entry.is_folder:
            if not place.exists() and not self.stage.is_folder(self.stage.resolved(target)):
                place.mkdir()
                shutil.copystat(entry.path, place)
                self._own(layer, place)
            return
        if entry.path.is_symlink():
            place.unlink(missing_ok=True)
            place.symlink_to(entry.path.readlink())
        else:
            shutil.copy2(entry.path, place)
        self._own(layer, place)

    def _place(self, layer: Path, target: str) -> Path:
        parent, name = os.path.split(target)
        resolved = join(self.stage.resolved(parent), name)
        if self.stage.is_folder(self.stage.resolved(resolved)):
            resolved = self.stage.resolved(resolved)
        place = self.stage.make_parents(layer, resolved)
        self._own_new(layer, place)
        return place

    def _own_new(self, layer: Path, place: Path) -> None:
        """Folders that were not there before belong to whom the files belong."""
        for folder in place.relative_to(layer).parents:
            new = str(folder) != "." and not self.stage.is_folder(f"/{folder}")
            if new and str(folder) not in self.owners:
                self._own(layer, layer / folder, mode=False)

    def _own(self, layer: Path, place: Path, *, mode: bool = True) -> None:
        if self.mode is not None and mode and not place.is_symlink():
            place.chmod(self.mode)
        self.owners[place.relative_to(layer).as_posix()] = self.owner
        if os.geteuid() == 0:
            kept = place.lstat().st_mode
            os.chown(place, *self.owner, follow_symlinks=False)
            if not stat.S_ISLNK(kept):
                # The system takes these bits away with the owner.
                place.chmod(stat.S_IMODE(kept))

    def _unpack(self, layer: Path, archive: Path) -> None:
        folder = self._place(layer, join(self.target, "."))
        folder.mkdir(parents=True, exist_ok=True)
        with tarfile.open(archive) as opened:
            opened.extractall(folder, filter="tar", numeric_owner=True)


def read_copy(
    stage: Stage, item: Instruction, words: Words, tree: Tree, say: Callable[[str], None]
) -> Copy:
    """What a COPY or ADD means.

    Raises:
        ImageError: it cannot be honoured.
    """
    *given, target = _arguments(item, words)
    docs = {f"<<{doc.name}": doc for doc in item.heredocs}
    inline = []
    plain = []
    for source in given:
        doc = docs.get(source.replace("-", "").replace('"', "").replace("'", ""))
        if doc is None:
            plain.append(source)
        else:
            inline.append((doc.name, doc.text if doc.literal else words.expand_text(doc.text)))
    _refuse_remote(item.name, plain)
    matched = [path for source in plain for path in tree.matches(source)]
    folder = target.endswith("/") or target in {".", ".."} or target.endswith(("/.", "/.."))
    if len(matched) + len(inline) > 1 and not folder:
        raise ImageError(
            f"When using {item.name} with more than one source file, the destination must be a"
            " directory and end with a /"
        )
    if item.flag("link"):
        say(" ---> --link makes no difference here")
    absolute = stage.resolved(join(stage.config.working_directory, target))
    owner = _owner(stage, words.expand(item.flag("chown")))
    mode = _mode(words.expand(item.flag("chmod")))
    return Copy(
        stage, tree, matched, inline, absolute, folder, owner, mode, unpacks=item.name == "ADD"
    )


def _arguments(item: Instruction, words: Words) -> list[str]:
    found = words.split(item.value)
    if len(found) < 2:
        raise WordError(f"{item.name} requires at least two arguments, but only one was provided")
    return found


def _refuse_remote(name: str, sources: Sequence[str]) -> None:
    for source in sources:
        if source.startswith(REMOTE) or source.endswith(".git"):
            raise ImageError(f"{name} of an address is not emulated: {source}")


def _owner(stage: Stage, text: str) -> tuple[int, int]:
    if not text:
        return 0, 0
    found = account(text, *stage.folders)
    # A user without a group has the group of the same number.
    group = found.group if ":" in text or not text.isdigit() else int(text)
    return found.user, group


def _mode(text: str) -> int | None:
    if not text:
        return None
    if not text.isdigit() or not set(text) <= set("01234567"):
        raise WordError(f"--chmod={text} is not emulated: octal numbers are")
    return int(text, 8)


def summary(path: Path) -> tuple[object, ...]:
    """What a file, folder or link is, without its times."""
    found = path.lstat()
    if stat.S_ISLNK(found.st_mode):
        return "link", str(path.readlink())
    if stat.S_ISREG(found.st_mode):
        digest = hashlib.sha256()
        with path.open("rb") as file:
            for piece in pieces(file):
                digest.update(piece)
        return "file", stat.S_IMODE(found.st_mode), digest.hexdigest()
    return "folder", stat.S_IMODE(found.st_mode)


def _is_archive(path: Path) -> bool:
    return path.is_file() and path.stat().st_size > 0 and tarfile.is_tarfile(path)
