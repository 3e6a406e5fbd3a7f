"""The delivery pipeline of a laptop: sources that are changed, runs and what became of them."""

import io
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.deploy.bundle import zipped
from pipeline.deploy.source import KEY, Source
from tests.e2e.cloud import ARTIFACTS, NAME
from tests.e2e.laptop import Laptop
from tests.waiting import wait_until

PIPELINE = f"{NAME}-delivery"
GROUP = f"{NAME}-flight-delay"
RUN_SECONDS = 1500
QUICK = (
    "tests/unit/models/conftest.py",
    "tests/unit/models/test_gate.py",
    "tests/unit/pipeline/test_features.py",
)
"""Of the unit tests these are enough for a story's build."""
OVER = {"Succeeded", "Failed", "Stopped", "Superseded", "Cancelled"}

Run = dict[str, Any]


class LoopLaptop(Laptop):
    """Approves by itself, and bakes for seconds."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._environment |= {
            "PIPELINE_APPROVAL": "automatic",
            "PIPELINE_BAKE_SECONDS": "20",
            "PIPELINE_ALARM_SECONDS": "10",
        }


def changed_source(edits: Mapping[str, tuple[str, str]] | None = None) -> bytes:
    """This tree's source with few unit tests, and with texts of some files replaced."""
    with zipfile.ZipFile(io.BytesIO(Source().content)) as packed:
        files = {name: packed.read(name) for name in packed.namelist()}
    kept = {
        name: content
        for name, content in files.items()
        if not name.startswith("tests/unit/") or name in QUICK or name.endswith("unit/conftest.py")
    }
    for name, (old, new) in (edits or {}).items():
        assert old.encode() in kept[name], f"{name} does not say {old}"
        kept[name] = kept[name].replace(old.encode(), new.encode())
    return zipped(kept)


def upload(laptop: Laptop, content: bytes) -> None:
    """Put a source, as whoever changes it does."""
    laptop.aws("s3").put_object(Bucket=ARTIFACTS, Key=KEY, Body=content)


def abandon(laptop: Laptop) -> list[Run]:
    """End the runs that go on; all runs there are then."""
    codepipeline = laptop.aws("codepipeline")
    for run in runs(laptop):
        if run["status"] not in OVER:
            codepipeline.stop_pipeline_execution(
                pipelineName=PIPELINE, pipelineExecutionId=run["pipelineExecutionId"], abandon=True
            )
    wait_until("the runs to end", lambda: all(run["status"] in OVER for run in runs(laptop)))
    return runs(laptop)


def runs(laptop: Laptop) -> list[Run]:
    """The executions, the newest first."""
    pages = laptop.aws("codepipeline").get_paginator("list_pipeline_executions")
    return [
        run
        for page in pages.paginate(pipelineName=PIPELINE)
        for run in page["pipelineExecutionSummaries"]
    ]


def next_run(laptop: Laptop, known: Sequence[Run]) -> Run:
    """The end of the one run that is not among the known."""
    before = {run["pipelineExecutionId"] for run in known}

    def ended() -> Run | None:
        new = [run for run in runs(laptop) if run["pipelineExecutionId"] not in before]
        assert len(new) <= 1, f"one run was expected, not {new}"
        return new[0] if new and new[0]["status"] in OVER else None

    return wait_until("the end of a run of the delivery", ended, RUN_SECONDS, interval=1)


def actions(laptop: Laptop, run: Run) -> "Done":
    """What the actions of a run did, by their names."""
    pages = laptop.aws("codepipeline").get_paginator("list_action_executions")
    only = {"pipelineExecutionId": run["pipelineExecutionId"]}
    found = [
        action
        for page in pages.paginate(pipelineName=PIPELINE, filter=only)
        for action in page["actionExecutionDetails"]
    ]
    return Done({action["actionName"]: action for action in found[::-1]})


class Done(dict[str, Run]):
    """Actions by their names; whoever asks for one that was not reached is told all."""

    def __missing__(self, name: str) -> Run:
        told = "\n".join(f"{key}: {action.get('output')}" for key, action in self.items())
        raise AssertionError(f"the run did not come to {name}:\n{told}")


def result(action: Run) -> dict[str, Any]:
    """What the service behind an action said."""
    return action["output"]["executionResult"]


def exported(action: Run) -> dict[str, str]:
    return action["output"]["outputVariables"]


def failed_tests(laptop: Laptop, build: str) -> Iterator[str]:
    """The names of the failed test cases in a build's reports."""
    codebuild = laptop.aws("codebuild")
    (found,) = codebuild.batch_get_builds(ids=[build])["builds"]
    for arn in found["reportArns"]:
        cases = codebuild.describe_test_cases(reportArn=arn, filter={"status": "FAILED"})
        yield from (case["name"] for case in cases["testCases"])


def versions(laptop: Laptop) -> dict[int, str]:
    """The registered models and their approval."""
    listed = laptop.aws("sagemaker").list_model_packages(ModelPackageGroupName=GROUP)
    return {
        item["ModelPackageVersion"]: item["ModelApprovalStatus"]
        for item in listed["ModelPackageSummaryList"]
    }


def report(laptop: Laptop, uri: str) -> dict[str, Any]:
    """The gate's report."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return json.load(laptop.aws("s3").get_object(Bucket=bucket, Key=key)["Body"])


def configuration(laptop: Laptop) -> str:
    """The endpoint's configuration: another model is another one."""
    return laptop.aws("sagemaker").describe_endpoint(EndpointName=NAME)["EndpointConfigName"]
