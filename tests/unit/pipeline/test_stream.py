"""One run of the stream job, of the code and the arguments of now."""

import gzip
import io
import json
from datetime import UTC, datetime, timedelta
from itertools import count

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.validate import validate_parameters

from pipeline import aws
from pipeline.config import Settings
from pipeline.contracts.stream_features import NEWEST_KEY
from pipeline.deploy.execute import Deployer
from pipeline.deploy.plan import Change, StackPlan
from pipeline.errors import JobFailedError
from pipeline.orchestration import stream
from pipeline.orchestration.run import Run

OUTPUTS = {
    "ArtifactsBucket": "artifacts",
    "LakeBucket": "lake",
    "EventStreamName": "t-events",
    "StreamApplicationId": "app",
    "StreamJobRoleArn": "arn:aws:iam::000000000000:role/t",
    "StreamLogGroup": "/aws/emr-serverless/t-features",
    "StreamScriptUri": "s3://artifacts/bundles/stream_features-1.py",
    "StreamModulesUri": "s3://artifacts/bundles/spark-modules-1.zip",
}
SHAPES = boto3.client("emr-serverless", "us-east-1").meta.service_model


class Emr:
    """An application whose runs move on by one state whenever they are looked at."""

    def __init__(self, then=("SUBMITTED", "SCHEDULED", "RUNNING")):
        self.then, self.runs, self.told, self.ids = then, {}, [], count(1)

    def start_job_run(self, **request):
        shape = SHAPES.operation_model("StartJobRun").input_shape
        validate_parameters({**request, "clientToken": "x"}, shape)
        name = f"run{next(self.ids)}"
        alive = [key for key, run in self.runs.items() if run["states"][0] in stream.ALIVE]
        self.told.append(("start", name, alive))
        self.runs[name] = {"states": list(self.then), **request}
        return {"jobRunId": name}

    def cancel_job_run(self, applicationId, jobRunId):
        self.told.append(("cancel", jobRunId))
        self.runs[jobRunId]["states"] = ["CANCELLING", "CANCELLED"]

    def get_job_run(self, applicationId, jobRunId):
        run = self.runs[jobRunId]
        state = run["states"].pop(0) if len(run["states"]) > 1 else run["states"][0]
        told = {"jobRunId": jobRunId, "state": state, "stateDetails": "ExitCode: 1.\nmore"}
        told["attempt"] = 1
        return {"jobRun": {**told, "jobDriver": run["jobDriver"]}}

    def get_paginator(self, name):
        assert name == "list_job_runs"
        return self

    def paginate(self, *, states, **_):
        found = [key for key, run in self.runs.items() if run["states"][0] in states]
        yield {"jobRuns": [{"id": key} for key in found[::-1]]}


class Rest:
    """The lake after some batches, the driver's log, and a stream of two hours."""

    def __init__(self):
        as_of = {"as_of": "2013-01-20T14:00:00Z"}
        self.objects = {NEWEST_KEY: gzip.compress(json.dumps(as_of).encode())}
        self.age = timedelta(hours=2)

    def get_object(self, Bucket, Key):
        if Key not in self.objects:
            raise ClientError({"Error": {"Code": "NoSuchKey"}}, "GetObject")
        return {"Body": io.BytesIO(self.objects[Key])}

    def put_object(self, Bucket, Key, Body):
        self.objects[Key] = Body

    def get_paginator(self, _):
        return self

    def paginate(self, **_):
        keys = [f"features/flights/date=2013-01-{day}/flights.json.gz" for day in (11, 12)]
        yield {"Contents": [{"Key": key, "Size": 1, "ETag": "x"} for key in keys]}

    def describe_log_streams(self, *, logStreamNamePrefix, **_):
        return {"logStreams": [{"logStreamName": f"{logStreamNamePrefix}SPARK_DRIVER/stderr"}]}

    def get_log_events(self, **_):
        return {"events": [{"timestamp": 1, "message": "INFO:stream_features:batch 3: ..."}]}

    def describe_stream_summary(self, **_):
        created = datetime.now(UTC) - self.age
        told = {"StreamCreationTimestamp": created, "RetentionPeriodHours": 24}
        return {"StreamDescriptionSummary": told}


