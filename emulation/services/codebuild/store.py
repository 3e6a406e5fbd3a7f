"""CodeBuild's state.

Projects, report groups and reports are in the snapshots of the service. A build is a document on
disk before anybody is told of a change: a pipeline that has started it looks for it again after
the emulator was killed.
"""

import threading
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from localstack.services.stores import AccountRegionBundle, BaseStore, LocalAttribute

from emulation.compute.once import once
from emulation.services import documents
from emulation.services.scope import Scope
from emulation.settings import settings

Members = dict[str, Any]
"""A part of a request or an answer, as the API spells it."""

LOCK = threading.RLock()
"""Held while something is read and changed, never while another service is called."""

IN_PROGRESS = "IN_PROGRESS"


@dataclass
class Project:
    """A project, as the API describes it, and how many builds it had."""

    members: Members
    created: float = field(default_factory=time.time)
    modified: float = field(default_factory=time.time)
    builds: int = 0

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.members["name"])


@dataclass
class ReportGroup:
    """A report group, as the API describes it."""

    members: Members
    created: float = field(default_factory=time.time)
    modified: float = field(default_factory=time.time)


@dataclass
class Report:
    """A report, as the API describes it, and the test cases in it."""

    members: Members
    created: float = field(default_factory=time.time)
    cases: list[Members] = field(default_factory=list)


class CodeBuildStore(BaseStore):
    """One account's state in one region."""

    projects: dict[str, Project] = LocalAttribute(default=dict)
    report_groups: dict[str, ReportGroup] = LocalAttribute(default=dict)
    """By ARN."""
    reports: dict[str, Report] = LocalAttribute(default=dict)
    """By ARN."""


STORES = AccountRegionBundle("codebuild", CodeBuildStore)


@dataclass
class Build:
    """One build; times in s since 1970."""

    account: str
    region: str
    partition: str
    identifier: str
    """`PROJECT:UUID`."""
    project: str
    number: int
    members: Members
    """What does not change: source, environment, time limits, initiator ... as the API has them."""
    settings: Members
    """What it was started with, for whoever runs it again."""
    inputs: list[Members] = field(default_factory=list)
    """The artifacts that CodePipeline hands in: name, bucket, key, version; the primary first."""
    outputs: list[Members] = field(default_factory=list)
    """Where CodePipeline wants artifacts: name, bucket, key."""
    started: float = field(default_factory=time.time)
    ended: float | None = None
    phase: str = "SUBMITTED"
    status: str = IN_PROGRESS
    phases: list[Members] = field(default_factory=list)
    artifacts: list[Members] = field(default_factory=list)
    """What was uploaded; the primary artifact has no artifactIdentifier."""
    exported: list[Members] = field(default_factory=list)
    reports: list[str] = field(default_factory=list)
    source_version: str = ""
    stop_requested: bool = False

    @property
    def scope(self) -> Scope:
        """Whose it is."""
        return Scope(self.account, self.region, self.partition)

    @property
    def arn(self) -> str:
        """Its ARN."""
        return self.scope.arn("codebuild", f"build/{self.identifier}")

    @property
    def uuid(self) -> str:
        """What follows the project's name; the log stream is named so."""
        return self.identifier.rsplit(":", 1)[-1]

    @property
    def complete(self) -> bool:
        """Whether nothing changes any more."""
        return self.ended is not None

    @property
    def file(self) -> Path:
        """Where it is written down."""
        return builds_folder() / self.account / self.region / self.project / f"{self.uuid}.json"

    def save(self) -> None:
        """Write it down, unless it was deleted."""
        with LOCK:
            if all_builds().get(self.arn) is self:
                documents.write(self.file, asdict(self))


def builds_folder() -> Path:
    """The documents of all builds."""
    return settings().folder("codebuild", "builds")


@once
def all_builds() -> dict[str, Build]:
    """All builds by ARN, in the order in which they were started."""
    files = builds_folder().glob("*/*/*/*.json")
    found = [Build(**documents.read(path)) for path in files]
    return {build.arn: build for build in sorted(found, key=lambda build: build.started)}


def add_build(build: Build) -> None:
    """Keep a new build."""
    with LOCK:
        all_builds()[build.arn] = build
        build.save()


def delete_build(build: Build) -> None:
    """Forget a build."""
    with LOCK:
        del all_builds()[build.arn]
        build.file.unlink(missing_ok=True)


def builds_of(scope: Scope, project: str | None = None) -> list[Build]:
    """The builds of an account in a region, or of one of its projects, oldest first."""
    with LOCK:
        return [
            build
            for build in all_builds().values()
            if (build.account, build.region) == (scope.account, scope.region)
            and project in (None, build.project)
        ]


def store_of(scope: Scope) -> CodeBuildStore:
    """An account's state in a region."""
    store: CodeBuildStore = STORES[scope.account][scope.region]
    return store
