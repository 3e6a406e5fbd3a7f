"""The command line of `spark-submit`, read as Spark 4.1.1 reads it (`SparkSubmitOptionParser`).

Most options are short for a property, and the property is all that Spark makes of them; so a
command line is here what properties it means, and what is run with them. An option that Spark does
not know ends the reading: it and what follows are left for Spark, which refuses them in its words.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

PROPERTIES = {
    "--archives": "spark.archives",
    "--deploy-mode": "spark.submit.deployMode",
    "--driver-class-path": "spark.driver.extraClassPath",
    "--driver-cores": "spark.driver.cores",
    "--driver-java-options": "spark.driver.extraJavaOptions",
    "--driver-library-path": "spark.driver.extraLibraryPath",
    "--driver-memory": "spark.driver.memory",
    "--exclude-packages": "spark.jars.excludes",
    "--executor-cores": "spark.executor.cores",
    "--executor-memory": "spark.executor.memory",
    "--files": "spark.files",
    "--jars": "spark.jars",
    "--keytab": "spark.kerberos.keytab",
    "--master": "spark.master",
    "--name": "spark.app.name",
    "--num-executors": "spark.executor.instances",
    "--packages": "spark.jars.packages",
    "--principal": "spark.kerberos.principal",
    "--py-files": "spark.submit.pyFiles",
    "--queue": "spark.yarn.queue",
    "--remote": "spark.remote",
    "--repositories": "spark.jars.repositories",
    "--total-executor-cores": "spark.cores.max",
}
"""Options with a value that are short for a property."""

CONF = ("--conf", "-c")
VALUED = {*PROPERTIES, *CONF, "--class", "--kill", "--properties-file", "--proxy-user", "--status"}
SWITCHES = {
    "--help",
    "-h",
    "--load-spark-defaults",
    "--supervise",
    "--usage-error",
    "--verbose",
} | {
    "-v",
    "--version",
}

SEPARATOR = re.compile(r"\s*[=:]\s*|\s+")
UNITS = {"": 1, "b": 1 / 1024 / 1024, "k": 1 / 1024, "m": 1, "g": 1024, "t": 1024 * 1024}


@dataclass
class CommandLine:
    """What a command line says."""

    properties: dict[str, str] = field(default_factory=dict)
    properties_file: str | None = None
    kept: list[str] = field(default_factory=list)
    """Options that are no properties, for Spark itself."""
    rest: list[str] = field(default_factory=list)
    """The program with its arguments; or an option that Spark refuses, and what follows it."""

    def merged(self, defaults: Mapping[str, str]) -> dict[str, str]:
        """The properties over their defaults."""
        return {**defaults, **self.properties}


def parse(words: Sequence[str]) -> CommandLine:
    """Read a command line, without the name of the program."""
    found, left = CommandLine(), list(words)
    settings: dict[str, str] = {}
    while left:
        option, equals, value = left[0].partition("=")
        if option in VALUED and (equals or len(left) > 1):
            left.pop(0)
            _take(found, settings, option, value if equals else left.pop(0))
        elif left[0] in SWITCHES:
            found.kept.append(left.pop(0))
        else:
            break
    # An option goes over the same property in `--conf`, wherever it stands.
    found.properties = {**settings, **found.properties}
    found.rest = left
    return found


def _take(found: CommandLine, settings: dict[str, str], option: str, value: str) -> None:
    if option in CONF:
        name, equals, text = value.partition("=")
        if equals:
            settings[name.strip()] = text.strip()
        else:
            # Spark refuses it: "Spark config without '='".
            found.kept += [option, value]
    elif option in PROPERTIES:
        found.properties[PROPERTIES[option]] = value
    elif option == "--properties-file":
        found.properties_file = value
    else:
        found.kept += [option, value]


def read_properties(text: str) -> dict[str, str]:
    """The lines of a `spark-defaults.conf`: a name, white space or `=`, a value."""
    found = {}
    for line in map(str.strip, text.splitlines()):
        if line and line[0] not in "#!":
            name, value = (
                SEPARATOR.split(line, maxsplit=1) if SEPARATOR.search(line) else (line, "")
            )
            found[name] = value
    return found


def properties_text(properties: Mapping[str, str]) -> str:
    """A Java properties file."""
    return "".join(
        f"{_escaped(name, ':= ')}={_escaped(value, '')}\n" for name, value in properties.items()
    )


def _escaped(text: str, separators: str) -> str:
    text = text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
    for separator in separators:
        text = text.replace(separator, f"\\{separator}")
    return text


def mebibytes(size: str) -> int:
    """A size as the JVM and Spark write it: `512m`, `2g`; a bare number is in MiB.

    Raises:
        ValueError: it is none.
    """
    text = size.strip().lower().removesuffix("b") if size.strip()[-2:-1].isalpha() else size.strip()
    digits = text.rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
    unit = text[len(digits) :].lower()
    if not digits.isdigit() or unit not in UNITS:
        raise ValueError(f"{size} is no size of memory")
    return max(1, int(int(digits) * UNITS[unit]))
