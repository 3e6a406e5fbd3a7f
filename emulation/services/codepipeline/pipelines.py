"""Pipelines: created, updated, told and deleted.

An update ends the executions that are in progress as Cancelled, as AWS says of them: their
declaration is no more. What their actions have started goes on by itself.
"""

import copy
import time
from datetime import UTC, datetime

from emulation.services import paging
from emulation.services.codepipeline import advancing, starting, structure_checks, tags
from emulation.services.codepipeline.declarations import normal
from emulation.services.codepipeline.errors import (
    invalid_token,
    name_in_use,
    pipeline_not_found,
    version_not_found,
)
from emulation.services.codepipeline.store import (
    LOCK,
    Members,
    Pipeline,
    add,
    pipelines,
    remove,
)
from emulation.services.scope import Scope

PAGE = 1000


def create(scope: Scope, request: Members) -> Members:
    """CreatePipeline; its first execution starts with it."""
    declaration = normal(request["pipeline"], kind="V1")
    structure_checks.check(scope, declaration, "CreatePipeline")
    given = tags.checked(request.get("tags") or [])
    name = declaration["name"]
    declaration["version"] = 1
    with LOCK:
        if name in pipelines(scope):
            raise name_in_use(name, scope.account)
        pipeline = Pipeline(
            name, scope.account, scope.region, scope.partition, [declaration], tags=given
        )
        add(pipeline)
        trigger = {"triggerType": "CreatePipeline", "triggerDetail": starting.caller(scope)}
        starting.start(pipeline, trigger)
    return {"pipeline": copy.deepcopy(declaration), "tags": tags.told(pipeline)}


def update(scope: Scope, request: Members) -> Members:
    """UpdatePipeline."""
    name = request["pipeline"]["name"]
    with LOCK:
        kind = find(scope, name).declaration["pipelineType"]
    declaration = normal(request["pipeline"], kind=kind)
    structure_checks.check(scope, declaration, "UpdatePipeline")
    with LOCK:
        pipeline = find(scope, name)
        before = pipeline.declaration
        declaration["version"] = len(pipeline.versions) + 1
        pipeline.versions.append(declaration)
        pipeline.updated = time.time()
        stages = {stage["name"] for stage in declaration["stages"]}
        pipeline.disabled = {k: v for k, v in pipeline.disabled.items() if k in stages}
        pipeline.save()
        if before | {"version": 0} != declaration | {"version": 0}:
            advancing.cancel_all(pipeline)
    return {"pipeline": copy.deepcopy(declaration)}


def get(scope: Scope, request: Members) -> Members:
    """GetPipeline, in the latest or another of its versions."""
    with LOCK:
        pipeline = find(scope, request["name"])
        version = request.get("version") or len(pipeline.versions)
        if version > len(pipeline.versions):
            raise version_not_found(pipeline.name, version)
        metadata = {
            "pipelineArn": pipeline.arn,
            "created": moment(pipeline.created),
            "updated": moment(pipeline.updated),
        }
        return {"pipeline": copy.deepcopy(pipeline.versions[version - 1]), "metadata": metadata}


def delete(scope: Scope, request: Members) -> None:
    """DeletePipeline; one that is not there is deleted already."""
    with LOCK:
        if pipeline := pipelines(scope).get(request["name"]):
            advancing.abandon_all(pipeline)
            remove(pipeline)


def list_pipelines(scope: Scope, request: Members) -> Members:
    """ListPipelines."""
    with LOCK:
        found = [summary(pipelines(scope)[name]) for name in sorted(pipelines(scope))]
    items, token = paging.page(request, found, invalid_token(), size=PAGE, names=paging.CAMEL_NAMES)
    return {"pipelines": items, **token}


def summary(pipeline: Pipeline) -> Members:
    """A pipeline in a list."""
    declaration = pipeline.declaration
    return {
        "name": pipeline.name,
        "version": len(pipeline.versions),
        "pipelineType": declaration["pipelineType"],
        "executionMode": declaration["executionMode"],
        "created": moment(pipeline.created),
        "updated": moment(pipeline.updated),
    }


def find(scope: Scope, name: str) -> Pipeline:
    """The pipeline of that name.

    Raises:
        CommonServiceException: there is none.
    """
    if name not in pipelines(scope):
        raise pipeline_not_found(name, scope.account)
    return pipelines(scope)[name]


def moment(seconds: float) -> datetime:
    """A time as answers carry it; the API tells milliseconds."""
    return datetime.fromtimestamp(int(seconds * 1000) / 1000, UTC)
