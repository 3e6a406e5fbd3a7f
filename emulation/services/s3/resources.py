"""The CloudFormation type AWS::S3::Bucket. LocalStack's own takes a bucket that exists already for
the new one, makes it public, leaves encryption, lifecycle and access blocks out, has no update, and
empties a bucket to delete it.
"""

from contextlib import ExitStack
from typing import Any

from botocore.exceptions import ClientError
from localstack.services.cloudformation.resource_provider import ProgressEvent, ResourceRequest
from localstack.services.s3.resource_providers.aws_s3_bucket import S3BucketProvider

from emulation.interrupted import STARTED, all_stacks
from emulation.services.resource_types import Model, ResourceType
from emulation.services.s3.bucket_settings import SETTINGS

AT_CREATION = {"BucketName", "ObjectLockEnabled"}
ATTRIBUTES = {"Arn", "DomainName", "RegionalDomainName", "WebsiteURL"}


class BucketResource(S3BucketProvider):
    """A bucket; every property but the name and the lock can change in place."""

    def create(self, request: ResourceRequest[Any]) -> ProgressEvent[Any]:
        """Create the bucket, then bring the rest where the template wants it."""
        model: Model = request.desired_state
        refuse(model)
        s3 = request.aws_client_factory.s3
        name = model.setdefault("BucketName", ResourceType.default_name(request).lower())
        if not exists(s3, name):
            s3.create_bucket(Bucket=name, **creation(model, request.region_name))
        elif not is_left_by_a_kill(s3, name):
            return ResourceType.failed(model, f"{name} already exists")
        with ExitStack() as undo:
            # Nobody deletes what could not be created.
            undo.callback(s3.delete_bucket, Bucket=name)
            configure(s3, {}, model)
            undo.pop_all()
        self._setup_post_creation_attributes(model, request.region_name)
        return ResourceType.done(model)

    def update(self, request: ResourceRequest[Any]) -> ProgressEvent[Any]:
        """Set what the template has and remove what it no longer has."""
        before: Model = request.previous_state
        kept = {name: before[name] for name in ATTRIBUTES | {"BucketName"} if name in before}
        model: Model = {**request.desired_state, **kept}
        refuse(model)
        if locked(model) != locked(before):
            raise NotImplementedError(
                "A change of ObjectLockEnabled of AWS::S3::Bucket is not emulated"
            )
        configure(request.aws_client_factory.s3, before, model)
        return ResourceType.done(model)

    def delete(self, request: ResourceRequest[Any]) -> ProgressEvent[Any]:
        """Delete the bucket; S3 refuses one with objects."""
        model: Model = request.desired_state
        request.aws_client_factory.s3.delete_bucket(Bucket=model["BucketName"])
        return ResourceType.done(model)


def refuse(model: Model) -> None:
    """Name what would be ignored otherwise."""
    known = SETTINGS.keys() | AT_CREATION | ATTRIBUTES
    for name in sorted(model.keys() - known):
        if model[name]:
            raise NotImplementedError(f"{name} of AWS::S3::Bucket is not emulated")


def exists(s3: Any, name: str) -> bool:
    """Whether somebody has this bucket. In us-east-1 S3 does not mind to create one's own again."""
    try:
        s3.head_bucket(Bucket=name)
    except ClientError as error:
        status: int = error.response["ResponseMetadata"]["HTTPStatusCode"]
        return status == 403
    return True


def is_left_by_a_kill(s3: Any, name: str) -> bool:
    """Whether it may be what an earlier run of the emulator made and could not note in its stack
    any more: it is from before this run, it is empty, and no stack has it.
    """
    made = [item["CreationDate"] for item in s3.list_buckets()["Buckets"] if item["Name"] == name]
    # S3 tells the second only.
    if not made or made[0].timestamp() >= int(STARTED):
        return False
    owned = {
        resource.get("PhysicalResourceId")
        for stack in all_stacks()
        for resource in stack.resolved_resources.values()
    }
    listed = s3.list_object_versions(Bucket=name, MaxKeys=1)
    return name not in owned and not {"Versions", "DeleteMarkers"} & listed.keys()


def creation(model: Model, region: str) -> dict[str, Any]:
    """What CreateBucket must know."""
    given: dict[str, Any] = {"ObjectLockEnabledForBucket": True} if locked(model) else {}
    if region != "us-east-1":
        given["CreateBucketConfiguration"] = {"LocationConstraint": region}
    return given


def locked(model: Model) -> bool:
    """Whether its objects can be locked."""
    return str(model.get("ObjectLockEnabled")).lower() == "true"


def configure(s3: Any, before: Model, model: Model) -> None:
    """Bring every setting from what it was to what the template wants."""
    for name, setting in SETTINGS.items():
        if wanted := model.get(name):
            setting.put(s3, model["BucketName"], setting.translate(wanted))
        elif before.get(name):
            setting.remove(s3, model["BucketName"])
