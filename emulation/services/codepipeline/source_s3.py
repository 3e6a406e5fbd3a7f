"""The source action of S3: the object in its latest or the wanted version, copied as it is.

The bucket must keep versions, for a revision is one of them.
"""

from typing import Any

from botocore.exceptions import ClientError

from emulation.services.codepipeline.store import Execution, Members
from emulation.services.codepipeline.tasks import CONFIGURATION, ActionError, Outcome, Task
from emulation.services.scope import Scope


class S3SourceProvider:
    """Copies one object to the artifact store."""

    polls = True

    def start(self, task: Task) -> Outcome | None:
        """Find the version and copy it."""
        s3 = task.client("s3")
        bucket = task.configuration["S3Bucket"]
        wanted = wanted_revision(task.execution, task.action)
        key = wanted.get("S3_OBJECT_KEY", task.configuration["S3ObjectKey"])
        found = find(s3, bucket, key, wanted.get("S3_OBJECT_VERSION_ID"))
        place = task.output()
        assert place is not None
        source = {"Bucket": bucket, "Key": key, "VersionId": found["VersionId"]}
        s3.copy(source, place["bucket"], place["key"], ExtraArgs=task.options())
        self._tell(task, bucket, key, found)
        return Outcome(f"Amazon S3 version id: {found['VersionId']}")

    def look(self, task: Task) -> Outcome | None:
        """A copy is made in one step; one that was interrupted is made again."""
        return self.start(task)

    def _tell(self, task: Task, bucket: str, key: str, found: Members) -> None:
        version = found["VersionId"]
        task.run.external_id = version
        task.run.variables = {
            "BucketName": bucket,
            "ETag": found["ETag"].strip('"'),
            "ObjectKey": key,
            "VersionId": version,
        }
        task.run.work["revision"] = {
            "revisionId": version,
            "revisionChangeIdentifier": version,
            "revisionSummary": f"Amazon S3 version id: {version}",
            "revisionUrl": f"https://console.aws.amazon.com/s3/object/{bucket}?prefix={key}",
            "created": found["LastModified"].timestamp(),
        }


def wanted_revision(execution: Execution, action: Members) -> dict[str, str]:
    """What the execution's starter wants of a source, by type."""
    return {
        item["revisionType"]: item["revisionValue"]
        for item in execution.overrides
        if item["actionName"] == action["name"]
    }


def find(s3: Any, bucket: str, key: str, version: str | None) -> Members:
    """HeadObject's answer on a version of an object, the latest if none is named.

    Raises:
        ActionError: the object is not there, or has no versions.
    """
    try:
        found = s3.head_object(
            Bucket=bucket, Key=key, **({"VersionId": version} if version else {})
        )
    except ClientError as error:
        named = f" with version {version}" if version else ""
        raise ActionError(
            f"The object with key '{key}'{named} does not exist in the bucket '{bucket}'. "
            f"({error})",
            CONFIGURATION,
        ) from error
    if found.get("VersionId", "null") == "null":
        raise ActionError(
            f"The object with key '{key}' has no version: versioning must be enabled on the bucket "
            f"'{bucket}' to use it as a source.",
            CONFIGURATION,
        )
    return dict(found)


def latest_version(scope: Scope, action: Members) -> str | None:
    """The version of a source's object now; None where there is none."""
    given = action["configuration"]
    try:
        found = find(scope.client("s3"), given["S3Bucket"], given["S3ObjectKey"], None)
    except ActionError:
        return None
    return str(found["VersionId"])
