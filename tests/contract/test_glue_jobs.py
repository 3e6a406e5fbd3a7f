"""Glue jobs: what runs, what is refused, and how failures are told. A Spark run costs seconds of
JVM, so few.
"""

import pytest

from tests.contract.refusals import refusal

ENDED = {"SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT"}
ROLE = "arn:aws:iam::000000000000:role/glue"

LAKE_SCRIPT = """
import os
import sys

import extra_module
from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext

arguments = getResolvedOptions(sys.argv, ["JOB_NAME", "bucket", "greeting"])
glue = GlueContext(SparkContext.getOrCreate())
job = Job(glue)
job.init(arguments["JOB_NAME"], arguments)
spark = glue.spark_session

rows = spark.range(100).selectExpr("id", "id % 2 as half", "cast('x' as string) as text")
target = f"s3://{arguments['bucket']}/out"
rows.write.mode("overwrite").partitionBy("half").parquet(target)
spark.conf.set("spark.sql.sources.partitionOverwriteMode", "dynamic")
rows.where("id = 1").write.mode("overwrite").partitionBy("half").parquet(target)
back = spark.read.parquet(f"s3a://{arguments['bucket']}/out")
print("rows", back.count(), "greeting", arguments["greeting"], extra_module.WORD)
frame = glue.create_dynamic_frame.from_options(
    "s3", {"paths": [target]}, format="parquet", transformation_ctx="out"
)
print("frame", frame.count(), sorted(frame.toDF().columns))
java_folder = spark._jvm.java.lang.System.getProperty("java.io.tmpdir")
print("Java leaves nothing elsewhere", java_folder == os.environ["TMPDIR"])
glue.get_logger().info("a line of the logger")
job.commit()
"""


@pytest.fixture
def glue(aws):
    return aws("glue")


@pytest.fixture
def put(aws, bucket):
    """Store a text and give its address."""

    def store(key: str, text: str) -> str:
        aws("s3").put_object(Bucket=bucket, Key=key, Body=text.encode())
        return f"s3://{bucket}/{key}"

    return store


@pytest.fixture
def create(glue, unique):
    """Create a job; deleted afterwards."""

    def create_job(location: str, command: str = "glueetl", **members) -> str:
        names = {"Name": command, "ScriptLocation": location, "PythonVersion": "3"}
        glue.create_job(Name=unique, Role=ROLE, Command=names, **members)
        return unique

    yield create_job
    glue.delete_job(JobName=unique)


@pytest.fixture
def finished(glue, waiting):
    """Wait for a run's end."""

    def wait(name: str, run_id: str, seconds: float = 120) -> dict:
        def ended():
            run = glue.get_job_run(JobName=name, RunId=run_id)["JobRun"]
            return run if run["JobRunState"] in ENDED else None

        return waiting(f"the end of {run_id}", ended, seconds)

    return wait


@pytest.fixture
def log_lines(aws):
    """The lines of a run's log."""

    def lines(group: str, run_id: str) -> list[str]:
        events = aws("logs").get_log_events(
            logGroupName=group, logStreamName=run_id, startFromHead=True
        )["events"]
        return [event["message"] for event in events]

    return lines


def test_spark_job_reads_and_writes_s3(glue, aws, bucket, put, create, finished, log_lines):
    module = put("lib/extra_module.py", "WORD = 'shipped'\n")
    name = create(
        put("jobs/lake.py", LAKE_SCRIPT),
        GlueVersion="4.0",
        WorkerType="G.1X",
        NumberOfWorkers=2,
        DefaultArguments={"--extra-py-files": module, "--bucket": bucket, "--greeting": "no"},
    )
    started = glue.start_job_run(JobName=name, Arguments={"--greeting": "hello you"})
    run = finished(name, started["JobRunId"])
    output = log_lines("/aws-glue/jobs/output", run["Id"])
    errors = log_lines("/aws-glue/jobs/error", run["Id"])
    assert run["JobRunState"] == "SUCCEEDED", run.get("ErrorMessage")
    assert output == [
        "rows 51 greeting hello you shipped",
        "frame 51 ['half', 'id', 'text']",
        "Java leaves nothing elsewhere True",
    ]
    assert errors[0].startswith("Glue 4.0 was asked for; Spark 4.1.1")
    assert [line for line in errors if line.endswith("INFO GlueLogger: a line of the logger")]
    assert run["ExecutionTime"] > 0
    assert run["MaxCapacity"] == 2.0
    assert run["Arguments"]["--greeting"] == "hello you"
    keys = [item["Key"] for item in aws("s3").list_objects_v2(Bucket=bucket)["Contents"]]
    assert [key for key in keys if "_temporary" in key or ".spark-staging" in key] == []
    assert glue.get_job_runs(JobName=name)["JobRuns"][0]["Id"] == run["Id"]


