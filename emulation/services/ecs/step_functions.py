"""Step Functions' `ecs:runTask.sync` fails with its task, as on AWS: LocalStack's takes each task
that has stopped for a success.
"""

from collections.abc import Callable
from typing import Any

from localstack.aws.api.stepfunctions import HistoryEventType, TaskFailedEventDetails
from localstack.services.stepfunctions.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from localstack.services.stepfunctions.asl.component.common.error_name.states_error_name import (
    StatesErrorName,
)
from localstack.services.stepfunctions.asl.component.common.error_name.states_error_name_type import (  # noqa: E501
    StatesErrorNameType,
)
from localstack.services.stepfunctions.asl.component.state.state_execution.state_task.service.state_task_service_ecs import (  # noqa: E501
    StateTaskServiceEcs,
)
from localstack.services.stepfunctions.asl.eval.event.event_detail import EventDetails
from localstack.services.stepfunctions.asl.utils.encoding import to_json_str
from localstack.utils.patch import patch

Task = dict[str, Any]


def complete() -> None:
    """Patch the integration; called once, before a task is run."""
    patch(StateTaskServiceEcs._build_sync_resolver)(resolver)


def resolver(build: Callable[..., Any], self: Any, env: Any, *given: Any, **named: Any) -> Any:
    """Waits for the task, and fails as it has."""
    wait = build(self, env, *given, **named)

    def result() -> Task | None:
        task: Task | None = wait()
        if task is None or went_well(task):
            return task
        cause = to_json_str(task)
        kind = StatesErrorNameType.StatesTaskFailed
        details = TaskFailedEventDetails(
            resource=self._get_sfn_resource(),
            resourceType=self._get_sfn_resource_type(),
            error=kind.to_name(),
            cause=cause,
        )
        raise FailureEventException(
            FailureEvent(
                env=env,
                error_name=StatesErrorName(typ=kind),
                event_type=HistoryEventType.TaskFailed,
                event_details=EventDetails(taskFailedEventDetails=details),
            )
        )

    return result


def went_well(task: Task) -> bool:
    """Whether all its containers have ended with 0."""
    if task.get("StopCode") != "EssentialContainerExited":
        return False
    return all(container.get("ExitCode", 0) == 0 for container in task["Containers"])
