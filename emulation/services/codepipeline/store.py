"""Pipelines and their executions: each is a document on disk before anybody is told of a change.

An execution outlives a kill of the emulator with every action that it has started, so that the next
run can look at the same build, stack or approval again. Snapshots of the whole service would lose
the last two seconds, and the identifiers of what was just started with them.
"""

import shutil
import threading
import time
import uuid
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from emulation.services import documents
from emulation.services.scope import Scope
from emulation.settings import settings

Members = dict[str, Any]
"""A part of a request or an answer, as the API spells it."""

LOCK = threading.RLock()
"""Held while something is read and changed, never while another service is called."""

ENDED = {"Succeeded", "Failed", "Stopped", "Superseded", "Cancelled"}


@dataclass
class ActionRun:
    """One execution of one action; times in s since 1970."""

    stage: str
    name: str
    identifier: str = field(default_factory=lambda: str(uuid.uuid4()))
    status: str = "InProgress"
    started: float = field(default_factory=time.time)
    updated: float = field(default_factory=time.time)
    updated_by: str = ""
    summary: str = ""
    external_id: str = ""
    external_url: str = ""
    log_stream: str = ""
    percent: int | None = None
    error: Members = field(default_factory=dict)
    configuration: dict[str, str] = field(default_factory=dict)
    """As it is once variables are resolved."""
    inputs: list[Members] = field(default_factory=list)
    outputs: list[Members] = field(default_factory=list)
    """Artifacts: name and s3location. An action that makes one is given its place beforehand."""
    variables: dict[str, str] = field(default_factory=dict)
    token: str = ""
    """By which an approval is answered."""
    work: Members = field(default_factory=dict)
    """What the action has started, and needs to look at it again; its provider's own."""


@dataclass
class StageRun:
    """The latest execution of a stage in a pipeline's execution."""

    status: str = "InProgress"
    started: float = field(default_factory=time.time)
    runs: dict[str, str] = field(default_factory=dict)
    """By action: its run that counts; a retry drops those that are to run again."""
    automatic_retries: int = 0
    manual_retries: int = 0
    retry_trigger: str = ""
    conditions: dict[str, Members] = field(default_factory=dict)
    """By beforeEntry and onSuccess: how it went, with its rules."""


@dataclass
class Execution:
    """One run of a pipeline."""

    pipeline: str
    account: str
    region: str
    partition: str
    number: int
    """The order in which they were started."""
    version: int
    mode: str
    trigger: Members
    variables: dict[str, str] = field(default_factory=dict)
    overrides: list[Members] = field(default_factory=list)
    """Source revisions that the starter asked for."""
    identifier: str = field(default_factory=lambda: str(uuid.uuid4()))
    kind: str = "STANDARD"
    target: str = ""
    """The execution that a rollback goes back to."""
    status: str = "InProgress"
    summary: str = ""
    started: float = field(default_factory=time.time)
    updated: float = field(default_factory=time.time)
    place: int = 0
    waiting: bool = True
    """Whether it waits to enter the stage at its place; otherwise it is in it."""
    stages: dict[str, StageRun] = field(default_factory=dict)
    actions: list[ActionRun] = field(default_factory=list)
    artifacts: dict[str, Members] = field(default_factory=dict)
    """By name: bucket and key."""
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)
    """Variables by namespace."""
    revisions: list[Members] = field(default_factory=list)
    """What its sources were; `action` tells whose."""
    stop: Members = field(default_factory=dict)
    attempt: int = 1
    token: str = ""

    @property
    def scope(self) -> Scope:
        """Whose it is."""
        return Scope(self.account, self.region, self.partition)

    def run(self, identifier: str) -> ActionRun:
        """One of its actions' executions."""
        return next(run for run in self.actions if run.identifier == identifier)

    def save(self) -> None:
        """Write it down; that of a pipeline that was deleted is nobody's any more."""
        of_pipeline = _EXECUTIONS.get((self.account, self.region, self.pipeline), {})
        if of_pipeline.get(self.identifier) is self:
            folder = folder_of(self.scope, self.pipeline) / "executions"
            documents.write(folder / f"{self.identifier}.json", asdict(self))

    @property
    def live(self) -> bool:
        """Whether it goes on."""
        return self.status not in ENDED


