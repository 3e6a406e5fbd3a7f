"""The last lines of a job's log, from CloudWatch Logs, where each service keeps its own."""

from typing import Any

from botocore.exceptions import ClientError

from api.core.deployment import Clients

LINES = 80
GROUPS = {
    # Glue's driver writes to one, Spark and the job's errors to the other.
    "glue": ("/aws-glue/jobs/output", "/aws-glue/jobs/error"),
    "training": ("/aws/sagemaker/TrainingJobs",),
    "processing": ("/aws/sagemaker/ProcessingJobs",),
}
MISSING = "ResourceNotFoundException"

Line = dict[str, Any]


def last_lines(clients: Clients, kind: str, name: str) -> list[Line]:
    """The newest lines, the newest last; none where nothing was written."""
    logs = clients("logs")
    streams = _streams(clients, logs, kind, name)
    found = [line for group, stream in streams for line in _lines(logs, group, stream)]
    return sorted(found, key=lambda line: line["at"])[-LINES:]


def _streams(clients: Clients, logs: Any, kind: str, name: str) -> list[tuple[str, str]]:
    if kind == "build":
        builds = clients("codebuild").batch_get_builds(ids=[name])["builds"]
        told = [build.get("logs", {}) for build in builds]
        return [(log["groupName"], log["streamName"]) for log in told if "streamName" in log]
    if kind == "function":
        return _described(
            logs, f"/aws/lambda/{name}", orderBy="LastEventTime", descending=True, limit=1
        )
    if kind == "stream":
        group, _, prefix = name.partition(":")
        return _described(logs, group, logStreamNamePrefix=prefix)
    return [
        found
        for group in GROUPS[kind]
        for found in _described(logs, group, logStreamNamePrefix=name)
    ]


def _described(logs: Any, group: str, **narrowed: Any) -> list[tuple[str, str]]:
    try:
        answer = logs.describe_log_streams(logGroupName=group, **narrowed)
    except ClientError as error:
        if error.response["Error"]["Code"] == MISSING:
            return []
        raise
    return [(group, stream["logStreamName"]) for stream in answer["logStreams"]]


def _lines(logs: Any, group: str, stream: str) -> list[Line]:
    try:
        answer = logs.get_log_events(
            logGroupName=group, logStreamName=stream, limit=LINES, startFromHead=False
        )
    except ClientError as error:
        if error.response["Error"]["Code"] == MISSING:
            return []
        raise
    return [
        {"at": event["timestamp"], "text": event["message"].rstrip("\n")}
        for event in answer["events"]
    ]
