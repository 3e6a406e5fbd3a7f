"""The runtimes of Lambda that run here: which program serves one, and how it is started.

Python and Node get a bootstrap of ours beside the runtime's packages; `provided.*` brings its own.
A minor version that this machine lacks is served by a newer one, which INIT_START says.
"""

import platform
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol

from emulation.compute import lambda_bootstrap, runtimes
from emulation.compute.lambda_isolation import Folders, View

PYTHON = ("python3.12", "python3.13")
NODE = ("nodejs20.x", "nodejs22.x")
PROVIDED = ("provided.al2023",)
NAMES = (*PYTHON, *NODE, *PROVIDED)

NODE_BOOTSTRAP = Path(__file__).with_name("lambda_bootstrap.mjs")
NODE_VERSION_SECONDS = 30.0


class Language(Protocol):
    """One runtime."""

    @property
    def description(self) -> str:
        """The runtime as INIT_START tells it."""

    @property
    def packages(self) -> Path | None:
        """The runtime's own packages, on this machine."""

    @property
    def needed(self) -> Sequence[Path]:
        """What its process is made of, on this machine."""

    @property
    def marks_output(self) -> bool:
        """Whether the bootstrap says where an invocation's output ends."""

    @property
    def wrappable(self) -> bool:
        """Whether AWS_LAMBDA_EXEC_WRAPPER is heard."""

    def problem(self, folders: Folders) -> str | None:
        """Why there is nothing to start, in AWS's words."""

    def command(self, view: View, handler: str, address: str) -> list[str]:
        """What is started."""

    def environment(self, view: View) -> Mapping[str, str]:
        """The variables of this runtime alone."""


@dataclass(frozen=True, slots=True)
class Python:
    """AWS's own client, in an interpreter that has nothing else."""

    name: str
    python: Path
    version: str
    marks_output: bool = True
    wrappable: bool = True

    @property
    def description(self) -> str:
        """python3.12 code may run on this machine's 3.13."""
        return f"{self.name.replace('python', 'python:')} (emulated by Python {self.version})"

    @property
    def packages(self) -> Path:
        """Its site-packages."""
        series = ".".join(self.version.split(".")[:2])
        return self.python.parents[1] / "lib" / f"python{series}" / "site-packages"

    @property
    def needed(self) -> Sequence[Path]:
        """Its environment, what that was made from, and the bootstrap."""
        base = self.python.resolve().parents[1]
        return [self.python.parents[1], base, Path(lambda_bootstrap.__file__).parent]

    def problem(self, _: Folders) -> str | None:
        """The bootstrap is ours."""
        return None

    def command(self, view: View, handler: str, address: str) -> list[str]:
        """`-P`: the bootstrap's own folder is ours, and must not be on the path."""
        bootstrap = [str(self.python), "-P", lambda_bootstrap.__file__]
        return [*bootstrap, address, handler, view.task, *([view.layers] if view.layers else [])]

    def environment(self, view: View) -> Mapping[str, str]:
        """As AWS's."""
        return {"PYTHONPATH": view.packages}


@dataclass(frozen=True, slots=True)
class Node:
    """A small client of ours: AWS's own must be compiled."""

    name: str
    node: Path
    version: str
    packages: Path | None = None
    marks_output: bool = True
    wrappable: bool = True

    @property
    def description(self) -> str:
        """nodejs22.x code may run on this machine's 20."""
        number = self.name.removeprefix("nodejs").removesuffix(".x")
        return f"nodejs:{number} (emulated by Node {self.version})"

    @property
    def needed(self) -> Sequence[Path]:
        """The program and the bootstrap."""
        return [self.node.resolve().parents[1], NODE_BOOTSTRAP.parent]

    def problem(self, _: Folders) -> str | None:
        """The bootstrap is ours."""
        return None

    def command(self, view: View, handler: str, address: str) -> list[str]:
        """The bootstrap's arguments are like those of Python's."""
        return [str(self.node), str(NODE_BOOTSTRAP), address, handler, view.task]

    def environment(self, view: View) -> Mapping[str, str]:
        """As AWS's."""
        layers = view.layers or "/opt"
        series = self.name.removeprefix("nodejs").removesuffix(".x")
        folders = (f"{layers}/nodejs/node{series}", f"{layers}/nodejs", view.packages)
        return {"NODE_PATH": ":".join(f"{folder}/node_modules" for folder in folders)}


@dataclass(frozen=True, slots=True)
class Provided:
    """The function's own `bootstrap`, which speaks the Runtime API itself."""

    name: str
    packages: Path | None = None
    needed: Sequence[Path] = ()
    marks_output: bool = False
    wrappable: bool = False

    @property
    def description(self) -> str:
        """The system is this machine's."""
        return f"{self.name.replace('provided.', 'provided:')} (emulated by {platform.system()})"

    def problem(self, folders: Folders) -> str | None:
        """Neither the bundle nor a layer has a bootstrap."""
        places = (folders.code, folders.layers)
        if any(place and (place / "bootstrap").is_file() for place in places):
            return None
        return "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"

    def command(self, view: View, handler: str, address: str) -> list[str]:
        """The bundle's, or a layer's; which one, is known where the folders are."""
        places = [view.task, *([view.layers] if view.layers else [])]
        search = " ".join(f'"{place}/bootstrap"' for place in places)
        return ["/bin/sh", "-c", f'for f in {search}; do [ -f "$f" ] && exec "$f"; done']

    def environment(self, view: View) -> Mapping[str, str]:
        """Nothing of its own."""
        return {}


def find(name: str) -> Language:
    """The runtime of that name.

    Raises:
        NotImplementedError: it does not run here; the message says why.
        FileNotFoundError: it is not installed yet; the message says how to install it.
    """
    if name in PYTHON:
        return _python(name)
    if name in NODE:
        return _node(name)
    if name in PROVIDED:
        return Provided(name)
    raise NotImplementedError(
        f"lambda runtime {name} is not emulated: functions run on {', '.join(NAMES)}"
    )


def _python(name: str) -> Python:
    """An environment `lambda-python3.12` beside ours is used when somebody has made one."""
    own = runtimes.runtimes_folder() / f"lambda-{name}" / "bin" / "python"
    if own.exists():
        return Python(name, own, _version_of_environment(own))
    return Python(name, runtimes.interpreter("lambda"), platform.python_version())


def _version_of_environment(python: Path) -> str:
    for line in (python.parents[1] / "pyvenv.cfg").read_text().splitlines():
        key, _, value = line.partition("=")
        if key.strip() in ("version", "version_info"):
            return value.strip()
    raise FileNotFoundError(f"{python} is no virtual environment")


def _node(name: str) -> Node:
    node = shutil.which("node")
    if node is None:
        raise NotImplementedError(
            f"lambda runtime {name} is not emulated: no `node` is installed on this machine"
        )
    version = _node_version(node)
    if int(version.split(".")[0]) < int(NODE[0].removeprefix("nodejs").removesuffix(".x")):
        raise NotImplementedError(
            f"lambda runtime {name} is not emulated: the installed Node is {version}"
        )
    return Node(name, Path(node), version)


@cache
def _node_version(node: str) -> str:
    answer = subprocess.run(
        [node, "--version"],
        capture_output=True,
        text=True,
        check=True,
        timeout=NODE_VERSION_SECONDS,
    )
    return answer.stdout.strip().removeprefix("v")
