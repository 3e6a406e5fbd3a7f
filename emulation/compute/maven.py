"""Files from Maven repositories, each locked by its SHA-256.

A lock file names artifacts by their coordinates, one a line. Ivy, which travels inside pyspark,
fetches them and resolves nothing further, so nothing comes that is not in the file.
"""

import hashlib
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from emulation.compute.processes import SUPERVISOR, ProcessSpec, Status
from emulation.compute.runtimes import site_packages


class NotFetchedError(Exception):
    """Files could not be fetched, or are not the ones that are locked; the message says why."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """One locked file."""

    group: str
    artifact: str
    version: str
    sha256: str
    kind: str = "jar"

    @property
    def file_name(self) -> str:
        """Its name on disk."""
        return f"{self.artifact}-{self.version}.{self.kind}"


def locked(lock: Path) -> list[Artifact]:
    """The artifacts of a lock file, in its order, which is the class path's."""
    lines = (line.partition("#")[0].split() for line in lock.read_text().splitlines())
    return [Artifact(*line) for line in lines if line]


def missing(artifacts: Sequence[Artifact], folder: Path) -> list[Artifact]:
    """The ones that are not there yet."""
    return [artifact for artifact in artifacts if not (folder / artifact.file_name).exists()]


def fetch(
    artifacts: Sequence[Artifact], folder: Path, java: Path, on_fetched: Callable[[], None]
) -> None:
    """Fetch artifacts with Ivy, check them, and move them into place.

    Raises:
        NotFetchedError: Ivy had no success, or a file is not the locked one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as name:
        work = Path(name)
        (work / "ivy.xml").write_text(ivy_module(artifacts))

        def follow(line: str) -> None:
            if "[SUCCESSFUL ]" in line:
                on_fetched()

        command = [str(java), *ivy_arguments(work)]
        process = SUPERVISOR.start(ProcessSpec("ivy", command, {}, work, log=follow))
        if process.wait() is not Status.SUCCEEDED:
            raise NotFetchedError(reason(process.logs()))
        for artifact in artifacts:
            place(artifact, work / artifact.file_name, folder)


def reason(lines: list[str]) -> str:
    """What a reader needs of Ivy's output: the modules that it did not find."""
    lost = [line.strip(" :\t") for line in lines if "not found" in line or "FAILED" in line]
    return "the jars could not be fetched: " + "; ".join(dict.fromkeys(lost or lines[-5:]))


def place(artifact: Artifact, fetched: Path, folder: Path) -> None:
    """Move a file to where it is used, if it is the locked one."""
    digest = hashlib.sha256(fetched.read_bytes()).hexdigest()
    if digest != artifact.sha256:
        raise NotFetchedError(f"{artifact.file_name} is {digest}, but {artifact.sha256} is locked")
    fetched.replace(folder / artifact.file_name)


def ivy_arguments(folder: Path) -> list[str]:
    """Ivy with its own default resolver and its own cache, which other checkouts share."""
    (ivy,) = (site_packages("glue") / "pyspark" / "jars").glob("ivy-*.jar")
    pattern = f"{folder}/[artifact]-[revision].[ext]"
    options = ["-ivy", "ivy.xml", "-retrieve", pattern]
    return ["-cp", str(ivy), "org.apache.ivy.Main", *options]


def ivy_module(artifacts: Sequence[Artifact]) -> str:
    """Ivy's description of a module that depends on exactly these files."""
    dependencies = "".join(
        f'<dependency org="{item.group}" name="{item.artifact}" rev="{item.version}" '
        f'transitive="false"><artifact name="{item.artifact}" type="{item.kind}" '
        f'ext="{item.kind}"/></dependency>'
        for item in artifacts
    )
    return (
        '<ivy-module version="2.0"><info organisation="terrarium" module="locked-files"/>'
        '<configurations><conf name="default"/></configurations>'
        f'<dependencies defaultconf="default->master">{dependencies}</dependencies></ivy-module>'
    )
