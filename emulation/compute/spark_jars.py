"""The jars that take Spark to S3, and the place of the archive of classes that makes it start fast.

pyspark ships Hadoop's client, but not its way to S3. `spark_jars.lock` names what is missing -
`hadoop-aws` for the very Hadoop of this pyspark, and of AWS's SDK only the modules that it uses: 16
MB where the usual bundle is 500 - each with the SHA-256 of its jar. Ivy, which travels inside
pyspark, fetches them by their coordinates and resolves nothing further. `spark_setup` is the
command that does it.
"""

import hashlib
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from emulation.compute.processes import SUPERVISOR, ProcessSpec, Status
from emulation.compute.runtimes import runtimes_folder, site_packages

LOCK = Path(__file__).with_suffix(".lock")


class JarsNotFetchedError(Exception):
    """The jars could not be fetched, or are not the ones that are locked; the message says why."""


@dataclass(frozen=True, slots=True)
class Jar:
    """One locked artifact."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def file_name(self) -> str:
        """Its name on disk."""
        return f"{self.artifact}-{self.version}.jar"


def locked() -> list[Jar]:
    """The artifacts of the lock file, in its order, which is the class path's."""
    lines = (line.partition("#")[0].split() for line in LOCK.read_text().splitlines())
    return [Jar(*line) for line in lines if line]


def jars_folder() -> Path:
    """Where the fetched jars are."""
    return runtimes_folder() / "glue-jars"


def pyspark_jars() -> list[Path]:
    """The jars that pyspark ships, in one order for ever: the archive depends on it."""
    return sorted((site_packages("glue") / "pyspark" / "jars").glob("*.jar"))


def class_path() -> list[Path]:
    """Spark's jars and ours.

    Raises:
        FileNotFoundError: ours are not fetched.
    """
    ours = [jars_folder() / jar.file_name for jar in locked()]
    if not all(jar.exists() for jar in ours):
        raise FileNotFoundError("the glue runtime has no way to S3 yet: run `make setup`")
    return [*pyspark_jars(), *ours]


def archive(java: Path) -> Path:
    """The archive of loaded classes for this Java and these jars; it may not exist."""
    parts = [f"{path}:{path.stat().st_mtime_ns}" for path in (java, *class_path())]
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
    return jars_folder() / f"classes-{digest}.jsa"


def missing() -> list[Jar]:
    """The locked jars that are not there yet."""
    return [jar for jar in locked() if not (jars_folder() / jar.file_name).exists()]


def fetch(jars: list[Jar], java: Path, on_fetched: Callable[[], None]) -> None:
    """Fetch jars with Ivy, check them, and move them into place.

    Raises:
        JarsNotFetchedError: Ivy had no success, or a jar is not the locked one.
    """
    jars_folder().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=jars_folder()) as name:
        folder = Path(name)
        (folder / "ivy.xml").write_text(ivy_module(jars))

        def follow(line: str) -> None:
            if "[SUCCESSFUL ]" in line:
                on_fetched()

        command = [str(java), *ivy_arguments(folder)]
        process = SUPERVISOR.start(ProcessSpec("ivy", command, {}, folder, log=follow))
        if process.wait() is not Status.SUCCEEDED:
            raise JarsNotFetchedError(reason(process.logs()))
        for jar in jars:
            place(jar, folder / jar.file_name)


def reason(lines: list[str]) -> str:
    """What a reader needs of Ivy's output: the modules that it did not find."""
    lost = [line.strip(" :\t") for line in lines if "not found" in line or "FAILED" in line]
    return "the jars could not be fetched: " + "; ".join(dict.fromkeys(lost or lines[-5:]))


def place(jar: Jar, fetched: Path) -> None:
    """Move a jar to where it is used, if it is the locked one."""
    digest = hashlib.sha256(fetched.read_bytes()).hexdigest()
    if digest != jar.sha256:
        raise JarsNotFetchedError(f"{jar.file_name} is {digest}, but {jar.sha256} is locked")
    fetched.replace(jars_folder() / jar.file_name)


def ivy_arguments(folder: Path) -> list[str]:
    """Ivy with its own default resolver and its own cache, which other checkouts share."""
    (ivy,) = (site_packages("glue") / "pyspark" / "jars").glob("ivy-*.jar")
    pattern = f"{folder}/[artifact]-[revision].[ext]"
    options = ["-ivy", "ivy.xml", "-retrieve", pattern]
    return ["-cp", str(ivy), "org.apache.ivy.Main", *options]


def ivy_module(jars: list[Jar]) -> str:
    """Ivy's description of a module that depends on exactly these jars."""
    dependencies = "".join(
        f'<dependency org="{jar.group}" name="{jar.artifact}" rev="{jar.version}" '
        'transitive="false"/>'
        for jar in jars
    )
    return (
        '<ivy-module version="2.0"><info organisation="terrarium" module="spark-jars"/>'
        '<configurations><conf name="default"/></configurations>'
        f'<dependencies defaultconf="default->master">{dependencies}</dependencies></ivy-module>'
    )
