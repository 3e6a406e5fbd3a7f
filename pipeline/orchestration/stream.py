"""The stream job on EMR Serverless: one run at a time, of the code and the arguments of now.

A run goes on for ever. One of other code or other arguments is ended between two batches; the next
begins where it stopped, because the checkpoint is the stream's, not the run's: code that cannot
read what older code remembers takes another `CHECKPOINT_PREFIX`.
"""

import gzip
import json
import math
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from pipeline import aws
from pipeline.contracts.features import ROLLING
from pipeline.contracts.stream_features import FLIGHTS_PREFIX, NEWEST_KEY
from pipeline.deploy.streaming import ALIVE, CANCELLING, MODE, RUNNING, alive, describe, end
from pipeline.errors import JobFailedError, LateError
from pipeline.orchestration.logs import EVENTS, LINES, first_line, log_tail
from pipeline.orchestration.run import Run, Show, listing, read_state, write_state
from pipeline.polling import polls

STACK = "features_stream"
APPLICATION = "AWS::EMRServerless::Application"
LOGS = "stream"
SPEAKS = "stream_features:"
"""Who speaks in the log once the job reads: its logger."""

STATE = "stream"
HISTORY_DAYS = math.ceil(max(feature.hours for feature in ROLLING) / 24)
"""The longest window."""

LOG_LEVELS = {
    "rootLogger.level": "warn",
    # A batch carries its records, and while it catches up one follows the other: no warnings.
    "logger.tasks.name": "org.apache.spark.scheduler.TaskSetManager",
    "logger.tasks.level": "error",
    "logger.trigger.name": "org.apache.spark.sql.execution.streaming",
    "logger.trigger.level": "error",
}

PYTHON = "./environment/bin/python"
WORKER = {
    "driver": {"cores": "1", "memory": "1g", "memoryOverhead": "1g"},
    "executor": {"cores": "1", "memory": "1g", "memoryOverhead": "1g", "instances": "1"},
}
"""The driver's own Python computes, outside of its heap; its executor parses."""


def stream(run: Run, show: Show) -> str:
    """Deploy what the job runs in, and have it run."""
    (plan,) = run.deployer.plan(STACK)
    if plan.action == "update" and any(change.type == APPLICATION for change in plan.changes):
        # An application is changed while it is stopped, and stopped when nothing runs.
        for found in alive(run.output("StreamApplicationId")):
            end(run.output("StreamApplicationId"), found, run.settings.stage_seconds, show.say)
    run.deployer.deploy(STACK, show.say, plan)
    return keep_streaming(run, show)


def keep_streaming(run: Run, show: Show) -> str:
    """Leave the one run that is wanted; start it where there is none."""
    wanted, kept = driver(run), ""
    application = run.output("StreamApplicationId")
    for found in alive(application):
        if not kept and found["state"] != CANCELLING and found["jobDriver"] == wanted:
            kept = found["jobRunId"]
        else:
            end(application, found, run.settings.stage_seconds, show.say)
    kept = kept or _start(run, wanted)
    _wait_until_it_reads(run, kept, show)
    return f"running, {progress(run.output('LakeBucket'))}"


def driver(run: Run) -> dict[str, Any]:
    """What a run does, as StartJobRun takes it and GetJobRun tells it."""
    arguments = {
        "--stream": run.output("EventStreamName"),
        "--lake_bucket": run.output("LakeBucket"),
        "--late_minutes": str(run.settings.late_minutes),
        "--history_days": str(_history_days(run)),
    }
    return {
        "sparkSubmit": {
            "entryPoint": run.output("StreamScriptUri"),
            "entryPointArguments": [word for pair in arguments.items() for word in pair],
            "sparkSubmitParameters": parameters(
                run.output("StreamModulesUri"), run.deployer.known.get("StreamPythonUri", "")
            ),
        }
    }


def _history_days(run: Run) -> int:
    """A job that begins when the stream has forgotten its first events knows nothing of the longest
    window of its first flights, and leaves these to the Glue job. Decided once: at the beginning.
    """
    known = read_state(run, STATE)
    if not known:
        forgotten = _has_forgotten(run.output("EventStreamName"))
        known = {"history_days": HISTORY_DAYS if forgotten else 0}
        write_state(run, STATE, known)
    return int(known["history_days"])


