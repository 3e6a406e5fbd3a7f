"""QuickSight on the wire: one operation a line."""

from collections.abc import Callable
from typing import Any

from localstack.aws.api import RequestContext
from localstack.services.plugins import ServiceLifecycleHook

from emulation.services.operations import named
from emulation.services.quicksight import (
    analyses,
    dashboards,
    data_sets,
    data_sources,
    embedding,
    errors,
    ingestions,
    refreshing,
    sharing,
    snapshots,
    users,
)
from emulation.services.quicksight.store import Members, scopes
from emulation.services.scope import Scope
from emulation.services.validation import check as check_constraints


def operation(name: str, work: Callable[[Scope, Members], Members]) -> Any:
    """An operation of the API: it names its account, and answers a status and a request's id."""

    def call(_self: Any, context: RequestContext, request: Members) -> Members:
        check_constraints(context.operation, request)
        account = request.get("AwsAccountId")
        if account not in {None, context.account_id}:
            raise errors.denied(f"Account {account} is not the account of the caller.")
        answer = {
            "Status": 200,
            "RequestId": context.request_id,
            **work(Scope.of(context), request),
        }
        known = context.operation.output_shape.members
        return {member: value for member, value in answer.items() if member in known}

    return named(name, call)


class QuickSightProvider(ServiceLifecycleHook):
    """The operations that are carried out; all others are refused by name."""

    service = "quicksight"

    create_data_source = operation("CreateDataSource", data_sources.create)
    update_data_source = operation("UpdateDataSource", data_sources.update)
    describe_data_source = operation("DescribeDataSource", data_sources.describe)
    list_data_sources = operation("ListDataSources", data_sources.list_all)
    search_data_sources = operation("SearchDataSources", data_sources.search)
    delete_data_source = operation("DeleteDataSource", data_sources.delete)

    create_data_set = operation("CreateDataSet", data_sets.create)
    update_data_set = operation("UpdateDataSet", data_sets.update)
    describe_data_set = operation("DescribeDataSet", data_sets.describe)
    list_data_sets = operation("ListDataSets", data_sets.list_all)
    search_data_sets = operation("SearchDataSets", data_sets.search)
    delete_data_set = operation("DeleteDataSet", data_sets.delete)

    create_ingestion = operation("CreateIngestion", ingestions.create)
    describe_ingestion = operation("DescribeIngestion", ingestions.describe)
    list_ingestions = operation("ListIngestions", ingestions.list_all)
    cancel_ingestion = operation("CancelIngestion", ingestions.cancel)

    create_refresh_schedule = operation("CreateRefreshSchedule", refreshing.create)
    update_refresh_schedule = operation("UpdateRefreshSchedule", refreshing.update)
    describe_refresh_schedule = operation("DescribeRefreshSchedule", refreshing.describe)
    list_refresh_schedules = operation("ListRefreshSchedules", refreshing.list_all)
    delete_refresh_schedule = operation("DeleteRefreshSchedule", refreshing.delete)

    create_analysis = operation("CreateAnalysis", analyses.create)
    update_analysis = operation("UpdateAnalysis", analyses.update)
    describe_analysis = operation("DescribeAnalysis", analyses.describe)
    describe_analysis_definition = operation(
        "DescribeAnalysisDefinition", analyses.describe_definition
    )
    list_analyses = operation("ListAnalyses", analyses.list_all)
    search_analyses = operation("SearchAnalyses", analyses.search)
    delete_analysis = operation("DeleteAnalysis", analyses.delete)
    restore_analysis = operation("RestoreAnalysis", analyses.restore)

    create_dashboard = operation("CreateDashboard", dashboards.create)
    update_dashboard = operation("UpdateDashboard", dashboards.update)
    update_dashboard_published_version = operation(
        "UpdateDashboardPublishedVersion", dashboards.publish
    )
    describe_dashboard = operation("DescribeDashboard", dashboards.describe)
    describe_dashboard_definition = operation(
        "DescribeDashboardDefinition", dashboards.describe_definition
    )
    list_dashboards = operation("ListDashboards", dashboards.list_all)
    list_dashboard_versions = operation("ListDashboardVersions", dashboards.list_versions)
    search_dashboards = operation("SearchDashboards", dashboards.search)
    delete_dashboard = operation("DeleteDashboard", dashboards.delete)

    _source = sharing.permission_operations("datasource", "DataSourceId")
    describe_data_source_permissions = operation("DescribeDataSourcePermissions", _source[0])
    update_data_source_permissions = operation("UpdateDataSourcePermissions", _source[1])
    _set = sharing.permission_operations("dataset", "DataSetId")
    describe_data_set_permissions = operation("DescribeDataSetPermissions", _set[0])
    update_data_set_permissions = operation("UpdateDataSetPermissions", _set[1])
    _analysis = sharing.permission_operations("analysis", "AnalysisId")
    describe_analysis_permissions = operation("DescribeAnalysisPermissions", _analysis[0])
    update_analysis_permissions = operation("UpdateAnalysisPermissions", _analysis[1])
    _dashboard = sharing.permission_operations("dashboard", "DashboardId")
    describe_dashboard_permissions = operation("DescribeDashboardPermissions", _dashboard[0])
    update_dashboard_permissions = operation("UpdateDashboardPermissions", _dashboard[1])

    tag_resource = operation("TagResource", sharing.tag)
    untag_resource = operation("UntagResource", sharing.untag)
    list_tags_for_resource = operation("ListTagsForResource", sharing.list_tags)

    register_user = operation("RegisterUser", users.register)
    describe_user = operation("DescribeUser", users.describe)
    update_user = operation("UpdateUser", users.update)
    delete_user = operation("DeleteUser", users.delete)
    list_users = operation("ListUsers", users.list_all)
    list_user_groups = operation("ListUserGroups", users.list_groups)
    describe_namespace = operation("DescribeNamespace", users.describe_namespace)
    list_namespaces = operation("ListNamespaces", users.list_namespaces)
    describe_account_subscription = operation("DescribeAccountSubscription", users.subscription)
    describe_account_settings = operation("DescribeAccountSettings", users.account_settings)

    generate_embed_url_for_registered_user = operation(
        "GenerateEmbedUrlForRegisteredUser", embedding.for_user
    )
    generate_embed_url_for_anonymous_user = operation(
        "GenerateEmbedUrlForAnonymousUser", embedding.for_anybody
    )
    get_dashboard_embed_url = operation("GetDashboardEmbedUrl", embedding.of_dashboard)

    start_dashboard_snapshot_job = operation("StartDashboardSnapshotJob", snapshots.start)
    describe_dashboard_snapshot_job = operation("DescribeDashboardSnapshotJob", snapshots.describe)
    describe_dashboard_snapshot_job_result = operation(
        "DescribeDashboardSnapshotJobResult", snapshots.describe_result
    )

    def on_after_init(self) -> None:
        """Go on where the last run stopped."""
        for scope in scopes():
            if scope.account.isdigit() and scope.region != users.ANYWHERE:
                data_sources.resume(scope)
                ingestions.resume(scope)
                refreshing.resume(scope)
                analyses.resume(scope)
