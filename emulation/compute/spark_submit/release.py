"""Files that a release of EMR brings to its machines, by the paths that they have there.

Spark's own folder is pyspark's, which has the examples in Python. Jars of a release (the examples
in Scala, Hudi, Iceberg, Delta) are not here: naming one is refused, not found out by a failed run.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from emulation.compute.spark_submit.options import CommandLine

SPARK_HOME = "/usr/lib/spark/"
LOCAL = re.compile(r"(?:(?:file|local)://)?(/usr/(?:lib|share/aws)/[^#*]+)(.*)")
FILES = ("spark.jars", "spark.files", "spark.archives", "spark.submit.pyFiles")


def located(address: str, home: Path) -> str:
    """An address, of Spark's folder if it means the release's; others stay as they are."""
    found = LOCAL.fullmatch(address.strip())
    if not found or not found[1].startswith(SPARK_HOME):
        return address
    path = home / found[1].removeprefix(SPARK_HOME)
    return f"{path}{found[2]}" if path.exists() else address


def located_files(properties: Mapping[str, str], home: Path) -> dict[str, str]:
    """The properties that name files, with Spark's folder in its place."""
    return {
        name: ",".join(located(one, home) for one in properties[name].split(","))
        for name in FILES
        if properties.get(name)
    }


def absent(line: CommandLine, properties: Mapping[str, str], home: Path) -> Iterator[str]:
    """Files of a release that a command names and that are not here."""
    named = [one for name in FILES for one in properties.get(name, "").split(",")]
    for address in [*line.rest[:1], *named]:
        found = LOCAL.fullmatch(address.strip())
        if found and not Path(found[1]).exists() and located(address, home) == address:
            yield found[1]
