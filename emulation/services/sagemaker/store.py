"""SageMaker's state: plain data that survives a restart. What runs is in `job_run` and
`deployments`.
"""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from localstack.services.stores import AccountRegionBundle, BaseStore, LocalAttribute

Members = dict[str, Any]
"""A part of a request or an answer, as the API spells it."""

FINISHED = frozenset({"Completed", "Failed", "Stopped"})


def now() -> datetime:
    """The one clock of this service; the API's times have milliseconds."""
    return datetime.fromtimestamp(round(time.time(), 3), UTC)


@dataclass
class Job:
    """A job of any kind and how far it is."""

    name: str
    arn: str
    request: Members
    created: datetime = field(default_factory=now)
    modified: datetime = field(default_factory=now)
    started: datetime | None = None
    ended: datetime | None = None
    status: str = "InProgress"
    failure_reason: str | None = None
    stop_requested: bool = False

    @property
    def finished(self) -> bool:
        """Nothing changes any more."""
        return self.status in FINISHED

    def stopping(self) -> None:
        """Somebody asked for the end; the program may still save its work."""
        self.status = "Stopping"
        self.modified = now()

    def end(self, status: str) -> None:
        """The end."""
        self.ended = self.modified = now()
        self.status = status

    def fail(self, reason: str) -> None:
        """The end of a job that did not succeed; the API's reasons have at most 1024 characters."""
        self.failure_reason = reason[:1024]
        self.end("Failed")


@dataclass
class ProcessingJob(Job):
    """A processing job; one of a monitoring schedule knows it."""

    exit_message: str | None = None
    schedule_arn: str | None = None
    metrics_namespace: str | None = None
    """Where the metrics go that a monitoring job leaves in a file."""


@dataclass
class JobDefinition:
    """A monitoring job definition of one of the four kinds."""

    name: str
    arn: str
    kind: str
    request: Members
    created: datetime = field(default_factory=now)

    @property
    def endpoint(self) -> str:
        """The endpoint that it is about."""
        return str(self.request[f"{self.kind}JobInput"]["EndpointInput"]["EndpointName"])


@dataclass
class MonitoringSchedule:
    """A monitoring schedule; when it runs is in its configuration."""

    name: str
    arn: str
    config: Members
    kind: str
    endpoint: str
    created: datetime = field(default_factory=now)
    modified: datetime = field(default_factory=now)
    status: str = "Scheduled"


@dataclass
class MonitoringExecution:
    """A run of a schedule: its processing job, or why there is none."""

    schedule: str
    kind: str
    endpoint: str
    definition: str | None
    scheduled: datetime
    created: datetime = field(default_factory=now)
    job: str | None = None
    failure_reason: str | None = None


@dataclass
class TrainingJob(Job):
    """A training job and how far it is."""

    secondary_status: str = "Starting"
    transitions: list[Members] = field(default_factory=list)
    final_metrics: dict[str, Members] = field(default_factory=dict)

    def enter(self, secondary_status: str, message: str) -> None:
        """The next secondary status; the one before has ended."""
        self.modified = now()
        if self.transitions:
            self.transitions[-1]["EndTime"] = self.modified
        self.secondary_status = secondary_status
        self.transitions.append(
            {"Status": secondary_status, "StartTime": self.modified, "StatusMessage": message}
        )

    def stopping(self) -> None:
        """Somebody asked for the end; the program may still save its work."""
        super().stopping()
        self.enter("Stopping", "Stopping the training job")

    def finish(self, status: str, secondary_status: str, message: str) -> None:
        """The end; its transition is over as soon as it begins."""
        self.enter(secondary_status, message)
        self.transitions[-1]["EndTime"] = self.modified
        self.end(status)

    def fail(self, reason: str) -> None:
        """The end of a job that did not succeed."""
        self.enter("Failed", "Training job failed")
        self.transitions[-1]["EndTime"] = self.modified
        super().fail(reason)


