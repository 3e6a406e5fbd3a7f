"""Builds, as the API has them: started, listed, stopped, run again."""

import time
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from emulation.services.codebuild import projects
from emulation.services.codebuild.build_run import RUNS, BuildRun
from emulation.services.codebuild.build_settings import CARRIED, overridden
from emulation.services.codebuild.build_view import describe
from emulation.services.codebuild.errors import (
    build_not_found,
    invalid_input,
    invalid_token,
    too_many_builds,
)
from emulation.services.codebuild.store import (
    LOCK,
    Build,
    Members,
    Project,
    add_build,
    all_builds,
    builds_of,
    delete_build,
)
from emulation.services.paging import page
from emulation.services.scope import Scope

STARTED_BY_TOKEN: dict[tuple[str, str, str], str] = {}
"""The build of an idempotency token, by account, region and token, while this process lives."""


@dataclass(frozen=True, slots=True)
class PipelineArtifact:
    """An artifact of CodePipeline: a zip in S3."""

    name: str
    bucket: str
    key: str
    version: str = ""
    """The object's version, or nothing."""


def start_for_pipeline(
    scope: Scope,
    project: str,
    *,
    initiator: str,
    inputs: Sequence[PipelineArtifact],
    outputs: Sequence[PipelineArtifact] = (),
    environment: Sequence[Members] = (),
    source_version: str = "",
    request: Members | None = None,
) -> str:
    """Start a build for CodePipeline, which hands artifacts over; its id (`PROJECT:UUID`).

    `initiator` is `codepipeline/PIPELINE`. The first of `inputs` is the primary source
    (`CODEBUILD_SRC_DIR`), the others are `CODEBUILD_SRC_DIR_NAME`. One of `outputs` gets what
    `artifacts` of the buildspec names; of several, each gets what `secondary-artifacts` names under
    the artifact's name, and the first that is not there gets `artifacts`. `environment` is the
    action's EnvironmentVariables (`name`, `value`, `type`), put over the project's.
    `source_version` is the revision that the build is told (`CODEBUILD_RESOLVED_SOURCE_VERSION`).
    `request` may hold further members of StartBuild.

    Follow it with BatchGetBuilds: `buildStatus`, `phases`, `exportedEnvironmentVariables` (for the
    action's namespace), `logs`. StopBuild stops it. Outputs are uploaded before it is SUCCEEDED.

    Raises:
        CommonServiceException: as StartBuild: there is no such project (ResourceNotFoundException),
            it runs as many builds as it may, a value is not valid.
        NotImplementedError: the project asks for what is not emulated.
    """
    found = projects.find(scope, project)
    members = {
        **(request or {}),
        "sourceTypeOverride": "CODEPIPELINE",
        "artifactsOverride": {"type": "CODEPIPELINE"},
        "environmentVariablesOverride": list(environment),
    }
    settings = overridden(found, members)
    build = _new(scope, found, settings, initiator)
    build.inputs = [asdict(item) for item in inputs]
    build.outputs = [asdict(item) for item in outputs]
    build.source_version = source_version
    if inputs:
        build.members["sourceVersion"] = f"arn:aws:s3:::{inputs[0].bucket}/{inputs[0].key}"
    _begin(build, found)
    return build.identifier


def start(scope: Scope, request: Members) -> Members:
    """StartBuild."""
    project = projects.find(scope, request["projectName"])
    token = request.get("idempotencyToken")
    with LOCK:
        key = (scope.account, scope.region, token or uuid.uuid4().hex)
        known = all_builds().get(STARTED_BY_TOKEN.get(key, ""))
        if known is not None:
            return {"build": describe(known)}
        settings = overridden(project, request)
        if settings["source"]["type"] == "CODEPIPELINE":
            raise invalid_input("Project source type CODEPIPELINE is not supported for StartBuild")
        build = _new(scope, project, settings, initiator_of(scope))
        _begin(build, project)
        STARTED_BY_TOKEN[key] = build.arn
    return {"build": describe(build)}


