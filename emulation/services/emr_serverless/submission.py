"""What a run's request means for `spark-submit`: its words, its properties, where its logs go, and
the worker that its driver would have on AWS.
"""

import math
import shlex
from dataclasses import dataclass

from emulation.compute.spark_submit.options import CommandLine, mebibytes, parse
from emulation.services.emr_serverless.errors import invalid
from emulation.services.emr_serverless.store import Members

DRIVER_CORES = "4"
DRIVER_MEMORY = "14g"
SMALLEST_OVERHEAD = 384
OVERHEAD = 0.1
FREE_STORAGE_GB = 20
SHORTEST_BILL_SECONDS = 60
LOG_GROUP = "/aws/emr-serverless"
DEFAULT_TYPES = {"SPARK_DRIVER": ["STDOUT", "STDERR"]}


@dataclass(frozen=True, slots=True)
class Worker:
    """A driver's worker as it would be billed: vCPU, GB, GB."""

    cores: int
    memory_gb: int
    disk_gb: int

    def used(self, seconds: float) -> Members:
        """Hours of each."""
        hours = seconds / 3600
        return _hours(self.cores * hours, self.memory_gb * hours, self.disk_gb * hours)

    def billed(self, seconds: float) -> Members:
        """A minute at least, full seconds, and storage above what is free."""
        if not seconds:
            return _hours(0, 0, 0)
        hours = max(SHORTEST_BILL_SECONDS, math.ceil(seconds)) / 3600
        storage = max(0, self.disk_gb - FREE_STORAGE_GB)
        return _hours(self.cores * hours, self.memory_gb * hours, storage * hours)


def _hours(cores: float, memory: float, storage: float) -> Members:
    return {
        "vCPUHour": round(cores, 3),
        "memoryGBHour": round(memory, 3),
        "storageGBHour": round(storage, 3),
    }


def command_line(driver: Members) -> CommandLine:
    """The parameters of a run's `spark-submit`.

    Raises:
        CommonServiceException: ValidationException, they are no command line.
    """
    try:
        return parse(shlex.split(driver.get("sparkSubmitParameters") or ""))
    except ValueError as error:
        raise invalid(f"Invalid sparkSubmitParameters: {error}") from error


def words(driver: Members) -> list[str]:
    """The command."""
    return [
        "spark-submit",
        *shlex.split(driver.get("sparkSubmitParameters") or ""),
        driver["entryPoint"],
        *(driver.get("entryPointArguments") or []),
    ]


def defaults(application: Members, overrides: Members, name: str = "spark-defaults") -> Members:
    """The properties of a classification: the run's over the application's."""
    found: Members = {}
    lists = (application.get("runtimeConfiguration"), overrides.get("applicationConfiguration"))
    for configurations in lists:
        for configuration in configurations or []:
            if configuration["classification"] == name:
                found |= configuration.get("properties") or {}
    return found


def monitoring(application: Members, overrides: Members) -> Members:
    """Where logs go: the run's settings over the application's, part by part."""
    mine = overrides.get("monitoringConfiguration") or {}
    return {**(application.get("monitoringConfiguration") or {}), **mine}


def worker(properties: Members) -> Worker:
    """The worker of a driver with these properties; what cannot be read counts as the default."""
    memory = _mebibytes(properties.get("spark.driver.memory"), DRIVER_MEMORY)
    least = max(SMALLEST_OVERHEAD, int(memory * OVERHEAD))
    over = _mebibytes(properties.get("spark.driver.memoryOverhead"), f"{least}m")
    disk = _mebibytes(properties.get("spark.emr-serverless.driver.disk"), f"{FREE_STORAGE_GB}g")
    cores = properties.get("spark.driver.cores", DRIVER_CORES)
    return Worker(
        cores=int(cores) if cores.isdigit() else int(DRIVER_CORES),
        memory_gb=math.ceil((memory + over) / 1024),
        disk_gb=math.ceil(disk / 1024),
    )


def _mebibytes(text: str | None, default: str) -> int:
    try:
        return mebibytes(text or default)
    except ValueError:
        return mebibytes(default)
