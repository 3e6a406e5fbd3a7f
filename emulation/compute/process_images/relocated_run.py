"""RUN on a system that gives a process no root of its own: only what is known to stay inside.

A Dockerfile is written for a machine that is thrown away; here its commands would work on the
user's. So only commands whose effect can be kept in the image's folder are honoured: pip and uv,
with the stand-in's Python, and `mkdir`, `useradd`, `groupadd`, `chmod`, `chown` on paths of the
image. Anything else is refused by its name.
"""

import shlex
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from emulation.compute.process_images import relocated
from emulation.compute.process_images.image import ImageError
from emulation.compute.process_images.running import Container, environment
from emulation.compute.process_images.trees import remove_tree
from emulation.compute.processes import LogSink, Process, ProcessSpec

INSTALLERS = ("pip", "pip3", "uv")
FOLDERS, USERS, GROUPS = ("mkdir",), ("useradd", "adduser"), ("groupadd", "addgroup")
KNOWN = (*INSTALLERS, *FOLDERS, *USERS, *GROUPS, "chmod", "chown", "true")


class NotHonouredError(ImageError):
    """A command that cannot be kept in the image's folder."""


def work(
    container: Container,
    command: Sequence[str],
    start: Callable[[ProcessSpec], Process],
    log: LogSink,
) -> Path:
    """Run the commands one after the other; the folder of what they changed.

    Raises:
        ImageError: one of them is not honoured, or failed.
    """
    lines = commands_of(command)
    relocated.lay(container)
    files = container.folder / "files"
    before = _listing(files)
    for words in lines:
        _run(container, words, start, log)
    changed = container.folder / "changed"
    changed.mkdir()
    for name, seen in _listing(files).items():
        if before.get(name) != seen:
            _take(files / name, changed / name)
    return changed


def commands_of(command: Sequence[str]) -> list[list[str]]:
    """The simple commands that `a && b` runs.

    Raises:
        NotHonouredError: it is more than those, or one is not known.
    """
    if command[0] in KNOWN:
        return [list(command)]
    lexer = shlex.shlex(command[-1], posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    lines: list[list[str]] = [[]]
    for word in lexer:
        if word == "&&":
            lines.append([])
        else:
            lines[-1].append(word)
    for words in lines:
        _check(words)
    return lines


def _check(words: Sequence[str]) -> None:
    marks = set("|;<>()&`$")
    if not words or words[0] not in KNOWN or any(marks & set(word) for word in words):
        known = ", ".join(KNOWN)
        raise NotHonouredError(
            f"RUN {shlex.join(words)} is not emulated on this system, which gives a build no root"
            f" of its own: known are, joined by &&: {known}"
        )


def _run(
    container: Container,
    words: Sequence[str],
    start: Callable[[ProcessSpec], Process],
    log: LogSink,
) -> None:
    files = container.folder / "files"
    if words[0] in FOLDERS:
        _make_folders(container, files, words)
    elif words[0] in USERS:
        _add_user(files, words)
    elif words[0] in GROUPS:
        _append(files, "group", f"{words[-1]}:x:{_number(words, ('--gid', '-g'))}:")
    elif words[0] in INSTALLERS:
        _install(container, words, start, log)


def _install(
    container: Container,
    words: Sequence[str],
    start: Callable[[ProcessSpec], Process],
    log: LogSink,
) -> None:
    python = str(container.folder / "files" / "usr/local/bin/python3")
    command = [python, "-m", "pip", *words[1:]] if words[0] != "uv" else list(words)
    found = shutil.which("uv", path=environment(container).get("PATH"))
    spec = relocated.another(container, command, log)
    if words[0] == "uv":
        own = container.folder / "files" / "usr/local/bin/uv"
        command = [str(own if own.exists() else found or "uv"), *words[1:]]
        spec = relocated.another(container, command, log)
    process = start(spec)
    process.wait()
    if process.exit_code:
        text = shlex.join(words)
        raise ImageError(f"The command '{text}' returned a non-zero code: {process.exit_code}")


def _make_folders(container: Container, files: Path, words: Sequence[str]) -> None:
    base = container.image.config.working_directory
    for word in words[1:]:
        if not word.startswith("-"):
            (files / Path(base, word).as_posix().lstrip("/")).mkdir(parents=True, exist_ok=True)


def _add_user(files: Path, words: Sequence[str]) -> None:
    name, number = words[-1], _number(words, ("--uid", "-u"))
    home = f"/home/{name}"
    _append(files, "passwd", f"{name}:x:{number}:{number}::{home}:/bin/sh")
    _append(files, "group", f"{name}:x:{number}:")
    if {"--create-home", "-m"} & set(words):
        (files / home.lstrip("/")).mkdir(parents=True, exist_ok=True)


def _number(words: Sequence[str], flags: Sequence[str]) -> str:
    for flag in flags:
        if flag in words:
            return words[words.index(flag) + 1]
    return "1000"


def _append(files: Path, name: str, line: str) -> None:
    path = files / "etc" / name
    path.write_text(f"{path.read_text()}{line}\n")


def _listing(files: Path) -> dict[str, tuple[int, ...]]:
    return {path.relative_to(files).as_posix(): _seen(path) for path in files.rglob("*")}


def _seen(path: Path) -> tuple[int, ...]:
    found = path.lstat()
    folder = path.is_dir() and not path.is_symlink()
    return (found.st_mode,) if folder else (found.st_mode, found.st_size, found.st_mtime_ns)


def _take(path: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir() and not path.is_symlink():
        target.mkdir(exist_ok=True)
        shutil.copystat(path, target)
    else:
        remove_tree(target)
        shutil.copy2(path, target, follow_symlinks=False)
