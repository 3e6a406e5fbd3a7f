"""Test reports: what a build's files say, and what the API tells of it."""

import copy
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime

from emulation.compute.builds.junit import STATUSES, Case
from emulation.services.codebuild.errors import invalid_token, not_emulated, not_found
from emulation.services.codebuild.report_groups import find as find_group
from emulation.services.codebuild.store import (
    LOCK,
    Members,
    Report,
    ReportGroup,
    store_of,
)
from emulation.services.paging import CAMEL_NAMES, page
from emulation.services.scope import Scope

KEPT_SECONDS = 30 * 24 * 3600
"""A report and its test cases expire after thirty days."""
GOOD = {"SUCCEEDED", "SKIPPED"}


def add(scope: Scope, group: ReportGroup, execution: str, cases: list[tuple[str, Case]]) -> Report:
    """Keep what a build's files say: the path of each test case's file, and the test case."""
    arn = group.members["arn"].replace(":report-group/", ":report/") + f":{uuid.uuid4()}"
    now = time.time()
    counts = {status: 0 for status in STATUSES}
    for _, case in cases:
        counts[case.status] += 1
    good = all(case.status in GOOD for _, case in cases)
    report = Report(
        {
            "arn": arn,
            "type": "TEST",
            "name": arn.rsplit("/", 1)[-1],
            "reportGroupArn": group.members["arn"],
            "executionId": execution,
            "status": "SUCCEEDED" if good else "FAILED",
            "exportConfig": copy.deepcopy(group.members["exportConfig"]),
            "truncated": False,
            "testSummary": {
                "total": len(cases),
                "statusCounts": counts,
                "durationInNanoSeconds": sum(case.nanoseconds for _, case in cases),
            },
        },
        created=now,
        cases=[_case(arn, path, case, now + KEPT_SECONDS) for path, case in cases],
    )
    with LOCK:
        store_of(scope).reports[arn] = report
    return report


def _case(arn: str, path: str, case: Case, expires: float) -> Members:
    return {
        "reportArn": arn,
        "testRawDataPath": path,
        "prefix": case.prefix,
        "name": case.name,
        "testSuiteName": case.suite,
        "status": case.status,
        "durationInNanoSeconds": case.nanoseconds,
        "message": case.message,
        "expired": datetime.fromtimestamp(round(expires), UTC),
    }


def describe(report: Report) -> Members:
    """The whole report."""
    return {
        **copy.deepcopy(report.members),
        "created": datetime.fromtimestamp(round(report.created, 3), UTC),
        "expired": datetime.fromtimestamp(round(report.created + KEPT_SECONDS), UTC),
    }


def batch_get(scope: Scope, request: Members) -> Members:
    """BatchGetReports."""
    reports, arns = store_of(scope).reports, request["reportArns"]
    return {
        "reports": [describe(reports[arn]) for arn in arns if arn in reports],
        "reportsNotFound": [arn for arn in arns if arn not in reports],
    }


def list_reports(scope: Scope, request: Members) -> Members:
    """ListReports, and ListReportsForReportGroup: the newest first."""
    group = request.get("reportGroupArn")
    if group is not None:
        find_group(scope, group)
    status = request.get("filter", {}).get("status")
    reports = [
        report
        for report in store_of(scope).reports.values()
        if group in (None, report.members["reportGroupArn"])
        and status in (None, report.members["status"])
    ]
    reports.sort(
        key=lambda report: report.created,
        reverse=request.get("sortOrder", "DESCENDING") == "DESCENDING",
    )
    arns = [report.members["arn"] for report in reports]
    shown, more = page(request, arns, invalid_token(), names=CAMEL_NAMES)
    return {"reports": shown, **more}


def describe_cases(scope: Scope, request: Members) -> Members:
    """DescribeTestCases, of one status or with a keyword in their names."""
    arn = request["reportArn"]
    report = store_of(scope).reports.get(arn)
    if report is None:
        raise not_found(f"Report {arn} not found")
    wanted = request.get("filter", {})
    unknown = set(wanted) - {"status", "keyword"}
    if unknown:
        raise not_emulated("DescribeTestCases", f"filter {unknown.pop()}")
    cases = [
        case
        for case in report.cases
        if wanted.get("status") in (None, case["status"])
        and wanted.get("keyword", "") in f"{case['prefix']} {case['name']}"
    ]
    shown, more = page(request, cases, invalid_token(), names=CAMEL_NAMES)
    return {"testCases": shown, **more}


def delete(scope: Scope, request: Members) -> Members:
    """DeleteReport; one that is gone already is no failure."""
    with LOCK:
        store_of(scope).reports.pop(request["arn"], None)
    return {}


TRENDS: dict[str, Callable[[Members], float]] = {
    "TOTAL": lambda summary: float(summary["total"]),
    "DURATION": lambda summary: float(summary["durationInNanoSeconds"]),
    "PASS_RATE": lambda summary: (
        100.0 * summary["statusCounts"]["SUCCEEDED"] / summary["total"] if summary["total"] else 0.0
    ),
}


def trend(scope: Scope, request: Members) -> Members:
    """GetReportGroupTrend of the tests of a group's latest reports."""
    field = request["trendField"]
    if field not in TRENDS:
        raise not_emulated("GetReportGroupTrend", f"trendField {field}")
    listed = {"reportGroupArn": request["reportGroupArn"]}
    arns = list_reports(scope, {**listed, "maxResults": request.get("numOfReports", 100)})
    reports = [store_of(scope).reports[arn] for arn in arns["reports"]]
    values = [TRENDS[field](report.members["testSummary"]) for report in reports]
    data = [
        {"reportArn": report.members["arn"], "data": str(value)}
        for report, value in zip(reports, values, strict=True)
    ]
    if not values:
        return {"rawData": []}
    stats = {
        "average": str(sum(values) / len(values)),
        "max": str(max(values)),
        "min": str(min(values)),
    }
    return {"stats": stats, "rawData": data}
