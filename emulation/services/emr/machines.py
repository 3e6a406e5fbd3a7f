"""The machine of a cluster: a folder with a home and programs, in which its steps run.

What a bootstrap action installs with pip is the cluster's own. `sudo` runs a command as who runs
the emulator does everything else: a script that needs more fails, and changes nothing outside.
"""

from collections.abc import Mapping
from pathlib import Path

from emulation.compute.runtimes import interpreter, site_packages
from emulation.compute.spark_submit.machine import Machine
from emulation.services.emr.store import Cluster, Members
from emulation.services.emr_serverless.attempts import aws_environment, object_store
from emulation.settings import settings

TOOLS = "codebuild"
"""The runtime that has pip and AWS's command line."""

SUDO = """while [ "${1#-}" != "$1" ]; do
  case "$1" in -u|-g|-h|-p) shift ;; esac
  shift
done
exec "$@"
"""


def prepare(cluster: Cluster) -> None:
    """Make the folder.

    Raises:
        JavaNotFoundError: there is no Java. FileNotFoundError: a runtime is not installed.
    """
    folder = cluster.folder()
    for name in ("home", "packages", "steps", "tools"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    machine(cluster).install(aws_environment(cluster.scope))
    if not has_spark(cluster):
        (folder / "machine" / "bin" / "spark-submit").unlink()
    _program(folder, "sudo", SUDO)
    if (site_packages(TOOLS) / "pip").exists():
        python = interpreter(TOOLS)
        target = f"PIP_TARGET={folder / 'packages'} PIP_DISABLE_PIP_VERSION_CHECK=1"
        for name in ("pip", "pip3"):
            _program(folder, name, f'{target} exec {python} -I -m pip "$@"\n')
        _program(folder, "aws", f'exec {python} -I -m awscli "$@"\n')


def _program(folder: Path, name: str, text: str) -> None:
    path = folder / "tools" / name
    path.write_text(f"#!/bin/sh\n{text}")
    path.chmod(0o755)


def has_spark(cluster: Cluster) -> bool:
    """Whether the cluster was asked to have Spark."""
    return any(one["Name"].lower() == "spark" for one in cluster.members.get("Applications") or [])


def machine(cluster: Cluster, note: str = "driver.pid") -> Machine:
    """Spark on it; `note` is where a step's driver leaves its process's number."""
    return Machine(
        folder=cluster.folder() / "machine",
        store=object_store(cluster.scope),
        memory=settings().spark_memory,
        properties={"spark.ui.enabled": "false", **classified(cluster, "spark-defaults")},
        log_properties=classified(cluster, "spark-log4j2"),
        note=note,
    )


def classified(cluster: Cluster, name: str) -> dict[str, str]:
    """The properties of a classification."""
    found: dict[str, str] = {}
    for configuration in cluster.members.get("Configurations") or []:
        if configuration.get("Classification") == name:
            found |= configuration.get("Properties") or {}
    return found


def exported(cluster: Cluster) -> dict[str, str]:
    """The variables that `spark-env` exports."""
    found: dict[str, str] = {}
    for configuration in cluster.members.get("Configurations") or []:
        if configuration.get("Classification") == "spark-env":
            inner: list[Members] = configuration.get("Configurations") or []
            for export in inner:
                found |= export.get("Properties") or {}
    return found


def environment(cluster: Cluster, note: str, own: Mapping[str, str]) -> dict[str, str]:
    """The environment of a step or a bootstrap action."""
    folder = cluster.folder()
    given = aws_environment(cluster.scope)
    given["PATH"] = f"{folder / 'tools'}:{given.get('PATH', '/usr/bin:/bin')}"
    found = machine(cluster, note).environment(given)
    return {
        **found,
        "PYTHONPATH": f"{found['PYTHONPATH']}:{folder / 'packages'}",
        "HOME": str(folder / "home"),
        "USER": "hadoop",
        "EMR_CLUSTER_ID": cluster.identifier,
        "EMR_RELEASE_LABEL": cluster.members["ReleaseLabel"],
        **exported(cluster),
        **own,
    }
