"""A container without a root of its own: a copy of the image's files, to which paths lead.

What a program is told by its command, environment or working folder is rewritten; what is written
into it is not.
"""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from emulation.compute.process_images.image import DEFAULT_PATH, ImageConfig, ImageError
from emulation.compute.processes import Limits, LogSink, ProcessSpec

if TYPE_CHECKING:
    from emulation.compute.process_images.running import Container


def argv(
    config: ImageConfig, entrypoint: Sequence[str] | None, command: Sequence[str] | None
) -> list[str]:
    """What runs: an entrypoint that is given drops the image's command."""
    if entrypoint:
        words = [*entrypoint, *(command or ())]
    else:
        words = [*config.entrypoint, *(config.command if command is None else command)]
    if not words:
        raise ImageError("no command specified")
    return words


def process(
    container: "Container",
    command: Sequence[str],
    log: LogSink | None,
    limits: Limits,
    grace_seconds: float,
) -> ProcessSpec:
    """The container's first process, in a copy of its own."""
    lay(container)
    return _spec(container, container.name, command, log, limits, grace_seconds)


def another(container: "Container", command: Sequence[str], log: LogSink | None) -> ProcessSpec:
    """A process beside the first."""
    return _spec(container, f"{container.name}-inside", command, log, Limits(), 10.0)


def lay(container: "Container") -> None:
    """The files of the base and of the image, copied where the container may write to them."""
    files = container.folder / "files"
    if files.exists():
        return
    if container.image.base is None:
        raise ImageError(
            "an image that brings its own system needs a system that gives a container a root of"
            " its own, which this one does not"
        )
    for source in (container.image.base, container.image.root):
        shutil.copytree(source, files, symlinks=True, dirs_exist_ok=True)
    for name in ("tmp", "root"):
        (files / name).mkdir(exist_ok=True)
    for script in files.rglob("bin/*"):
        rewrite_first_line(script, "/", f"{files}/", files)


def rewrite_first_line(script: Path, before: str, after: str, files: Path) -> None:
    """Let a script name its interpreter where it lies: among the image's files, or as the image has
    it. What is not among the files is the machine's.
    """
    if script.is_symlink() or not script.is_file():
        return
    with script.open("rb") as file:
        start = file.readline(1000)
    program = start.removeprefix(b"#!").split(b" ")[0].strip().decode(errors="replace")
    inside = program.removeprefix(str(files)).lstrip("/")
    if not start.startswith(b"#!") or not os.path.lexists(files / inside):
        return
    rest = script.read_bytes()[len(start) :]
    line = start.replace(b"#!" + before.encode(), b"#!" + after.encode(), 1)
    script.write_bytes(line + rest)


def _spec(
    container: "Container",
    name: str,
    command: Sequence[str],
    log: LogSink | None,
    limits: Limits,
    grace_seconds: float,
) -> ProcessSpec:
    from emulation.compute.process_images.running import environment

    files = container.folder / "files"
    mounts = {path: one.source for path, one in container.mounts.items()}
    here = Paths(files, mounts)
    variables = {name: here.text(value) for name, value in environment(container).items()}
    own = variables.get("PATH", DEFAULT_PATH)
    folder = here.path(container.working_directory or container.image.config.working_directory)
    folder.mkdir(parents=True, exist_ok=True)
    words = [here.text(word) for word in command]
    program = shutil.which(words[0], path=own) or words[0]
    variables |= {"PATH": f"{own}:{DEFAULT_PATH}", "TMPDIR": str(files / "tmp")}
    return ProcessSpec(name, [program, *words[1:]], variables, folder, limits, log, grace_seconds)


class Paths:
    """Where a container's paths are on this machine."""

    def __init__(self, files: Path, mounts: dict[str, Path]) -> None:
        self._files = files
        self._mounts = mounts

    def path(self, path: str) -> Path:
        """Where a path of the container is."""
        for target, source in self._mounts.items():
            if path == target or path.startswith(f"{target}/"):
                return source / path.removeprefix(target).lstrip("/")
        return self._files / path.lstrip("/")

    def text(self, text: str) -> str:
        """A word of a command or a variable: each part between colons that is a path which the
        image has, or that begins in one of its folders.
        """
        if "://" in text:
            return text
        return ":".join(self._part(part) for part in text.split(":"))

    def _part(self, part: str) -> str:
        name, sign, value = part.rpartition("=")
        if not value.startswith("/") or value == "/":
            return part
        found = self.path(value)
        known = found.exists() or found.parent.exists()
        return f"{name}{sign}{found}" if known else part