def test_spark_job_that_raises_fails_with_class_and_message(glue, put, create, finished, log_lines):
    name = create(put("jobs/x.py", "\n\ndef work():\n    raise ValueError('boom')\n\nwork()\n"))
    run = finished(name, glue.start_job_run(JobName=name)["JobRunId"])
    assert run["JobRunState"] == "FAILED"
    expected = "Error Category: UNCLASSIFIED_ERROR; Failed Line Number: 4; ValueError: boom"
    assert run["ErrorMessage"] == expected
    errors = log_lines("/aws-glue/jobs/error", run["Id"])
    assert errors[-1] == "ValueError: boom"
    assert not [line for line in errors if "runpy" in line]


def test_spark_failure_tells_the_call_and_the_cause(glue, bucket, put, create, finished):
    script = f"""
from pyspark.sql import SparkSession
SparkSession.builder.getOrCreate().read.parquet("s3://{bucket}/nothing/here")
"""
    name = create(put("jobs/x.py", script))
    run = finished(name, glue.start_job_run(JobName=name)["JobRunId"])
    assert run["JobRunState"] == "FAILED"
    assert run["ErrorMessage"].startswith(
        "Error Category: QUERY_ERROR; Failed Line Number: 3; AnalysisException: [PATH_NOT_FOUND]"
    )


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("import sys\nsys.exit(1)\n", "UNCLASSIFIED_ERROR; Failed Line Number: 2; SystemExit: 1"),
        (
            "import no_such_module\n",
            "IMPORT_ERROR; Failed Line Number: 1; "
            "ModuleNotFoundError: No module named 'no_such_module'",
        ),
        ("def f(:\n", "SYNTAX_ERROR; Failed Line Number: 1; SyntaxError: invalid syntax"),
        (
            "import emulation\n",
            "IMPORT_ERROR; Failed Line Number: 1; ModuleNotFoundError: No module named 'emulation'",
        ),
    ],
    ids=["exit", "import", "syntax", "ours"],
)
def test_failed_script_tells_why(glue, put, create, finished, script, message):
    name = create(put("jobs/x.py", script), "pythonshell")
    run = finished(name, glue.start_job_run(JobName=name)["JobRunId"])
    assert run["JobRunState"] == "FAILED"
    assert run["ErrorMessage"].startswith(f"Error Category: {message}")


def test_killed_script_fails_with_its_exit_code(glue, put, create, finished):
    script = "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n"
    name = create(put("jobs/x.py", script), "pythonshell")
    run = finished(name, glue.start_job_run(JobName=name)["JobRunId"])
    assert run["JobRunState"] == "FAILED"
    assert run["ErrorMessage"] == "Command failed with exit code 137"


def test_missing_script_fails_the_run(glue, bucket, create, finished):
    name = create(f"s3://{bucket}/nothing.py")
    run = finished(name, glue.start_job_run(JobName=name)["JobRunId"])
    assert run["JobRunState"] == "FAILED"
    assert run["ErrorMessage"].startswith(
        f"LAUNCH ERROR | Error downloading from S3 for bucket: {bucket}, key: nothing.py."
        "The specified key does not exist."
    )


def test_python_shell_reaches_aws_and_sees_its_arguments(
    glue, aws, bucket, put, create, finished, log_lines
):
    script = """
import sys
from pathlib import Path
import boto3

bucket = sys.argv[sys.argv.index("--bucket") + 1]
boto3.client("s3").put_object(Bucket=bucket, Key="made", Body=Path("note.txt").read_bytes())
print(sys.argv[sys.argv.index("--JOB_RUN_ID") + 1])
"""
    arguments = {"--bucket": bucket, "--extra-files": put("files/note.txt", "a note")}
    name = create(put("jobs/x.py", script), "pythonshell", DefaultArguments=arguments)
    run = finished(name, glue.start_job_run(JobName=name)["JobRunId"])
    assert run["JobRunState"] == "SUCCEEDED", run.get("ErrorMessage")
    assert aws("s3").get_object(Bucket=bucket, Key="made")["Body"].read() == b"a note"
    assert log_lines("/aws-glue/python-jobs/output", run["Id"]) == [run["Id"]]


def test_run_is_stopped_and_counts_against_the_limit(glue, put, create, finished, waiting):
    name = create(put("jobs/x.py", "import time\ntime.sleep(600)\n"), "pythonshell")
    run_id = glue.start_job_run(JobName=name)["JobRunId"]

    def state() -> str:
        return glue.get_job_run(JobName=name, RunId=run_id)["JobRun"]["JobRunState"]

    waiting("the run's start", lambda: state() == "RUNNING")
    assert refusal(glue.start_job_run, JobName=name) == (
        "ConcurrentRunsExceededException",
        f"Concurrent runs exceeded for {name}",
    )
    answer = glue.batch_stop_job_run(JobName=name, JobRunIds=[run_id, "jr_nothing"])
    assert answer["SuccessfulSubmissions"] == [{"JobName": name, "JobRunId": run_id}]
    assert answer["Errors"][0]["ErrorDetail"]["ErrorCode"] == "EntityNotFoundException"
    assert finished(name, run_id)["JobRunState"] == "STOPPED"


