"""The last lines that a job wrote, for the sentence that tells its failure."""

from botocore.exceptions import ClientError

from pipeline import aws

LINES = 15


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
                limit=lines,
                startFromHead=False,
            )["events"]
        ]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        return ()
    newest = sorted(events, key=lambda event: event["timestamp"])[-lines:]
    return tuple(event["message"].rstrip() for event in newest)
