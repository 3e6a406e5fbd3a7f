"""What is in AWS, asked with boto3."""

import io
import json
import tarfile
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow.parquet as pq

from tests.e2e.laptop import Laptop
from tests.waiting import wait_until

NAME = "terrarium"
LAKE = f"{NAME}-lake-000000000000-us-east-1"
ARTIFACTS = f"{NAME}-artifacts-000000000000-us-east-1"
STREAM = f"{NAME}-events"
JOB = f"{NAME}-build-flight-features"
STACKS = tuple(
    f"{NAME}-{stack}"
    for stack in ("storage", "streaming", "lake", "warehouse", "training", "serving", "consumers")
)
ROWS_A_REQUEST = 500
CAPTURES = "captures/"
STREAMED = ("features/", "checkpoints/")


def objects(laptop: Laptop, bucket: str, prefix: str = "") -> dict[str, tuple[str, Any]]:
    """Entity tag and time of the objects under a prefix."""
    pages = laptop.aws("s3").get_paginator("list_objects_v2")
    return {
        item["Key"]: (item["ETag"], item["LastModified"])
        for page in pages.paginate(Bucket=bucket, Prefix=prefix)
        for item in page.get("Contents", ())
    }


def body(laptop: Laptop, bucket: str, key: str) -> bytes:
    return laptop.aws("s3").get_object(Bucket=bucket, Key=key)["Body"].read()


def raw_lines(laptop: Laptop) -> Iterator[bytes]:
    """The lines of the raw lake."""
    for key in objects(laptop, LAKE, "raw/"):
        yield from body(laptop, LAKE, key).splitlines()


def raw_ids(laptop: Laptop) -> list[str]:
    """The identities of the events of the raw lake, in order, each as often as it is there."""
    return sorted(json.loads(line)["event_id"] for line in raw_lines(laptop))


def stored(laptop: Laptop) -> int:
    """How many events the raw lake holds; none while there is no lake."""
    try:
        return sum(1 for _ in raw_lines(laptop))
    except laptop.aws("s3").exceptions.NoSuchBucket:
        return 0


def sent(laptop: Laptop) -> int:
    """How many events the stream holds; none while there is no stream."""
    kinesis = laptop.aws("kinesis")
    try:
        shards = kinesis.list_shards(StreamName=STREAM)["Shards"]
    except kinesis.exceptions.ResourceNotFoundException:
        return 0
    return sum(_records(kinesis, shard["ShardId"]) for shard in shards)


def _records(kinesis: Any, shard: str) -> int:
    answer = {"MillisBehindLatest": 1} | kinesis.get_shard_iterator(
        StreamName=STREAM, ShardId=shard, ShardIteratorType="TRIM_HORIZON"
    )
    counted = 0
    while answer["MillisBehindLatest"]:
        iterator = answer.get("NextShardIterator") or answer["ShardIterator"]
        answer = kinesis.get_records(ShardIterator=iterator)
        counted += len(answer["Records"])
    return counted


def set_aside(laptop: Laptop) -> dict[str, int]:
    """How many records were set aside, and how many batches given up."""
    return {prefix: len(objects(laptop, LAKE, prefix)) for prefix in ("poison/", "aws/lambda/")}


def processed(laptop: Laptop) -> list[dict[str, Any]]:
    """The processed flights."""
    return [
        row
        for key in objects(laptop, LAKE, "processed/flights/")
        if key.endswith(".parquet")
        for row in pq.read_table(io.BytesIO(body(laptop, LAKE, key))).to_pylist()
    ]


def sql(laptop: Laptop, text: str) -> list[list[Any]]:
    """The rows of a query to the warehouse."""
    data = laptop.aws("redshift-data")
    id_ = data.execute_statement(WorkgroupName=NAME, Database="flights", Sql=text)["Id"]

    def ended() -> dict[str, Any] | None:
        found = data.describe_statement(Id=id_)
        return found if found["Status"] in {"FINISHED", "FAILED", "ABORTED"} else None

    found = wait_until(f"the answer to {text}", ended)
    assert found["Status"] == "FINISHED", found
    pages = data.get_paginator("get_statement_result").paginate(Id=id_)
    return [
        [None if "isNull" in field else next(iter(field.values())) for field in record]
        for page in pages
        for record in page["Records"]
    ]


