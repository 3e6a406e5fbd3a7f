"""Images of an artifact become a service's."""

import json

import pytest

from tests.contract.codepipeline.declarations import FILES, action, zipped
from tests.contract.ecs.conftest import Fargate, container


@pytest.fixture
def fargate(aws, unique, waiting):
    made = Fargate(aws, unique, waiting)
    yield made
    made.clear()


def to_service(cluster, **more):
    given = {"ClusterName": cluster, "ServiceName": "web", **more}
    return action("Roll", "Deploy/ECS", given, takes=["Source"])


def put(aws, bucket, definitions):
    files = FILES | {"imagedefinitions.json": json.dumps(definitions)}
    aws("s3").put_object(Bucket=bucket, Key="source.zip", Body=zipped(files))


def test_a_service_gets_the_image_of_the_artifact(aws, pipeline, versioned, fargate):
    fargate.serve(fargate.define(container()))
    fargate.steady()
    put(aws, versioned, [{"name": "main", "imageUri": "python:3.13"}])
    made = pipeline(("Deploy", to_service(fargate.name)))
    assert made.end() == "Succeeded"
    found = fargate.service()
    definition = fargate.ecs.describe_task_definition(taskDefinition=found["taskDefinition"])
    (main,) = definition["taskDefinition"]["containerDefinitions"]
    assert (main["image"], found["runningCount"]) == ("python:3.13", 1)


def test_an_image_that_does_not_run_fails_the_action(aws, pipeline, versioned, fargate):
    breaker = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
    good = fargate.define(container())
    fargate.serve(good, deploymentConfiguration=breaker)
    fargate.steady()
    put(aws, versioned, [{"name": "main", "imageUri": "nothing.example/x:1"}])
    made = pipeline(("Deploy", to_service(fargate.name)))
    assert made.end() == "Failed"
    assert fargate.steady()["taskDefinition"] == good
    put(aws, versioned, [{"name": "other", "imageUri": "python:3.13"}])
    again = made.start()
    assert made.end(again) == "Failed"
    error = made.latest("Deploy", "Roll")["errorDetails"]
    assert "does not contain a container with the name other" in error["message"]
