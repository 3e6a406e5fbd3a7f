"""Job runs of EMR Serverless. A run that starts a JVM costs seconds, so there are few; a run fails
before its JVM where nothing but the failure matters.
"""

import json
import urllib.request

import pytest

from tests.contract.refusals import refusal

SCRIPT = """
import json, os, sys

import boto3
import shipped
from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
bucket = sys.argv[1]
spark.range(100).write.mode("overwrite").parquet(f"s3://{bucket}/out")
rows = spark.read.parquet(f"s3a://{bucket}/out").count()
print(json.dumps({
    "rows": rows,
    "arguments": sys.argv[2:],
    "module": shipped.WORD,
    "variable": os.environ["GREETING"],
    "file": open("settings.json").read(),
    "archive": open("pack/inside.txt").read(),
    "partitions": spark.conf.get("spark.sql.shuffle.partitions"),
    "application": spark.sparkContext.applicationId,
    "folder": spark._jvm.java.lang.System.getProperty("java.io.tmpdir") == os.environ["TMPDIR"],
    "caller": bool(boto3.client("s3").list_objects_v2(Bucket=bucket)["Contents"]),
}))
print("to the error log", file=sys.stderr)
"""

STREAM = """
import sys
from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
rows = spark.readStream.format("rate").option("rowsPerSecond", 10).load()
query = (
    rows.writeStream.format("parquet")
    .option("path", f"s3://{sys.argv[1]}/streamed")
    .option("checkpointLocation", f"s3://{sys.argv[1]}/checkpoint")
    .trigger(processingTime="1 second")
    .start()
)
query.awaitTermination()
print("the query has ended")
"""

BROKEN = "--properties-file /there/is/no/such.conf"
"""Parameters by which `spark-submit` fails before it starts Java."""


@pytest.fixture
def start(serverless, application, role):
    """`start(entry_point, parameters, ...)`: a run's id."""

    def start_run(entry: str, parameters: str | None = None, arguments=(), **members) -> str:
        driver = {"entryPoint": entry, "entryPointArguments": list(arguments)}
        if parameters:
            driver["sparkSubmitParameters"] = parameters
        return serverless.start_job_run(
            applicationId=members.pop("application", application),
            executionRoleArn=members.pop("executionRoleArn", role),
            jobDriver={"sparkSubmit": driver},
            **members,
        )["jobRunId"]

    return start_run


@pytest.fixture
def numbers(aws, bucket):
    """The batches of a checkpoint that have offsets, or that are committed."""

    def listed(kind: str) -> list[int]:
        pages = (
            aws("s3")
            .get_paginator("list_objects_v2")
            .paginate(Bucket=bucket, Prefix=f"checkpoint/{kind}/")
        )
        names = [
            item["Key"].rsplit("/", 1)[-1] for page in pages for item in page.get("Contents", [])
        ]
        return sorted(int(name) for name in names if name.isdigit())

    return listed


