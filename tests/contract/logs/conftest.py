"""What tests of CloudWatch Logs share: a group with a stream."""

import time

import pytest


def now() -> int:
    return time.time_ns() // 1_000_000


@pytest.fixture
def logs(aws):
    return aws("logs")


@pytest.fixture
def group(logs, unique):
    """A group of the test's own, with a stream `s`."""
    logs.create_log_group(logGroupName=unique)
    logs.create_log_stream(logGroupName=unique, logStreamName="s")
    yield unique
    logs.delete_log_group(logGroupName=unique)


@pytest.fixture
def write(logs, group):
    """`write("a", "b", stream="s", at=ms)`: events a millisecond apart; the time of the first."""

    def put(*messages: str, stream: str = "s", at: int | None = None) -> int:
        start = now() - 1000 if at is None else at
        events = [{"timestamp": start + n, "message": text} for n, text in enumerate(messages)]
        logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)
        return start

    return put


def texts(answer) -> list[str]:
    return [event["message"] for event in answer["events"]]