class Quiet:
    def say(self, text):
        """Nothing."""


@pytest.fixture
def emr():
    return Emr()


@pytest.fixture
def rest():
    return Rest()


@pytest.fixture
def keep(emr, rest, monkeypatch):
    """The stage, with other outputs or settings."""
    clients = {"emr-serverless": emr, "s3": rest, "logs": rest, "kinesis": rest}
    monkeypatch.setattr(aws, "client", clients.get)

    def keep(settings=None, **outputs):
        run = Run(settings or Settings(name="tt"), 90, Deployer("tt", 1, {**OUTPUTS, **outputs}))
        return stream.keep_streaming(run, Quiet())

    return keep


def test_run_is_started_and_seen_reading(emr, keep):
    told = keep()
    assert told == "running, has read up to 2013-01-20 14:00, flights of 2 days settled"
    (run,) = emr.runs.values()
    assert run["mode"] == "STREAMING"
    submit = run["jobDriver"]["sparkSubmit"]
    assert submit["entryPointArguments"][-4:] == ["--late_minutes", "10080", "--history_days", "0"]
    assert (
        "--py-files s3://artifacts/bundles/spark-modules-1.zip" in submit["sparkSubmitParameters"]
    )


def test_just_such_a_run_stays(emr, keep):
    keep()
    keep()
    assert emr.told == [("start", "run1", [])]


@pytest.mark.parametrize(
    ("settings", "outputs"),
    [
        (None, {"StreamModulesUri": "s3://artifacts/bundles/spark-modules-2.zip"}),
        (None, {"StreamScriptUri": "s3://artifacts/bundles/stream_features-2.py"}),
        (None, {"StreamPythonUri": "s3://artifacts/bundles/python.tar.gz"}),
        (Settings(name="tt", late_minutes=15), {}),
    ],
)
def test_run_of_older_code_ends_before_the_new_one_begins(emr, keep, settings, outputs):
    keep()
    keep(settings, **outputs)
    assert emr.told == [("start", "run1", []), ("cancel", "run1"), ("start", "run2", [])]


def test_job_that_begins_when_the_stream_has_forgotten_reads_a_month_first(emr, rest, keep):
    rest.age = timedelta(hours=25)
    keep()
    rest.age = timedelta(hours=2)
    keep()
    (run,) = emr.runs.values()
    assert run["jobDriver"]["sparkSubmit"]["entryPointArguments"][-1] == "28"


@pytest.mark.parametrize(
    ("changed", "ended"), [(stream.APPLICATION, [("cancel", "run1")]), ("AWS::IAM::Role", [])]
)
def test_application_is_changed_when_nothing_runs(emr, keep, monkeypatch, changed, ended):
    keep()
    plan = StackPlan("features_stream", "tt-x", "update", (Change("Modify", "X", changed),))
    run = Run(Settings(name="tt"), 90, Deployer("tt", 1, OUTPUTS))
    seen = []
    monkeypatch.setattr(run.deployer, "plan", lambda _: [plan])
    monkeypatch.setattr(run.deployer, "deploy", lambda *_: seen.extend(emr.told[1:]))
    stream.stream(run, Quiet())
    assert seen == ended


def test_run_that_ended_is_followed_by_another(emr, keep):
    keep()
    emr.runs["run1"]["states"] = ["FAILED"]
    keep()
    assert list(emr.runs) == ["run1", "run2"]


def test_run_that_fails_is_told_with_its_reason_and_its_log(emr, keep):
    emr.then = ("SUBMITTED", "FAILED")
    with pytest.raises(
        JobFailedError, match=r"Job run run1 .* ended FAILED: ExitCode: 1\."
    ) as told:
        keep()
    assert told.value.log_tail == ("INFO:stream_features:batch 3: ...",)


def test_nothing_read_yet_is_told(rest, keep):
    rest.objects.clear()
    assert keep() == "running, nothing told yet"
