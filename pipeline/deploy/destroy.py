"""Take everything down, last stack first; buckets are emptied of every version before, and groups
of every model, because CloudFormation deletes only empty ones. Streaming runs are ended.
"""

from collections.abc import Iterable, Iterator
from itertools import batched
from typing import Any

from botocore.exceptions import ClientError

from pipeline import aws
from pipeline.deploy.execute import Tell, delete_stack
from pipeline.deploy.plan import describe_stack
from pipeline.deploy.stacks import STACKS
from pipeline.deploy.streaming import alive, end
from pipeline.errors import StackFailedError

PAGE = 1000
"""DeleteObjects takes no more."""


def destroy(name: str, seconds: float, tell: Tell, stacks: Iterable[str] = STACKS) -> list[str]:
    """Delete the stacks and what their buckets hold; the names of those that existed."""
    order = tuple(stacks)[::-1]
    return [stack for stack in order if _destroy_stack(f"{name}-{stack}", seconds, tell)]


def _destroy_stack(name: str, seconds: float, tell: Tell) -> bool:
    if describe_stack(name) is None:
        return False
    for bucket in _ids(name, "AWS::S3::Bucket"):
        tell(f"emptying {bucket}")
        empty_bucket(bucket)
    for group in _ids(name, "AWS::SageMaker::ModelPackageGroup"):
        tell(f"emptying {group}")
        empty_group(group)
    for application in _ids(name, "AWS::EMRServerless::Application"):
        for run in alive(application):
            end(application, run, seconds, tell)
    return delete_stack(name, seconds, tell)


def _ids(name: str, type_: str) -> list[str]:
    pages = aws.client("cloudformation").get_paginator("list_stack_resources")
    return [
        item["PhysicalResourceId"]
        for page in pages.paginate(StackName=name)
        for item in page["StackResourceSummaries"]
        if item["ResourceType"] == type_ and item.get("PhysicalResourceId")
    ]


def empty_group(group: str) -> int:
    """Delete every version of a group of models, named or by its ARN; how many there were."""
    sagemaker = aws.client("sagemaker")
    pages = sagemaker.get_paginator("list_model_packages").paginate(ModelPackageGroupName=group)
    arns = [item["ModelPackageArn"] for page in pages for item in page["ModelPackageSummaryList"]]
    for arn in arns:
        sagemaker.delete_model_package(ModelPackageName=arn)
    return len(arns)


def empty_bucket(bucket: str) -> int:
    """Delete every object, every version of it and every delete marker; how many there were."""
    s3 = aws.client("s3")
    count = 0
    for chunk in batched(_versions(bucket), PAGE, strict=False):
        answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": list(chunk), "Quiet": True})
        if errors := answer.get("Errors"):
            raise StackFailedError(bucket, errors[0]["Key"], errors[0]["Message"])
        count += len(chunk)
    return count


def _versions(bucket: str) -> Iterator[dict[str, Any]]:
    pages = aws.client("s3").get_paginator("list_object_versions")
    try:
        for page in pages.paginate(Bucket=bucket):
            for item in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
                yield {"Key": item["Key"], "VersionId": item["VersionId"]}
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchBucket":
            raise
