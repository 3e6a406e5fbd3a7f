"""RUN on a system that gives a process no root of its own: only what is known to stay inside.

A Dockerfile is written for a machine that is thrown away; here its commands would work on the
user's. So only commands whose effect can be kept in the image's folder are honoured: pip and uv,
with the stand-in's Python, and `mkdir`, `useradd`, `groupadd` in the image. Anything else, and a
flag that is not known, is refused by its name.
"""

import argparse
import shlex
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from emulation.compute.process_images import relocated
from emulation.compute.process_images.image import ImageError
from emulation.compute.process_images.running import Container, environment
from emulation.compute.process_images.trees import remove_tree
from emulation.compute.processes import LogSink, Process, ProcessSpec

INSTALLERS = ("pip", "pip3", "uv")
QUOTES = ("'", '"')
OF_UV = ("pip", "sync", "venv")
FOLDERS, USERS, GROUPS = ("mkdir",), ("useradd", "adduser"), ("groupadd", "addgroup")
KNOWN = (*INSTALLERS, *FOLDERS, *USERS, *GROUPS, "true")


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
    for script in changed.rglob("bin/*"):
        relocated.rewrite_first_line(script, f"{files}/", "/", files)
    return changed


def is_known(command: Sequence[str]) -> bool:
    """Whether all that it runs is honoured."""
    try:
        commands_of(command)
    except NotHonouredError:
        return False
    return True


def commands_of(command: Sequence[str]) -> list[list[str]]:
    """The simple commands that `a && b` runs.

    Raises:
        NotHonouredError: it is more than those, or one is not known.
    """
    if command[0] in KNOWN:
        return [list(command)]
    lexer = shlex.shlex(command[-1], posix=False, punctuation_chars=True)
    lexer.whitespace_split = True
    lines: list[list[str]] = [[]]
    for word in lexer:
        if word == "&&":
            lines.append([])
        else:
            lines[-1].append(word)
    return [_checked(words) for words in lines]


def _checked(words: Sequence[str]) -> list[str]:
    """A simple command without its quotes."""
    plain = all(_is_plain(word) for word in words)
    known = plain and bool(words) and words[0] in KNOWN
    if not known or (words[0] == "uv" and words[1:2] and words[1] not in OF_UV):
        raise NotHonouredError(
            f"RUN {' '.join(words)} is not emulated on this system, which gives a build no root"
            f" of its own: known are, joined by &&: {', '.join(KNOWN)}"
        )
    if words[0] in (*FOLDERS, *USERS, *GROUPS):
        _flags(words)
    return [word[1:-1] if word[0] in QUOTES else word for word in words]


def _is_plain(word: str) -> bool:
    """Whether a shell would take a word as it is."""
    if word[0] == "'":
        return True
    return not set(word) & set("$`\\" if word[0] == '"' else "|;<>()&`$*?\\")


class _Flags(argparse.ArgumentParser):
    """Flags of a command; an unknown one is refused."""

    def error(self, message: str) -> NoReturn:
        raise NotHonouredError(
            f"RUN {self.prog}: {message}: not emulated on this system, which gives a build no root"
            " of its own"
        )


def _flags(words: Sequence[str]) -> argparse.Namespace:
    parser = _Flags(prog=words[0], add_help=False, allow_abbrev=False)
    if words[0] in FOLDERS:
        parser.add_argument("-p", "--parents", action="store_true")
        parser.add_argument("names", nargs="+")
        return parser.parse_args(words[1:])
    parser.add_argument("-u", "--uid", "-g", "--gid", dest="number", default="1000")
    parser.add_argument("-r", "--system", action="store_true")
    if words[0] in USERS:
        parser.add_argument("-m", "--create-home", action="store_true")
        parser.add_argument("-M", "--no-create-home", action="store_true")
        parser.add_argument("-s", "--shell", default="/bin/sh")
        parser.add_argument("-d", "--home-dir", "--home", default="")
    parser.add_argument("name")
    return parser.parse_args(words[1:])


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
        asked = _flags(words)
        _append(files, "group", f"{asked.name}:x:{asked.number}:")
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
    for name in _flags(words).names:
        (files / Path(base, name).as_posix().lstrip("/")).mkdir(parents=True, exist_ok=True)


def _add_user(files: Path, words: Sequence[str]) -> None:
    asked = _flags(words)
    home = asked.home_dir or f"/home/{asked.name}"
    account = f"{asked.name}:x:{asked.number}:{asked.number}::{home}:{asked.shell}"
    _append(files, "passwd", account)
    _append(files, "group", f"{asked.name}:x:{asked.number}:")
    if asked.create_home:
        (files / home.lstrip("/")).mkdir(parents=True, exist_ok=True)


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
