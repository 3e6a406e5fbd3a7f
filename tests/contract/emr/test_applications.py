"""Applications of EMR Serverless: their settings, their states, and what is refused."""

import pytest

from tests.contract.refusals import refusal


def state(serverless, identifier) -> str:
    return serverless.get_application(applicationId=identifier)["application"]["state"]


def test_an_application_has_what_it_was_created_with_and_defaults(serverless, create, unique):
    identifier = create(
        name=unique,
        initialCapacity={
            "DRIVER": {"workerCount": 1, "workerConfiguration": {"cpu": "2 vCPU", "memory": "4 GB"}}
        },
        maximumCapacity={"cpu": "8 vCPU", "memory": "32 GB"},
        autoStopConfiguration={"idleTimeoutMinutes": 3},
        tags={"team": "flights"},
    )
    found = serverless.get_application(applicationId=identifier)["application"]
    assert found["arn"].endswith(f":/applications/{identifier}")
    assert found["type"] == "Spark"
    assert found["state"] == "CREATED"
    assert found["architecture"] == "X86_64"
    assert found["autoStartConfiguration"] == {"enabled": True}
    assert found["autoStopConfiguration"] == {"enabled": True, "idleTimeoutMinutes": 3}
    assert found["initialCapacity"]["DRIVER"]["workerCount"] == 1
    assert found["tags"] == {"team": "flights"}
    listed = serverless.get_paginator("list_applications").paginate(states=["CREATED"])
    assert [one["name"] for page in listed for one in page["applications"]].count(unique) == 1


def test_an_application_goes_through_its_states(serverless, application):
    serverless.start_application(applicationId=application)
    assert state(serverless, application) == "STARTED"
    message = refusal(serverless.delete_application, applicationId=application)
    assert message == (
        "ValidationException",
        f"Application {application} must be in one of the following statuses [CREATED, STOPPED]. "
        "Current status: STARTED",
    )
    serverless.stop_application(applicationId=application)
    assert state(serverless, application) == "STOPPED"
    code, message = refusal(serverless.stop_application, applicationId=application)
    assert (code, message.split(".")[0]) == (
        "ValidationException",
        "Application cannot be STOPPED",
    )


def test_a_deleted_application_is_terminated_and_runs_nothing(serverless, role, unique):
    made = serverless.create_application(name=unique, releaseLabel="emr-7.9.0", type="Spark")
    identifier = made["applicationId"]
    serverless.delete_application(applicationId=identifier)
    assert state(serverless, identifier) == "TERMINATED"
    driver = {"sparkSubmit": {"entryPoint": "s3://nowhere/x.py"}}
    assert refusal(
        serverless.start_job_run,
        applicationId=identifier,
        executionRoleArn=role,
        jobDriver=driver,
    ) == ("ValidationException", f"Application {identifier} is terminated. Cannot start job run.")


def test_the_same_token_means_the_same_application(serverless, create, unique):
    identifier = create(name=unique, clientToken=unique)
    again = serverless.create_application(
        name=unique, clientToken=unique, releaseLabel="emr-7.9.0", type="SPARK"
    )
    assert again["applicationId"] == identifier
    code, _ = refusal(
        serverless.create_application,
        name="other",
        clientToken=unique,
        releaseLabel="emr-7.9.0",
        type="SPARK",
    )
    assert code == "ConflictException"


def test_an_update_replaces_what_it_names(serverless, application):
    updated = serverless.update_application(
        applicationId=application,
        autoStopConfiguration={"enabled": False},
        runtimeConfiguration=[
            {"classification": "spark-defaults", "properties": {"spark.executor.cores": "2"}}
        ],
    )["application"]
    assert updated["autoStopConfiguration"] == {"enabled": False, "idleTimeoutMinutes": 15}
    assert updated["runtimeConfiguration"][0]["properties"] == {"spark.executor.cores": "2"}
    assert updated["autoStartConfiguration"] == {"enabled": True}


def test_tags_are_added_and_removed(serverless, application):
    arn = serverless.get_application(applicationId=application)["application"]["arn"]
    serverless.tag_resource(resourceArn=arn, tags={"a": "1", "b": "2"})
    serverless.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert serverless.list_tags_for_resource(resourceArn=arn)["tags"] == {"b": "2"}


@pytest.mark.parametrize(
    ("members", "code", "message"),
    [
        ({"type": "PRESTO"}, "ValidationException", "Unsupported engine PRESTO"),
        (
            {"releaseLabel": "emr-1.0.0"},
            "ValidationException",
            "Type 'SPARK' is not supported for release label 'emr-1.0.0' or release label does not "
            "exist",
        ),
        (
            {"runtimeConfiguration": [{"classification": "nonsense"}]},
            "ValidationException",
            "Unknown configuration overrides classification: nonsense",
        ),
        (
            {"type": "HIVE"},
            "InternalFailure",
            "emr-serverless.CreateApplication with type HIVE is not emulated",
        ),
        (
            {"interactiveConfiguration": {"livyEndpointEnabled": True}},
            "InternalFailure",
            "emr-serverless.CreateApplication with interactiveConfiguration.livyEndpointEnabled is "
            "not emulated",
        ),
    ],
)
def test_what_an_application_cannot_be_is_refused(serverless, unique, members, code, message):
    given = {"name": unique, "releaseLabel": "emr-7.9.0", "type": "SPARK", **members}
    assert refusal(serverless.create_application, **given) == (code, message)


def test_an_unknown_application_is_not_found(serverless):
    assert refusal(serverless.get_application, applicationId="00nothing") == (
        "ResourceNotFoundException",
        "Application 00nothing does not exist",
    )
