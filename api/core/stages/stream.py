"""The stream and the function that empties it."""

from api.core.deployment import Clients, Deployment
from api.core.stages.metrics import day_sum
from api.core.stages.stage import Figure, Stage, State, absent


def read_stream(clients: Clients, deployment: Deployment) -> Stage:
    """Kinesis: what came in during the last day."""
    name = deployment.outputs.get("EventStreamName")
    if name is None:
        return absent("The event stream")
    summary = clients("kinesis").describe_stream_summary(StreamName=name)
    described = summary["StreamDescriptionSummary"]
    records = day_sum(clients, "AWS/Kinesis", "IncomingRecords", {"StreamName": name})
    size = day_sum(clients, "AWS/Kinesis", "IncomingBytes", {"StreamName": name})
    active = described["StreamStatus"] == "ACTIVE"
    return Stage(
        state=(State.DONE if records else State.IDLE) if active else State.BUSY,
        resource=name,
        summary=f"{described['StreamStatus'].lower()}, {described['OpenShardCount']} open shards",
        figures=(
            Figure("records", "events in 24 h", records),
            Figure("bytes", "in 24 h", size, "bytes"),
            Figure("shards", "open shards", described["OpenShardCount"]),
        ),
    )


def read_ingest(clients: Clients, deployment: Deployment) -> Stage:
    """Lambda: how often it ran and failed, and what it set aside."""
    name = deployment.outputs.get("IngestFunctionName")
    if name is None:
        return absent("The ingest function")
    invocations = day_sum(clients, "AWS/Lambda", "Invocations", {"FunctionName": name})
    errors = day_sum(clients, "AWS/Lambda", "Errors", {"FunctionName": name})
    lake = deployment.outputs.get("LakeBucket")
    poison = _waiting(clients, lake, "poison/")
    failed_batches = _waiting(clients, lake, "aws/lambda/")
    return Stage(
        state=State.FAILED if failed_batches else State.DONE if invocations else State.IDLE,
        resource=name,
        summary=_summary(invocations, errors, poison, failed_batches),
        figures=(
            Figure("invocations", "runs in 24 h", invocations),
            Figure("errors", "errors in 24 h", errors if invocations is None else errors or 0),
            Figure("poison", "records set aside", poison),
            Figure("failed_batches", "batches given up", failed_batches),
        ),
    )


def _waiting(clients: Clients, bucket: str | None, prefix: str) -> int | None:
    """How many objects of what was set aside, or given up, the operator has not seen to."""
    if bucket is None:
        return None
    pages = clients("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return sum(len(page.get("Contents", ())) for page in pages)


def _summary(
    invocations: float | None, errors: float | None, poison: int | None, failed: int | None
) -> str:
    if failed:
        return f"{failed} batches were given up after all their retries"
    if not invocations:
        return "waits for events"
    bad = f", {errors:,.0f} errors" if errors else ""
    aside = f", {poison:,} records set aside" if poison else ""
    return f"{invocations:,.0f} runs in 24 h{bad}{aside}"
