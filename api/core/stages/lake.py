"""What lies in the lake, and the job that works on it."""

from typing import Any

from api.core.clock import seconds_between, told
from api.core.deployment import Clients, Deployment
from api.core.stages.stage import Figure, Stage, State, absent

RUNS = 5

_RUN_STATES = {
    "SUCCEEDED": State.DONE,
    "FAILED": State.FAILED,
    "ERROR": State.FAILED,
    "TIMEOUT": State.FAILED,
    "STOPPED": State.FAILED,
}


def read_raw(clients: Clients, deployment: Deployment) -> Stage:
    """The raw events."""
    return _read_prefix(clients, deployment, "raw/", "type=", "kinds of event")


def read_processed(clients: Clients, deployment: Deployment) -> Stage:
    """The flights with their features."""
    return _read_prefix(clients, deployment, "processed/flights/", "month=", "months")


def _read_prefix(
    clients: Clients, deployment: Deployment, prefix: str, partition: str, of: str
) -> Stage:
    bucket = deployment.outputs.get("LakeBucket")
    if bucket is None:
        return absent("The lake")
    objects, size, partitions = _measure(clients, bucket, prefix, partition)
    return Stage(
        state=State.DONE if objects else State.IDLE,
        resource=f"s3://{bucket}/{prefix}",
        summary=f"{objects:,} objects, {partitions} {of}" if objects else "empty",
        figures=(
            Figure("objects", "objects", objects),
            Figure("bytes", "stored", size, "bytes"),
            Figure("partitions", of, partitions),
        ),
    )


def _measure(clients: Clients, bucket: str, prefix: str, partition: str) -> tuple[int, int, int]:
    """Objects, bytes and partitions below a prefix; markers and `_SUCCESS` files do not count."""
    objects, size, partitions = 0, 0, set()
    pages = clients("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    for page in pages:
        for item in page.get("Contents", ()):
            folder = item["Key"].removeprefix(prefix).partition("/")[0]
            if item["Size"] and folder.startswith(partition):
                objects, size = objects + 1, size + item["Size"]
                partitions.add(folder)
    return objects, size, len(partitions)


def read_features(clients: Clients, deployment: Deployment) -> Stage:
    """Glue: the job from raw to processed, and the crawler before it."""
    name = deployment.outputs.get("FlightFeaturesJobName")
    if name is None:
        return absent("The Spark job")
    runs = clients("glue").get_job_runs(JobName=name, MaxResults=RUNS)["JobRuns"]
    newest = max(runs, key=lambda run: run["StartedOn"], default=None)
    crawler = deployment.outputs.get("RawCrawlerName")
    return Stage(
        state=State.IDLE if newest is None else _RUN_STATES.get(newest["JobRunState"], State.BUSY),
        resource=name,
        summary=_run_summary(newest),
        figures=(
            Figure("seconds", "last run", newest and _seconds(newest), "s"),
            Figure("tables", "tables in the catalog", _tables(clients, deployment)),
        ),
        entries=tuple(
            _run(run) for run in sorted(runs, key=lambda run: run["StartedOn"], reverse=True)
        ),
        facts={"crawler": _crawler(clients, crawler)} if crawler else {},
    )


def _run_summary(run: dict[str, Any] | None) -> str:
    if run is None:
        return "has not run yet"
    reason = f": {run['ErrorMessage']}" if run.get("ErrorMessage") else ""
    return f"last run {run['JobRunState'].lower()}{reason}"


def _seconds(run: dict[str, Any]) -> float | None:
    return run.get("ExecutionTime") or seconds_between(run["StartedOn"], run.get("CompletedOn"))


def _run(run: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": run["Id"],
        "state": run["JobRunState"],
        "started": told(run["StartedOn"]),
        "seconds": _seconds(run),
        "reason": run.get("ErrorMessage"),
    }


def _tables(clients: Clients, deployment: Deployment) -> int | None:
    database = deployment.outputs.get("CatalogDatabase")
    if database is None:
        return None
    return len(clients("glue").get_tables(DatabaseName=database)["TableList"])


def _crawler(clients: Clients, name: str) -> dict[str, Any]:
    crawler = clients("glue").get_crawler(Name=name)["Crawler"]
    last = crawler.get("LastCrawl", {})
    return {
        "name": name,
        "state": crawler["State"],
        "last": last.get("Status"),
        "reason": last.get("ErrorMessage"),
    }
