"""The gate's step: champion and challenger answer the same window, in a processing job.

The job is named after everything that its verdict depends on, so a retried stage reads the report
that is there. A challenger that loses is no failure of this step, which exports the verdict: the
action after it ends the run with the reason (see `pipeline/handlers/judge_challenger.py`).
"""

import json
from collections.abc import Mapping
from typing import Any

from pipeline import aws
from pipeline.delivery.exports import Exports
from pipeline.delivery.jobs import FOLDER, entrypoint, input_of, machine, run_job, source_of
from pipeline.delivery.settings import NOTHING, Told
from pipeline.orchestration.run import Run, Show, digest
from pipeline.orchestration.serving import Served, served
from pipeline.orchestration.training import split_uri

WINS, LOSES, SERVES = "wins", "loses", "serves"
REPORTS = "gate/"
REPORT = "report.json"
SOURCE = "TrainingSourceKey"
PROGRAM = "models.flight_delay.compare"


def judge(run: Run, told: Told, show: Show) -> Exports:
    """Let both answer; the verdict, its reason and where the report lies."""
    champion = served(run.output("EndpointName"), run.settings.stage_seconds)
    challenger = told.of("MODEL_DATA_URL")
    if champion and champion.archive == challenger:
        return verdict(SERVES, "This very model serves already.", champion, NOTHING)
    request = job_request(run, told, champion)
    job = run_job(request, run.settings.stage_seconds, show)
    uri = report_uri(job)
    report = read_report(uri)
    for rule in report["rules"]:
        show.say(f"{'passed' if rule['passed'] else 'BROKEN'}  {rule['name']}: {rule['sentence']}")
    return verdict(report["outcome"], report["reason"], champion, uri)


def verdict(outcome: str, reason: str, champion: Served | None, report: str) -> Exports:
    """What the next actions are told."""
    return {
        "OUTCOME": outcome,
        "VERDICT": reason,
        "CHAMPION": champion.archive if champion else NOTHING,
        "GATE_REPORT": report,
    }


def job_request(run: Run, told: Told, champion: Served | None) -> dict[str, Any]:
    """The request of CreateProcessingJob; its name holds what it is asked."""
    inputs = {
        "source": source_of(run, SOURCE),
        "flights": f"s3://{run.output('LakeBucket')}/{told.of('SNAPSHOT')}",
        "challenger": told.of("MODEL_DATA_URL"),
    }
    if champion:
        inputs["champion"] = champion.archive
    arguments = arguments_of(told, with_champion=champion is not None)
    name = f"{run.settings.name}-gate-{digest([json.dumps(inputs), *arguments])}"
    return {
        "ProcessingJobName": name,
        "ProcessingInputs": [input_of(key, uri) for key, uri in inputs.items()],
        "ProcessingOutputConfig": {"Outputs": [_output(run, name)]},
        **machine(run),
        "AppSpecification": {
            "ImageUri": run.output("ModelImageUri"),
            "ContainerEntrypoint": entrypoint(PROGRAM),
            "ContainerArguments": arguments,
        },
        "RoleArn": told.of("GATE_ROLE_ARN"),
    }


def arguments_of(told: Told, *, with_champion: bool) -> list[str]:
    """What the program is called with."""
    values = {
        "--flights": f"{FOLDER}/input/flights",
        "--challenger": f"{FOLDER}/input/challenger/model.tar.gz",
        "--first": told.day("WINDOW_FIRST").isoformat(),
        "--until": told.day("WINDOW_UNTIL").isoformat(),
        "--output": f"{FOLDER}/output",
        "--minimum_gain": str(told.number("MINIMUM_GAIN")),
    }
    if with_champion:
        values["--champion"] = f"{FOLDER}/input/champion/model.tar.gz"
    return [item for pair in values.items() for item in pair]


def _output(run: Run, name: str) -> dict[str, Any]:
    target = f"s3://{run.output('ArtifactsBucket')}/{REPORTS}{name}"
    place = {"S3Uri": target, "LocalPath": f"{FOLDER}/output", "S3UploadMode": "EndOfJob"}
    return {"OutputName": "report", "S3Output": place}


def report_uri(job: Mapping[str, Any]) -> str:
    """Where a job has left its report."""
    (output,) = job["ProcessingOutputConfig"]["Outputs"]
    return f"{output['S3Output']['S3Uri']}/{REPORT}"


def read_report(uri: str) -> dict[str, Any]:
    """A report of the gate."""
    bucket, key = split_uri(uri)
    found = aws.client("s3").get_object(Bucket=bucket, Key=key)
    report: dict[str, Any] = json.loads(found["Body"].read())
    return report