def test_a_run_computes_with_everything_that_it_names(
    serverless, aws, application, start, ended, put, text, bucket, archive, logging, unique
):
    group = f"/aws/emr-serverless/{unique}"
    logging["monitoringConfiguration"]["cloudWatchLoggingConfiguration"] = {
        "enabled": True,
        "logGroupName": group,
        "logStreamNamePrefix": "mine",
    }
    logging["applicationConfiguration"] = [
        {"classification": "spark-defaults", "properties": {"spark.sql.shuffle.partitions": "3"}}
    ]
    parameters = (
        f"--py-files {put('shipped.py', 'WORD = 1')} --files {put('settings.json', '{}')} "
        f"--archives {put('pack.tar.gz', archive({'inside.txt': 'packed'}))}#pack "
        "--conf spark.emr-serverless.driverEnv.GREETING='hello you' --conf spark.driver.cores=2 "
        "--conf spark.driver.memory=1g"
    )
    run = start(
        put("job.py", SCRIPT), parameters, [bucket, "a b"], configurationOverrides=logging, name="x"
    )
    found = ended(application, run)
    assert found["state"] == "SUCCESS", found["stateDetails"]
    place = f"l/applications/{application}/jobs/{run}/SPARK_DRIVER"
    assert json.loads(text(f"{place}/stdout.gz").splitlines()[0]) == {
        "rows": 100,
        "arguments": ["a b"],
        "module": 1,
        "variable": "hello you",
        "file": "{}",
        "archive": "packed",
        "partitions": "3",
        "application": run,
        "folder": True,
        "caller": True,
    }
    assert "INFO SparkContext: Running Spark version" in text(f"{place}/stderr.gz")
    stream = f"mine//applications/{application}/jobs/{run}/SPARK_DRIVER/stdout".replace("//", "/")
    events = aws("logs").get_log_events(logGroupName=group, logStreamName=stream)["events"]
    assert json.loads(events[0]["message"])["rows"] == 100
    history = aws("s3").list_objects_v2(
        Bucket=bucket, Prefix=f"l/applications/{application}/jobs/{run}/sparklogs/"
    )
    assert any("events_1_" in item["Key"] for item in history["Contents"])
    hours = found["totalExecutionDurationSeconds"] / 3600
    assert found["totalResourceUtilization"]["vCPUHour"] == pytest.approx(2 * hours, abs=0.003)
    billed = max(60, found["totalExecutionDurationSeconds"]) / 3600
    assert found["billedResourceUtilization"]["vCPUHour"] == pytest.approx(2 * billed, abs=0.003)
    assert found["billedResourceUtilization"]["storageGBHour"] == 0
    code, message = refusal(serverless.cancel_job_run, applicationId=application, jobRunId=run)
    assert (code, message) == (
        "ValidationException",
        f"Job run {run} is not in a cancellable state",
    )


def test_a_streaming_run_ends_between_two_batches_and_goes_on_from_its_checkpoint(
    serverless, application, start, ended, put, text, bucket, logging, waiting, numbers
):
    entry = put("stream.py", STREAM)
    names = {"mode": "STREAMING", "configurationOverrides": logging}
    first = start(entry, "--driver-memory 1g", [bucket], **names)
    waiting("two batches", lambda: len(numbers("commits")) > 1, 300)
    url = serverless.get_dashboard_for_job_run(applicationId=application, jobRunId=first)["url"]
    with urllib.request.urlopen(url, timeout=60) as page:
        assert b"Spark Jobs" in page.read()
    serverless.cancel_job_run(applicationId=application, jobRunId=first)
    assert ended(application, first)["state"] == "CANCELLED"
    assert numbers("commits") == numbers("offsets")
    log = text(f"l/applications/{application}/jobs/{first}/attempts/1/SPARK_DRIVER/stdout.gz")
    assert "the query has ended" in log
    last = numbers("commits")[-1]
    second = start(entry, "--driver-memory 1g", [bucket], **names)
    waiting("the next batch", lambda: last + 1 in numbers("commits"), 300)
    serverless.cancel_job_run(
        applicationId=application, jobRunId=second, shutdownGracePeriodInSeconds=0
    )
    assert ended(application, second)["state"] == "CANCELLED"
    assert numbers("commits") == list(range(numbers("commits")[-1] + 1))


def test_a_failed_run_tells_its_exit_code_and_the_last_exception(
    application, start, ended, text, logging
):
    run = start("s3://nowhere/x.py", BROKEN, configurationOverrides=logging)
    found = ended(application, run)
    assert found["state"] == "FAILED"
    assert found["stateDetails"].startswith(
        "Job failed, please check complete logs in configured logging destination. ExitCode: 1. "
        "Last few exceptions: FileNotFoundError: "
    )
    log = text(f"l/applications/{application}/jobs/{run}/SPARK_DRIVER/stderr.gz")
    assert "/there/is/no/such.conf" in log


def test_a_batch_run_is_tried_as_often_as_it_says(
    serverless, application, start, ended, logging, text
):
    run = start(
        "s3://nowhere/x.py",
        BROKEN,
        retryPolicy={"maxAttempts": 3},
        configurationOverrides=logging,
    )
    found = ended(application, run)
    assert (found["state"], found["attempt"]) == ("FAILED", 3)
    attempts = serverless.list_job_run_attempts(applicationId=application, jobRunId=run)
    told = [(one["attempt"], one["state"]) for one in attempts["jobRunAttempts"]]
    assert told == [(3, "FAILED"), (2, "FAILED"), (1, "FAILED")]
    for number in (1, 2, 3):
        place = f"l/applications/{application}/jobs/{run}/attempts/{number}/SPARK_DRIVER"
        assert "FileNotFoundError" in text(f"{place}/stderr.gz")
    first = serverless.get_job_run(applicationId=application, jobRunId=run, attempt=1)["jobRun"]
    assert first["attempt"] == 1


