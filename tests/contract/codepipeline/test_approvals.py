"""Somebody is asked, by SNS as well, and the answer decides."""

import json

import pytest

from tests.contract.codepipeline.declarations import approval
from tests.contract.refusals import refusal


@pytest.fixture
def inbox(aws, unique):
    """A topic's ARN and what it has published."""
    sns, sqs = aws("sns"), aws("sqs")
    topic = sns.create_topic(Name=unique)["TopicArn"]
    url = sqs.create_queue(QueueName=unique)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn["Attributes"]["QueueArn"])

    def received():
        found = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages", [])
        return [json.loads(message["Body"]) for message in found]

    yield topic, received
    sqs.delete_queue(QueueUrl=url)
    sns.delete_topic(TopicArn=topic)


def test_topic_gets_what_an_approver_needs(pipeline, inbox):
    topic, received = inbox
    configuration = {
        "NotificationArn": topic,
        "CustomData": "look at it",
        "ExternalEntityLink": "http://example.com",
    }
    made = pipeline(("Gate", approval(configuration=configuration)))
    (message,) = made.waiting("the message", received)
    assert message["Subject"] == f"APPROVAL NEEDED: AWS CodePipeline {made.name} for action Ask"
    told = json.loads(message["Message"])
    assert told["region"] == "us-east-1"
    view = f"https://console.aws.amazon.com/codepipeline/home?region=us-east-1#/view/{made.name}"
    assert told["consoleLink"] == view
    expected = {
        "pipelineName": made.name,
        "stageName": "Gate",
        "actionName": "Ask",
        "token": made.asks(),
        "externalEntityLink": "http://example.com",
        "approvalReviewLink": f"{view}/Gate/Ask/approve/{made.asks()}",
        "customData": "look at it",
    }
    assert told["approval"].pop("expires").endswith("Z")
    assert told["approval"] == expected


def test_approved_action_succeeds_and_tells_by_whom(pipeline):
    made = pipeline(("Gate", approval()))
    made.answer(made.asks(), summary="good")
    assert made.end() == "Succeeded"
    latest = made.latest("Gate")
    assert (latest["status"], latest["summary"]) == ("Succeeded", "good")
    assert latest["lastUpdatedBy"] == "arn:aws:iam::000000000000:root"
    assert "token" not in latest


def test_rejected_action_fails_the_execution(pipeline):
    made = pipeline(("Gate", approval()))
    made.answer(made.asks(), "Rejected", summary="bad")
    assert made.end() == "Failed"
    latest = made.latest("Gate")
    assert latest["status"] == "Failed"
    assert latest["errorDetails"] == {"code": "JobFailed", "message": "bad"}


def test_answer_is_taken_once(codepipeline, pipeline):
    made = pipeline(("Gate", approval()))
    token = made.asks()
    made.answer(token)
    made.end()
    code, message = refusal(made.answer, token=token)
    assert code == "ApprovalAlreadyCompletedException"
    assert message == "The approval action has already been approved or rejected."


def test_answer_with_a_wrong_token_or_place_is_refused(pipeline):
    made = pipeline(("Gate", approval()))
    made.asks()
    wrong = "00000000-0000-0000-0000-000000000000"
    assert refusal(made.answer, token=wrong)[0] == "InvalidApprovalTokenException"
    assert refusal(made.answer, token=wrong, stage="No")[0] == "StageNotFoundException"
    assert refusal(made.answer, token=wrong, name="No")[0] == "ActionNotFoundException"


def test_timeout_is_for_approvals(codepipeline, versioned, pipeline):
    made = pipeline(("Gate", approval(timeoutInMinutes=5)))
    declared = codepipeline.get_pipeline(name=made.name)["pipeline"]
    assert declared["stages"][1]["actions"][0]["timeoutInMinutes"] == 5
    declared["stages"][0]["actions"][0]["timeoutInMinutes"] = 5
    code, message = refusal(codepipeline.update_pipeline, pipeline=declared)
    assert code == "InvalidActionDeclarationException"
    assert "timeoutInMinutes" in message
