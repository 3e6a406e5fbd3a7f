"""EventBridge Scheduler on the wire: one operation a line."""

from collections.abc import Callable
from typing import Any

from localstack.aws.api import RequestContext
from localstack.services.plugins import ServiceLifecycleHook
from localstack.state import StateVisitor

from emulation.services.events import delivery
from emulation.services.operations import named
from emulation.services.scheduler import firing, groups, schedules
from emulation.services.scheduler.store import Members
from emulation.services.scope import Scope
from emulation.services.validation import check as check_constraints


def operation(name: str, work: Callable[[Scope, Members], Members]) -> Any:
    """An operation of the API."""

    def call(_self: Any, context: RequestContext, request: Members) -> Members:
        check_constraints(context.operation, request)
        return work(Scope.of(context), request)

    return named(name, call)


class SchedulerProvider(ServiceLifecycleHook):
    """All operations of the API."""

    service = "scheduler"

    create_schedule = operation("CreateSchedule", schedules.create)
    update_schedule = operation("UpdateSchedule", schedules.update)
    get_schedule = operation("GetSchedule", schedules.get)
    delete_schedule = operation("DeleteSchedule", schedules.delete)
    list_schedules = operation("ListSchedules", schedules.list_all)

    create_schedule_group = operation("CreateScheduleGroup", groups.create)
    get_schedule_group = operation("GetScheduleGroup", groups.get)
    delete_schedule_group = operation("DeleteScheduleGroup", groups.delete)
    list_schedule_groups = operation("ListScheduleGroups", groups.list_all)
    tag_resource = operation("TagResource", groups.tag)
    untag_resource = operation("UntagResource", groups.untag)
    list_tags_for_resource = operation("ListTagsForResource", groups.list_tags)

    def accept_state_visitor(self, visitor: StateVisitor) -> None:
        """Nothing is in memory: everything is on disk before it is answered."""

    def on_after_state_load(self) -> None:
        """Go on with the schedules of the last run, once everything that they call is back."""
        firing.plan_all()
        delivery.go_on()
