"""The known base images, and the interpreter of this machine that stands in for them.

`python:3.13` and its Debian variants are this machine's programs with our Python at /usr/local, as
the real image has it: pip and nothing else, so that what an image forgot to install is missing here
too. `ghcr.io/astral-sh/uv` is the uv of `make setup`. Any other base is refused by name; so is
another version of Python, because what runs would not be it.
"""

import re
import shutil
import sys
import threading
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from emulation.compute.process_images.image import DEFAULT_PATH, ImageConfig, ImageError
from emulation.compute.process_images.root import MACHINE
from emulation.compute.process_images.trees import remove_tree, share, share_tree
from emulation.compute.runtimes import interpreter, site_packages

VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
DEBIAN = "slim|bookworm|slim-bookworm|trixie|slim-trixie|bullseye|slim-bullseye"
LIBRARY = r"(?:(?:docker\.io|index\.docker\.io|public\.ecr\.aws/docker)/)?(?:library/)?"
PYTHON = re.compile(rf"{LIBRARY}python:{re.escape(VERSION)}(?:\.\d+)?(?:-(?:{DEBIAN}))?")
UV = re.compile(r"ghcr\.io/astral-sh/uv(?::(?P<tag>[\w.-]+))?")
UV_WITH_PYTHON = re.compile(rf"(?:[\d.]+-)?python{re.escape(VERSION)}(?:-(?:{DEBIAN}|\w+-slim))?")

FORMAT = "4"
"""Of the stand-ins' files; they are laid anew when it changes."""
LEFT_OUT = ("test", "tests", "idlelib", "turtledemo", "site-packages", "dist-packages")
PEOPLE = """\
root:x:0:0:root:/root:/bin/bash
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
bin:x:2:2:bin:/bin:/usr/sbin/nologin
sys:x:3:3:sys:/dev:/usr/sbin/nologin
sync:x:4:65534:sync:/bin:/bin/sync
games:x:5:60:games:/usr/games:/usr/sbin/nologin
man:x:6:12:man:/var/cache/man:/usr/sbin/nologin
lp:x:7:7:lp:/var/spool/lpd:/usr/sbin/nologin
mail:x:8:8:mail:/var/mail:/usr/sbin/nologin
news:x:9:9:news:/var/spool/news:/usr/sbin/nologin
uucp:x:10:10:uucp:/var/spool/uucp:/usr/sbin/nologin
proxy:x:13:13:proxy:/bin:/usr/sbin/nologin
www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin
backup:x:34:34:backup:/var/backups:/usr/sbin/nologin
list:x:38:38:Mailing List Manager:/var/list:/usr/sbin/nologin
irc:x:39:39:ircd:/run/ircd:/usr/sbin/nologin
_apt:x:42:65534::/nonexistent:/usr/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
"""
"""Debian's own: packages that are installed, and triggers of the machine's, count on them."""
GROUPS = (
    "root:0 daemon:1 bin:2 sys:3 adm:4 tty:5 disk:6 lp:7 mail:8 news:9 uucp:10 man:12 proxy:13"
    " kmem:15 dialout:20 fax:21 voice:22 cdrom:24 floppy:25 tape:26 sudo:27 audio:29 dip:30"
    " www-data:33 backup:34 operator:37 list:38 irc:39 src:40 shadow:42 utmp:43 video:44 sasl:45"
    " plugdev:46 staff:50 games:60 users:100 nogroup:65534"
)
ACCOUNTS = {
    "passwd": PEOPLE,
    "group": "".join(f"{one.replace(':', ':x:')}:\n" for one in GROUPS.split()),
    "shadow": "root:*:20000:0:99999:7:::\nnobody:*:20000:0:99999:7:::\n",
    "gshadow": "root:*::\nstaff:*::\nusers:*::\nnogroup:*::\n",
    "hosts": "",
    "resolv.conf": "",
}
FOLDERS = {
    **dict.fromkeys(("dev", "home", "media", "mnt", "opt", "proc", "run", "srv", "sys"), 0o755),
    **dict.fromkeys(("etc", "usr/src", "usr/local/sbin", "var/cache", "var/log"), 0o755),
    **dict.fromkeys(("etc/skel", "var/lib", "var/mail", "var/spool"), 0o755),
    **dict.fromkeys(("tmp", "var/tmp"), 0o1777),
    "root": 0o700,
}
LOCK = threading.Lock()


class UnknownBaseError(ImageError):
    """No stand-in for the image; the message names those that are known."""

    def __init__(self, reference: str) -> None:
        super().__init__(
            f"No local runtime stands in for the image {reference}; known are python:{VERSION} with"
            " its Debian variants (also of public.ecr.aws/docker/library), ghcr.io/astral-sh/uv,"
            " and images in this ECR."
        )


@dataclass(frozen=True, slots=True)
class Base:
    """A stand-in for a base image."""

    name: str
    """`python` or another name of a tree of files."""
    config: ImageConfig
    lay: Callable[[Path], None]
    on_machine: bool = True
    """Whether this machine's programs are part of it."""

    def files(self, folder: Path) -> Path:
        """Its tree of files, laid when it is first asked for; `folder` is that of all of them."""
        target = folder / f"{self.name}-{FORMAT}-{_identity()}"
        with LOCK:
            if not target.exists():
                written = folder / f"{target.name}.new"
                remove_tree(written)
                written.mkdir(parents=True)
                self.lay(written)
                written.rename(target)
        return target


