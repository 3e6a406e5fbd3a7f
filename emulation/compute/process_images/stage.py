"""A stage while it is built: its files, its layers, its configuration."""

import os
import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path
from posixpath import join, normpath

from emulation.compute.process_images.image import ImageConfig, ProcessImage
from emulation.compute.process_images.layers import Layer
from emulation.compute.process_images.library import Document
from emulation.compute.process_images.merging import is_whiteout
from emulation.compute.process_images.trees import copy_ownership

LINKS = 40


@dataclass(slots=True)
class Stage:
    """What the instructions of a stage change."""

    name: str
    root: Path
    """Its files, merged; those of the known base are not among them."""
    config: ImageConfig
    base: Path | None
    """The files of the known base."""
    layers: list[Layer] = field(default_factory=list)
    history: list[Document] = field(default_factory=list)
    arguments: dict[str, str] = field(default_factory=dict)
    """The ARGs in scope, with their values."""
    owned_command: bool = False
    """Whether CMD was said here, and not by the base."""
    author: str = ""
    created: str = ""
    """When its last layer was made; the same steps from the cache give the same image."""

    def continued(self, name: str, root: Path) -> "Stage":
        """A stage that begins where this one ended, with a copy of its files."""
        found = replace(self, name=name, root=root, arguments={}, owned_command=False)
        found.layers, found.history = list(self.layers), list(self.history)
        return found

    @property
    def folders(self) -> list[Path]:
        """Where its files are, the uppermost first."""
        return [self.root, *([self.base] if self.base else [])]

    @property
    def visible(self) -> list[Path]:
        """The same, and the machine's, which a known base shows."""
        return [*self.folders, *([Path("/")] if self.base else [])]

    @property
    def image(self) -> ProcessImage:
        """What runs when a command runs now."""
        return ProcessImage("", self.root, self.config, self.base)

    @property
    def variables(self) -> dict[str, str]:
        """What `$name` means: an ENV hides an ARG."""
        return {**self.arguments, **self.config.environment}

    def note(self, text: str, *, layer: bool) -> None:
        """One line of the image's history."""
        entry: Document = {"created": self.created, "created_by": text}
        self.history.append(entry if layer else entry | {"empty_layer": True})

    def resolved(self, path: str) -> str:
        """A path with its links followed, as they lie in this stage's files; absolute."""
        parts = [part for part in normpath(join("/", path)).split("/") if part]
        found, followed = "/", 0
        while parts:
            found = normpath(join(found, parts.pop(0)))
            target = self._link(found)
            if target is not None and followed < LINKS:
                followed += 1
                within = normpath(join("/", join(os.path.dirname(found), target)))  # noqa: PTH120
                parts, found = [*(part for part in within.split("/") if part), *parts], "/"
        return found

    def _link(self, path: str) -> str | None:
        found = self.existing(path)
        return str(found.readlink()) if found is not None and found.is_symlink() else None

    def existing(self, path: str) -> Path | None:
        """What is at a path whose folders are no links."""
        for folder in self.visible:
            found = folder / path.lstrip("/")
            if os.path.lexists(found):
                return None if is_whiteout(found.lstat()) else found
        return None

    def is_folder(self, path: str) -> bool:
        """Whether there is one."""
        found = self.existing(path)
        return found is not None and found.is_dir() and not found.is_symlink()

    def make_parents(self, layer: Path, path: str) -> Path:
        """The place of a path in a layer, with its folders as they are below."""
        folders = [str(parent) for parent in reversed(Path(path).parents)][1:]
        for folder in folders:
            target = layer / folder.lstrip("/")
            if not target.exists():
                target.mkdir()
                found = self.existing(folder)
                if found is not None and found.is_dir():
                    shutil.copymode(found, target)
                    copy_ownership(found.stat(), target)
        return layer / path.lstrip("/")
