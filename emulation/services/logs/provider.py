"""CloudWatch Logs on the wire: one operation a line; all others are refused by name."""

from collections.abc import Callable
from typing import Any

from localstack.aws.api import RequestContext
from localstack.services.plugins import ServiceLifecycleHook
from localstack.state import StateVisitor

from emulation.services.logs import (
    definitions,
    errors,
    followers,
    groups,
    metric_filters,
    queries,
    reading,
    records,
    retention,
    store,
    streams,
    subscription_filters,
    writing,
)
from emulation.services.logs.store import Members
from emulation.services.operations import named
from emulation.services.scope import Scope
from emulation.services.validation import check as check_constraints
from emulation.settings import settings

LONG_NAME = "Invalid LogGroup or LogStream, both must have length less than or equal to 512."
MAX_NAME = 512


def operation(name: str, work: Callable[[Scope, Members], Members | None]) -> Any:
    """An operation of the API."""

    def call(_self: Any, context: RequestContext, request: Members) -> Members | None:
        check(context, request)
        try:
            return work(Scope.of(context), request)
        except FileNotFoundError as error:
            # It was deleted while it was worked on.
            raise errors.not_found(errors.GROUP) from error

    return named(name, call)


def check(context: RequestContext, request: Members) -> None:
    """The API's own constraints, in this service's code."""
    for name in ("logGroupName", "logStreamName"):
        if len(request.get(name) or "") > MAX_NAME:
            raise errors.invalid(LONG_NAME)
    check_constraints(context.operation, request, errors.invalid)


class LogsProvider(ServiceLifecycleHook):
    """The operations that are carried out."""

    service = "logs"

    create_log_group = operation("CreateLogGroup", groups.create)
    delete_log_group = operation("DeleteLogGroup", groups.delete)
    describe_log_groups = operation("DescribeLogGroups", groups.describe)
    list_log_groups = operation("ListLogGroups", groups.list_groups)
    put_retention_policy = operation("PutRetentionPolicy", groups.put_retention)
    delete_retention_policy = operation("DeleteRetentionPolicy", groups.delete_retention)
    tag_resource = operation("TagResource", groups.tag)
    untag_resource = operation("UntagResource", groups.untag)
    list_tags_for_resource = operation("ListTagsForResource", groups.list_tags)
    tag_log_group = operation("TagLogGroup", groups.tag)
    untag_log_group = operation("UntagLogGroup", groups.untag)
    list_tags_log_group = operation("ListTagsLogGroup", groups.list_tags)

    create_log_stream = operation("CreateLogStream", streams.create)
    delete_log_stream = operation("DeleteLogStream", streams.delete)
    describe_log_streams = operation("DescribeLogStreams", streams.describe)

    put_log_events = operation("PutLogEvents", writing.put)
    get_log_events = operation("GetLogEvents", reading.get)
    filter_log_events = operation("FilterLogEvents", reading.filter_events)

    put_metric_filter = operation("PutMetricFilter", metric_filters.put)
    describe_metric_filters = operation("DescribeMetricFilters", metric_filters.describe)
    delete_metric_filter = operation("DeleteMetricFilter", metric_filters.delete)
    test_metric_filter = operation("TestMetricFilter", metric_filters.test)

    put_subscription_filter = operation("PutSubscriptionFilter", subscription_filters.put)
    describe_subscription_filters = operation(
        "DescribeSubscriptionFilters", subscription_filters.describe
    )
    delete_subscription_filter = operation("DeleteSubscriptionFilter", subscription_filters.delete)

    start_query = operation("StartQuery", queries.start)
    get_query_results = operation("GetQueryResults", queries.results)
    stop_query = operation("StopQuery", queries.stop)
    describe_queries = operation("DescribeQueries", queries.describe)
    list_log_groups_for_query = operation("ListLogGroupsForQuery", queries.list_groups)
    get_log_record = operation("GetLogRecord", records.get)
    get_log_group_fields = operation("GetLogGroupFields", records.fields)

    put_query_definition = operation("PutQueryDefinition", definitions.put_query)
    describe_query_definitions = operation("DescribeQueryDefinitions", definitions.describe_queries)
    delete_query_definition = operation("DeleteQueryDefinition", definitions.delete_query)
    put_resource_policy = operation("PutResourcePolicy", definitions.put_policy)
    describe_resource_policies = operation(
        "DescribeResourcePolicies", definitions.describe_policies
    )
    delete_resource_policy = operation("DeleteResourcePolicy", definitions.delete_policy)

    def accept_state_visitor(self, visitor: StateVisitor) -> None:
        """Nothing is in memory: everything is on disk before it is answered."""

    def on_after_init(self) -> None:
        """Go on with the groups of the last run, and delete what is too old from now on."""
        # Whoever has a folder of this name is started with the emulator.
        settings().folder("services", "logs")
        followers.resume()
        retention.start()

    def on_before_stop(self) -> None:
        """Let go of the files."""
        store.shelf().close()