def find(reference: str) -> Base:
    """The stand-in for a base image.

    Raises:
        UnknownBaseError: there is none.
    """
    name = reference.partition("@")[0]
    if PYTHON.fullmatch(name):
        return Base("python", _config(), _lay_python)
    found = UV.fullmatch(name)
    if found is None or uv() is None:
        raise UnknownBaseError(reference)
    if UV_WITH_PYTHON.fullmatch(found["tag"] or ""):
        return Base("python-uv", _config(), _lay_python_with_uv)
    return Base("uv", ImageConfig(entrypoint=("/uv",)), _lay_uv, on_machine=False)


def named(name: str) -> Base:
    """The stand-in that an image's label names.

    Raises:
        UnknownBaseError: there is none.
    """
    examples = {"python": f"python:{VERSION}", "python-uv": f"ghcr.io/astral-sh/uv:python{VERSION}"}
    return find(examples.get(name, name))


def uv() -> Path | None:
    """The uv of this machine."""
    own = interpreter("codebuild").with_name("uv")
    other = shutil.which("uv")
    return own if own.exists() else Path(other) if other else None


def _config() -> ImageConfig:
    version = ".".join(map(str, sys.version_info[:3]))
    path = f"/usr/local/bin:{DEFAULT_PATH}"
    return ImageConfig({"PATH": path, "PYTHON_VERSION": version}, command=("python3",))


def _identity() -> str:
    """Changes with what the files are taken from."""
    prefix = re.sub(r"\W+", "-", str(_prefix())).strip("-")
    return f"{'.'.join(map(str, sys.version_info[:3]))}-{prefix}"


def _prefix() -> Path:
    return Path(sys.base_prefix).resolve()


def _lay_python(target: Path) -> None:
    lay_system(target)
    local = target / "usr" / "local"
    library = local / "lib" / f"python{VERSION}"
    source = _prefix()
    share_tree(source / "lib" / library.name, library, _left_out)
    for path in (source / "lib").glob("libpython3*.so*"):
        share(str(path), str(local / "lib" / path.name))
    headers = source / "include" / library.name
    if headers.is_dir():
        share_tree(headers, local / "include" / library.name)
    programs = local / "bin"
    programs.mkdir(parents=True)
    shutil.copy2(Path(sys.executable).resolve(), programs / library.name)
    for name in ("python", "python3"):
        (programs / name).symlink_to(library.name)
    _lay_pip(programs, library / "site-packages")
    _lead_to_local(target, source)


def _left_out(folder: str, names: list[str]) -> set[str]:
    """The tests, what others installed, and what says that this Python is not to be changed."""
    top = Path(folder).name == f"python{VERSION}"
    return {
        name
        for name in names
        if (top and name in LEFT_OUT) or name == "EXTERNALLY-MANAGED" or name.startswith("config-")
    }


def _lay_pip(programs: Path, packages: Path) -> None:
    packages.mkdir()
    wheels = _prefix() / "lib" / f"python{VERSION}" / "ensurepip" / "_bundled"
    wheel = next(wheels.glob("pip-*.whl"), None)
    if wheel is not None:
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(packages)
    else:
        for path in site_packages("codebuild").glob("pip*"):
            shutil.copytree(path, packages / path.name)
    for name in ("pip", "pip3", f"pip{VERSION}"):
        script = programs / name
        script.write_text(f"#!/usr/local/bin/python{VERSION}\n{PIP}")
        script.chmod(0o755)


PIP = """import sys
from pip._internal.cli.main import main
if __name__ == "__main__":
    sys.exit(main())
"""


def _lead_to_local(target: Path, prefix: Path) -> None:
    """The interpreter may look for its library at the place that it was built for."""
    if prefix.is_relative_to("/usr"):
        return
    link = target / prefix.relative_to("/")
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to("/usr/local")
    for folder in list(link.relative_to(target).parents)[:-1]:
        # Whoever the container runs as must get there, be it through the home of root.
        (target / folder).chmod((target / folder).stat().st_mode | 0o111)


def lay_system(target: Path) -> None:
    """The folders and accounts of a system, and the places of this machine's."""
    for name, mode in FOLDERS.items():
        (target / name).mkdir(parents=True, exist_ok=True)
        (target / name).chmod(mode)
    for name in MACHINE:
        here = Path("/", name)
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        if here.is_symlink():
            (target / name).symlink_to(here.readlink())
        elif here.is_dir():
            (target / name).mkdir(exist_ok=True)
    for name, text in ACCOUNTS.items():
        (target / "etc" / name).write_text(text)
        (target / "etc" / name).chmod(0o640 if "shadow" in name else 0o644)


def _lay_python_with_uv(target: Path) -> None:
    _lay_python(target)
    _lay_programs_of_uv(target / "usr" / "local" / "bin")


def _lay_uv(target: Path) -> None:
    _lay_programs_of_uv(target)


def _lay_programs_of_uv(folder: Path) -> None:
    program = uv()
    assert program is not None
    shutil.copy2(program, folder / "uv")
    (folder / "uvx").write_text('#!/bin/sh\nexec "$(dirname "$0")/uv" tool run "$@"\n')
    for name in ("uv", "uvx"):
        (folder / name).chmod(0o755)
