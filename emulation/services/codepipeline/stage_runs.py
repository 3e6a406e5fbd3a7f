"""Carries a stage of an execution out: groups of actions one after the other, in a thread.

Every action is on disk as InProgress before its provider starts anything, and with what was started
before anybody looks at it. So a stage whose emulator was killed is carried out again by a new
thread that looks at what was started, and starts only what was not.

The thread ends without a word when the stage is not its own any more: it was abandoned or
cancelled, and whoever did that has written it down.
"""

import threading
import time
from collections.abc import Callable
from itertools import groupby

from botocore.exceptions import BotoCoreError, ClientError

from emulation.services.codepipeline import artifacts, providers, rules, tasks, telling
from emulation.services.codepipeline.store import (
    LOCK,
    ActionRun,
    Execution,
    Members,
    StageRun,
    declared,
    pipelines,
)
from emulation.services.codepipeline.tasks import ActionError, Outcome, Task
from emulation.services.codepipeline.variables import UnresolvedError

LOOK_SECONDS = 0.5
"""How often a build, a stack or a state machine is asked whether it has ended."""

INTERNAL = Outcome(error="Internal service error", code="InternalError")

Ended = Callable[[Execution, str, str], None]
"""Told the execution, the stage and the status that it ended with."""

_news: dict[str, threading.Event] = {}
"""By execution: set when somebody has changed something."""


def start(execution: Execution, stage: Members, ended: Ended) -> None:
    """Carry a stage out in the background; called with the lock held."""
    runner = Runner(execution, stage, ended)
    name = f"{execution.pipeline}-{stage['name']}"
    threading.Thread(target=runner.run, name=name, daemon=True).start()


def wake(execution: Execution) -> None:
    """Somebody has changed something about an execution."""
    news(execution).set()


def news(execution: Execution) -> threading.Event:
    """An execution's news."""
    return _news.setdefault(execution.identifier, threading.Event())


