"""The year at speed, in event time, with the loop switched on.

This program is the world, not the loop: month after month it tells what has happened, and starts
the Spark job as its schedule would. Whatever follows is the loop's own doing, which is only looked
at here. At the end a job compares what was scored with what the first model says.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from pipeline.contracts.captures import scored_prefix
from pipeline.contracts.monitoring import root
from pipeline.delivery.jobs import FOLDER, entrypoint, input_of, machine, run_job, source_of
from pipeline.errors import SettingError
from pipeline.orchestration import registry
from pipeline.orchestration.dashboards import follow
from pipeline.orchestration.events import land, produce
from pipeline.orchestration.features import PROCESSED, build_features
from pipeline.orchestration.loop import close_loop, watch
from pipeline.orchestration.objects import read_json
from pipeline.orchestration.run import Run, Show, digest, listing
from pipeline.orchestration.runner import Stage
from pipeline.orchestration.settling import settle
from pipeline.producers.tables import FIRST_DAY

CLOSE: Sequence[Stage] = (
    Stage("close", "CodePipeline, CodeBuild, Lambda, CloudWatch (stacks)", close_loop),
    Stage("watch", "SageMaker processing job", watch, ("close",)),
)

MONTH: Sequence[Stage] = (
    Stage("produce", "Kinesis", produce),
    Stage("land", "Lambda to S3", land, ("produce",)),
    Stage("features", "Glue job (Spark)", build_features, ("land",)),
    Stage("loop", "Lambda, SageMaker, CloudWatch, CodePipeline", settle, ("features",)),
    Stage("warehouse", "Lambda, Redshift, QuickSight", follow, ("loop",)),
)

REST: Sequence[Stage] = (Stage("loop", "CodePipeline", settle),)

SOURCE = "TrainingSourceKey"
PROGRAM = "models.flight_delay.months"
TABLE = "months.json"


def months(run: Run, told: int, until: int) -> Iterator[tuple[str, Run]]:
    """The months after so many days, each with a run that tells the year up to its end."""
    days = told
    while days < until:
        first = FIRST_DAY + timedelta(days=days)
        following = (first.replace(day=1) + timedelta(days=32)).replace(day=1)
        days = min(until, (following - FIRST_DAY).days)
        yield f"{first:%B}", replace(run, days=days)


def compare(run: Run, show: Show) -> str:
    """Hold the first model against what was in service, by month and together."""
    lake, endpoint = run.output("LakeBucket"), run.output("EndpointName")
    first = list(registry.versions(run.output("ModelPackageGroupName")))[-1:]
    if not first:
        raise SettingError("No model is registered: run `python -m pipeline up` first.")
    inputs = {
        "source": source_of(run, SOURCE),
        "flights": f"s3://{lake}/{PROCESSED}",
        "scored": f"s3://{lake}/{scored_prefix(endpoint)}",
        "static": first[0].archive,
    }
    states = [listing(lake, prefix).digest for prefix in (PROCESSED, scored_prefix(endpoint))]
    name = f"{run.settings.name}-months-{digest([json.dumps(inputs), *states])}"
    key = f"{root(endpoint)}months/{name}"
    place = {"S3Uri": f"s3://{lake}/{key}", "LocalPath": f"{FOLDER}/output"}
    output = {"OutputName": "months", "S3Output": {**place, "S3UploadMode": "EndOfJob"}}
    request = {
        "ProcessingJobName": name,
        "ProcessingInputs": [input_of(key, uri) for key, uri in inputs.items()],
        "ProcessingOutputConfig": {"Outputs": [output]},
        **machine(run),
        "AppSpecification": {
            "ImageUri": run.output("ModelImageUri"),
            "ContainerEntrypoint": entrypoint(PROGRAM),
            "ContainerArguments": [
                *("--flights", f"{FOLDER}/input/flights"),
                *("--scored", f"{FOLDER}/input/scored"),
                *("--static", f"{FOLDER}/input/static/model.tar.gz"),
                *("--output", f"{FOLDER}/output"),
            ],
        },
        "RoleArn": run.output("MonitorRoleArn"),
    }
    run_job(request, run.settings.stage_seconds, show)
    run.learned["months"] = f"{key}/{TABLE}"
    return f"s3://{lake}/{key}/{TABLE}"


WORTH: Sequence[Stage] = (Stage("compare", "SageMaker processing job", compare),)


def worth(run: Run) -> dict[str, dict[str, Any]]:
    """What was compared: by month, and `all` together."""
    return read_json(run.output("LakeBucket"), run.learned["months"]) or {}
