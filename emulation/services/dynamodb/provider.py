"""DynamoDB's wire: what the engine computes is passed on as it came; a table's description is
completed, tags are ours, and everything else is refused by name.
"""

from collections.abc import Callable
from typing import Any

from localstack.aws.api import RequestContext
from localstack.http import Response
from localstack.services.plugins import ServiceLifecycleHook
from localstack.state import StateVisitor

from emulation.services.dynamodb import backups, engine, tables, tags
from emulation.services.dynamodb.store import STORES, Members
from emulation.services.operations import named


def computed(name: str) -> Any:
    """An operation that the engine does wholly."""

    def call(_self: Any, context: RequestContext, _request: Members) -> Response:
        return engine.pass_on(context)

    return named(name, call)


def operation(
    name: str, work: Callable[[RequestContext, Members], Members | Response | None]
) -> Any:
    """An operation in which something of ours takes part."""

    def call(_self: Any, context: RequestContext, request: Members) -> Members | Response | None:
        return work(context, request)

    return named(name, call)


class DynamoDbProvider(ServiceLifecycleHook):
    """The operations that compute; all others are refused by name."""

    service = "dynamodb"

    create_table = operation("CreateTable", tables.create)
    update_table = operation("UpdateTable", tables.update)
    describe_table = operation("DescribeTable", tables.describe)
    delete_table = operation("DeleteTable", tables.delete)
    list_tables = computed("ListTables")
    describe_limits = computed("DescribeLimits")
    update_time_to_live = computed("UpdateTimeToLive")
    describe_time_to_live = computed("DescribeTimeToLive")
    describe_continuous_backups = operation("DescribeContinuousBackups", backups.describe)
    update_continuous_backups = operation("UpdateContinuousBackups", backups.update)

    put_item = operation("PutItem", tables.put_item)
    get_item = computed("GetItem")
    update_item = computed("UpdateItem")
    delete_item = computed("DeleteItem")
    query = computed("Query")
    scan = computed("Scan")
    batch_get_item = computed("BatchGetItem")
    batch_write_item = computed("BatchWriteItem")
    transact_get_items = computed("TransactGetItems")
    transact_write_items = computed("TransactWriteItems")
    execute_statement = computed("ExecuteStatement")
    batch_execute_statement = computed("BatchExecuteStatement")
    execute_transaction = computed("ExecuteTransaction")

    tag_resource = operation("TagResource", tags.tag)
    untag_resource = operation("UntagResource", tags.untag)
    list_tags_of_resource = operation("ListTagsOfResource", tags.list_tags)

    def accept_state_visitor(self, visitor: StateVisitor) -> None:
        """The records beside the tables; the engine keeps the tables."""
        visitor.visit(STORES)


class DynamoDbStreamsProvider:
    """Streams of changes; the engine keeps them."""

    service = "dynamodbstreams"

    list_streams = computed("ListStreams")
    describe_stream = computed("DescribeStream")
    get_shard_iterator = computed("GetShardIterator")
    get_records = computed("GetRecords")
