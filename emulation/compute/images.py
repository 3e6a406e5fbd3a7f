"""Container images without containers: which local runtime stands in for an image URI.

An image is known by its repository's name; the registry's account and region differ by AWS region
and say nothing about what runs. The version that runs is the runtime's, whatever the tag says: the
job's log names both, so that nobody mistakes the one for the other.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from emulation.compute.runtimes import interpreter, site_packages

PROGRAMS = Path(__file__).with_name("sagemaker_runtime")

_LIKE_THE_AWS_IMAGE = {
    "PYTHONUNBUFFERED": "TRUE",
    "PYTHONIOENCODING": "UTF-8",
    "LANG": "C.UTF-8",
}


@dataclass(frozen=True, slots=True)
class Image:
    """A stand-in: a Python environment and the programs that a container is started with."""

    repository: str
    runtime: str = "sagemaker"
    process_command: tuple[str, ...] = ()
    """What a processing job runs that names no entrypoint; nothing for most images."""
    environment: Mapping[str, str] = field(default_factory=lambda: dict(_LIKE_THE_AWS_IMAGE))

    @property
    def train_command(self) -> list[str]:
        """What `docker run IMAGE train` runs: script mode."""
        return self._program("train.py")

    @property
    def serve_command(self) -> list[str]:
        """What `docker run IMAGE serve` runs: /ping and /invocations."""
        return self._program("serve.py")

    @property
    def programs_folder(self) -> Path:
        """Where `python` is; first in the container's PATH."""
        return interpreter(self.runtime).parent

    def _program(self, name: str) -> list[str]:
        # -P: the folder of our program is not on the path of the user's modules.
        return [str(interpreter(self.runtime)), "-P", str(PROGRAMS / name)]


KNOWN = (Image("sagemaker-scikit-learn"), Image("terrarium-models"))


class UnknownImageError(LookupError):
    """No local runtime stands in for the image."""

    def __init__(self, uri: str) -> None:
        names = ", ".join(image.repository for image in KNOWN)
        super().__init__(f"No local runtime stands in for the image {uri}; known are: {names}.")


def find(uri: str) -> Image:
    """The stand-in for an image.

    Raises:
        UnknownImageError: there is none.
    """
    name = repository(uri)
    for image in KNOWN:
        if image.repository == name:
            return image
    raise UnknownImageError(uri)


def repository(uri: str) -> str:
    """The last part of the repository's name: `x` of `1.dkr.ecr.us-east-1.amazonaws.com/x:tag`."""
    path = uri.split("@", 1)[0]
    return re.sub(r":[^/:]*$", "", path).rsplit("/", 1)[-1]


@cache
def scikit_learn_version(runtime: str) -> str:
    """The version that really runs."""
    found = sorted(site_packages(runtime).glob("scikit_learn-*.dist-info"))
    return found[-1].name.removeprefix("scikit_learn-").removesuffix(".dist-info") if found else "?"


def describe(uri: str) -> str:
    """One line for the log: what is asked for and what runs."""
    runtime = find(uri).runtime
    return f"Image {uri}: runs here with scikit-learn {scikit_learn_version(runtime)}."
