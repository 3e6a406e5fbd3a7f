"""The processing job of a monitoring execution: what it reads, what it is told, where it writes.

The environment and the places in the container are those that AWS's analyzer is given. The truth
of model quality is joined in the same job, where AWS runs a merge job before.
"""

import json
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from emulation.services.sagemaker import job_definitions, processing_jobs
from emulation.services.sagemaker.monitoring_times import Window
from emulation.services.sagemaker.scope import Scope
from emulation.services.sagemaker.storage import Location
from emulation.services.sagemaker.store import Members, MonitoringSchedule

BASELINE = "/opt/ml/processing/baseline"
TRUTH = "/opt/ml/processing/groundtruth"
CAPTURED = {"sagemakerCaptureJson": {"captureIndexNames": ["endpointInput", "endpointOutput"]}}

PREFIXES = {"DataQuality": "model-monitoring", "ModelQuality": "model-quality-monitoring"}
ATTRIBUTES = {
    "InferenceAttribute": "inference_attribute",
    "ProbabilityAttribute": "probability_attribute",
    "ProbabilityThresholdAttribute": "probability_threshold_attribute",
}
"""Members of an endpoint's input, and the variables that tell them."""


@dataclass(frozen=True)
class Plan:
    """What a schedule runs, wherever that is written down."""

    kind: str
    endpoint_input: Members
    application: Members
    environment: dict[str, str]
    baseline: Members
    output: Members
    members: Members
    """The processing job's own: resources, role, network, time limit."""
    truth: str | None = None

    @property
    def endpoint(self) -> str:
        """The endpoint that is monitored."""
        return str(self.endpoint_input["EndpointName"])


@dataclass(frozen=True)
class Data:
    """The hours that have data."""

    captured: list[Location]
    truth: list[Location]


def plan(scope: Scope, config: Members) -> Plan:
    """A schedule's plan: its own definition, or the one that it names."""
    if "MonitoringJobDefinition" in config:
        return inline(scope, config["MonitoringJobDefinition"], config.get("MonitoringType"))
    kind = config["MonitoringType"]
    definition = job_definitions.find(scope, kind, config["MonitoringJobDefinitionName"]).request
    application = definition[f"{kind}AppSpecification"]
    job_input = definition[f"{kind}JobInput"]
    own = {
        "ProcessingResources": definition["JobResources"],
        **part(definition, "RoleArn", "NetworkConfig", "StoppingCondition"),
    }
    return Plan(
        kind=kind,
        endpoint_input=job_input["EndpointInput"],
        application=application,
        environment=application.get("Environment", {}),
        baseline=resolved(scope, definition.get(f"{kind}BaselineConfig", {})),
        output=definition[f"{kind}JobOutputConfig"],
        members=own,
        truth=job_input.get("GroundTruthS3Input", {}).get("S3Uri"),
    )


def inline(scope: Scope, definition: Members, kind: str | None) -> Plan:
    """A definition within a schedule: of data quality, unless it says otherwise."""
    own = {
        "ProcessingResources": definition["MonitoringResources"],
        **part(definition, "RoleArn", "NetworkConfig", "StoppingCondition"),
    }
    return Plan(
        kind=kind or "DataQuality",
        endpoint_input=definition["MonitoringInputs"][0].get("EndpointInput", {}),
        application=definition["MonitoringAppSpecification"],
        environment=definition.get("Environment", {}),
        baseline=resolved(scope, definition.get("BaselineConfig", {})),
        output=definition["MonitoringOutputConfig"],
        members=own,
    )


def resolved(scope: Scope, baseline: Members) -> Members:
    """Where a baseline's files are; those of a baselining job are in its output."""
    if "BaseliningJobName" not in baseline or "ConstraintsResource" in baseline:
        return baseline
    job = processing_jobs.find(scope, baseline["BaseliningJobName"])
    (output, *_) = processing_jobs.outputs(job.request)
    place = Location.parse(output["S3Output"]["S3Uri"])
    return {
        "ConstraintsResource": {"S3Uri": str(place.child("constraints.json"))},
        "StatisticsResource": {"S3Uri": str(place.child("statistics.json"))},
    }


def part(members: Members, *names: str) -> Members:
    """Some of the members."""
    return {name: members[name] for name in names if name in members}