def _has_forgotten(name: str) -> bool:
    found = aws.client("kinesis").describe_stream_summary(StreamName=name)
    told = found["StreamDescriptionSummary"]
    kept = timedelta(hours=told["RetentionPeriodHours"])
    return bool(datetime.now(UTC) - told["StreamCreationTimestamp"] > kept)


def parameters(modules: str, python: str) -> str:
    """The options of `spark-submit`; `python` is the address of an archived environment."""
    conf = {
        f"spark.{worker}.{name}": value
        for worker, values in WORKER.items()
        for name, value in values.items()
    }
    conf["spark.dynamicAllocation.enabled"] = "false"
    if python:
        conf["spark.archives"] = f"{python}#environment"
        for name in ("PYSPARK_DRIVER_PYTHON", "PYSPARK_PYTHON"):
            conf[f"spark.emr-serverless.driverEnv.{name}"] = PYTHON
        conf["spark.executorEnv.PYSPARK_PYTHON"] = PYTHON
    options = [f"--conf {name}={value}" for name, value in conf.items()]
    return " ".join([f"--py-files {modules}", *options])


def _start(run: Run, wanted: dict[str, Any]) -> str:
    logs = {
        "enabled": True,
        "logGroupName": run.output("StreamLogGroup"),
        "logStreamNamePrefix": LOGS,
    }
    quiet = {"classification": "spark-driver-log4j2", "properties": LOG_LEVELS}
    started = aws.client("emr-serverless").start_job_run(
        applicationId=run.output("StreamApplicationId"),
        executionRoleArn=run.output("StreamJobRoleArn"),
        name=f"{run.settings.name}-features",
        mode=MODE,
        jobDriver=wanted,
        configurationOverrides={
            "applicationConfiguration": [quiet],
            "monitoringConfiguration": {"cloudWatchLoggingConfiguration": logs},
        },
    )
    return str(started["jobRunId"])


def _wait_until_it_reads(run: Run, run_id: str, show: Show) -> None:
    """Until the driver runs and says that it reads.

    Raises:
        JobFailedError: it has ended. LateError: it does not begin.
    """
    application = run.output("StreamApplicationId")
    for _ in polls(run.settings.stage_seconds):
        found = describe(application, run_id)
        state = found["state"]
        if state not in ALIVE:
            reason = first_line(found.get("stateDetails", ""))
            sentence = f"Job run {run_id} of the stream's features ended {state}: {reason}"
            raise JobFailedError(sentence, log_tail=_said(run, found)[-LINES:])
        if state == RUNNING and any(SPEAKS in line for line in _said(run, found)):
            return
        show.say(f"{state.lower()} ({run_id})")
    raise LateError(f"Job run {run_id} reads nothing after {run.settings.stage_seconds} s.")


def _said(run: Run, found: dict[str, Any]) -> tuple[str, ...]:
    """The newest lines of the driver's two outputs, in this attempt."""
    job = f"applications/{run.output('StreamApplicationId')}/jobs/{found['jobRunId']}"
    prefix = f"{LOGS}/{job}/attempts/{found['attempt']}/"
    return log_tail(run.output("StreamLogGroup"), prefix, lines=2 * EVENTS)


def newest_state(run: Run, application: str) -> tuple[str, str]:
    """State of the newest run, and how far it is or why it ended."""
    found = aws.client("emr-serverless").list_job_runs(applicationId=application, mode=MODE)
    if not found["jobRuns"]:
        return "never run", ""
    newest = found["jobRuns"][0]
    if newest["state"] in ALIVE:
        return newest["state"], progress(run.output("LakeBucket"))
    return newest["state"], first_line(newest["stateDetails"])


def progress(lake: str) -> str:
    """How far the features are, in event time."""
    try:
        content = aws.client("s3").get_object(Bucket=lake, Key=NEWEST_KEY)["Body"].read()
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchKey":
            raise
        return "nothing told yet"
    as_of = json.loads(gzip.decompress(content))["as_of"]
    days = len(listing(lake, FLIGHTS_PREFIX).sizes)
    return f"has read up to {as_of[:16].replace('T', ' ')}, flights of {days} days settled"
