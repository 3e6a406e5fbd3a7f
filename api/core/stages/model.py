"""Training and the endpoint: what the model is worth and whether it serves."""

from typing import Any

from botocore.exceptions import ClientError

from api.core.clock import seconds_between, told
from api.core.deployment import Clients, Deployment
from api.core.stages.metrics import day_sum
from api.core.stages.stage import Figure, Stage, State, absent

JOBS = 3

_JOB_STATES = {
    "Completed": State.DONE,
    "Failed": State.FAILED,
    "Stopped": State.FAILED,
}
_ENDPOINT_STATES = {
    "InService": State.DONE,
    "Failed": State.FAILED,
    "OutOfService": State.FAILED,
}


def read_training(clients: Clients, deployment: Deployment) -> Stage:
    """SageMaker's training jobs, with the metrics that they logged."""
    prefix = deployment.outputs.get("TrainingJobPrefix")
    if prefix is None:
        return absent("Training")
    sagemaker = clients("sagemaker")
    listed = sagemaker.list_training_jobs(
        NameContains=prefix, SortBy="CreationTime", SortOrder="Descending", MaxResults=JOBS
    )["TrainingJobSummaries"]
    jobs = [
        _job(sagemaker.describe_training_job(TrainingJobName=job["TrainingJobName"]))
        for job in listed
    ]
    if not jobs:
        return Stage(State.IDLE, resource=prefix, summary="nothing was trained yet")
    newest = jobs[0]
    reason = f": {newest['reason']}" if newest["reason"] else ""
    return Stage(
        state=_JOB_STATES.get(newest["state"], State.BUSY),
        resource=newest["name"],
        summary=f"{newest['state'].lower()}{reason}",
        figures=(
            Figure("auc", "AUC", newest["metrics"].get("auc")),
            Figure("seconds", "last training", newest["seconds"], "s"),
        ),
        entries=tuple(jobs),
    )


def _job(job: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": job["TrainingJobName"],
        "state": job["TrainingJobStatus"],
        "step": job.get("SecondaryStatus"),
        "reason": job.get("FailureReason"),
        "started": told(job.get("TrainingStartTime") or job["CreationTime"]),
        "seconds": job.get("TrainingTimeInSeconds")
        or seconds_between(
            job.get("TrainingStartTime") or job["CreationTime"], job.get("TrainingEndTime")
        ),
        "metrics": {
            metric["MetricName"]: metric["Value"] for metric in job.get("FinalMetricDataList", ())
        },
        "model": job.get("ModelArtifacts", {}).get("S3ModelArtifacts"),
    }


def read_endpoint(clients: Clients, deployment: Deployment) -> Stage:
    """The endpoint; it counts as deployed as soon as SageMaker knows it."""
    name = deployment.outputs.get("EndpointName")
    if name is None:
        return absent("The endpoint")
    try:
        endpoint = clients("sagemaker").describe_endpoint(EndpointName=name)
    except ClientError as error:
        if error.response["Error"]["Code"] == "ValidationException":
            return absent("The endpoint")
        raise
    status = endpoint["EndpointStatus"]
    reason = f": {endpoint['FailureReason']}" if endpoint.get("FailureReason") else ""
    asked = _invocations(clients, name, endpoint)
    return Stage(
        state=_ENDPOINT_STATES.get(status, State.BUSY),
        resource=name,
        summary=f"{'in service' if status == 'InService' else status.lower()}{reason}",
        figures=(Figure("invocations", "answers in 24 h", asked),),
        facts={
            "status": status,
            "since": told(endpoint.get("LastModifiedTime")),
            "config": endpoint["EndpointConfigName"],
            "variants": [item["VariantName"] for item in endpoint.get("ProductionVariants", ())],
        },
    )


def _invocations(clients: Clients, name: str, endpoint: dict[str, Any]) -> float | None:
    sums = [
        day_sum(
            clients,
            "AWS/SageMaker",
            "Invocations",
            {"EndpointName": name, "VariantName": variant["VariantName"]},
        )
        for variant in endpoint.get("ProductionVariants", ())
    ]
    known = [value for value in sums if value is not None]
    return sum(known) if known else None
