"""What CodeBuild refuses of a project or a build, and what is refused here by name.

Accepted although nothing differs by it on one machine: the network (VPC), compute types, the
architecture that an image is of, encryption keys, the local source cache, which is of git, and the
cache of image layers, which is always there. Privileged mode gives a build's `docker` an engine, as
on AWS, and nothing else that a build might do as root of its host.
"""

from typing import Any

from localstack.aws.api import RequestContext

from emulation.services import validation
from emulation.services.codebuild.errors import invalid_input, not_emulated
from emulation.services.codebuild.store import Members

SOURCES = ("S3", "NO_SOURCE", "CODEPIPELINE")
CONTAINERS = ("LINUX_CONTAINER", "ARM_CONTAINER")
NOTHING: tuple[Any, ...] = (None, False, [], {}, "", 0)

REFUSED = ("fileSystemLocations", "buildBatchConfig", "badgeEnabled", "autoRetryLimit")
REFUSED_OF_ENVIRONMENT = (
    "certificate",
    "registryCredential",
    "fleet",
    "dockerServer",
    "computeConfiguration",
)
REFUSED_OF_SOURCE = ("auth", "buildStatusConfig", "reportBuildStatus", "gitSubmodulesConfig")


def check_shape(context: RequestContext, request: Members) -> None:
    """The constraints that the API's model declares.

    Raises:
        CommonServiceException: InvalidInputException, with every violation.
    """
    assert context.operation is not None
    validation.check(context.operation, request, invalid_input)


def check_settings(operation: str, settings: Members) -> None:
    """A project's settings, or those of a build after its overrides.

    Raises:
        CommonServiceException: InvalidInputException.
        NotImplementedError: they ask for what is not emulated.
    """
    _refuse(operation, settings, REFUSED, "")
    sources = [settings["source"], *settings.get("secondarySources", [])]
    for source in sources:
        check_source(operation, source)
    artifacts = [settings["artifacts"], *settings.get("secondaryArtifacts", [])]
    for artifact in artifacts:
        check_artifacts(artifact)
    _check_identifiers(settings)
    if (settings["source"]["type"] == "CODEPIPELINE") != (artifacts[0]["type"] == "CODEPIPELINE"):
        raise invalid_input(
            "Invalid artifacts: source type and artifacts type must both be CODEPIPELINE, or"
            " neither"
        )
    _check_environment(operation, settings["environment"])
    _check_cache(operation, settings.get("cache") or {"type": "NO_CACHE"})
    _check_logs(settings.get("logsConfig") or {})


def _refuse(operation: str, members: Members, names: tuple[str, ...], place: str) -> None:
    for name in names:
        if members.get(name) not in NOTHING:
            raise not_emulated(operation, f"{place}{name}")


def check_source(operation: str, source: Members) -> None:
    """One source, primary or secondary."""
    kind = source["type"]
    if kind not in SOURCES:
        raise not_emulated(operation, f"source type {kind}")
    _refuse(operation, source, REFUSED_OF_SOURCE, "source.")
    if kind == "S3" and "/" not in source.get("location", ""):
        raise invalid_input("Invalid project source: location must be a valid S3 source location")
    if kind == "NO_SOURCE" and source.get("location"):
        raise invalid_input(
            "Invalid project source: location must be empty for source type NO_SOURCE"
        )
    if kind == "NO_SOURCE" and not source.get("buildspec"):
        raise invalid_input(
            "Invalid project source: buildspec must be specified for source type NO_SOURCE"
        )


def check_artifacts(artifacts: Members) -> None:
    """One artifact, primary or secondary."""
    if artifacts["type"] == "S3" and not artifacts.get("location"):
        raise invalid_input("Invalid artifacts: location must be specified for artifacts type S3")
    if artifacts["type"] == "NO_ARTIFACTS" and artifacts.get("location"):
        raise invalid_input(
            "Invalid artifacts: location must be empty for artifacts type NO_ARTIFACTS"
        )


def _check_identifiers(settings: Members) -> None:
    for members, name in (
        ("secondarySources", "sourceIdentifier"),
        ("secondaryArtifacts", "artifactIdentifier"),
    ):
        found = [item.get(name) for item in settings.get(members, [])]
        if not all(found):
            raise invalid_input(f"Invalid {members}: {name} must be specified")
        if len(set(found)) < len(found):
            raise invalid_input(f"Invalid {members}: {name} must be unique")


def _check_environment(operation: str, environment: Members) -> None:
    if environment["type"] not in CONTAINERS:
        raise not_emulated(operation, f"environment type {environment['type']}")
    _refuse(operation, environment, REFUSED_OF_ENVIRONMENT, "environment.")
    names = [variable["name"] for variable in environment.get("environmentVariables", [])]
    for name in names:
        if names.count(name) > 1:
            raise invalid_input(f"Duplicate environment variable: {name}")


def _check_cache(operation: str, cache: Members) -> None:
    if cache["type"] == "S3" and not cache.get("location"):
        raise invalid_input("Invalid cache: location must be specified for cache type S3")
    if cache["type"] == "LOCAL" and not cache.get("modes"):
        raise invalid_input("Invalid cache: modes must be specified for cache type LOCAL")
    if cache.get("cacheNamespace"):
        raise not_emulated(operation, "cache.cacheNamespace")


def _check_logs(logs: Members) -> None:
    s3_logs = logs.get("s3Logs") or {"status": "DISABLED"}
    if s3_logs["status"] == "ENABLED" and not s3_logs.get("location"):
        raise invalid_input("Invalid logsConfig: s3Logs location must be specified")
