"""Executions of monitoring schedules: each a processing job, or the reason why there is none."""

from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from localstack.aws.api import CommonServiceException

from emulation.services.sagemaker import endpoints, monitoring_jobs, processing_jobs
from emulation.services.sagemaker.job_run import INTERNAL_ERROR
from emulation.services.sagemaker.listing import list_page
from emulation.services.sagemaker.monitoring_jobs import Data, Plan
from emulation.services.sagemaker.monitoring_times import Window, window
from emulation.services.sagemaker.scope import Scope
from emulation.services.sagemaker.storage import Location, Storage, StorageError
from emulation.services.sagemaker.store import (
    Members,
    MonitoringExecution,
    MonitoringSchedule,
    ProcessingJob,
)

NAMESPACES = {
    "DataQuality": "aws/sagemaker/Endpoints/data-metrics",
    "ModelQuality": "aws/sagemaker/Endpoints/model-metrics",
}
"""Where metrics of the kinds go that are computed here."""

NO_DATA = "Job inputs had no data"
VIOLATED = "CompletedWithViolations"


class ExecutionError(Exception):
    """The execution fails without a processing job; the message is its FailureReason."""


def run(scope: Scope, schedule: MonitoringSchedule, scheduled: datetime) -> MonitoringExecution:
    """Run a schedule once; what is wrong fails the execution."""
    execution = MonitoringExecution(
        schedule=schedule.name,
        kind=schedule.kind,
        endpoint=schedule.endpoint,
        definition=schedule.config.get("MonitoringJobDefinitionName"),
        scheduled=scheduled,
    )
    scope.store.monitoring_executions.append(execution)
    try:
        execution.job = start(scope, schedule, scheduled).name
    except (ExecutionError, StorageError, NotImplementedError) as error:
        execution.failure_reason = str(error)[:1024]
    except CommonServiceException as error:
        execution.failure_reason = f"ClientError: {error.message}"[:1024]
    except (BotoCoreError, ClientError) as error:
        execution.failure_reason = f"ClientError: {error}"[:1024]
    finally:
        if execution.job is None and execution.failure_reason is None:
            execution.failure_reason = INTERNAL_ERROR
    return execution


def start(scope: Scope, schedule: MonitoringSchedule, scheduled: datetime) -> ProcessingJob:
    """The execution's processing job.

    Raises:
        ExecutionError: there is nothing to run, or nothing to run it on.
    """
    what = monitoring_jobs.plan(scope, schedule.config)
    if what.kind not in NAMESPACES:
        raise ExecutionError(
            f"{what.kind} monitoring is not emulated: no local runtime stands in for the image"
            f" {what.application['ImageUri']}."
        )
    times = window(schedule.config["ScheduleConfig"], what.endpoint_input, scheduled)
    data = Data(captured(scope, what, times), truth(scope, what, times))
    if not data.captured or (what.truth is not None and not data.truth):
        raise ExecutionError(NO_DATA)
    request = monitoring_jobs.request(schedule, what, scheduled, times, data)
    return processing_jobs.start(
        scope, request, schedule_arn=schedule.arn, metrics_namespace=NAMESPACES[what.kind]
    )


def captured(scope: Scope, what: Plan, times: Window) -> list[Location]:
    """The hours of captured data, of each variant."""
    config = endpoints.describe(scope, what.endpoint).get("DataCaptureConfig")
    if not config:
        raise ExecutionError(f"Data capture is not enabled for endpoint {what.endpoint}.")
    base = Location.parse(config["DestinationS3Uri"]).child(what.endpoint)
    return [
        found
        for variant in variants(scope.client("s3"), base)
        for found in filled(scope, base.child(variant), times)
    ]


def variants(s3: Any, base: Location) -> list[str]:
    """The variants that have data."""
    answer = s3.list_objects_v2(Bucket=base.bucket, Prefix=f"{base.key}/", Delimiter="/")
    prefixes = [item["Prefix"] for item in answer.get("CommonPrefixes", [])]
    return [prefix.rstrip("/").rsplit("/", 1)[-1] for prefix in prefixes]


def truth(scope: Scope, what: Plan, times: Window) -> list[Location]:
    """The hours of the truth that has come."""
    return filled(scope, Location.parse(what.truth), times) if what.truth is not None else []


def filled(scope: Scope, base: Location, times: Window) -> list[Location]:
    """The hours of a window that have objects."""
    storage = Storage(scope.client("s3"))
    hours = [base.child(f"{hour:%Y/%m/%d/%H}") for hour in times.hours()]
    return [hour for hour in hours if not storage.is_empty(hour)]


def described(scope: Scope, execution: MonitoringExecution) -> Members:
    """One line of the list: it is where its job is."""
    job = scope.store.processing_jobs.get(execution.job or "")
    optional = {
        "ProcessingJobArn": None if job is None else job.arn,
        "FailureReason": execution.failure_reason if job is None else job.failure_reason,
        "MonitoringJobDefinitionName": execution.definition,
        "EndpointName": execution.endpoint,
    }
    return {
        "MonitoringScheduleName": execution.schedule,
        "ScheduledTime": execution.scheduled,
        "CreationTime": execution.created,
        "LastModifiedTime": execution.created if job is None else job.modified,
        "MonitoringExecutionStatus": status(execution, job),
        "MonitoringType": execution.kind,
        **{member: value for member, value in optional.items() if value is not None},
    }


def status(execution: MonitoringExecution, job: ProcessingJob | None) -> str:
    """Where an execution is; of a job that was deleted it is known only that it had ended."""
    if job is None:
        ended = "Failed" if execution.failure_reason else "Stopped"
        return ended if execution.job or execution.failure_reason else "Pending"
    violated = (job.exit_message or "").startswith(VIOLATED)
    return VIOLATED if job.status == "Completed" and violated else job.status


def latest(scope: Scope, schedule: str) -> Members | None:
    """The last execution of a schedule."""
    for execution in reversed(scope.store.monitoring_executions):
        if execution.schedule == schedule:
            return described(scope, execution)
    return None


def list_executions(scope: Scope, request: Members) -> Members:
    """A page of executions, the newest first."""
    wanted = {
        "MonitoringScheduleName": request.get("MonitoringScheduleName"),
        "EndpointName": request.get("EndpointName"),
        "MonitoringJobDefinitionName": request.get("MonitoringJobDefinitionName"),
        "MonitoringType": request.get("MonitoringTypeEquals"),
    }
    found = [described(scope, execution) for execution in scope.store.monitoring_executions]
    matching = [
        item
        for item in found
        if all(value in {None, item.get(member)} for member, value in wanted.items())
    ]
    page, more = list_page(
        request,
        matching,
        "MonitoringExecution",
        newest_first=True,
        name="MonitoringScheduleName",
    )
    return {"MonitoringExecutionSummaries": page, **more}