def initiator_of(scope: Scope) -> str:
    """Who starts a build by the API: the account's user, as there are no others here."""
    return "root" if scope.account else ""


def _new(scope: Scope, project: Project, settings: Members, initiator: str) -> Build:
    members = {name: settings[name] for name in CARRIED if name in settings}
    return Build(
        account=scope.account,
        region=scope.region,
        partition=scope.partition,
        identifier=f"{project.name}:{uuid.uuid4()}",
        project=project.name,
        number=0,
        members=members | {"initiator": initiator},
        settings=settings,
    )


def _begin(build: Build, project: Project) -> None:
    with LOCK:
        limit = project.members.get("concurrentBuildLimit")
        running = [one for one in builds_of(build.scope, project.name) if not one.complete]
        if limit and len(running) >= limit:
            raise too_many_builds(limit)
        project.builds += 1
        build.number = project.builds
        build.started = time.time()
        add_build(build)
        RUNS[build.arn] = run = BuildRun(build)
    run.start()


def find(scope: Scope, identifier: str) -> Build:
    """A build by its id or ARN."""
    arn = arn_of(scope, identifier)
    build = all_builds().get(arn)
    if build is None:
        raise build_not_found(arn)
    return build


def arn_of(scope: Scope, identifier: str) -> str:
    """The ARN of a build of which the id or the ARN is given."""
    if identifier.startswith("arn:"):
        return identifier
    return scope.arn("codebuild", f"build/{identifier}")


def batch_get(scope: Scope, request: Members) -> Members:
    """BatchGetBuilds; in the order of the request."""
    found, missing = [], []
    for identifier in request["ids"]:
        build = all_builds().get(arn_of(scope, identifier))
        if build is None:
            missing.append(identifier)
        else:
            found.append(describe(build))
    return {"builds": found, "buildsNotFound": missing}


def list_builds(scope: Scope, request: Members) -> Members:
    """ListBuilds and ListBuildsForProject: the newest first, a hundred a page."""
    name = request.get("projectName")
    if name is not None:
        projects.find(scope, name)
    order = request.get("sortOrder", "DESCENDING")
    builds = builds_of(scope, name)
    ids = [build.identifier for build in (builds if order == "ASCENDING" else builds[::-1])]
    shown, more = page(request, ids, invalid_token(), names=("nextToken", "maxResults"))
    return {"ids": shown, **more}


def stop(scope: Scope, request: Members) -> Members:
    """StopBuild; one that has ended stays as it ended."""
    build = find(scope, request["id"])
    run = RUNS.get(build.arn)
    if run is not None:
        run.stop()
    return {"build": describe(build)}


def retry(scope: Scope, request: Members) -> Members:
    """RetryBuild: the same again, whatever has become of the project since."""
    if "id" not in request:
        raise invalid_input("Build ID is required")
    before = find(scope, request["id"])
    if not before.complete:
        raise invalid_input(f"Build {before.arn} is in progress and cannot be retried")
    project = projects.find(scope, before.project)
    build = _new(scope, project, before.settings, initiator_of(scope))
    build.inputs, build.outputs = before.inputs, before.outputs
    build.source_version = before.source_version
    build.members = {**before.members, **build.members}
    _begin(build, project)
    return {"build": describe(build)}


def batch_delete(scope: Scope, request: Members) -> Members:
    """BatchDeleteBuilds; what runs is not deleted."""
    deleted: list[str] = []
    kept: list[Any] = []
    with LOCK:
        for identifier in request["ids"]:
            arn = arn_of(scope, identifier)
            build = all_builds().get(arn)
            if build is None:
                kept.append({"id": identifier, "statusCode": "BUILD_NOT_FOUND"})
            elif not build.complete:
                kept.append({"id": arn, "statusCode": "BUILD_IN_PROGRESS"})
            else:
                delete_build(build)
                deleted.append(arn)
    return {"buildsDeleted": deleted, "buildsNotDeleted": kept}
