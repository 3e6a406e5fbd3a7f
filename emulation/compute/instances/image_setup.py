"""`python -m emulation.compute.instances.image_setup LOCK`: what the image of EC2 instances holds.

A Python with pip, and the wheels of boto3 with all that it needs, downloaded by that pip as the
lock file names them. Safe to run again at any time, and after an interruption.
"""

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from emulation.compute.instances import images
from emulation.compute.processes import SUPERVISOR, ProcessSpec, Status

WHEELS = ("boto3", "botocore", "jmespath", "python-dateutil", "s3transfer", "six", "urllib3")
ENTRY = re.compile(r"^([A-Za-z0-9._-]+)==\S+.*?(?=^\S|\Z)", re.MULTILINE | re.DOTALL)


class NotInstalledError(Exception):
    """A step failed; the message has its last words."""


def requirements(lock: str) -> str:
    """The lock's own entries of the wheels, hashes and all."""
    entries = {match[1]: match[0] for match in ENTRY.finditer(lock)}
    return "".join(entries[name] for name in WHEELS)


def run(name: str, command: Sequence[str]) -> None:
    """Run a step to its end.

    Raises:
        NotInstalledError: it failed.
    """
    environment = dict(os.environ)  # noqa: TID251 - a command: it is the user's
    spec = ProcessSpec(name, command, environment, Path.cwd())
    process = SUPERVISOR.start(spec)
    if process.wait() is not Status.SUCCEEDED:
        raise NotInstalledError("\n".join([f"{name} failed:", *process.logs()[-10:]]))


def make_python() -> None:
    """The environment that instances know as `python3.13`."""
    if not (images.python_folder() / "bin" / "pip").exists():
        run("venv", [str(images.base_python()), "-m", "venv", str(images.python_folder())])


def fetch_wheels(lock: Path) -> None:
    """Download what is locked, in one step to its place."""
    wanted = requirements(lock.read_text())
    complete = images.wheels_folder() / "complete"
    if complete.exists() and complete.read_text() == wanted:
        return
    images.wheels_folder().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=images.wheels_folder().parent) as name:
        folder = Path(name)
        (folder / "requirements.txt").write_text(wanted)
        pip = [str(images.python_folder() / "bin" / "python"), "-m", "pip", "download"]
        options = ["--quiet", "--no-deps", "--only-binary", ":all:", "--require-hashes"]
        files = ["--dest", name, "--requirement", str(folder / "requirements.txt")]
        run("pip", [*pip, *options, *files])
        for old in images.wheels_folder().glob("*.whl"):
            old.unlink()
        for wheel in folder.glob("*.whl"):
            shutil.move(wheel, images.wheels_folder() / wheel.name)
    complete.write_text(wanted)


def main() -> int:
    """Do what is missing; the exit code says whether all is there."""
    try:
        make_python()
        fetch_wheels(Path(sys.argv[1]))
    except NotInstalledError as error:
        Console(stderr=True).print(f"[red]{error}[/red]")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
