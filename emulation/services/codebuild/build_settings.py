"""What a build is started with: its project's settings, and what StartBuild puts over them."""

import copy

from emulation.services.codebuild.checks import check_settings
from emulation.services.codebuild.errors import not_emulated
from emulation.services.codebuild.projects import completed_artifacts, completed_environment
from emulation.services.codebuild.store import Members, Project

WHOLE = {
    "sourceVersion": "sourceVersion",
    "artifactsOverride": "artifacts",
    "secondaryArtifactsOverride": "secondaryArtifacts",
    "secondarySourcesOverride": "secondarySources",
    "secondarySourcesVersionOverride": "secondarySourceVersions",
    "cacheOverride": "cache",
    "serviceRoleOverride": "serviceRole",
    "timeoutInMinutesOverride": "timeoutInMinutes",
    "queuedTimeoutInMinutesOverride": "queuedTimeoutInMinutes",
    "encryptionKeyOverride": "encryptionKey",
    "logsConfigOverride": "logsConfig",
}
OF_SOURCE = {
    "sourceTypeOverride": "type",
    "sourceLocationOverride": "location",
    "sourceAuthOverride": "auth",
    "buildspecOverride": "buildspec",
    "gitCloneDepthOverride": "gitCloneDepth",
    "gitSubmodulesConfigOverride": "gitSubmodulesConfig",
    "insecureSslOverride": "insecureSsl",
    "reportBuildStatusOverride": "reportBuildStatus",
    "buildStatusConfigOverride": "buildStatusConfig",
}
OF_ENVIRONMENT = {
    "environmentTypeOverride": "type",
    "imageOverride": "image",
    "computeTypeOverride": "computeType",
    "certificateOverride": "certificate",
    "privilegedModeOverride": "privilegedMode",
    "registryCredentialOverride": "registryCredential",
    "imagePullCredentialsTypeOverride": "imagePullCredentialsType",
    "fleetOverride": "fleet",
}
NOT_EMULATED = ("debugSessionEnabled", "autoRetryLimitOverride")

CARRIED = (
    "source",
    "secondarySources",
    "sourceVersion",
    "secondarySourceVersions",
    "cache",
    "environment",
    "serviceRole",
    "timeoutInMinutes",
    "queuedTimeoutInMinutes",
    "encryptionKey",
    "vpcConfig",
)
"""Members that a build is described with as they are."""

OPERATION = "StartBuild"


def overridden(project: Project, request: Members) -> Members:
    """The settings of a build.

    Raises:
        CommonServiceException: InvalidInputException.
        NotImplementedError: they ask for what is not emulated.
    """
    for name in NOT_EMULATED:
        if request.get(name):
            raise not_emulated(OPERATION, name)
    settings = copy.deepcopy(project.members)
    settings |= {name: request[given] for given, name in WHOLE.items() if given in request}
    for members, names in (("source", OF_SOURCE), ("environment", OF_ENVIRONMENT)):
        settings[members] |= {
            name: request[given] for given, name in names.items() if given in request
        }
    if settings["source"]["type"] in {"NO_SOURCE", "CODEPIPELINE"}:
        settings["source"].pop("location", None)
    variables = request.get("environmentVariablesOverride", [])
    settings["environment"] = completed_environment(settings["environment"])
    _put_over(settings["environment"]["environmentVariables"], variables)
    settings["artifacts"] = completed_artifacts(settings["artifacts"], project.name)
    check_settings(OPERATION, settings)
    return settings


def _put_over(variables: list[Members], given: list[Members]) -> None:
    """A variable that is given takes the place of the project's of that name."""
    places = {variable["name"]: place for place, variable in enumerate(variables)}
    for variable in given:
        whole = {"type": "PLAINTEXT", **variable}
        if whole["name"] in places:
            variables[places[whole["name"]]] = whole
        else:
            places[whole["name"]] = len(variables)
            variables.append(whole)
