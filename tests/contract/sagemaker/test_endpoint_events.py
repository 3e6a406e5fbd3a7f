"""EventBridge hears of every state of an endpoint and of every step of a deployment."""

import json

import pytest

from tests.contract.sagemaker.serving import variant

SAY = "def model_fn(folder): return 1\ndef transform_fn(model, *request): return '{}'"
STATE = "SageMaker Endpoint State Change"
DEPLOYMENT = "SageMaker Endpoint Deployment State Change"


@pytest.fixture
def heard(aws, unique, waiting):
    """The events about the test's endpoint until one fits."""
    sqs, events = aws("sqs"), aws("events")
    queue = sqs.create_queue(QueueName=unique)["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    arn = f"arn:aws:sagemaker:us-east-1:000000000000:endpoint/{unique}"
    pattern = {"source": ["aws.sagemaker"], "resources": [arn]}
    events.put_rule(Name=unique, EventPattern=json.dumps(pattern))
    target = {"Id": "queue", "Arn": attributes["Attributes"]["QueueArn"]}
    events.put_targets(Rule=unique, Targets=[target])
    found = []

    def fitting(fits):
        received = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
        found.extend(json.loads(message["Body"]) for message in received.get("Messages", []))
        return next((event for event in found if fits(event)), None)

    def wait(what, fits):
        return waiting(what, lambda: fitting(fits)), found

    yield wait
    events.remove_targets(Rule=unique, Ids=["queue"])
    events.delete_rule(Name=unique)
    sqs.delete_queue(QueueUrl=queue)


def status(event):
    return event["detail-type"], event["detail"]["EndpointStatus"]


def steps(event):
    pending = event["detail"].get("PendingDeploymentSummary", {}).get("ProductionVariants", [])
    return {step["Status"] for item in pending for step in item.get("VariantStatus", [])}


def test_states_and_steps_are_told(sagemaker, unique, heard, endpoint, model, config, settled):
    arn = endpoint(variant(model(SAY.format("blue"), "-b")))["EndpointArn"]
    event, _ = heard("IN_SERVICE", lambda event: status(event) == (STATE, "IN_SERVICE"))
    assert event["resources"] == [arn]
    detail = event["detail"]
    assert (detail["EndpointName"], detail["EndpointConfigName"]) == (unique, unique)
    assert isinstance(detail["CreationTime"], int)
    assert detail["ProductionVariants"][0]["CurrentInstanceCount"] == 1
    assert detail["Tags"] == {}

    config(f"{unique}-g", variant(model(SAY.format("green"), "-g")))
    routing = {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0}
    sagemaker.update_endpoint(
        EndpointName=unique,
        EndpointConfigName=f"{unique}-g",
        DeploymentConfig={"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": routing}},
    )
    settled(unique)
    _, events = heard(
        "the end of the deployment",
        lambda event: (
            status(event) == (STATE, "IN_SERVICE")
            and event["detail"]["EndpointConfigName"] == f"{unique}-g"
        ),
    )
    assert (STATE, "CREATING") in [status(event) for event in events]
    assert (DEPLOYMENT, "UPDATING") in [status(event) for event in events]
    told = set().union(*(steps(event) for event in events))
    assert {"Creating", "ActivatingTraffic", "Baking"} <= told
