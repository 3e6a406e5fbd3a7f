"""Builds as the API has them: started, listed, stopped, run again, limited, told of."""

import json
import uuid

import psutil
import pytest
from botocore.exceptions import ClientError

from tests.contract.codebuild.conftest import Builder


def refusal(call, **members):
    with pytest.raises(ClientError) as caught:
        call(**members)
    return caught.value.response["Error"]


def running(builder, waiting, identifier):
    """The build once its commands run."""

    def at_work():
        build = builder.get(identifier)
        assert not build["buildComplete"], build["phases"]
        return build if build["currentPhase"] == "BUILD" else None

    return waiting(f"the commands of {identifier}", at_work)


def test_stop_build_kills_what_it_started(builder, waiting, project, make, phase, own_root):
    seconds = f"1234.{uuid.uuid4().int}"
    away = f"setsid sleep {seconds} &" if own_root else ""
    stubborn = f"trap '' TERM; {away} sleep {seconds} & wait"
    text = make.commands(build=[stubborn], post_build=["echo never"])
    identifier = builder.start(project, buildspecOverride=text)
    running(builder, waiting, identifier)
    builder.client.stop_build(id=identifier)
    build = builder.ended(identifier)
    assert build["buildStatus"] == "STOPPED"
    assert not sleeping(seconds)
    assert phase(build, "BUILD")["phaseStatus"] == "STOPPED"
    assert phase(build, "POST_BUILD") is None
    assert builder.client.stop_build(id=build["arn"])["build"]["buildStatus"] == "STOPPED"


def test_retry_runs_the_same_again(builder, project, make):
    first = builder.run(
        project,
        make.commands(build=["echo got $OWN"]),
        environmentVariablesOverride=[{"name": "OWN", "value": "this"}],
    )
    again = builder.client.retry_build(id=first["id"])["build"]
    build = builder.ended(again["id"])
    assert build["buildNumber"] == first["buildNumber"] + 1
    assert "\ngot this\n" in builder.log(build)


def test_project_runs_no_more_builds_than_it_may(builder, waiting, unique, make):
    builder.project(unique, make.commands(build=["sleep 1000"]), concurrentBuildLimit=1)
    identifier = builder.start(unique)
    error = refusal(builder.client.start_build, projectName=unique)
    assert error["Code"] == "AccountLimitExceededException"
    builder.client.stop_build(id=identifier)
    assert builder.ended(identifier)["buildStatus"] == "STOPPED"
    builder.client.update_project(name=unique, concurrentBuildLimit=-1)
    (project,) = builder.client.batch_get_projects(names=[unique])["projects"]
    assert "concurrentBuildLimit" not in project


def test_builds_are_listed_and_deleted(builder, unique):
    builder.project(unique)
    token = {"idempotencyToken": unique}
    first = builder.start(unique, **token)
    assert builder.start(unique, **token) == first
    second = builder.start(unique)
    assert builder.ended(first)["buildNumber"] == 1
    assert builder.ended(second)["buildNumber"] == 2
    client = builder.client
    assert client.list_builds_for_project(projectName=unique)["ids"] == [second, first]
    oldest_first = client.list_builds_for_project(projectName=unique, sortOrder="ASCENDING")
    assert oldest_first["ids"] == [first, second]
    assert {first, second} <= set(client.list_builds()["ids"])
    answer = client.batch_delete_builds(ids=[first, f"{unique}:none"])
    assert [arn.split("build/")[1] for arn in answer["buildsDeleted"]] == [first]
    assert answer["buildsNotDeleted"][0]["id"] == f"{unique}:none"
    gone = client.batch_get_builds(ids=[first, second])
    assert (gone["buildsNotFound"], len(gone["builds"])) == ([first], 1)


def test_unknown_names_are_refused(builder, unique):
    arn = f"arn:aws:codebuild:us-east-1:000000000000:project/{unique}"
    assert refusal(builder.client.start_build, projectName=unique) == {
        "Code": "ResourceNotFoundException",
        "Message": f"Project cannot be found: {arn}",
    }
    error = refusal(builder.client.stop_build, id=f"{unique}:1")
    assert error["Code"] == "ResourceNotFoundException"
    error = refusal(builder.client.list_builds, nextToken="none")
    assert error["Code"] == "InvalidInputException"


