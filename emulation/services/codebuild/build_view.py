"""How BatchGetBuilds describes a build."""

import copy
from datetime import UTC, datetime
from urllib.parse import quote

from emulation.services.codebuild.store import Build, Members


def describe(build: Build) -> Members:
    """The whole build; members that do not apply are absent."""
    primary = [item for item in build.artifacts if "artifactIdentifier" not in item]
    secondary = [item for item in build.artifacts if "artifactIdentifier" in item]
    optional = {
        "endTime": moment(build.ended) if build.ended else None,
        "resolvedSourceVersion": build.source_version or None,
        "secondaryArtifacts": secondary,
        "exportedEnvironmentVariables": build.exported,
        "reportArns": build.reports,
    }
    return {
        **copy.deepcopy(build.members),
        "id": build.identifier,
        "arn": build.arn,
        "buildNumber": build.number,
        "projectName": build.project,
        "startTime": moment(build.started),
        "currentPhase": build.phase,
        "buildStatus": build.status,
        "buildComplete": build.complete,
        "phases": [described_phase(phase) for phase in build.phases],
        "artifacts": primary[0] if primary else {"location": ""},
        "logs": logs(build),
        **{name: value for name, value in optional.items() if value is not None},
    }


def described_phase(phase: Members) -> Members:
    """A phase; the one that runs has no end."""
    times: Members = {
        name: moment(phase[name]) for name in ("startTime", "endTime") if name in phase
    }
    return {**phase, **times}


def moment(seconds: float) -> datetime:
    """A time of the API, in milliseconds."""
    return datetime.fromtimestamp(round(seconds, 3), UTC)


def told_moment(seconds: float) -> str:
    """A time of an event, as in `Sep 1, 2017 4:12:29 PM`."""
    moment = datetime.fromtimestamp(seconds, UTC)
    clock = f"{moment.hour % 12 or 12}:{moment:%M:%S %p}"
    return f"{moment:%b} {moment.day}, {moment.year} {clock}"


def log_place(build: Build) -> tuple[str, str] | None:
    """The log group and stream of a build; None when CloudWatch Logs is off."""
    config = build.settings.get("logsConfig", {}).get("cloudWatchLogs", {})
    if config.get("status", "ENABLED") == "DISABLED":
        return None
    group = config.get("groupName") or f"/aws/codebuild/{build.project}"
    stream = "/".join(filter(None, [config.get("streamName"), build.uuid]))
    return group, stream


def s3_log_place(build: Build) -> str | None:
    """`BUCKET/KEY` of the log in S3; None when that is off."""
    config = build.settings.get("logsConfig", {}).get("s3Logs", {})
    if config.get("status", "DISABLED") == "DISABLED":
        return None
    return f"{str(config['location']).rstrip('/')}/{build.uuid}.gz"


def logs(build: Build) -> Members:
    """Where the log is. Group and stream are told once the build has a place to run, as on AWS."""
    config = build.settings.get("logsConfig", {})
    answer: Members = {
        "cloudWatchLogs": config.get("cloudWatchLogs", {"status": "ENABLED"}),
        "s3Logs": {"encryptionDisabled": False, **config.get("s3Logs", {"status": "DISABLED"})},
    }
    place = log_place(build)
    if place is not None:
        group, stream = place
        path = f"log-group/{_twice(group)}/log-events/{_twice(stream)}"
        answer |= {
            "groupName": group,
            "streamName": stream,
            "deepLink": (
                f"https://console.aws.amazon.com/cloudwatch/home?region={build.region}"
                f"#logsV2:log-groups/{path}"
            ),
            "cloudWatchLogsArn": build.scope.arn("logs", f"log-group:{group}:log-stream:{stream}"),
        }
    s3_place = s3_log_place(build)
    if s3_place is not None:
        answer["s3LogsArn"] = f"arn:{build.partition}:s3:::{s3_place}"
        answer["s3DeepLink"] = f"https://s3.console.aws.amazon.com/s3/object/{s3_place}"
    return answer


def _twice(text: str) -> str:
    """As the console's addresses have names: escaped twice, with a dollar."""
    return quote(quote(text, safe=""), safe="").replace("%", "$")
