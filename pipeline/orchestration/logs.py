"""The last lines that a job wrote, for the sentence that tells its failure."""

import re
from collections.abc import Iterable

from botocore.exceptions import ClientError

from pipeline import aws

LINES = 15
EVENTS = 100
JVM_FRAME = re.compile(r"\s+(at |\.\.\. \d+ (more|common))")
"""A Spark job ends in hundreds of these; what went wrong stands between them."""
LONGEST_REASON = 300


def log_tail(group: str, stream_prefix: str = "", lines: int = LINES) -> tuple[str, ...]:
    """The newest lines of the streams that begin so; none when there is no such log."""
    logs = aws.client("logs")
    which = {"logStreamNamePrefix": stream_prefix} if stream_prefix else {}
    try:
        streams = logs.describe_log_streams(logGroupName=group, limit=5, **which)["logStreams"]
        events = [
            event
            for stream in streams
            for event in logs.get_log_events(
                logGroupName=group,
                logStreamName=stream["logStreamName"],
                limit=EVENTS,
                startFromHead=False,
            )["events"]
        ]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        return ()
    newest = sorted(events, key=lambda event: event["timestamp"])
    return telling(event["message"] for event in newest)[-lines:]


def telling(messages: Iterable[str]) -> tuple[str, ...]:
    """The lines that say something."""
    lines = [line.rstrip() for message in messages for line in message.splitlines()]
    return tuple(line for line in lines if line and not JVM_FRAME.match(line))


def first_line(reason: str) -> str:
    """The beginning of a reason, which services fill up with a stack trace."""
    lines = reason.strip().splitlines() or ["no reason given"]
    return lines[0] if len(lines[0]) <= LONGEST_REASON else f"{lines[0][:LONGEST_REASON]}..."
