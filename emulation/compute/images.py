"""Container images without containers: which local runtime stands in for an image URI.

An image is known by its repository's name; the registry's account and region differ by AWS region
and say nothing about what runs. The version that runs is the runtime's, whatever the tag says: the
job's log names both, so that nobody mistakes the one for the other.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
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
    process_program: tuple[str, ...] = ()
    """What Python runs in a processing job that names no entrypoint; most images have none."""
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
    def process_command(self) -> list[str]:
        """What a processing job runs that names no entrypoint; nothing where there is none."""
        return [str(interpreter(self.runtime)), *self.process_program] * bool(self.process_program)

    @property
    def programs_folder(self) -> Path:
        """Where `python` is; first in the container's PATH."""
        return interpreter(self.runtime).parent

    def _program(self, name: str) -> list[str]:
        # -P: the folder of our program is not on the path of the user's modules.
        return [str(interpreter(self.runtime)), "-P", str(PROGRAMS / name)]


KNOWN = (Image("sagemaker-scikit-learn"), Image("terrarium-models"))

_ROOT = Path(__file__).parents[2]
_ANALYZE = (
    f"import sys; sys.path.insert(0, {str(_ROOT)!r});"
    " from emulation.compute.monitoring.analyzer import main; main()"
)
PROCESSORS = (
    *KNOWN,
    Image("sagemaker-model-monitor-analyzer", process_program=("-P", "-c", _ANALYZE)),
)
"""What processing jobs run: also images that neither train nor serve."""


class UnknownImageError(LookupError):
    """No local runtime stands in for the image."""

    def __init__(self, uri: str, known: Iterable[Image] = KNOWN) -> None:
        names = ", ".join(image.repository for image in known)
        super().__init__(f"No local runtime stands in for the image {uri}; known are: {names}.")


def find(uri: str, known: Sequence[Image] = KNOWN) -> Image:
    """The stand-in for an image; of those that train and serve, unless others are asked for.

    Raises:
        UnknownImageError: there is none.
    """
    name = repository(uri)
    for image in known:
        if image.repository == name:
            return image
    raise UnknownImageError(uri, known)


def repository(uri: str) -> str:
    """The last part of the repository's name: `x` of `1.dkr.ecr.us-east-1.amazonaws.com/x:tag`."""
    path = uri.split("@", 1)[0]
    return re.sub(r":[^/:]*$", "", path).rsplit("/", 1)[-1]


@cache
def scikit_learn_version(runtime: str) -> str:
    """The version that really runs."""
    found = sorted(site_packages(runtime).glob("scikit_learn-*.dist-info"))
    return found[-1].name.removeprefix("scikit_learn-").removesuffix(".dist-info") if found else "?"


def describe(uri: str, image: Image) -> str:
    """One line for the log: what is asked for and what runs."""
    version = scikit_learn_version(image.runtime)
    return f"Image {uri}: runs here with scikit-learn {version}."
