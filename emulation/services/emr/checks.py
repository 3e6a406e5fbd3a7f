"""What EMR refuses of a cluster or a step, and what is refused here by name.

Accepted although nothing differs by it on one machine: types, numbers and prices of instances, the
network, keys, volumes, scaling policies (recorded), roles of machines.
"""

import re
from typing import Any

from emulation.compute.spark_submit.machine import spark_home
from emulation.compute.spark_submit.options import parse
from emulation.compute.spark_submit.release import absent
from emulation.services.emr.errors import invalid, not_emulated
from emulation.services.emr.store import Members

RELEASE = re.compile(r"emr-([4-7]\.\d{1,2}\.\d{1,2}|spark-8\.\d{1,2}\.\d{1,2})(-\w+)?")
APPLICATIONS = {"spark": "Spark", "hadoop": "Hadoop"}
CLASSIFICATIONS = ("spark", "spark-defaults", "spark-log4j2", "spark-env")
REFUSED = (
    "AmiVersion",
    "SupportedProducts",
    "NewSupportedProducts",
    "SecurityConfiguration",
    "CustomAmiId",
    "KerberosAttributes",
    "AutoScalingRole",
    "MonitoringConfiguration",
    "LogEncryptionKmsKeyId",
)
NOTHING: tuple[Any, ...] = (None, False, [], {}, "")

COMMAND_RUNNER = "command-runner.jar"
SCRIPT_RUNNER = "script-runner.jar"
ABSENT = (
    *("hadoop", "hdfs", "yarn", "mapred", "hadoop-streaming", "s3-dist-cp", "state-pusher-script"),
    *("hive", "hive-script", "pig", "pig-script", "hbase", "sqoop", "oozie", "flink"),
    *("flink-yarn-session", "presto-cli", "trino-cli", "spark-shell", "spark-sql", "pyspark"),
    *("sparkR", "spark-example", "run-example"),
)
"""Programs of a release that are not here."""

MOST_STEPS = 256
IDLE = range(60, 604801)


def check_cluster(request: Members) -> None:
    """RunJobFlow."""
    for name in REFUSED:
        if request.get(name) not in NOTHING:
            raise not_emulated("RunJobFlow", name)
    label = request.get("ReleaseLabel") or ""
    if not RELEASE.fullmatch(label):
        raise invalid(f"The supplied release label is invalid: {label}.")
    for name, told in (("JobFlowRole", "InstanceProfile"), ("ServiceRole", "ServiceRole")):
        if not request.get(name):
            raise invalid(f"{told} is required for creating cluster.")
    for application in request.get("Applications") or []:
        check_application(application["Name"])
    check_configurations(request.get("Configurations") or [])
    check_instances(request["Instances"])
    check_concurrency(request.get("StepConcurrencyLevel") or 1)
    check_idle(request.get("AutoTerminationPolicy"))
    check_steps("RunJobFlow", request.get("Steps") or [], request.get("StepConcurrencyLevel") or 1)


def check_application(name: str) -> None:
    """Spark and Hadoop, whose client Spark brings."""
    if name.lower() not in APPLICATIONS:
        raise not_emulated("RunJobFlow", f"the application {name}")


def check_configurations(configurations: list[Members]) -> None:
    """Settings of programs, by classification."""
    for configuration in configurations:
        name = configuration.get("Classification", "")
        if name not in CLASSIFICATIONS:
            raise not_emulated("RunJobFlow", f"the classification {name}")
        inner = [one.get("Classification") for one in configuration.get("Configurations") or []]
        if inner not in ([], ["export"]):
            raise not_emulated("RunJobFlow", f"configurations within {name}")


def check_instances(instances: Members) -> None:
    """The instances, as groups or as a number."""
    if instances.get("InstanceFleets"):
        raise not_emulated("RunJobFlow", "Instances.InstanceFleets")
    groups = instances.get("InstanceGroups") or []
    roles = [group["InstanceRole"] for group in groups]
    for group in groups:
        if group.get("AutoScalingPolicy"):
            raise not_emulated("RunJobFlow", "AutoScalingPolicy")
        if group.get("Configurations"):
            raise not_emulated("RunJobFlow", "Configurations of an instance group")
    if groups and roles.count("MASTER") != 1:
        raise invalid("There must be exactly one master instance group.")
    if roles.count("CORE") > 1:
        raise invalid("There can be at most one core instance group.")
    if groups and instances.get("MasterInstanceType"):
        raise invalid(
            "Please configure instances using one and only one of the following: "
            "instance groups; instance fleets; instance count, master and slave "
            "instance type."
        )
    if not groups and (instances.get("InstanceCount") or 0) < 1:
        raise invalid("Number of instances cannot be less than 1.")
    if not groups and not instances.get("MasterInstanceType"):
        raise invalid("The request must specify a master instance type.")


def check_concurrency(level: int) -> None:
    """How many steps run at a time."""
    if not 1 <= level <= MOST_STEPS:
        raise invalid(f"StepConcurrencyLevel must be between 1 and {MOST_STEPS}.")


def check_idle(policy: Members | None) -> None:
    """When a cluster without work ends."""
    seconds = (policy or {}).get("IdleTimeout")
    if seconds is not None and seconds not in IDLE:
        raise invalid(f"IdleTimeout must be between {IDLE[0]} and {IDLE[-1]} seconds.")


def check_steps(operation: str, steps: list[Members], concurrency: int) -> None:
    """Steps that are to be added."""
    if len(steps) > MOST_STEPS:
        raise invalid(
            f"Maximum number of active steps(State = 'Running', 'Pending' or "
            f"'Cancel_Pending') for cluster exceeded. Allowed: {MOST_STEPS}."
        )
    for step in steps:
        check_step(operation, step)
        if concurrency > 1 and step.get("ActionOnFailure", "TERMINATE_CLUSTER") != "CONTINUE":
            raise invalid(
                "The ActionOnFailure setting is not valid: with a StepConcurrencyLevel "
                "greater than 1 it must be CONTINUE."
            )


def check_step(operation: str, step: Members) -> None:
    """One step: commands and scripts are run, other jars are not."""
    jar, words = step["HadoopJarStep"]["Jar"], step["HadoopJarStep"].get("Args") or []
    if step.get("StepMonitoringConfiguration"):
        raise not_emulated(operation, "StepMonitoringConfiguration")
    if not jar.endswith((COMMAND_RUNNER, SCRIPT_RUNNER)):
        raise not_emulated(operation, f"the jar {jar}")
    if not words:
        raise invalid(f"A step of {jar.rsplit('/', 1)[-1]} must have arguments.")
    if jar.endswith(COMMAND_RUNNER) and words[0] in ABSENT:
        raise not_emulated(operation, f"the command {words[0]}")
    line = parse(words[1:] if words[0] == "spark-submit" else ())
    for path in absent(line, line.properties, spark_home()):
        raise not_emulated(operation, f"the release's {path}")
