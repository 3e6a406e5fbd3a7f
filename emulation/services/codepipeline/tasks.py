"""What an action's provider is given, and what it answers with.

A provider starts the work and is then asked again and again whether it has ended; what it needs for
that is in the run's `work`, on disk, so that the question can still be asked after a restart.
"""

import time
from dataclasses import dataclass
from typing import Any, Protocol

from emulation.services.codepipeline import artifacts, variables
from emulation.services.codepipeline.action_types import TYPES, key_of
from emulation.services.codepipeline.store import LOCK, ActionRun, Execution, Members
from emulation.services.scope import Scope

JOB_FAILED = "JobFailed"
CONFIGURATION = "ConfigurationError"


class ActionError(Exception):
    """An action fails: with a code and a sentence."""

    def __init__(self, message: str, code: str = JOB_FAILED) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an action ended."""

    summary: str = ""
    error: str = ""
    """Why it failed; it succeeded where this is empty."""
    code: str = JOB_FAILED


SUCCEEDED = Outcome()


@dataclass(frozen=True, slots=True)
class Task:
    """One run of an action, with all that its provider may use."""

    execution: Execution
    declaration: Members
    action: Members
    run: ActionRun

    @property
    def scope(self) -> Scope:
        """Whose it is."""
        return self.execution.scope

    @property
    def configuration(self) -> dict[str, str]:
        """What the action is told, its variables resolved."""
        return self.run.configuration

    def client(self, service: str) -> Any:
        """A client of another service."""
        return self.scope.client(service)

    def keep(self, **work: Any) -> None:
        """Write down what was started."""
        with LOCK:
            self.run.work.update(work)
            self.run.updated = time.time()
            self.execution.save()

    def flag(self, name: str) -> bool:
        """A truth of the configuration."""
        return self.configuration.get(name, "").lower() == "true"

    def output(self) -> Members | None:
        """The place of the one artifact that it makes, if it makes one."""
        return dict(self.run.outputs[0]["s3location"]) if self.run.outputs else None

    def options(self) -> Members:
        """How PutObject is told to encrypt."""
        return artifacts.encryption(self.declaration, self.scope.region)

    def file(self, reference: str) -> bytes:
        """A file of an input artifact, named as `Artifact::path`.

        Raises:
            ActionError: the reference is none, or not of an input artifact.
            ArtifactError: there is no such file.
        """
        name, found, path = reference.partition("::")
        if not found:
            raise ActionError(
                f"{reference} is not of the form ArtifactName::FileName", CONFIGURATION
            )
        return artifacts.read(self.scope, name, self.input(name), path)

    def text(self, reference: str) -> str:
        """A file of an input artifact that holds a text.

        Raises:
            ActionError: it does not, or the reference is none.
            ArtifactError: there is no such file.
        """
        try:
            return self.file(reference).decode()
        except UnicodeDecodeError as error:
            raise ActionError(f"{reference} is not a text in UTF-8", CONFIGURATION) from error

    def input(self, name: str) -> Members:
        """Where an input artifact is."""
        for item in self.run.inputs:
            if item["name"] == name:
                return dict(item["s3location"])
        raise ActionError(
            f"The artifact {name} is not an input artifact of the action {self.run.name}",
            CONFIGURATION,
        )


class Provider(Protocol):
    """Carries out the actions of one type."""

    polls: bool
    """Whether it must be asked; otherwise somebody wakes the stage when there is news."""

    def start(self, task: Task) -> Outcome | None:
        """Start the work; its outcome if it has ended with that."""

    def look(self, task: Task) -> Outcome | None:
        """Whether it has ended, and how."""


def known_variables(execution: Execution) -> dict[str, dict[str, str]]:
    """All variables, by namespace."""
    own = {"PipelineExecutionId": execution.identifier}
    return {**execution.outputs, "codepipeline": own, "variables": execution.variables}


def resolved(execution: Execution, action: Members) -> dict[str, str]:
    """An action's configuration.

    Raises:
        UnresolvedError: a variable has no value.
    """
    known = known_variables(execution)
    return {
        name: variables.resolve(value, known) for name, value in action["configuration"].items()
    }


def minutes(action: Members) -> int:
    """How long an action may take."""
    return int(action.get("timeoutInMinutes") or TYPES[key_of(action)].minutes)


def deadline(task: Task) -> float:
    """Until when an action may take, in s since 1970."""
    return task.run.started + 60.0 * minutes(task.action)


def timed_out(task: Task) -> Outcome:
    """An action that took too long."""
    return Outcome(
        error=f"The action {task.run.name} did not complete within {minutes(task.action)} minutes.",
        code="ActionTimedOut",
    )