def job_runs(laptop: Laptop) -> list[dict[str, Any]]:
    """The runs of the Glue job, the newest first; none while there is no job."""
    glue = laptop.aws("glue")
    try:
        return glue.get_job_runs(JobName=JOB)["JobRuns"]
    except glue.exceptions.EntityNotFoundException:
        return []


def training_jobs(laptop: Laptop) -> list[dict[str, Any]]:
    sagemaker = laptop.aws("sagemaker")
    listed = sagemaker.list_training_jobs(NameContains=NAME)["TrainingJobSummaries"]
    return [
        sagemaker.describe_training_job(TrainingJobName=job["TrainingJobName"]) for job in listed
    ]


def model_files(laptop: Laptop, job: dict[str, Any]) -> dict[str, bytes]:
    """The files of the archive that a training job left."""
    bucket, _, key = job["ModelArtifacts"]["S3ModelArtifacts"].removeprefix("s3://").partition("/")
    with tarfile.open(fileobj=io.BytesIO(body(laptop, bucket, key))) as archive:
        return {
            member.name.removeprefix("./"): archive.extractfile(member).read()
            for member in archive
            if member.isfile()
        }


def ask(laptop: Laptop, instances: Sequence[dict[str, Any]]) -> list[float]:
    """The endpoint's probabilities, asked in JSON."""
    runtime, told = laptop.aws("sagemaker-runtime"), []
    for start in range(0, len(instances), ROWS_A_REQUEST):
        answer = runtime.invoke_endpoint(
            EndpointName=NAME,
            ContentType="application/json",
            Body=json.dumps({"instances": instances[start : start + ROWS_A_REQUEST]}),
        )
        told += [row["probability"] for row in json.load(answer["Body"])["predictions"]]
    return told


def log(laptop: Laptop, group: str, stream_prefix: str = "") -> str:
    """The newest lines of a log group's streams; nothing while there is no such group."""
    logs = laptop.aws("logs")
    which = {"logStreamNamePrefix": stream_prefix} if stream_prefix else {}
    try:
        streams = logs.describe_log_streams(logGroupName=group, **which)["logStreams"]
    except logs.exceptions.ResourceNotFoundException:
        return ""
    return "\n".join(
        event["message"].rstrip("\n")
        for stream in streams
        for event in logs.get_log_events(
            logGroupName=group, logStreamName=stream["logStreamName"], startFromHead=False
        )["events"]
    )


def everything(laptop: Laptop) -> dict[str, Any]:
    """What a second `up`, or a night in between, must leave as it is."""
    return {
        "stacks": {name: _stack(laptop, name) for name in STACKS},
        "job runs": [(run["Id"], run["JobRunState"]) for run in job_runs(laptop)],
        "crawl": laptop.aws("glue").get_crawler(Name=f"{NAME}-raw")["Crawler"]["LastCrawl"],
        "training jobs": [
            (job["TrainingJobName"], job["TrainingJobStatus"]) for job in training_jobs(laptop)
        ],
        "endpoint": _endpoint(laptop),
        # What the endpoint is asked comes into the lake some seconds later, and the stream job goes
        # on reading what was told before.
        "lake": {
            key: object_
            for key, object_ in objects(laptop, LAKE).items()
            if not key.startswith((CAPTURES, *STREAMED))
        },
        "artifacts": objects(laptop, ARTIFACTS),
        "facts": sql(laptop, "SELECT COUNT(*), SUM(distance) FROM fact_flights"),
        "marts": sql(laptop, "SELECT * FROM mart_carrier_month ORDER BY carrier, month"),
    }


def _stack(laptop: Laptop, name: str) -> tuple[Any, ...]:
    cloudformation = laptop.aws("cloudformation")
    (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
    events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
    times = (stack["CreationTime"], stack.get("LastUpdatedTime"))
    return stack["StackId"], stack["StackStatus"], times, len(events)


def _endpoint(laptop: Laptop) -> tuple[str, ...]:
    found = laptop.aws("sagemaker").describe_endpoint(EndpointName=NAME)
    return found["EndpointArn"], found["EndpointConfigName"], found["EndpointStatus"]
