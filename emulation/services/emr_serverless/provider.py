"""EMR Serverless's wire: each operation checks the request against the API's model and hands it
on.
"""

import copy
from collections.abc import Callable
from typing import Any

from localstack.aws.api import RequestContext
from localstack.services.plugins import ServiceLifecycleHook

from emulation.services import validation
from emulation.services.emr_serverless import (
    application_states,
    applications,
    job_runs,
    running,
    tags,
)
from emulation.services.emr_serverless.store import (
    ENDED,
    Members,
    all_applications,
    all_runs,
)
from emulation.services.operations import named
from emulation.services.scope import Scope

ABSENT: tuple[Any, ...] = (None, [])

Operation = Callable[[Any, RequestContext, Members], Members]


def operation(name: str, work: Callable[[Scope, Members], Members]) -> Operation:
    """An operation: the request is valid before `work` sees it."""

    def call(_self: Any, context: RequestContext, request: Members) -> Members:
        assert context.operation is not None
        # A list that is not in the query string arrives as an empty one.
        given = copy.deepcopy(
            {name: value for name, value in request.items() if value not in ABSENT}
        )
        validation.check(context.operation, given)
        return work(Scope.of(context), given)

    decorated: Operation = named(name, call)
    return decorated


class EmrServerlessProvider(ServiceLifecycleHook):
    """All operations on applications and job runs; interactive sessions are refused by name."""

    service = "emr-serverless"

    create_application = operation("CreateApplication", applications.create)
    get_application = operation("GetApplication", applications.get)
    list_applications = operation("ListApplications", applications.list_applications)
    update_application = operation("UpdateApplication", applications.update)
    start_application = operation("StartApplication", applications.start)
    stop_application = operation("StopApplication", applications.stop)
    delete_application = operation("DeleteApplication", applications.delete)

    start_job_run = operation("StartJobRun", job_runs.start)
    get_job_run = operation("GetJobRun", job_runs.get)
    list_job_runs = operation("ListJobRuns", job_runs.list_runs)
    list_job_run_attempts = operation("ListJobRunAttempts", job_runs.list_attempts)
    cancel_job_run = operation("CancelJobRun", job_runs.cancel)
    get_dashboard_for_job_run = operation("GetDashboardForJobRun", job_runs.dashboard)

    list_tags_for_resource = operation("ListTagsForResource", tags.list_tags)
    tag_resource = operation("TagResource", tags.tag)
    untag_resource = operation("UntagResource", tags.untag)

    def on_before_start(self) -> None:
        """Go on with the runs of the last emulator; applications wait for runs again."""
        running.remove_leftovers()
        for run in list(all_runs().values()):
            if run.state not in ENDED:
                running.take_up(run)
        for application in list(all_applications().values()):
            application_states.watch(application)
