"""Snapshots of dashboards: tables and pivot tables as CSV in S3; PDF and Excel are refused."""

import csv
import io
import time
import uuid
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from emulation.compute.visuals.definition import visual
from emulation.compute.visuals.drawing.listing import listing
from emulation.compute.visuals.errors import VisualError
from emulation.compute.visuals.visual import Visual
from emulation.services.quicksight import errors
from emulation.services.quicksight.dashboards import version_of
from emulation.services.quicksight.sharing import existing
from emulation.services.quicksight.store import LOCK, SNAPSHOTS, Members, Shelf
from emulation.services.quicksight.times import moment
from emulation.services.quicksight.viewing import viewing
from emulation.services.quicksight.work import submit
from emulation.services.scope import Scope

DONE = {"COMPLETED", "FAILED"}


def start(scope: Scope, request: Members) -> Members:
    """StartDashboardSnapshotJob."""
    dashboard = existing(scope, "dashboard", request["DashboardId"])
    _check(request)
    name = request["SnapshotJobId"]
    job = {
        "Id": name,
        "DashboardId": dashboard["Id"],
        "Arn": f"{dashboard['Arn']}/snapshot-job/{name}",
        "JobStatus": "QUEUED",
        "CreatedTime": time.time(),
        "LastUpdatedTime": time.time(),
        "Configuration": request["SnapshotConfiguration"],
        "UserConfiguration": request.get("UserConfiguration") or {},
    }
    with LOCK:
        if Shelf(scope, SNAPSHOTS).get(_key(job)) is not None:
            raise errors.exists("SNAPSHOT_JOB", name)
        Shelf(scope, SNAPSHOTS).put(_key(job), job)
    submit(partial(_run, scope, job))
    return {"Arn": job["Arn"], "SnapshotJobId": name}


def _key(job: Members) -> str:
    return f"{job['DashboardId']}/{job['Id']}"


def _check(request: Members) -> None:
    users = (request.get("UserConfiguration") or {}).get("AnonymousUsers") or []
    if any(one.get("RowLevelPermissionTags") for one in users):
        raise NotImplementedError("quicksight row-level security by tags: not emulated")
    for group in request["SnapshotConfiguration"]["FileGroups"]:
        for one in group.get("Files") or []:
            if one["FormatType"] != "CSV":
                raise NotImplementedError(
                    f"quicksight snapshots as {one['FormatType']} are not emulated"
                )
            chosen = one["SheetSelections"]
            if len(chosen) != 1 or len(chosen[0].get("VisualIds") or []) != 1:
                raise errors.invalid("A CSV file is of exactly one visual of one sheet.")


def _run(scope: Scope, job: Members) -> None:
    _note(scope, job, JobStatus="RUNNING")
    try:
        groups = [_group(scope, job, one) for one in job["Configuration"]["FileGroups"]]
    except VisualError as error:
        told = {"ErrorType": "DATA_ERROR", "ErrorMessage": str(error)}
        _note(scope, job, JobStatus="FAILED", ErrorInfo=told)
        return
    _note(scope, job, JobStatus="COMPLETED", Groups=groups)


def _note(scope: Scope, job: Members, **changes: Any) -> None:
    job |= {**changes, "LastUpdatedTime": time.time()}
    with LOCK:
        Shelf(scope, SNAPSHOTS).put(_key(job), dict(job))


def _group(scope: Scope, job: Members, group: Members) -> Members:
    """Each file of a group, in each place that the job names."""
    files = group.get("Files") or []
    places = (job["Configuration"].get("DestinationConfiguration") or {}).get(
        "S3Destinations"
    ) or []
    texts = [_csv(scope, job, one["SheetSelections"][0]) for one in files]
    return {"Files": files, "S3Results": [_put(scope, job, place, texts) for place in places]}


def _csv(scope: Scope, job: Members, selection: Members) -> str:
    dashboard = existing(scope, "dashboard", job["DashboardId"])
    definition = version_of(dashboard, {})["Definition"]
    given = {
        one["Name"]: one["Values"]
        for several in (job["Configuration"].get("Parameters") or {}).values()
        for one in several
    }
    place = visual(definition, selection["SheetId"], selection["VisualIds"][0])
    if place is None:
        raise VisualError(f"Visual {selection['VisualIds'][0]} is not on the sheet.")
    text = io.StringIO()
    rows = listing(Visual(viewing(scope, definition, given, {}), place))
    csv.writer(text).writerows(rows)
    return text.getvalue()


def _put(scope: Scope, job: Members, place: Members, texts: list[str]) -> Members:
    bucket = place["BucketConfiguration"]
    prefix = bucket["BucketPrefix"].rstrip("/")
    result: Members = {"S3DestinationConfiguration": place, "ErrorInfo": []}
    for text in texts:
        key = f"{prefix}/{job['Id']}/{uuid.uuid4()}.csv"
        try:
            scope.client("s3").put_object(
                Bucket=bucket["BucketName"], Key=key, Body=text.encode(), ContentType="text/csv"
            )
        except ClientError as error:
            details = error.response["Error"]
            told = {"ErrorType": details["Code"], "ErrorMessage": details["Message"]}
            result["ErrorInfo"].append(told)
        else:
            result["S3Uri"] = f"s3://{bucket['BucketName']}/{key}"
    return result


def _existing(scope: Scope, request: Members) -> Members:
    existing(scope, "dashboard", request["DashboardId"])
    found = Shelf(scope, SNAPSHOTS).get(f"{request['DashboardId']}/{request['SnapshotJobId']}")
    if found is None:
        raise errors.not_found("SNAPSHOT_JOB", request["SnapshotJobId"])
    return found


def describe(scope: Scope, request: Members) -> Members:
    """DescribeDashboardSnapshotJob."""
    job = _existing(scope, request)
    return {
        "DashboardId": job["DashboardId"],
        "SnapshotJobId": job["Id"],
        "SnapshotConfiguration": job["Configuration"],
        **_state(job),
    }


def _state(job: Members) -> Members:
    return {
        "Arn": job["Arn"],
        "JobStatus": job["JobStatus"],
        "CreatedTime": moment(job["CreatedTime"]),
        "LastUpdatedTime": moment(job["LastUpdatedTime"]),
    }


def describe_result(scope: Scope, request: Members) -> Members:
    """DescribeDashboardSnapshotJobResult: of a job that has ended."""
    job = _existing(scope, request)
    if job["JobStatus"] not in DONE:
        raise errors.invalid(
            f"Dashboard Snapshot Job with id {job['Id']} has not reached a terminal state."
        )
    answer = _state(job)
    if job.get("ErrorInfo"):
        return answer | {"ErrorInfo": job["ErrorInfo"]}
    return answer | {"Result": {"AnonymousUsers": [{"FileGroups": job["Groups"]}]}}
