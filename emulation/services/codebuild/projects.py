"""Projects, as the API has them: what a build is made of, with CodeBuild's defaults filled in."""

import copy
import time
from datetime import UTC, datetime

from emulation.services.codebuild.caches import forget_cache
from emulation.services.codebuild.checks import check_settings
from emulation.services.codebuild.errors import (
    already_exists,
    invalid_input,
    invalid_token,
    project_not_found,
)
from emulation.services.codebuild.roles import check_role
from emulation.services.codebuild.store import (
    LOCK,
    Members,
    Project,
    builds_of,
    delete_build,
    store_of,
)
from emulation.services.paging import page
from emulation.services.scope import Scope

WITHOUT_LIMIT = -1
"""Takes a project's limit of concurrent builds away."""

ORDERS = {
    "NAME": lambda project: project.name,
    "CREATED_TIME": lambda project: project.created,
    "LAST_MODIFIED_TIME": lambda project: project.modified,
}


def create(scope: Scope, request: Members) -> Members:
    """CreateProject."""
    arn = arn_of(scope, request["name"])
    members = completed(scope, {**request, "arn": arn})
    check_settings("CreateProject", members)
    check_role(scope, members["serviceRole"])
    with LOCK:
        projects = store_of(scope).projects
        if request["name"] in projects:
            raise already_exists("Project", arn)
        projects[request["name"]] = project = Project(members)
    return {"project": describe(project)}


def update(scope: Scope, request: Members) -> Members:
    """UpdateProject: members that are given replace those that were."""
    project = find(scope, request["name"])
    members = completed(scope, {**project.members, **request})
    check_settings("UpdateProject", members)
    if "serviceRole" in request:
        check_role(scope, members["serviceRole"])
    with LOCK:
        project.members, project.modified = members, time.time()
    return {"project": describe(project)}


def completed(scope: Scope, given: Members) -> Members:
    """A project with the members that CodeBuild fills in."""
    members = copy.deepcopy(given)
    if members.get("concurrentBuildLimit") == WITHOUT_LIMIT:
        del members["concurrentBuildLimit"]
    if members.get("concurrentBuildLimit", 1) < 1:
        raise invalid_input("Project-level concurrent build limit must be greater than 0")
    members.setdefault("timeoutInMinutes", 60)
    members.setdefault("queuedTimeoutInMinutes", 480)
    members.setdefault("cache", {"type": "NO_CACHE"})
    default_key = f"arn:{scope.partition}:kms:{scope.region}:{scope.account}:alias/aws/s3"
    members.setdefault("encryptionKey", default_key)
    members.setdefault("tags", [])
    members.setdefault("projectVisibility", "PRIVATE")
    members["environment"] = completed_environment(members["environment"])
    members["source"] = {"insecureSsl": False, **members["source"]}
    members["artifacts"] = completed_artifacts(members["artifacts"], members["name"])
    for name in ("secondarySources", "secondaryArtifacts", "secondarySourceVersions"):
        members.setdefault(name, [])
    return members


def completed_environment(environment: Members) -> Members:
    """The environment with its defaults."""
    variables = [
        {**variable, "type": variable.get("type", "PLAINTEXT")}
        for variable in environment.get("environmentVariables", [])
    ]
    return {
        "privilegedMode": False,
        "imagePullCredentialsType": "CODEBUILD",
        **environment,
        "environmentVariables": variables,
    }


def completed_artifacts(artifacts: Members, project: str) -> Members:
    """An artifact with its defaults."""
    if artifacts["type"] == "NO_ARTIFACTS":
        return artifacts
    defaults = {"name": project, "packaging": "NONE", "encryptionDisabled": False}
    if artifacts["type"] == "S3":
        defaults["namespaceType"] = "NONE"
    return {**defaults, **artifacts}


def arn_of(scope: Scope, name: str) -> str:
    """The ARN of a project."""
    return scope.arn("codebuild", f"project/{name}")


def find(scope: Scope, name: str) -> Project:
    """A project by its name or ARN."""
    arn = name if name.startswith("arn:") else arn_of(scope, name)
    project = store_of(scope).projects.get(arn.rsplit("/", 1)[-1])
    if project is None or project.members["arn"] != arn:
        raise project_not_found(arn)
    return project


def describe(project: Project) -> Members:
    """The whole project."""
    members = {
        name: value
        for name, value in project.members.items()
        if name not in {"badgeEnabled", "autoRetryLimit"}
    }
    return {
        **copy.deepcopy(members),
        "badge": {"badgeEnabled": False},
        "created": datetime.fromtimestamp(project.created, UTC),
        "lastModified": datetime.fromtimestamp(project.modified, UTC),
    }


def batch_get(scope: Scope, request: Members) -> Members:
    """BatchGetProjects; in the order of the request."""
    projects = store_of(scope).projects
    names = {name: name.rsplit("/", 1)[-1] for name in request["names"]}
    return {
        "projects": [describe(projects[name]) for name in names.values() if name in projects],
        "projectsNotFound": [given for given, name in names.items() if name not in projects],
    }


def list_projects(scope: Scope, request: Members) -> Members:
    """ListProjects: a hundred names a page."""
    projects = sorted(
        store_of(scope).projects.values(),
        key=ORDERS[request.get("sortBy", "NAME")],
        reverse=request.get("sortOrder", "ASCENDING") == "DESCENDING",
    )
    names = [project.name for project in projects]
    shown, more = page(request, names, invalid_token(), names=("nextToken", "maxResults"))
    return {"projects": shown, **more}


def delete(scope: Scope, request: Members) -> Members:
    """DeleteProject, with its builds; one that is gone already is no failure. Builds that run go on
    to their end.
    """
    name = request["name"].rsplit("/", 1)[-1]
    with LOCK:
        project = store_of(scope).projects.pop(name, None)
        for build in builds_of(scope, name):
            if build.complete:
                delete_build(build)
    if project is not None:
        forget_cache(scope, name)
    return {}


def invalidate_cache(scope: Scope, request: Members) -> Members:
    """InvalidateProjectCache: the next build starts without."""
    project = find(scope, request["projectName"])
    forget_cache(scope, project.name, project.members["cache"])
    return {}
