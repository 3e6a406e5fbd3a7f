"""What EMR Serverless refuses of an application or a run, and what is refused here by name.

Accepted although nothing differs by it on one machine: capacities, the network, the architecture,
managed storage of logs, cost allocation, session policies (no policy is enforced here).
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from emulation.compute.spark_submit.machine import spark_home
from emulation.compute.spark_submit.options import CommandLine
from emulation.compute.spark_submit.release import absent
from emulation.services.emr_serverless.errors import foreign_role, invalid, not_emulated
from emulation.services.emr_serverless.store import Members
from emulation.services.scope import Scope

RELEASE = re.compile(r"emr-([67]\.\d{1,2}\.\d{1,2}|spark-8\.\d{1,2}\.\d{1,2})(-\w+)?")
TYPES = {"SPARK": "Spark", "HIVE": "Hive"}
CLASSIFICATIONS = ("spark-defaults", "spark-driver-log4j2", "spark-executor-log4j2")
OTHER_CLASSIFICATIONS = ("hive-site", "emrfs-site", "spark-metrics", "core-site", "spark-hive-site")
NOTHING: tuple[Any, ...] = (None, False, [], {}, "")

REFUSED = (
    "imageConfiguration",
    "workerTypeSpecifications",
    "identityCenterConfiguration",
    "diskEncryptionConfiguration",
)
LOG_TYPES = {"SPARK_DRIVER": ("STDOUT", "STDERR"), "SPARK_EXECUTOR": ("STDOUT", "STDERR")}
CATALOG = "AWSGlueDataCatalogHiveClientFactory"

SHORTEST_TIMEOUT = 5
GRACE = range(15, 1801)
ATTEMPTS = range(1, 11)


def check_type(kind: str, release: str) -> str:
    """The type of an application as answers have it."""
    name = TYPES.get(kind.upper())
    if name is None:
        raise invalid(f"Unsupported engine {kind}")
    if not RELEASE.fullmatch(release):
        raise invalid(
            f"Type '{kind}' is not supported for release label '{release}' or release label does "
            "not exist"
        )
    if name != "Spark":
        raise not_emulated("CreateApplication", f"type {kind.upper()}")
    return name


def check_settings(operation: str, given: Members) -> None:
    """An application's settings, or changes of them."""
    for name in REFUSED:
        if given.get(name) not in NOTHING:
            raise not_emulated(operation, name)
    for name, value in (given.get("interactiveConfiguration") or {}).items():
        if value:
            raise not_emulated(operation, f"interactiveConfiguration.{name}")
    check_monitoring(operation, given.get("monitoringConfiguration") or {})
    check_configurations(operation, given.get("runtimeConfiguration") or [])


def check_monitoring(operation: str, given: Members) -> None:
    """Where logs go."""
    if given.get("prometheusMonitoringConfiguration"):
        raise not_emulated(operation, "prometheusMonitoringConfiguration")
    logs = given.get("cloudWatchLoggingConfiguration") or {}
    if logs.get("encryptionKeyArn"):
        raise not_emulated(operation, "cloudWatchLoggingConfiguration.encryptionKeyArn")
    for worker, kinds in (logs.get("logTypes") or {}).items():
        for kind in kinds:
            if kind not in LOG_TYPES.get(worker, ()):
                raise invalid(f"Invalid log type {kind} for worker type {worker}")
    address = (given.get("s3MonitoringConfiguration") or {}).get("logUri")
    if address is not None and not re.fullmatch(r"s3://[^/]+(/.*)?", address):
        raise invalid(f"Invalid S3 log URI: {address}")


def check_configurations(operation: str, configurations: list[Members]) -> None:
    """Settings of the programs of a release, by classification."""
    for configuration in configurations:
        name = configuration["classification"]
        if name in OTHER_CLASSIFICATIONS:
            raise not_emulated(operation, f"the classification {name}")
        if name not in CLASSIFICATIONS:
            raise invalid(f"Unknown configuration overrides classification: {name}")
        if configuration.get("configurations"):
            raise not_emulated(operation, f"configurations within {name}")


def check_run(scope: Scope, request: Members) -> None:
    """A run's own request."""
    if request["executionRoleArn"].split(":")[4] != scope.account:
        raise foreign_role()
    minutes = request.get("executionTimeoutMinutes")
    if minutes and minutes < SHORTEST_TIMEOUT:
        raise invalid("RunTimeout must be at least 5 minutes.")
    driver = request.get("jobDriver") or {}
    if driver.get("hive"):
        raise not_emulated("StartJobRun", "jobDriver.hive")
    if not driver.get("sparkSubmit"):
        raise invalid("JobDriver must be specified")
    for problem in retry_problems(request.get("mode") or "BATCH", request.get("retryPolicy") or {}):
        raise invalid(problem)
    overrides = request.get("configurationOverrides") or {}
    if overrides.get("diskEncryptionConfiguration"):
        raise not_emulated("StartJobRun", "diskEncryptionConfiguration")
    check_monitoring("StartJobRun", overrides.get("monitoringConfiguration") or {})
    check_configurations("StartJobRun", overrides.get("applicationConfiguration") or [])


def retry_problems(mode: str, policy: Members) -> Iterator[str]:
    """What is wrong with a retry policy."""
    attempts, failures = policy.get("maxAttempts"), policy.get("maxFailedAttemptsPerHour")
    if attempts is not None and mode == "STREAMING":
        yield "maxAttempts is not supported for STREAMING job runs"
    if failures is not None and mode == "BATCH":
        yield "maxFailedAttemptsPerHour is not supported for BATCH job runs"
    for name, value in (("maxAttempts", attempts), ("maxFailedAttemptsPerHour", failures)):
        if value is not None and value not in ATTEMPTS:
            yield f"{name} must be between {ATTEMPTS[0]} and {ATTEMPTS[-1]}"


def check_command(line: CommandLine, properties: Members, program: str) -> None:
    """What `sparkSubmitParameters` say, and the files of a release that the run names."""
    if line.rest:
        raise invalid(f"Invalid sparkSubmitParameters: unrecognized option {line.rest[0]}")
    for path in absent(replace(line, rest=[program]), properties, spark_home()):
        raise not_emulated("StartJobRun", f"the release's {path}")
    if CATALOG in " ".join(properties.values()):
        raise not_emulated("StartJobRun", "the Glue Data Catalog as Hive's metastore")


def check_grace(seconds: int | None) -> None:
    """How long a cancelled run may take to end."""
    if seconds and seconds not in GRACE:
        raise invalid(
            f"shutdownGracePeriodInSeconds must be 0 or between {GRACE[0]} and {GRACE[-1]}"
        )