class Runner:
    """One stage of one execution."""

    def __init__(self, execution: Execution, stage: Members, ended: Ended) -> None:
        self.execution = execution
        self.stage = stage
        self.ended = ended
        self.declaration = declared(execution)
        self.stage_run: StageRun = execution.stages[stage["name"]]

    def run(self) -> None:
        """The thread: whatever happens, the stage ends."""
        status: str | None = "Failed"
        try:
            status = self.carry_out()
        finally:
            with LOCK:
                if status and self.ours():
                    self.ended(self.execution, self.stage["name"], status)

    def ours(self) -> bool:
        """Whether the stage is still this thread's."""
        return self.execution.live and (
            self.execution.stages.get(self.stage["name"]) is self.stage_run
        )

    def carry_out(self) -> str | None:
        """The status that the stage ends with; None when it has been ended by somebody else."""
        if result := self.verdict("beforeEntry"):
            return "Skipped" if result == "SKIP" else "Failed"
        status = self.carry_out_actions()
        return "Failed" if status == "Succeeded" and self.verdict("onSuccess") else status

    def verdict(self, gate: str) -> str:
        """What the stage's condition at a gate says; one that was asked is not asked again."""
        with LOCK:
            if self.stage_run.conditions.get(gate, {}).get("status") == "Succeeded":
                return ""
            result = rules.verdict(self.execution, self.stage, self.stage_run, gate)
            self.execution.save()
            return result

    def carry_out_actions(self) -> str | None:
        """The status that the stage's actions leave it with."""
        actions = sorted(self.stage["actions"], key=lambda action: action["runOrder"])
        for _, group in groupby(actions, key=lambda action: action["runOrder"]):
            of_group = list(group)
            for action in of_group:
                if self.may_start(action):
                    self.begin(action)
            self.wait_for(of_group)
            if not self.ours():
                return None
            status = self.status_after(of_group)
            if status != "Succeeded":
                return status
        return "Succeeded"

    def status_after(self, group: list[Members]) -> str:
        """The stage's status after a group of its actions."""
        runs = [self.run_of(action) for action in group]
        if any(run is not None and run.status == "Failed" for run in runs):
            return "Failed"
        return "Stopped" if self.execution.stop else "Succeeded"

    def run_of(self, action: Members) -> ActionRun | None:
        """The run of an action that counts, if it has begun."""
        identifier = self.stage_run.runs.get(action["name"])
        return self.execution.run(identifier) if identifier else None

    def may_start(self, action: Members) -> bool:
        """Whether an action is to be started now; one whose start was interrupted is."""
        with LOCK:
            run = self.run_of(action)
            begun = run is not None and (run.status != "InProgress" or "begun" in run.work)
            return self.ours() and not begun and not (self.execution.stop and run is None)

    def begin(self, action: Members) -> None:
        """Start an action; what fails before there is work fails it as well."""
        with LOCK:
            if not self.ours():
                # Nobody would end a run that begins in a stage that somebody else has ended.
                return
            task = self.task(action)
        outcome: Outcome | None = INTERNAL
        try:
            with LOCK:
                task.run.configuration = tasks.resolved(self.execution, action)
            outcome = providers.of(action).start(task)
            if outcome is None:
                task.keep(begun=True)
        except (ActionError, UnresolvedError, artifacts.ArtifactError) as error:
            outcome = failure(error)
        except (ClientError, BotoCoreError) as error:
            outcome = failure(error)
        finally:
            self.apply(task, outcome)

    def task(self, action: Members) -> Task:
        """A new run of an action, or the one that was interrupted."""
        with LOCK:
            run = self.run_of(action) or self.new_run(action)
            self.execution.save()
        return Task(self.execution, self.declaration, action, run)

    def new_run(self, action: Members) -> ActionRun:
        """A run of an action, in progress."""
        execution = self.execution
        run = ActionRun(self.stage["name"], action["name"])
        run.configuration = dict(action["configuration"])
        run.inputs = [
            {"name": item["name"], "s3location": execution.artifacts[item["name"]]}
            for item in action["inputArtifacts"]
            if item["name"] in execution.artifacts
        ]
        run.outputs = [
            {
                "name": item["name"],
                "s3location": artifacts.new_location(
                    self.declaration, execution.region, item["name"]
                ),
            }
            for item in action["outputArtifacts"]
        ]
        execution.actions.append(run)
        self.stage_run.runs[action["name"]] = run.identifier
        execution.updated = time.time()
        telling.action_is(execution, action, run, "InProgress")
        return run

    def wait_for(self, group: list[Members]) -> None:
        """Look at the group's actions until all have ended."""
        waiting = news(self.execution)
        while True:
            waiting.clear()
            pending = self.pending(group)
            for task in pending:
                self.look(task)
            pending = [task for task in pending if task.run.status == "InProgress"]
            if not pending or not self.ours():
                return
            waiting.wait(min(pause(task) for task in pending))

    def pending(self, group: list[Members]) -> list[Task]:
        """Those that have not ended."""
        with LOCK:
            runs = [(action, self.run_of(action)) for action in group]
            return [
                Task(self.execution, self.declaration, action, run)
                for action, run in runs
                if run is not None and run.status == "InProgress"
            ]

    def look(self, task: Task) -> None:
        """Look whether an action has ended."""
        outcome: Outcome | None = INTERNAL
        try:
            outcome = providers.of(task.action).look(task)
            if outcome is None and time.time() >= tasks.deadline(task):
                outcome = tasks.timed_out(task)
        except (ActionError, artifacts.ArtifactError) as error:
            outcome = failure(error)
        except (ClientError, BotoCoreError) as error:
            outcome = failure(error)
        finally:
            self.apply(task, outcome)

    def apply(self, task: Task, outcome: Outcome | None) -> None:
        """Write down how an action ended."""
        if outcome is None:
            return
        run, execution = task.run, self.execution
        with LOCK:
            if not self.ours() or run.status != "InProgress":
                return
            run.status = "Failed" if outcome.error else "Succeeded"
            run.summary = outcome.summary or run.summary
            if outcome.error:
                run.error = {"code": outcome.code, "message": outcome.error}
            else:
                take_results(execution, task)
            run.updated = execution.updated = time.time()
            execution.save()
            telling.action_is(execution, task.action, run, run.status)


def take_results(execution: Execution, task: Task) -> None:
    """Give the execution what an action has made."""
    run = task.run
    for item in run.outputs:
        execution.artifacts[item["name"]] = item["s3location"]
    if namespace := task.action.get("namespace"):
        execution.outputs[namespace] = dict(run.variables)
    if revision := run.work.get("revision"):
        others = [item for item in execution.revisions if item["action"] != run.name]
        name = run.outputs[0]["name"]
        execution.revisions = [*others, {"action": run.name, "name": name, **revision}]
        note_seen(execution, run.name, revision["revisionId"])


def note_seen(execution: Execution, action: str, version: str) -> None:
    """Polling need not start an execution for what this one has taken as the latest."""
    pipeline = pipelines(execution.scope).get(execution.pipeline)
    if pipeline and not any(item["actionName"] == action for item in execution.overrides):
        pipeline.seen[action] = version
        pipeline.save()


def pause(task: Task) -> float:
    """How long nobody needs to look at an action, in s."""
    if providers.of(task.action).polls:
        return LOOK_SECONDS
    again = float(task.run.work.get("again", tasks.deadline(task)))
    return max(0.0, min(again, tasks.deadline(task)) - time.time())


def failure(error: Exception) -> Outcome:
    """Why an action cannot go on."""
    if isinstance(error, ActionError):
        return Outcome(error=str(error), code=error.code)
    if isinstance(error, ClientError):
        told = error.response["Error"]
        return Outcome(error=f"{told['Message']} ({told['Code']})")
    return Outcome(error=str(error), code=tasks.CONFIGURATION)
