"""The deploy action of S3: an artifact as one object, or each of its files."""

import mimetypes

from emulation.services.codepipeline import artifacts
from emulation.services.codepipeline.store import Members
from emulation.services.codepipeline.tasks import CONFIGURATION, ActionError, Outcome, Task


class S3DeployProvider:
    """Writes to a bucket."""

    polls = True

    def start(self, task: Task) -> Outcome | None:
        """Write all of it."""
        key = task.configuration.get("ObjectKey", "")
        if task.flag("Extract"):
            extract(task, key)
        elif key:
            whole(task, key)
        else:
            raise ActionError("ObjectKey is required when Extract is false", CONFIGURATION)
        return Outcome("Deployment Succeeded")

    def look(self, task: Task) -> Outcome | None:
        """What was interrupted is written again."""
        return self.start(task)


def whole(task: Task, key: str) -> None:
    """The artifact as it is."""
    s3, item = task.client("s3"), task.run.inputs[0]
    content = artifacts.get(s3, item["s3location"])
    s3.put_object(
        Bucket=task.configuration["BucketName"], Key=key, Body=content, **put_options(task)
    )


def extract(task: Task, prefix: str) -> None:
    """Each file of the artifact, below a prefix."""
    s3, item = task.client("s3"), task.run.inputs[0]
    with artifacts.archive(s3, item["name"], item["s3location"]) as opened:
        for entry in opened.infolist():
            if entry.is_dir():
                continue
            kind, _ = mimetypes.guess_type(entry.filename)
            s3.put_object(
                Bucket=task.configuration["BucketName"],
                Key="/".join(part for part in (prefix.rstrip("/"), entry.filename) if part),
                Body=opened.read(entry),
                ContentType=kind or "application/octet-stream",
                **put_options(task),
            )


def put_options(task: Task) -> Members:
    """What the configuration says of the objects."""
    given = task.configuration
    options: Members = {}
    if "CannedACL" in given:
        options["ACL"] = given["CannedACL"]
    if "CacheControl" in given:
        options["CacheControl"] = given["CacheControl"]
    if "KMSEncryptionKeyARN" in given:
        options["ServerSideEncryption"] = "aws:kms"
        options["SSEKMSKeyId"] = given["KMSEncryptionKeyARN"]
    return options