def request(
    schedule: MonitoringSchedule, what: Plan, scheduled: datetime, window: Window, data: Data
) -> Members:
    """The CreateProcessingJob request of one execution."""
    inputs = [
        *baseline_inputs(what),
        *captured_inputs(what, data.captured),
        *truth_inputs(data.truth),
    ]
    (output,) = what.output["MonitoringOutputs"]
    place = Location.parse(output["S3Output"]["S3Uri"]).child(
        what.endpoint, schedule.name, f"{scheduled:%Y/%m/%d/%H}"
    )
    result = {"S3UploadMode": "Continuous", **output["S3Output"], "S3Uri": str(place)}
    name = f"{PREFIXES[what.kind]}-{scheduled:%Y%m%d%H%M}-{uuid.uuid4().hex[:24]}"
    return {
        "ProcessingJobName": name,
        "ProcessingInputs": inputs,
        "ProcessingOutputConfig": {
            "Outputs": [{"OutputName": "result", "S3Output": result}],
            **part(what.output, "KmsKeyId"),
        },
        "AppSpecification": part(
            what.application, "ImageUri", "ContainerEntrypoint", "ContainerArguments"
        ),
        "Environment": {**variables(schedule, what, window, result), **what.environment},
        **what.members,
    }


def variables(
    schedule: MonitoringSchedule, what: Plan, window: Window, result: Members
) -> dict[str, str]:
    """What the analyzer is told."""
    found = {
        "dataset_format": json.dumps(CAPTURED),
        "dataset_source": what.endpoint_input["LocalPath"],
        "output_path": result["LocalPath"],
        "publish_cloudwatch_metrics": "Enabled",
        "monitoring_input_type": "ENDPOINT_INPUT",
        "sagemaker_endpoint_name": what.endpoint,
        "sagemaker_monitoring_schedule_name": schedule.name,
        "start_time": moment(window.start),
        "end_time": moment(window.end),
        "metric_time": moment(window.start),
    }
    if constraints_uri(what):
        found["baseline_constraints"] = file_in(f"{BASELINE}/constraints", constraints_uri(what))
    if statistics_uri(what):
        found["baseline_statistics"] = file_in(f"{BASELINE}/stats", statistics_uri(what))
    if what.kind == "ModelQuality":
        found |= quality_variables(what)
    return found


def quality_variables(what: Plan) -> dict[str, str]:
    """What the analyzer is told besides of predictions and truth."""
    found = {"analysis_type": "MODEL_QUALITY", "ground_truth_source": TRUTH}
    if "ProblemType" in what.application:
        found["problem_type"] = what.application["ProblemType"]
    for member, name in ATTRIBUTES.items():
        if member in what.endpoint_input:
            found[name] = str(what.endpoint_input[member])
    return found


def moment(time: datetime) -> str:
    """A time as the variables have it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def file_in(folder: str, uri: Any) -> str:
    """Where an object is when its prefix was copied into a folder."""
    return f"{folder}/{str(uri).rsplit('/', 1)[-1]}"


def constraints_uri(what: Plan) -> str | None:
    """The baseline's constraints."""
    uri: str | None = what.baseline.get("ConstraintsResource", {}).get("S3Uri")
    return uri


def statistics_uri(what: Plan) -> str | None:
    """The baseline's statistics."""
    uri: str | None = what.baseline.get("StatisticsResource", {}).get("S3Uri")
    return uri


def baseline_inputs(what: Plan) -> list[Members]:
    """The files of the baseline."""
    found = []
    if uri := constraints_uri(what):
        found.append(s3_input("constraints", uri, f"{BASELINE}/constraints"))
    if uri := statistics_uri(what):
        found.append(s3_input("baseline", uri, f"{BASELINE}/stats"))
    return found


def captured_inputs(what: Plan, data: list[Location]) -> list[Members]:
    """The hours of captured data, each where its prefix says."""
    local = what.endpoint_input["LocalPath"]
    found = []
    for number, location in enumerate(data, start=1):
        place = "/".join(location.key.rsplit("/", 5)[1:])
        found.append(
            s3_input(f"endpoint_input_{number}", str(location), f"{local}/{what.endpoint}/{place}")
        )
    return found


def truth_inputs(truth: list[Location]) -> list[Members]:
    """The hours of the truth that has come."""
    return [
        s3_input(
            f"groundtruth_input_{number}",
            str(location),
            f"{TRUTH}/{'/'.join(location.key.rsplit('/', 4)[1:])}",
        )
        for number, location in enumerate(truth, start=1)
    ]


def s3_input(name: str, uri: str, path: str) -> Members:
    """One input."""
    source = {
        "S3Uri": uri,
        "LocalPath": path,
        "S3DataType": "S3Prefix",
        "S3InputMode": "File",
        "S3DataDistributionType": "FullyReplicated",
        "S3CompressionType": "None",
    }
    return {"InputName": name, "S3Input": source}
