"""A killed emulator goes on with its executions, and loses none."""

import signal

import pytest

from tests.contract.codepipeline.conftest import Pipeline
from tests.contract.codepipeline.declarations import (
    FILES,
    action,
    approval,
    build_role,
    declaration,
    zipped,
)

SLEEP = "version: 0.2\nphases: {build: {commands: ['sleep 300']}}"


@pytest.fixture
def delivery(own_emulator, waiting):
    """`delivery(stage, ...)` in the emulator that is to be killed."""
    s3 = own_emulator.aws("s3")
    s3.create_bucket(Bucket="delivery")
    s3.put_bucket_versioning(Bucket="delivery", VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket="delivery", Key="source.zip", Body=zipped(FILES))

    def create(*stages, **members):
        client = own_emulator.aws("codepipeline")
        client.create_pipeline(pipeline=declaration("made", "delivery", *stages, **members))
        return Pipeline(client, "made", waiting)

    return create


def test_killed_emulator_keeps_approvals_queues_and_history(own_emulator, delivery):
    made = delivery(("Gate", approval()), ("After", approval()), executionMode="QUEUED")
    made.answer(made.asks())
    later = made.asks("After")
    second = made.start()
    gate = made.asks(of=second)
    before = made.actions()
    own_emulator.end(signal.SIGKILL)
    own_emulator.start()
    assert made.actions() == before
    made.answer(later, stage="After")
    assert made.end() == "Succeeded"
    made.answer(gate)
    made.answer(made.asks("After", of=second), stage="After")
    assert made.end(second) == "Succeeded"


def test_build_that_the_kill_interrupted_fails_its_action(own_emulator, delivery):
    own_emulator.aws("codebuild").create_project(
        name="sleeps",
        source={"type": "CODEPIPELINE", "buildspec": SLEEP},
        artifacts={"type": "CODEPIPELINE"},
        environment={
            "type": "LINUX_CONTAINER",
            "image": "aws/codebuild/amazonlinux-x86_64-standard:5.0",
            "computeType": "BUILD_GENERAL1_SMALL",
        },
        serviceRole=build_role(own_emulator.aws("iam")),
    )
    build = action("Build", "Build/CodeBuild", {"ProjectName": "sleeps"}, takes=["Source"])
    made = delivery(("Build", build))
    made.waiting("the build", lambda: made.latest("Build", "Build").get("externalExecutionId"))
    own_emulator.end(signal.SIGKILL)
    own_emulator.start()
    assert made.end() == "Failed"
    message = made.latest("Build", "Build")["errorDetails"]["message"]
    assert message.startswith("Build terminated with state: FAULT")
    assert "The emulator ended while the build ran" in message
