"""The program `spark-submit` of a job's machine: it becomes Spark's own, with one difference.

Whatever master and deploy mode the command line names, the driver runs here, and the executors are
its threads. The first argument is a JSON file that `machine` wrote; the rest is the command line.
Run by path with the runtime's interpreter and `-I`; what follows is Java, which inherits nothing of
our path.

As in the container of an EMR job, files and archives lie in the working folder before the driver
starts: an archive may hold the very Python that runs it.
"""

import json
import os
import re
import shlex
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

sys.path.append(str(Path(__file__).parents[3]))

from emulation.compute.spark_submit.options import (
    mebibytes,
    parse,
    properties_text,
    read_properties,
)
from emulation.compute.spark_submit.release import located, located_files

ENVIRONMENT = os.environ  # noqa: TID251 - the driver's, which its command line may add to

DRIVER_ENVIRONMENT = ("spark.emr-serverless.driverEnv.", "spark.yarn.appMasterEnv.")
EXECUTOR_ENVIRONMENT = "spark.emr-serverless.executorEnv."
PYTHONS = ("spark.pyspark.python", "spark.pyspark.driver.python")
PYTHON_NAMES = ("PYSPARK_PYTHON", "PYSPARK_DRIVER_PYTHON")
OF_THE_RELEASE = re.compile(r"(/usr/bin/)?python3?(\.\d+)?")
"""A Python that the release brings: here there is one, the runtime's."""

MEMORY = "spark.driver.memory"
DEFAULT_NAME = re.compile(r"[^/]+$")


def main(settings: dict[str, Any], words: list[str]) -> None:
    """Become the JVM of a command line."""
    line = parse(words)
    file = {}
    if line.properties_file:
        file = read_properties(Path(line.properties_file).read_text())
    properties = line.merged({**settings["properties"], **file})
    environment(properties, settings["python"])
    home = Path(ENVIRONMENT["SPARK_HOME"])
    properties |= located_files(properties, home)
    for name, place in (("spark.files", put), ("spark.archives", unpack)):
        if properties.get(name):
            properties[name] = ",".join(map(place, properties[name].split(",")))
    properties |= {"spark.master": settings["master"], "spark.submit.deployMode": "client"}
    cap(properties, settings["memory"])
    command = java(settings, properties)
    program = [located(word, home) for word in line.rest[:1]]
    os.execv(command[0], [*command, *line.kept, *program, *line.rest[1:]])


def environment(properties: dict[str, str], python: str) -> None:
    """Set what properties say of the driver's environment, and name the Python that there is."""
    for name in list(properties):
        for prefix in DRIVER_ENVIRONMENT:
            if name.startswith(prefix):
                ENVIRONMENT[name.removeprefix(prefix)] = properties.pop(name)
        if name.startswith(EXECUTOR_ENVIRONMENT):
            variable = name.removeprefix(EXECUTOR_ENVIRONMENT)
            properties[f"spark.executorEnv.{variable}"] = properties.pop(name)
    for places, names in (
        (properties, PYTHONS),
        (properties, tuple(f"spark.executorEnv.{name}" for name in PYTHON_NAMES)),
        (ENVIRONMENT, PYTHON_NAMES),
    ):
        for name in names:
            if name in places and OF_THE_RELEASE.fullmatch(places[name]):
                places[name] = python


def put(address: str) -> str:
    """Put a file into the working folder; its path there. `#name` renames it."""
    source, _, name = address.strip().partition("#")
    path = Path.cwd() / (name or Path(urlsplit(source).path).name)
    fetch(source, path)
    return str(path)


def unpack(address: str) -> str:
    """Unpack an archive into the working folder, in a folder of its name; what Spark is told."""
    source, _, name = address.strip().partition("#")
    file = Path(urlsplit(source).path).name
    folder = Path.cwd() / (name or file)
    path = Path(tempfile.mkdtemp(prefix="archive-")) / file
    fetch(source, path)
    folder.mkdir(parents=True, exist_ok=True)
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            extract(archive, folder)
    else:
        with tarfile.open(path) as archive:
            archive.extractall(folder, filter="tar")
    return f"{path}#{name}" if name else str(path)


def extract(archive: zipfile.ZipFile, folder: Path) -> None:
    """Unpack with the files' modes, which `zipfile` forgets."""
    for member in archive.infolist():
        path = Path(archive.extract(member, folder))
        mode = member.external_attr >> 16 & 0o777
        if mode and not member.is_dir():
            path.chmod(mode)


def fetch(source: str, path: Path) -> None:
    """Bring a file from S3, or from this machine."""
    address = urlsplit(source)
    if address.scheme in ("s3", "s3a", "s3n"):
        import boto3  # noqa: TID251 - the runtime's own, in the job's process

        boto3.client("s3").download_file(address.netloc, address.path.lstrip("/"), str(path))
    elif (local := Path(address.path)).resolve() != path.resolve():
        path.write_bytes(local.read_bytes())


def cap(properties: dict[str, str], most: str) -> None:
    """A laptop's memory is not a fleet's: ask for no more than there may be, and say so."""
    asked = properties.get(MEMORY, most)
    try:
        over = mebibytes(asked) > mebibytes(most)
    except ValueError:
        return
    if over:
        sys.stderr.write(f"{MEMORY} {asked} was asked for; the driver gets {most}\n")
    properties[MEMORY] = most if over else asked


def java(settings: dict[str, Any], properties: dict[str, str]) -> list[str]:
    """Java with Spark's own SparkSubmit, whose properties are in a file."""
    handle, path = tempfile.mkstemp(suffix=".properties", prefix="spark-")
    with os.fdopen(handle, "w") as file:
        file.write(properties_text(properties))
    extra = properties.get("spark.driver.extraClassPath")
    return [
        settings["java"],
        *settings["options"],
        f"-Xmx{properties[MEMORY].lower().removesuffix('b')}",
        *shlex.split(properties.get("spark.driver.extraJavaOptions", "")),
        "-cp",
        os.pathsep.join([*([extra] if extra else []), settings["class_path"]]),
        "org.apache.spark.deploy.SparkSubmit",
        "--properties-file",
        path,
    ]


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text()), sys.argv[2:])
