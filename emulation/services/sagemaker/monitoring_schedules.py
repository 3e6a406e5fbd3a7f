"""Monitoring schedules, as the API has them."""

from emulation.services.sagemaker import (
    job_definitions,
    monitoring_executions,
    monitoring_jobs,
    monitoring_times,
    state_events,
    tags,
)
from emulation.services.sagemaker.errors import (
    not_emulated,
    not_found,
    resource_in_use,
    validation_exception,
)
from emulation.services.sagemaker.listing import list_page
from emulation.services.sagemaker.monitoring_clock import CLOCK, run
from emulation.services.sagemaker.roles import check_role
from emulation.services.sagemaker.scope import Scope
from emulation.services.sagemaker.store import Members, MonitoringSchedule, now

NOUN = "monitoring-schedule"


def create(scope: Scope, request: Members) -> Members:
    """A schedule that runs from now on."""
    name, config = request["MonitoringScheduleName"], request["MonitoringScheduleConfig"]
    arn = scope.arn(NOUN, name)
    if name in scope.store.monitoring_schedules:
        raise resource_in_use(
            "Monitoring Schedule names must be unique within an AWS account and region, and a"
            f" Monitoring Schedule with this name already exists ({arn})"
        )
    what = check(scope, config, "CreateMonitoringSchedule")
    schedule = MonitoringSchedule(name, arn, config, what.kind, what.endpoint)
    scope.store.monitoring_schedules[name] = schedule
    tags.set_tags(scope, arn, request.get("Tags", []))
    changed(scope, schedule)
    return {"MonitoringScheduleArn": arn}


def check(scope: Scope, config: Members, operation: str) -> monitoring_jobs.Plan:
    """Refuse what cannot run; what would run."""
    if "ScheduleConfig" not in config:
        raise validation_exception("ScheduleConfig must be specified.")
    monitoring_times.check(config["ScheduleConfig"])
    inline = config.get("MonitoringJobDefinition")
    if (inline is None) == ("MonitoringJobDefinitionName" not in config):
        raise validation_exception(
            "Either MonitoringJobDefinition or MonitoringJobDefinitionName must be specified."
        )
    if inline is not None:
        job_definitions.refuse_input(operation, inline["MonitoringInputs"][0])
        job_definitions.refuse_application(operation, inline["MonitoringAppSpecification"])
        if inline["MonitoringResources"]["ClusterConfig"]["InstanceCount"] > 1:
            raise not_emulated(operation, "more than one instance")
        check_role(scope, inline["RoleArn"])
    elif "MonitoringType" not in config:
        raise validation_exception("MonitoringType must be specified with its definition's name.")
    return monitoring_jobs.plan(scope, config)


def changed(scope: Scope, schedule: MonitoringSchedule) -> None:
    """The clock looks again, a schedule of NOW runs, and EventBridge is told."""
    state_events.put_in_milliseconds(
        scope,
        "SageMaker Monitoring Schedule State Change",
        schedule.arn,
        describe(scope, schedule.name),
    )
    expression = schedule.config["ScheduleConfig"]["ScheduleExpression"]
    if schedule.status != "Scheduled":
        return
    if expression == monitoring_times.NOW:
        run(scope, schedule, now())
    else:
        CLOCK.wake()


def find(scope: Scope, name: str) -> MonitoringSchedule:
    """A schedule by its name."""
    schedule = scope.store.monitoring_schedules.get(name)
    if schedule is None:
        raise not_found(name)
    return schedule


def describe(scope: Scope, name: str) -> Members:
    """The schedule and its last execution."""
    schedule = find(scope, name)
    last = monitoring_executions.latest(scope, name)
    return {
        "MonitoringScheduleArn": schedule.arn,
        "MonitoringScheduleName": schedule.name,
        "MonitoringScheduleStatus": schedule.status,
        "MonitoringType": schedule.kind,
        "CreationTime": schedule.created,
        "LastModifiedTime": schedule.modified,
        "MonitoringScheduleConfig": schedule.config,
        "EndpointName": schedule.endpoint,
        **({"LastMonitoringExecutionSummary": last} if last else {}),
    }


def update(scope: Scope, request: Members) -> Members:
    """Another configuration."""
    schedule = find(scope, request["MonitoringScheduleName"])
    config = request["MonitoringScheduleConfig"]
    what = check(scope, config, "UpdateMonitoringSchedule")
    schedule.config, schedule.kind, schedule.endpoint = config, what.kind, what.endpoint
    schedule.modified = now()
    changed(scope, schedule)
    return {"MonitoringScheduleArn": schedule.arn}


def start(scope: Scope, name: str) -> None:
    """Run from now on; one that runs goes on."""
    enter(scope, name, "Scheduled")


def stop(scope: Scope, name: str) -> None:
    """Run no more; what runs now ends by itself."""
    enter(scope, name, "Stopped")


def enter(scope: Scope, name: str, status: str) -> None:
    """The next status."""
    schedule = find(scope, name)
    if schedule.status != status:
        schedule.status, schedule.modified = status, now()
        changed(scope, schedule)


def delete(scope: Scope, name: str) -> None:
    """Forget a schedule; its executions are still listed."""
    schedule = find(scope, name)
    del scope.store.monitoring_schedules[name]
    tags.forget(scope, schedule.arn)


def list_schedules(scope: Scope, request: Members) -> Members:
    """A page of summaries, the newest first."""
    wanted = {
        "EndpointName": request.get("EndpointName"),
        "MonitoringJobDefinitionName": request.get("MonitoringJobDefinitionName"),
        "MonitoringType": request.get("MonitoringTypeEquals"),
    }
    summaries = [summary(schedule) for schedule in scope.store.monitoring_schedules.values()]
    matching = [
        item
        for item in summaries
        if all(value in {None, item.get(member)} for member, value in wanted.items())
    ]
    page, more = list_page(request, matching, "MonitoringSchedule", newest_first=True)
    return {"MonitoringScheduleSummaries": page, **more}


def summary(schedule: MonitoringSchedule) -> Members:
    """One line of the list."""
    definition = schedule.config.get("MonitoringJobDefinitionName")
    return {
        "MonitoringScheduleName": schedule.name,
        "MonitoringScheduleArn": schedule.arn,
        "CreationTime": schedule.created,
        "LastModifiedTime": schedule.modified,
        "MonitoringScheduleStatus": schedule.status,
        "EndpointName": schedule.endpoint,
        "MonitoringType": schedule.kind,
        **({"MonitoringJobDefinitionName": definition} if definition else {}),
    }
