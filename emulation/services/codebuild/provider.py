"""CodeBuild's wire: each operation checks the request against the API's model and hands it on."""

import copy
from collections.abc import Callable
from typing import Any

from localstack.aws.api import RequestContext
from localstack.services.plugins import ServiceLifecycleHook
from localstack.state import StateVisitor

from emulation.services.codebuild import builds, interrupted, projects, report_groups, reports
from emulation.services.codebuild.checks import check_shape
from emulation.services.codebuild.store import LOCK, STORES, Members
from emulation.services.operations import named
from emulation.services.scope import Scope

Operation = Callable[[Any, RequestContext, Members], Members]


def operation(name: str, work: Callable[[Scope, Members], Members]) -> Operation:
    """An operation: the request is valid before `work` sees it."""

    def call(_self: Any, context: RequestContext, request: Members) -> Members:
        check_shape(context, request)
        return work(Scope.of(context), copy.deepcopy(dict(request)))

    decorated: Operation = named(name, call)
    return decorated


class CodeBuildProvider(ServiceLifecycleHook):
    """The operations that compute; all others are refused by name: batches, webhooks, fleets,
    sandboxes, source credentials, sharing, code coverage.
    """

    service = "codebuild"

    create_project = operation("CreateProject", projects.create)
    update_project = operation("UpdateProject", projects.update)
    delete_project = operation("DeleteProject", projects.delete)
    batch_get_projects = operation("BatchGetProjects", projects.batch_get)
    list_projects = operation("ListProjects", projects.list_projects)
    invalidate_project_cache = operation("InvalidateProjectCache", projects.invalidate_cache)

    start_build = operation("StartBuild", builds.start)
    stop_build = operation("StopBuild", builds.stop)
    retry_build = operation("RetryBuild", builds.retry)
    batch_get_builds = operation("BatchGetBuilds", builds.batch_get)
    batch_delete_builds = operation("BatchDeleteBuilds", builds.batch_delete)
    list_builds = operation("ListBuilds", builds.list_builds)
    list_builds_for_project = operation("ListBuildsForProject", builds.list_builds)

    create_report_group = operation("CreateReportGroup", report_groups.create)
    update_report_group = operation("UpdateReportGroup", report_groups.update)
    delete_report_group = operation("DeleteReportGroup", report_groups.delete)
    batch_get_report_groups = operation("BatchGetReportGroups", report_groups.batch_get)
    list_report_groups = operation("ListReportGroups", report_groups.list_groups)
    get_report_group_trend = operation("GetReportGroupTrend", reports.trend)
    batch_get_reports = operation("BatchGetReports", reports.batch_get)
    list_reports = operation("ListReports", reports.list_reports)
    list_reports_for_report_group = operation("ListReportsForReportGroup", reports.list_reports)
    describe_test_cases = operation("DescribeTestCases", reports.describe_cases)
    delete_report = operation("DeleteReport", reports.delete)

    def on_before_start(self) -> None:
        """What ran when the emulator ended has ended with it, and left its folder behind."""
        interrupted.end_builds()

    def accept_state_visitor(self, visitor: StateVisitor) -> None:
        """Show the state to whoever saves or loads it."""
        with LOCK:
            visitor.visit(STORES)
