"""What tests of EventBridge share: a rule that a queue listens to."""

import json

import pytest

ROLE = "arn:aws:iam::000000000000:role/events"


class Listener:
    """A queue, and the bodies of what comes to it."""

    def __init__(self, sqs, name: str) -> None:
        self.sqs = sqs
        self.url = sqs.create_queue(QueueName=name)["QueueUrl"]
        got = sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])
        self.arn = got["Attributes"]["QueueArn"]
        self.heard = []

    def listen(self) -> list[dict]:
        """All messages so far."""
        found = self.sqs.receive_message(
            QueueUrl=self.url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        ).get("Messages", [])
        self.heard += found
        for message in found:
            self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        return self.heard

    def bodies(self) -> list[str]:
        return [message["Body"] for message in self.listen()]


@pytest.fixture
def events(aws):
    return aws("events")


@pytest.fixture
def listener(aws, unique):
    """A queue of the test's own."""
    return Listener(aws("sqs"), unique)


@pytest.fixture
def rule(events, unique, listener):
    """`rule({"source": [...]}, **target)`: a rule whose target is the queue unless another is
    given; gone afterwards.
    """

    def make(pattern: dict, **target) -> str:
        given = {"Id": "t", "Arn": listener.arn, **target}
        events.put_rule(Name=unique, EventPattern=json.dumps(pattern))
        answer = events.put_targets(Rule=unique, Targets=[given])
        assert answer["FailedEntryCount"] == 0
        return unique

    yield make
    remove(events, unique)


def remove(events, name: str) -> None:
    """Delete a rule with its targets."""
    try:
        found = events.list_targets_by_rule(Rule=name)["Targets"]
    except events.exceptions.ResourceNotFoundException:
        return
    if found:
        events.remove_targets(Rule=name, Ids=[target["Id"] for target in found])
    events.delete_rule(Name=name)


@pytest.fixture
def put(events, unique):
    """`put(detail, **entry)`: an event of the test's own source."""

    def send(detail: dict, **entry) -> dict:
        given = {"Source": unique, "DetailType": "told", "Detail": json.dumps(detail), **entry}
        return events.put_events(Entries=[given])

    return send