@dataclass
class Pipeline:
    """A pipeline, in all its versions."""

    name: str
    account: str
    region: str
    partition: str
    versions: list[Members]
    """Its declarations; the first is version 1."""
    tags: dict[str, str] = field(default_factory=dict)
    created: float = field(default_factory=time.time)
    updated: float = field(default_factory=time.time)
    disabled: dict[str, Members] = field(default_factory=dict)
    """By stage: why, by whom and when nothing may enter it."""
    changed_transitions: dict[str, Members] = field(default_factory=dict)
    started: int = 0
    """How many executions it has had."""
    seen: dict[str, str] = field(default_factory=dict)
    """By polling source action: the object's version that is known."""

    @property
    def scope(self) -> Scope:
        """Whose it is."""
        return Scope(self.account, self.region, self.partition)

    @property
    def arn(self) -> str:
        """Its ARN."""
        return self.scope.arn("codepipeline", self.name)

    @property
    def declaration(self) -> Members:
        """As it is now."""
        return self.versions[-1]

    def save(self) -> None:
        """Write it down."""
        documents.write(folder_of(self.scope, self.name) / "pipeline.json", asdict(self))


_PIPELINES: dict[tuple[str, str], dict[str, Pipeline]] = {}
_EXECUTIONS: dict[tuple[str, str, str], dict[str, Execution]] = {}


def pipelines(scope: Scope) -> dict[str, Pipeline]:
    """The pipelines of an account and region, by name."""
    return _PIPELINES.setdefault((scope.account, scope.region), {})


def all_pipelines() -> list[Pipeline]:
    """The pipelines of every account and region."""
    with LOCK:
        return [pipeline for found in _PIPELINES.values() for pipeline in found.values()]


def executions(pipeline: Pipeline) -> dict[str, Execution]:
    """A pipeline's executions by identifier, the first first."""
    return _EXECUTIONS.setdefault((pipeline.account, pipeline.region, pipeline.name), {})


def declared(execution: Execution) -> Members:
    """The declaration that an execution follows."""
    found: Members = pipelines(execution.scope)[execution.pipeline].versions[execution.version - 1]
    return found


def add(pipeline: Pipeline) -> None:
    """A new pipeline, on disk."""
    # The folder by which the emulator knows, when it starts, that the service has a state.
    settings().folder("services", "codepipeline")
    pipelines(pipeline.scope)[pipeline.name] = pipeline
    pipeline.save()


def remove(pipeline: Pipeline) -> None:
    """A pipeline that is no more, with its history."""
    pipelines(pipeline.scope).pop(pipeline.name, None)
    _EXECUTIONS.pop((pipeline.account, pipeline.region, pipeline.name), None)
    shutil.rmtree(folder_of(pipeline.scope, pipeline.name), ignore_errors=True)


def folder_of(scope: Scope, name: str) -> Path:
    """Where a pipeline is written; its name may be nothing but dots."""
    return settings().folder("codepipeline", scope.account, scope.region) / f"{name}.pipeline"


def load() -> None:
    """The pipelines of the last run, with their executions."""
    for path in sorted(settings().folder("codepipeline").glob("*/*/*/pipeline.json")):
        pipeline = Pipeline(**documents.read(path))
        pipelines(pipeline.scope)[pipeline.name] = pipeline
        kept = [documents.read(file) for file in (path.parent / "executions").glob("*.json")]
        for item in sorted(kept, key=lambda item: item["number"]):
            execution = execution_from(item)
            executions(pipeline)[execution.identifier] = execution


def execution_from(item: Members) -> Execution:
    """An execution as it was written."""
    stages = {name: StageRun(**stage) for name, stage in item.pop("stages").items()}
    actions = [ActionRun(**run) for run in item.pop("actions")]
    return Execution(**item, stages=stages, actions=actions)
