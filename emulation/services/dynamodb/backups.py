"""Backups: there are none, and DynamoDB says so; to turn them on is refused."""

from localstack.aws.api import RequestContext

from emulation.services.dynamodb.errors import not_emulated
from emulation.services.dynamodb.store import Members
from emulation.services.dynamodb.tables import describe_by_engine

# AWS calls continuous backups enabled for every table; what counts is the recovery.
NO_RECOVERY: Members = {
    "ContinuousBackupsDescription": {
        "ContinuousBackupsStatus": "ENABLED",
        "PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": "DISABLED"},
    }
}


def describe(context: RequestContext, request: Members) -> Members:
    """DescribeContinuousBackups."""
    describe_by_engine(context, request["TableName"])
    return NO_RECOVERY


def update(context: RequestContext, request: Members) -> Members:
    """UpdateContinuousBackups, as long as it leaves the recovery off."""
    if request["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]:
        raise not_emulated("UpdateContinuousBackups with point-in-time recovery")
    return describe(context, request)
