"""The invoke action of Step Functions: one execution of a state machine, whose end is the action's.

LocalStack's state machines live in the emulator's process: one that a kill has interrupted is
nobody's any more, and fails its action.
"""

import time

from emulation.services.codepipeline import artifacts
from emulation.services.codepipeline.tasks import CONFIGURATION, ActionError, Outcome, Task

LONGEST_NAME = 80

STARTED = time.time()
"""When this run of the emulator began to know pipelines, in s since 1970."""


class StepFunctionsProvider:
    """Starts a state machine."""

    polls = True

    def start(self, task: Task) -> Outcome | None:
        """Start it; under the same name, so that it is started once."""
        machine = task.configuration["StateMachineArn"]
        prefix = task.configuration.get("ExecutionNamePrefix", "")
        name = "-".join(part for part in (prefix, task.run.identifier) if part)[-LONGEST_NAME:]
        started = task.client("stepfunctions").start_execution(
            stateMachineArn=machine, name=name, input=given_input(task)
        )
        task.run.external_id = started["executionArn"]
        task.run.variables = {
            "ExecutionArn": started["executionArn"],
            "StateMachineArn": machine,
        }
        return None

    def look(self, task: Task) -> Outcome | None:
        """Whether it has ended."""
        found = task.client("stepfunctions").describe_execution(executionArn=task.run.external_id)
        status = found["status"]
        if status == "RUNNING":
            if task.run.started < STARTED:
                return Outcome(error="The emulator ended while the state machine was running")
            return None
        if status != "SUCCEEDED":
            reason = ": ".join(str(found[name]) for name in ("error", "cause") if found.get(name))
            return Outcome(error=reason or f"The execution of the state machine is {status}")
        if place := task.output():
            content = found.get("output", "{}").encode()
            artifacts.put_file(task.client("s3"), place, "output.json", content, task.options())
        return Outcome(f"Execution {status.lower()}")


def given_input(task: Task) -> str:
    """The input of the state machine: as written, or a file of the artifact.

    Raises:
        ActionError: neither.
    """
    given = task.configuration.get("Input", "{}")
    kind = task.configuration.get("InputType", "Literal")
    if kind == "Literal":
        return given
    if kind != "FilePath":
        raise ActionError(f"InputType {kind} is neither Literal nor FilePath", CONFIGURATION)
    if not task.run.inputs:
        raise ActionError("InputType FilePath needs an input artifact", CONFIGURATION)
    name = task.run.inputs[0]["name"]
    return task.text(f"{name}::{given}")
