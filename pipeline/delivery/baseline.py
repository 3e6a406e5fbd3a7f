"""The last step: the monitor learns what is usual for the new model, from the days that tested it.

A window that the new version answered cannot be judged before; the monitor says so.
"""

import json
from typing import Any

from pipeline.delivery.exports import Exports
from pipeline.delivery.jobs import entrypoint, input_of, machine, run_job, source_of
from pipeline.delivery.settings import Told
from pipeline.orchestration.run import Run, Show, digest

SOURCE = "MonitoringSourceKey"
PROGRAM = "models.monitoring.baseline"


def write(run: Run, told: Told, show: Show) -> Exports:
    """Write the baseline of a version, once."""
    request = job_request(run, told.of("MODEL_VERSION"), told.of("MODEL_DATA_URL"))
    job = run_job(request, run.settings.stage_seconds, show)
    show.say(f"{job['ProcessingJobName']} wrote the baseline of version {told.of('MODEL_VERSION')}")
    return {}


def job_request(run: Run, version: str, archive: str) -> dict[str, Any]:
    """The request of CreateProcessingJob; its name holds what it is asked."""
    source = source_of(run, SOURCE)
    values = {
        "--lake-bucket": run.output("LakeBucket"),
        "--endpoint": run.output("EndpointName"),
        "--model-version": version,
        "--model-data": archive,
        "--window-days": run.output("MonitorWindowDays"),
    }
    name = f"{run.settings.name}-baseline-{digest([source, json.dumps(values)])}"
    return {
        "ProcessingJobName": name,
        "ProcessingInputs": [input_of("source", source)],
        **machine(run),
        "AppSpecification": {
            "ImageUri": run.output("ModelImageUri"),
            "ContainerEntrypoint": entrypoint(PROGRAM),
            "ContainerArguments": [item for pair in values.items() for item in pair],
        },
        "RoleArn": run.output("MonitorRoleArn"),
    }