def test_unknown_image_fails_when_it_is_pulled(builder, project, phase):
    build = builder.run(project, imageOverride="somebody/elses:1")
    assert build["buildStatus"] == "FAILED"
    (context,) = phase(build, "PROVISIONING")["contexts"]
    assert context["statusCode"] == "BUILD_CONTAINER_UNABLE_TO_PULL_IMAGE"
    assert "somebody/elses:1" in context["message"]


@pytest.mark.parametrize(
    ("override", "named"),
    [
        ({"certificateOverride": "some/certificate.pem"}, "environment.certificate"),
        ({"sourceTypeOverride": "GITHUB"}, "source type GITHUB"),
        ({"debugSessionEnabled": True}, "debugSessionEnabled"),
        ({"environmentTypeOverride": "WINDOWS_CONTAINER"}, "environment type WINDOWS_CONTAINER"),
    ],
)
def test_what_cannot_be_computed_is_refused_by_name(builder, project, override, named):
    error = refusal(builder.client.start_build, projectName=project, **override)
    assert error["Message"] == f"codebuild.StartBuild with {named} is not emulated"


def test_batches_webhooks_fleets_are_refused_by_name(builder, project):
    client = builder.client
    for error in (
        refusal(client.start_build_batch, projectName=project),
        refusal(client.create_webhook, projectName=project),
        refusal(client.list_fleets),
        refusal(client.start_sandbox, projectName=project),
    ):
        assert "on service 'codebuild'" in error["Message"] or "not emulated" in error["Message"]


def test_events_tell_phases_and_ends(builder, aws, waiting, project, make, unique):
    sqs, events = aws("sqs"), aws("events")
    queue = sqs.create_queue(QueueName=unique)["QueueUrl"]
    pattern = {"source": ["aws.codebuild"], "detail": {"project-name": [project]}}
    events.put_rule(Name=unique, EventPattern=json.dumps(pattern))
    arn = f"arn:aws:sqs:us-east-1:000000000000:{unique}"
    events.put_targets(Rule=unique, Targets=[{"Id": "1", "Arn": arn}])
    build = builder.run(project, make.commands(build=["exit 7"]))
    told = []

    def ended():
        answer = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        told.extend(json.loads(message["Body"]) for message in answer.get("Messages", []))
        own = [event for event in told if event["detail"]["build-id"] == build["arn"]]
        states = [event for event in own if event["detail-type"] == "CodeBuild Build State Change"]
        last = [event for event in states if event["detail"]["build-status"] == "FAILED"]
        failed = [
            event["detail"]
            for event in own
            if event["detail"].get("completed-phase-status") == "FAILED"
        ]
        return (last[0], failed[0]) if last and failed else None

    state, phase = waiting("the events of the build", ended)
    events.remove_targets(Rule=unique, Ids=["1"])
    events.delete_rule(Name=unique)
    assert state["resources"] == [build["arn"]]
    assert state["detail"]["additional-information"]["build-complete"] is True
    assert phase["completed-phase"] == "BUILD"
    assert phase["completed-phase-context"] == (
        "[COMMAND_EXECUTION_ERROR: Error while executing command: exit 7. Reason: exit status 7]"
    )


def test_kill_of_the_emulator_ends_builds_and_keeps_what_they_were(own_emulator, waiting, make):
    builder = Builder(own_emulator.aws, waiting)
    seconds = f"4321.{uuid.uuid4().int}"
    builder.project("pp", make.commands(build=[f"exec sleep {seconds}"]))
    started = [builder.start("pp") for _ in range(5)]
    for identifier in started[:4]:
        running(builder, waiting, identifier)
    assert builder.get(started[4])["currentPhase"] == "QUEUED"
    own_emulator.end(9)
    own_emulator.start()
    builder = Builder(own_emulator.aws, waiting)
    builds = [builder.get(identifier) for identifier in started]
    assert [build["buildStatus"] for build in builds] == ["FAULT"] * 5
    (context,) = builds[0]["phases"][-2]["contexts"]
    assert context["message"] == "The emulator ended while the build ran."
    waiting("the end of their processes", lambda: not sleeping(seconds))
    if builder.client.batch_get_projects(names=["pp"])["projectsNotFound"]:
        builder.project("pp")
    assert builder.run("pp", make.commands(build=["true"]))["buildStatus"] == "SUCCEEDED"


def sleeping(seconds: str) -> bool:
    """Whether a process of such a command is there, anywhere on the machine."""
    return any(
        process.info["cmdline"] == ["sleep", seconds]
        for process in psutil.process_iter(["cmdline"])
    )