def test_run_that_is_stopped_while_it_fails_is_not_tried_again(glue, put, create, finished):
    """It is asked to stop while its script is fetched; then it has a file too few."""
    script = put("jobs/long.py", "#" * 200_000_000)
    missing = {"--extra-py-files": f"{script}.zip"}
    name = create(script, "pythonshell", MaxRetries=3, DefaultArguments=missing)
    run_id = glue.start_job_run(JobName=name)["JobRunId"]
    glue.batch_stop_job_run(JobName=name, JobRunIds=[run_id])
    assert finished(name, run_id)["JobRunState"] == "STOPPED"
    assert len(glue.get_job_runs(JobName=name)["JobRuns"]) == 1


def test_failed_run_is_tried_again(glue, put, create, finished, waiting):
    name = create(put("jobs/x.py", "raise ValueError('boom')\n"), "pythonshell", MaxRetries=1)
    first = glue.start_job_run(JobName=name)["JobRunId"]
    finished(name, first)
    waiting("the next attempt", lambda: len(glue.get_job_runs(JobName=name)["JobRuns"]) == 2)
    run = finished(name, f"{first}_attempt_1")
    assert (run["Attempt"], run["PreviousRunId"], run["JobRunState"]) == (1, first, "FAILED")


def test_job_is_kept_updated_and_forgotten(glue, create):
    name = create("s3://some/script.py", GlueVersion="6.0", Tags={"team": "lake"})
    job = glue.get_job(JobName=name)["Job"]
    assert job["Command"]["ScriptLocation"] == "s3://some/script.py"
    assert (job["GlueVersion"], job["Timeout"], job["MaxRetries"]) == ("6.0", 480, 0)
    assert name in glue.list_jobs(Tags={"team": "lake"})["JobNames"]
    command = {"Name": "glueetl", "ScriptLocation": "s3://other/script.py"}
    glue.update_job(JobName=name, JobUpdate={"Role": ROLE, "Command": command, "Timeout": 5})
    job = glue.get_job(JobName=name)["Job"]
    assert (job["Command"]["ScriptLocation"], job["Timeout"]) == ("s3://other/script.py", 5)
    assert glue.batch_get_jobs(JobNames=[name, "nothing"])["JobsNotFound"] == ["nothing"]
    glue.delete_job(JobName=name)
    assert refusal(glue.get_job, JobName=name) == ("EntityNotFoundException", "Job not found.")


def test_same_job_again_is_no_error_and_another_one_is(glue, create):
    name = create("s3://some/script.py")
    assert create("s3://some/script.py") == name
    assert refusal(create, location="s3://other/script.py") == (
        "IdempotentParameterMismatchException",
        f"Job with name: {name} already submitted with different configuration",
    )


def test_start_of_a_missing_job_is_refused(glue, unique):
    assert refusal(glue.start_job_run, JobName=unique) == (
        "EntityNotFoundException",
        "Failed to start job run due to missing metadata",
    )


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"GlueVersion": "9.9"}, ("InvalidInputException", "Given GlueVersion [9.9] is not valid")),
        (
            {"MaxCapacity": 2.0, "WorkerType": "G.1X", "NumberOfWorkers": 2},
            (
                "InvalidInputException",
                "Please do not set Max Capacity if using Worker Type and Number of Workers.",
            ),
        ),
        (
            {"DefaultArguments": {"--additional-python-modules": "polars"}},
            (
                "InternalFailure",
                "The Glue job argument --additional-python-modules is not emulated",
            ),
        ),
        (
            {"DefaultArguments": {"--job-bookmark-option": "job-bookmark-enable"}},
            ("InternalFailure", "Glue job bookmarks are not emulated"),
        ),
    ],
    ids=["version", "capacity", "modules", "bookmarks"],
)
def test_job_that_cannot_run_is_refused(create, members, expected):
    code, message = refusal(create, location="s3://some/script.py", **members)
    assert (code, expected[1] in message) == (expected[0], True), message


@pytest.mark.parametrize("command", ["gluestreaming", "glueray"])
def test_other_commands_are_refused_by_name(create, command):
    _, message = refusal(create, location="s3://some/script.py", command=command)
    assert f"glue.CreateJob with the command {command} is not emulated" in message


def test_other_operations_are_refused_by_name(glue):
    _, message = refusal(glue.start_workflow_run, Name="x")
    assert "StartWorkflowRun" in message