@dataclass
class Model:
    """A model: which image serves which archive."""

    name: str
    arn: str
    request: Members
    """What made it, with what its model packages hold."""
    created: datetime = field(default_factory=now)
    given: Members | None = None
    """The containers as they were given; None in a state of before there were packages."""


@dataclass
class ModelPackageGroup:
    """The versions of one model."""

    name: str
    arn: str
    request: Members
    created: datetime = field(default_factory=now)
    versions: int = 0
    """How many there ever were: a number is given once."""
    policy: str | None = None


@dataclass
class ModelPackage:
    """A model that can be deployed, a version of a group or one by itself."""

    name: str
    arn: str
    members: Members
    """What was given, with what was updated since."""
    group: str | None = None
    version: int | None = None
    created: datetime = field(default_factory=now)
    modified: datetime | None = None
    token: str | None = None
    """The ClientToken of the request that made it."""


@dataclass
class EndpointConfig:
    """An endpoint configuration; it never changes."""

    name: str
    arn: str
    request: Members
    created: datetime = field(default_factory=now)


@dataclass
class Variant:
    """A production variant with all that its servers need, so that they start again although the
    model was deleted since.
    """

    name: str
    model: Members
    """The request that made the model."""
    weight: float
    count: int
    ping_seconds: float
    instances: list[str] = field(default_factory=list)
    """Their folders and log streams are named after them."""
    resolved: datetime = field(default_factory=now)
    capture: Members | None = None
    """The DataCaptureConfig of its configuration."""
    config_name: str = ""
    instance_type: str = ""
    desired_weight: float | None = None
    desired_count: int | None = None
    """What it moves to while its endpoint is updated."""
    status: Members | None = None
    """The step of a deployment that it is in, as the API's VariantStatus."""

    def enter(self, status: str, message: str) -> None:
        """The next step of a deployment."""
        self.status = {"Status": status, "StatusMessage": message, "StartTime": now()}


@dataclass
class PendingDeployment:
    """A deployment under way: what it deploys, and since when."""

    config_name: str
    variants: list[Variant]
    started: datetime = field(default_factory=now)


@dataclass
class Endpoint:
    """An endpoint and the variants that serve it."""

    name: str
    arn: str
    config_name: str
    status: str = "Creating"
    variants: list[Variant] = field(default_factory=list)
    """What serves."""
    first_variants: list[Variant] = field(default_factory=list)
    """What it was created with; an emulator that ends too early starts them when it is back."""
    failure_reason: str | None = None
    created: datetime = field(default_factory=now)
    modified: datetime = field(default_factory=now)
    pending: PendingDeployment | None = None
    last_deployment: Members | None = None
    """The DeploymentConfig that was last asked for."""

    def enter(self, status: str, failure_reason: str | None = None) -> None:
        """The next status."""
        self.status = status
        self.failure_reason = failure_reason[:1024] if failure_reason else None
        self.modified = now()


class SageMakerStore(BaseStore):
    """One account's state in one region."""

    training_jobs: dict[str, TrainingJob] = LocalAttribute(default=dict)
    processing_jobs: dict[str, ProcessingJob] = LocalAttribute(default=dict)
    job_definitions: dict[str, JobDefinition] = LocalAttribute(default=dict)
    """By ARN."""
    monitoring_schedules: dict[str, MonitoringSchedule] = LocalAttribute(default=dict)
    monitoring_executions: list[MonitoringExecution] = LocalAttribute(default=list)
    models: dict[str, Model] = LocalAttribute(default=dict)
    model_package_groups: dict[str, ModelPackageGroup] = LocalAttribute(default=dict)
    model_packages: dict[str, ModelPackage] = LocalAttribute(default=dict)
    """By ARN."""
    endpoint_configs: dict[str, EndpointConfig] = LocalAttribute(default=dict)
    endpoints: dict[str, Endpoint] = LocalAttribute(default=dict)
    tags: dict[str, dict[str, str]] = LocalAttribute(default=dict)


STORES = AccountRegionBundle("sagemaker", SageMakerStore)
