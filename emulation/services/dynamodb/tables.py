"""Tables: the engine's description, and beside it the record of what the engine does not know."""

import json
import uuid
from typing import Any

from localstack.aws.api import RequestContext
from localstack.http import Response

from emulation.compute.dynamodb import Answer
from emulation.services.dynamodb import engine
from emulation.services.dynamodb.errors import missing_key, not_emulated
from emulation.services.dynamodb.store import STORES, Members, TableRecord
from emulation.state import save_service

OURS = ("Tags", "SSESpecification", "TableClass")
"""What CreateTable and UpdateTable say that the engine would ignore without a word."""

REFUSED = (
    "ReplicaUpdates",
    "MultiRegionConsistency",
    "GlobalTableWitnessUpdates",
    "GlobalTableSettingsReplicationMode",
    "GlobalTableSourceArn",
    "ResourcePolicy",
    "WarmThroughput",
    "OnDemandThroughput",
    "VectorSearchIndexes",
)


def create(context: RequestContext, request: Members) -> Members:
    """CreateTable."""
    refuse(context, request)
    known = known_to_the_engine(request)
    description = described(context, engine.forward(context, known), "TableDescription")
    record = TableRecord(str(uuid.uuid4()))
    record.tags = {tag["Key"]: tag["Value"] for tag in request.get("Tags") or []}
    note(context, record, request)
    tables(context)[request["TableName"]] = record
    save_service("dynamodb")
    return {"TableDescription": completed(context, description)}


def update(context: RequestContext, request: Members) -> Members:
    """UpdateTable; a request that only changes what is a record does not reach the engine."""
    refuse(context, request)
    known = known_to_the_engine(request)
    if known.keys() - {"TableName"} or known == request:
        description = described(context, engine.forward(context, known), "TableDescription")
    else:
        description = describe_by_engine(context, request["TableName"])
    if known != request:
        note(context, record_of(context, description), request)
        save_service("dynamodb")
    return {"TableDescription": completed(context, description)}


def describe(context: RequestContext, request: Members) -> Members:
    """DescribeTable."""
    description = described(context, engine.forward(context, request), "Table")
    return {"Table": completed(context, description)}


def delete(context: RequestContext, request: Members) -> Members:
    """DeleteTable."""
    description = described(context, engine.forward(context, request), "TableDescription")
    description = completed(context, description) | {"TableStatus": "DELETING"}
    tables(context).pop(description["TableName"], None)
    save_service("dynamodb")
    return {"TableDescription": description}


def tables(context: RequestContext) -> dict[str, TableRecord]:
    """The records of the caller's account and region."""
    return STORES[context.account_id][context.region].tables


def put_item(context: RequestContext, request: Members) -> Response:
    """PutItem; the engine does not say which key is missing."""
    answer = engine.forward(context)
    if answer.status == 400 and engine.KEY_MISSING.encode() in answer.body:
        schema = describe_by_engine(context, request["TableName"])["KeySchema"]
        missing = [
            key["AttributeName"] for key in schema if key["AttributeName"] not in request["Item"]
        ]
        if missing:
            raise missing_key(missing[0])
    return engine.response(context, answer)


def record_of(context: RequestContext, description: Members) -> TableRecord:
    """A table's record; one that a kill has lost is empty again."""
    return tables(context).setdefault(description["TableName"], TableRecord(str(uuid.uuid4())))


def describe_by_engine(context: RequestContext, name: str) -> Members:
    """A table as the engine describes it, within another operation.

    Raises:
        CommonServiceException: there is no such table.
    """
    answer = engine.ENGINE.call(
        "DynamoDB_20120810.DescribeTable",
        json.dumps({"TableName": name}).encode(),
        account=context.account_id,
        region=context.region,
    )
    ours = Answer(answer.status, engine.made_ours(context, answer.body))
    return described(context, ours, "Table")


def described(context: RequestContext, answer: Answer, member: str) -> Members:
    """The description in an answer."""
    description: Members = engine.members(context, answer)[member]
    return description


def refuse(context: RequestContext, request: Members) -> None:
    """Name what nobody would do."""
    for name in REFUSED:
        if request.get(name):
            raise not_emulated(f"{context.operation.name} with {name}")
    for index in request.get("GlobalSecondaryIndexes") or []:
        for name in REFUSED:
            if index.get(name):
                raise not_emulated(f"{context.operation.name} with an index's {name}")


def known_to_the_engine(request: Members) -> Members:
    """The request without what is ours."""
    return {name: value for name, value in request.items() if name not in OURS}


def note(context: RequestContext, record: TableRecord, request: Members) -> None:
    """Keep what is a record here and work on AWS."""
    if encryption := request.get("SSESpecification"):
        record.encryption = encryption_description(context, encryption)
    record.table_class = request.get("TableClass") or record.table_class


def encryption_description(context: RequestContext, asked: Members) -> Members | None:
    """What DescribeTable says of a key: AWS's own, or the customer's."""
    if not asked.get("Enabled"):
        return None
    key = asked.get("KMSMasterKeyId") or "alias/aws/dynamodb"
    if not key.startswith("arn:"):
        kind = key if key.startswith("alias/") else f"key/{key}"
        key = f"arn:{context.partition}:kms:{context.region}:{context.account_id}:{kind}"
    return {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": key}


def completed(context: RequestContext, description: Members) -> Members:
    """The engine's description with what it does not know."""
    record = record_of(context, description)
    ours: dict[str, Any] = {"TableId": record.table_id}
    if record.encryption:
        ours["SSEDescription"] = record.encryption
    if record.table_class:
        ours["TableClassSummary"] = {"TableClass": record.table_class}
    # The engine's epoch means "never".
    throughput = description.get("ProvisionedThroughput") or {}
    for name in ("LastIncreaseDateTime", "LastDecreaseDateTime"):
        if throughput.get(name) == 0:
            del throughput[name]
    return description | ours
