"""Applications and job runs: each is a document on disk before anybody is told of a change.

A run outlives a kill of the emulator as a record: the next start takes it up. A deleted application
stays as TERMINATED, as AWS keeps it for a while.
"""

import secrets
import string
import threading
import time
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from emulation.compute.once import once
from emulation.services import documents
from emulation.services.scope import Scope
from emulation.settings import settings

Members = dict[str, Any]
"""A part of a request or an answer, as the API spells it."""

LOCK = threading.RLock()
"""Held while something is read and changed, never while another service is called."""

SERVICE = "emr-serverless"
ENDED = ("SUCCESS", "FAILED", "CANCELLED")
CHARACTERS = string.digits + string.ascii_lowercase


def new_identifier() -> str:
    """Sixteen characters, as AWS's: they begin with two zeros."""
    return "00" + "".join(secrets.choice(CHARACTERS) for _ in range(14))


def moment(seconds: float) -> datetime:
    """A time as answers have it."""
    return datetime.fromtimestamp(seconds, UTC)


@dataclass
class Application:
    """An application; times in s since 1970."""

    account: str
    region: str
    partition: str
    identifier: str
    token: str
    request: Members
    """What it was created with, for whoever comes with the same token."""
    members: Members
    """Its settings, as the API spells them."""
    state: str = "CREATED"
    tags: dict[str, str] = field(default_factory=dict)
    created: float = field(default_factory=time.time)
    updated: float = field(default_factory=time.time)
    details: str = ""

    @property
    def scope(self) -> Scope:
        """Whose it is."""
        return Scope(self.account, self.region, self.partition)

    @property
    def arn(self) -> str:
        """Its ARN."""
        return self.scope.arn(SERVICE, f"/applications/{self.identifier}")

    def save(self) -> None:
        """Write it down."""
        path = _folder("applications") / self.account / self.region / f"{self.identifier}.json"
        documents.write(path, asdict(self))


@dataclass
class Attempt:
    """One try of a run; times in s since 1970."""

    number: int
    state: str = "SUBMITTED"
    details: str = ""
    created: float = field(default_factory=time.time)
    updated: float = field(default_factory=time.time)
    started: float | None = None
    ended: float | None = None
    ui_port: int | None = None

    @property
    def seconds(self) -> float:
        """How long its driver ran."""
        if self.started is None:
            return 0.0
        return (self.ended or time.time()) - self.started


@dataclass
class JobRun:
    """A run and its attempts, the latest last."""

    account: str
    region: str
    partition: str
    application: str
    identifier: str
    token: str
    request: Members
    members: Members
    """What GetJobRun answers of it that does not change."""
    attempts: list[Attempt]
    tags: dict[str, str] = field(default_factory=dict)
    created: float = field(default_factory=time.time)
    queued_seconds: float = 0.0

    @property
    def scope(self) -> Scope:
        """Whose it is."""
        return Scope(self.account, self.region, self.partition)

    @property
    def arn(self) -> str:
        """Its ARN."""
        place = f"/applications/{self.application}/jobruns/{self.identifier}"
        return self.scope.arn(SERVICE, place)

    @property
    def attempt(self) -> Attempt:
        """The latest."""
        return self.attempts[-1]

    @property
    def state(self) -> str:
        """Where it is."""
        return self.attempt.state

    @property
    def streaming(self) -> bool:
        """Whether it is to run for good."""
        return bool(self.members["mode"] == "STREAMING")

    def save(self) -> None:
        """Write it down."""
        folder = _folder("job_runs") / self.account / self.region / self.application
        documents.write(folder / f"{self.identifier}.json", asdict(self))


def _folder(name: str) -> Path:
    return settings().folder("emr_serverless", name)


@once
def all_applications() -> dict[str, Application]:
    """All applications by their identifier, oldest first."""
    files = _folder("applications").glob("*/*/*.json")
    found = [Application(**documents.read(path)) for path in files]
    return {one.identifier: one for one in sorted(found, key=lambda one: one.created)}


@once
def all_runs() -> dict[str, JobRun]:
    """All job runs by their identifier, oldest first."""
    found = [_run(documents.read(path)) for path in _folder("job_runs").glob("*/*/*/*.json")]
    return {one.identifier: one for one in sorted(found, key=lambda one: one.created)}


def _run(document: Members) -> JobRun:
    attempts = [Attempt(**attempt) for attempt in document.pop("attempts")]
    return JobRun(attempts=attempts, **document)


def applications_of(scope: Scope) -> list[Application]:
    """The applications of an account in a region, oldest first."""
    with LOCK:
        return [
            one
            for one in all_applications().values()
            if (one.account, one.region) == (scope.account, scope.region)
        ]


def runs_of(application: Application) -> list[JobRun]:
    """The runs of an application, oldest first."""
    with LOCK:
        return [run for run in all_runs().values() if run.application == application.identifier]


def active_runs(application: Application) -> list[JobRun]:
    """Those that have not ended."""
    return [run for run in runs_of(application) if run.state not in ENDED]
