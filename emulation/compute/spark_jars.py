"""The jars that take Spark to S3, and the place of the archive of classes that makes it start fast.

pyspark ships Hadoop's client, but not its way to S3. `spark_jars.lock` names what is missing -
`hadoop-aws` for the very Hadoop of this pyspark, and of AWS's SDK only the modules that it uses: 16
MB where the usual bundle is 500 - each with the SHA-256 of its jar. `spark_setup` is the command
that fetches them.
"""

import hashlib
from pathlib import Path

from emulation.compute import maven
from emulation.compute.maven import Artifact
from emulation.compute.runtimes import runtimes_folder, site_packages

LOCK = Path(__file__).with_suffix(".lock")


def locked() -> list[Artifact]:
    """The artifacts of the lock file, in its order, which is the class path's."""
    return maven.locked(LOCK)


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
    if maven.missing(locked(), jars_folder()):
        raise FileNotFoundError("the glue runtime has no way to S3 yet: run `make setup`")
    return [*pyspark_jars(), *(jars_folder() / jar.file_name for jar in locked())]


def archive(java: Path) -> Path:
    """The archive of loaded classes for this Java and these jars; it may not exist."""
    parts = [f"{path}:{path.stat().st_mtime_ns}" for path in (java, *class_path())]
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
    return jars_folder() / f"classes-{digest}.jsa"
