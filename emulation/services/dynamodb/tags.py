"""Tags of tables; the engine has none."""

from localstack.aws.api import RequestContext

from emulation.services.dynamodb import engine
from emulation.services.dynamodb.errors import arn_not_found
from emulation.services.dynamodb.store import Members
from emulation.services.dynamodb.tables import describe_by_engine, record_of
from emulation.state import save_service

Tags = dict[str, str]


def tag(context: RequestContext, request: Members) -> None:
    """TagResource."""
    tags_of(context, request["ResourceArn"]).update(
        {tag["Key"]: tag["Value"] for tag in request["Tags"]}
    )
    save_service("dynamodb")


def untag(context: RequestContext, request: Members) -> None:
    """UntagResource."""
    tags = tags_of(context, request["ResourceArn"])
    for key in request["TagKeys"]:
        tags.pop(key, None)
    save_service("dynamodb")


def list_tags(context: RequestContext, request: Members) -> Members:
    """ListTagsOfResource; a table's fifty tags are one page."""
    tags = tags_of(context, request["ResourceArn"])
    return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}


def tags_of(context: RequestContext, arn: str) -> Tags:
    """The tags of a table.

    Raises:
        CommonServiceException: the ARN is no table's.
    """
    prefix = f"{engine.arn_prefix(context)}table/"
    if not arn.startswith(prefix):
        raise arn_not_found(arn)
    return record_of(context, describe_by_engine(context, arn.removeprefix(prefix))).tags
