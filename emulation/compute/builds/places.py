"""Where a build finds its folders: where CodeBuild has them, if the system lets a process have a
root of its own; where they lie on this machine otherwise, which its environment tells.

A build never sees what the emulator runs from: programs of this repository's environments and of
the user's home are taken off its PATH, in both cases.
"""

import logging
import marshal
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from emulation.compute.builds import docker_command, root
from emulation.compute.lambda_isolation import Namespaces
from emulation.compute.processes import LogSink, ProcessSpec, Status, Supervisor
from emulation.compute.runtimes import interpreter, site_packages

LOG = logging.getLogger(__name__)

RUNTIME = "codebuild"
REPOSITORY = Path(__file__).parents[3]
HOME = "/root"
UV_CACHE = f"{HOME}/.cache/uv"
PROBE_SECONDS = 30.0
DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

PROGRAMS = {"pip": "pip", "pip3": "pip", "pip3.13": "pip", "aws": "awscli"}
"""Programs of the image that are modules of its Python."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What of this machine a build works with."""

    path: str
    home: Path
    uv_cache: Path
    hidden: Sequence[Path]
    """Folders that no build sees: the emulator's state."""


class Place:
    """The folders of one build."""

    def __init__(self, folder: Path, machine: Machine, *, isolated: bool) -> None:
        """`folder` is the build's on this machine; it is made by `make`."""
        self.folder = folder
        self.machine = machine
        self.isolated = isolated

    @property
    def codebuild(self) -> Path:
        """What the build sees as /codebuild."""
        return self.folder / "codebuild"

    @property
    def scratch(self) -> Path:
        """Where the commands are written that the shell reads."""
        return self.codebuild / "output" / "tmp"

    def seen(self, path: Path) -> str:
        """A path below /codebuild as the build names it."""
        if not self.isolated:
            return str(path)
        return str(Path("/codebuild") / path.relative_to(self.codebuild))

    def make(self) -> None:
        """The folders, empty, and the image's Python in them."""
        for path in (self.scratch, self.codebuild / "readonly", self.folder / "home"):
            path.mkdir(parents=True)
        (self.folder / "tmp").mkdir(mode=0o1777)
        self._make_python()

    def remove(self) -> None:
        """Free the disk."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _make_python(self) -> None:
        """An environment on top of the runtime's packages: what the build installs is its own."""
        programs = self.codebuild / "runtime" / "bin"
        library = programs.parent / "lib" / site_packages(RUNTIME).parent.name / "site-packages"
        library.mkdir(parents=True)
        programs.mkdir()
        base = interpreter(RUNTIME).resolve()
        (programs.parent / "pyvenv.cfg").write_text(f"home = {base.parent}\nversion = 3.13\n")
        (library / "codebuild.pth").write_text(f"{site_packages(RUNTIME)}\n")
        self._base_programs.mkdir()
        for name in ("python", "python3", "python3.13"):
            (programs / name).symlink_to(base)
            (self._base_programs / name).symlink_to(base)
        for name, module in PROGRAMS.items():
            self._script(programs / name, f'exec "{self.seen(programs)}/python" -m {module} "$@"')
        self._make_docker(programs)
        uv = interpreter(RUNTIME).with_name("uv")
        if uv.exists():
            (programs / "uv").symlink_to(uv)

    def _make_docker(self, programs: Path) -> None:
        """`docker`, which builds images where DOCKER_HOST says that there is an engine."""
        source, folder = Path(docker_command.__file__).parent, programs.parent / "docker"
        target = folder.joinpath(*docker_command.__name__.split("."))
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        run = (
            f"import sys; sys.path.insert(0, '{self.seen(folder)}');"
            f" from {docker_command.__name__}.main import main; sys.exit(main(sys.argv[1:]))"
        )
        python = f"{self.seen(programs)}/python"
        self._script(programs / "docker", f'exec "{python}" -I -c "{run}" "$@"')

    @property
    def _base_programs(self) -> Path:
        """Python without the environment: uv makes new ones of the first that is none itself."""
        return self.codebuild / "python"

    @staticmethod
    def _script(path: Path, line: str) -> None:
        path.write_text(f"#!/bin/sh\n{line}\n")
        path.chmod(0o755)

    def environment(self) -> dict[str, str]:
        """The folders that programs take from their environment: never the user's own."""
        programs = self.seen(self.codebuild / "runtime" / "bin")
        path = ":".join([programs, self.seen(self._base_programs), *map(str, self._path)])
        if self.isolated:
            return {"HOME": HOME, "PATH": path, "UV_CACHE_DIR": UV_CACHE, "UV_LINK_MODE": "copy"}
        return {
            "HOME": str(self.folder / "home"),
            "TMPDIR": str(self.folder / "tmp"),
            "PATH": path,
            "UV_CACHE_DIR": str(self.machine.uv_cache),
            "UV_LINK_MODE": "copy",
        }

    @cached_property
    def _path(self) -> list[Path]:
        """The machine's folders of programs. Of those in the user's home, where shims lie that need
        the rest of it, only a `bin` of a whole installation some folders deep.
        """
        folders = [Path(name) for name in (self.machine.path or DEFAULT_PATH).split(":") if name]
        own = (REPOSITORY, Path(sys.prefix))
        outside = [path for path in folders if not any(path.is_relative_to(one) for one in own)]
        return [path for path in outside if not self._is_personal(path)]

    def _is_personal(self, path: Path) -> bool:
        home = self.machine.home
        if not path.is_relative_to(home):
            return False
        return path.name != "bin" or len(path.relative_to(home).parts) <= 2

    def process(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        folder: str,
        log: LogSink | None = None,
        pass_fds: Sequence[int] = (),
        joined: Namespaces | None = None,
    ) -> ProcessSpec:
        """A process in this place, which it shares with the one whose namespaces it joins; `folder`
        as the build sees it.
        """
        name = f"build-{self.folder.name}"
        if not self.isolated:
            return ProcessSpec(name, command, environment, Path(folder), log=log, pass_fds=pass_fds)
        numbers = joined.numbers if joined else []
        plan = {
            "namespaces": numbers,
            "hidden": [str(path) for path in self._hidden],
            "writable": self._writable,
            "kept": [str(path) for path in self._kept],
            "folder": folder,
            "command": [shutil.which(command[0]) or command[0], *command[1:]],
            "environment": dict(environment),
        }
        start = [sys.executable, "-I", "-S", root.__file__, marshal.dumps(plan).hex()]
        return ProcessSpec(name, start, {}, Path("/"), log=log, pass_fds=[*pass_fds, *numbers])

    @property
    def _hidden(self) -> list[Path]:
        installed = REPOSITORY.name == "site-packages"
        return [*([] if installed else [REPOSITORY]), *self.machine.hidden, self.machine.home]

    @property
    def _writable(self) -> dict[str, str]:
        self.machine.uv_cache.mkdir(parents=True, exist_ok=True)
        return {
            "/tmp": str(self.folder / "tmp"),
            "/codebuild": str(self.codebuild),
            HOME: str(self.folder / "home"),
            UV_CACHE: str(self.machine.uv_cache),
        }

    @property
    def _kept(self) -> list[Path]:
        """What the build's programs are made of, where it lies in what is hidden."""
        base = interpreter(RUNTIME).resolve().parents[1]
        personal = [path.parent for path in self._path if path.is_relative_to(self.machine.home)]
        covers = [*self._hidden, Path("/tmp"), Path(HOME)]
        wanted = [site_packages(RUNTIME).parents[2], base, *personal]
        return [
            path
            for path in wanted
            if path.exists() and any(path.is_relative_to(cover) for cover in covers)
        ]


def can_isolate(supervisor: Supervisor, machine: Machine) -> bool:
    """Whether a build can have a root of its own here; found out by trying."""
    if sys.platform != "linux":
        return False
    with tempfile.TemporaryDirectory() as name:
        place = Place(Path(name) / "probe", machine, isolated=True)
        place.make()
        command = [place.seen(place.codebuild / "runtime/bin/python"), "-c", "import pip"]
        process = supervisor.start(place.process(command, {}, "/codebuild"))
        if process.wait(PROBE_SECONDS) is Status.SUCCEEDED:
            return True
        process.kill()
        process.wait()
        reason = (process.logs() or ["no answer"])[-1]
        LOG.warning("builds have no root of their own here: %s", reason)
        return False
