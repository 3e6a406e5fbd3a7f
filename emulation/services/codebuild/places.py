"""Where this emulator's builds have their folders, and whether they have a root of their own."""

import shutil
import tempfile
from functools import cache
from pathlib import Path

from emulation.compute.builds.places import Machine, Place, can_isolate
from emulation.compute.processes import SUPERVISOR
from emulation.services.codebuild.store import Build
from emulation.settings import settings, system_environment, uv_cache

NO_ROOT = (
    "This system gives a build no root of its own: its folders are where CODEBUILD_SRC_DIR and HOME"
    " say, not in /codebuild and /root."
)


@cache
def machine() -> Machine:
    """What of this machine builds work with."""
    system = system_environment()
    home = Path(system.get("HOME", "/nonexistent"))
    return Machine(system.get("PATH", ""), home, uv_cache(), [settings().state_folder.resolve()])


@cache
def isolated() -> bool:
    """Whether builds have a root of their own here."""
    return can_isolate(SUPERVISOR, machine())


def place_of(build: Build) -> Place:
    """A build's folders. Without a root of its own it lies outside of the repository, where tools
    that look for their settings upwards would find ours.
    """
    if isolated():
        return Place(settings().folder("codebuild", "work") / build.uuid, machine(), isolated=True)
    return Place(outside() / build.uuid, machine(), isolated=False)


def outside() -> Path:
    """A folder of this emulator that is in no repository."""
    return Path(tempfile.gettempdir()) / f"codebuild-{settings().port}"


def clear() -> None:
    """Remove what builds of a killed emulator left."""
    for folder in (settings().folder("codebuild", "work"), outside()):
        shutil.rmtree(folder, ignore_errors=True)
