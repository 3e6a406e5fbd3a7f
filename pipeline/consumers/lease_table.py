"""The table of leases in DynamoDB. Every write names the lease as its writer knows it, and fails
when somebody else has written since: that is all the coordination there is between workers.
"""

from dataclasses import replace
from typing import Any

from botocore.exceptions import ClientError

from pipeline.consumers.lease import Item, Lease, from_item, to_item

KEY = "leaseKey"
NEVER_CHANGED = {KEY, "parentShardId"}
OPTIONAL = {"leaseOwner", "pendingCheckpoint", "pendingCheckpointSubSequenceNumber"}


class LeaseLostError(Exception):
    """The lease is not as its writer knew it: another worker has it, or it is gone."""


class LeaseTable:
    """One table, for one stream. `dynamodb` is a client."""

    def __init__(self, dynamodb: Any, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def all(self) -> list[Lease]:
        """Every lease, as of now."""
        pages = self._dynamodb.get_paginator("scan")
        found = pages.paginate(TableName=self._table, ConsistentRead=True)
        return [from_item(item) for page in found for item in page["Items"]]

    def get(self, key: str) -> Lease | None:
        """One lease, as of now."""
        found = self._dynamodb.get_item(
            TableName=self._table, Key={KEY: {"S": key}}, ConsistentRead=True
        )
        return from_item(found["Item"]) if found.get("Item") else None

    def create(self, lease: Lease) -> bool:
        """Add a lease; False when it is there already."""
        try:
            self._dynamodb.put_item(
                TableName=self._table,
                Item=to_item(lease),
                ConditionExpression=f"attribute_not_exists({KEY})",
            )
        except ClientError as error:
            _raise_unless_refused(error)
            return False
        return True

    def change(self, lease: Lease, **changes: Any) -> Lease:
        """Write a lease with changes and the next counter; as it is then.

        Raises:
            LeaseLostError: somebody else has written it since.
        """
        changed = replace(lease, **changes, counter=lease.counter + 1)
        try:
            self._dynamodb.update_item(TableName=self._table, **_update(lease, changed))
        except ClientError as error:
            _raise_unless_refused(error)
            # The client tries again when an answer is lost, and the second try finds the first.
            if self.get(lease.key) != changed:
                raise LeaseLostError(f"the lease of {lease.key} is not ours any more") from error
        return changed

    def delete(self, lease: Lease) -> bool:
        """Remove a lease; False when somebody else has written it since."""
        try:
            self._dynamodb.delete_item(
                TableName=self._table,
                Key={KEY: {"S": lease.key}},
                ConditionExpression="leaseCounter = :counter",
                ExpressionAttributeValues={":counter": {"N": str(lease.counter)}},
            )
        except ClientError as error:
            _raise_unless_refused(error)
            return False
        return True


def _raise_unless_refused(error: ClientError) -> None:
    if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
        raise error


def _update(lease: Lease, changed: Lease) -> Item:
    """The request: columns that others have added stay as they are."""
    columns = {name: value for name, value in to_item(changed).items() if name not in NEVER_CHANGED}
    sets = ", ".join(f"{name} = :{name}" for name in columns)
    removes = ", ".join(sorted(OPTIONAL - columns.keys()))
    values = {f":{name}": value for name, value in columns.items()}
    values[":known"] = {"N": str(lease.counter)}
    if lease.owner:
        values[":owner"] = {"S": lease.owner}
    owner = "leaseOwner = :owner" if lease.owner else "attribute_not_exists(leaseOwner)"
    return {
        "Key": {KEY: {"S": lease.key}},
        "UpdateExpression": f"SET {sets}" + (f" REMOVE {removes}" if removes else ""),
        "ConditionExpression": f"leaseCounter = :known AND {owner}",
        "ExpressionAttributeValues": values,
    }