def test_a_streaming_run_stops_being_tried_when_it_fails_too_often(application, start, ended):
    policy = {"maxFailedAttemptsPerHour": 2}
    run = start("s3://nowhere/x.py", BROKEN, mode="STREAMING", retryPolicy=policy)
    found = ended(application, run)
    assert (found["state"], found["attempt"]) == ("FAILED", 2)
    assert found["executionTimeoutMinutes"] == 0


def test_a_run_without_a_role_to_assume_fails(serverless, application, start, ended):
    arn = "arn:aws:iam::000000000000:role/nobody"
    found = ended(application, start("s3://nowhere/x.py", executionRoleArn=arn))
    assert found["state"] == "FAILED"
    assert found["stateDetails"] == (
        f"Could not assume runtime role {arn} because it doesn't exist or isn't setup with the "
        "required trust relationship."
    )
    assert found["totalResourceUtilization"]["vCPUHour"] == 0


def test_runs_are_listed_by_state_and_mode_the_latest_first(serverless, application, start, ended):
    runs = [start("s3://nowhere/x.py", BROKEN, name=f"n{number}") for number in range(3)]
    for run in runs:
        ended(application, run)
    listed = serverless.list_job_runs(applicationId=application, states=["FAILED"], mode="BATCH")
    assert [run["id"] for run in listed["jobRuns"]] == runs[::-1]
    page = serverless.list_job_runs(applicationId=application, maxResults=2)
    rest = serverless.list_job_runs(applicationId=application, nextToken=page["nextToken"])
    assert [len(page["jobRuns"]), len(rest["jobRuns"])] == [2, 1]
    assert serverless.list_job_runs(applicationId=application, states=["RUNNING"])["jobRuns"] == []


def test_the_same_token_means_the_same_run(start, application, ended, unique):
    run = start("s3://nowhere/x.py", BROKEN, clientToken=unique)
    assert start("s3://nowhere/x.py", BROKEN, clientToken=unique) == run
    ended(application, run)


def test_what_a_run_cannot_be_is_refused(serverless, application, role):
    def told(**members):
        given = {"jobDriver": {"sparkSubmit": {"entryPoint": "s3://b/x.py"}}, **members}
        return refusal(
            serverless.start_job_run,
            **{"applicationId": application, "executionRoleArn": role, **given},
        )

    foreign = "arn:aws:iam::111122223333:role/other"
    assert told(executionTimeoutMinutes=3) == (
        "ValidationException",
        "RunTimeout must be at least 5 minutes.",
    )
    assert told(executionRoleArn=foreign) == (
        "AccessDeniedException",
        "Cross-account pass role is not allowed.",
    )
    assert told(jobDriver={"hive": {"query": "s3://b/q.sql"}}) == (
        "InternalFailure",
        "emr-serverless.StartJobRun with jobDriver.hive is not emulated",
    )
    bad = {"entryPoint": "s3://b/x.py", "sparkSubmitParameters": "--nonsense 1"}
    assert told(jobDriver={"sparkSubmit": bad}) == (
        "ValidationException",
        "Invalid sparkSubmitParameters: unrecognized option --nonsense",
    )
    jar = {"entryPoint": "local:///usr/lib/spark/examples/jars/spark-examples.jar"}
    assert told(jobDriver={"sparkSubmit": jar}) == (
        "InternalFailure",
        "emr-serverless.StartJobRun with the release's "
        "/usr/lib/spark/examples/jars/spark-examples.jar is not emulated",
    )
    assert told(retryPolicy={"maxAttempts": 11})[0] == "ValidationException"


def test_an_application_that_does_not_start_by_itself_refuses_runs(
    serverless, create, role, unique
):
    identifier = create(name=unique, autoStartConfiguration={"enabled": False})
    code, message = refusal(
        serverless.start_job_run,
        applicationId=identifier,
        executionRoleArn=role,
        jobDriver={"sparkSubmit": {"entryPoint": "s3://b/x.py"}},
    )
    assert (code, message) == (
        "ValidationException",
        f"Application {identifier} must be in one of the following statuses [STARTED]. "
        "Current status: CREATED",
    )
