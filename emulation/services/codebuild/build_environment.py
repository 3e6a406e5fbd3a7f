"""The variables that a build sees: the machine's, AWS's, CodeBuild's, the buildspec's, its own."""

import json
import re
from collections.abc import Mapping

from botocore.exceptions import ClientError

from emulation.compute.builds.buildspec import Buildspec
from emulation.services.codebuild.build_view import log_place
from emulation.services.codebuild.failures import (
    PARAMETERS_FAILED,
    SECRETS_FAILED,
    YAML_ERROR,
    PhaseError,
)
from emulation.services.codebuild.store import Build, Members
from emulation.services.scope import Scope
from emulation.settings import registry_environment, settings, system_environment

NAME = re.compile(r"[A-Za-z_]\w*")

FROM_THE_MACHINE = ("LANG", "LC_ALL", "TZ", "SSL_CERT_FILE", "JAVA_HOME")


def machine_environment() -> dict[str, str]:
    """What a build takes from this machine: its language, its certificates, its way to packages."""
    system = system_environment()
    inherited = {name: system[name] for name in FROM_THE_MACHINE if name in system}
    return {**inherited, **registry_environment()}


def service_environment(build: Build, folders: Mapping[str, str]) -> dict[str, str]:
    """What AWS and CodeBuild set; `folders` are those of the sources."""
    source = build.members["source"]
    place = log_place(build)
    sources = {
        "CODEBUILD_RESOLVED_SOURCE_VERSION": build.source_version,
        "CODEBUILD_SOURCE_REPO_URL": source.get("location", ""),
        "CODEBUILD_SOURCE_VERSION": build.members.get("sourceVersion", ""),
    }
    return {
        "AWS_REGION": build.region,
        "AWS_DEFAULT_REGION": build.region,
        "AWS_ACCESS_KEY_ID": build.account,
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_ENDPOINT_URL": settings().endpoint_url,
        "CODEBUILD_CI": "true",
        "CODEBUILD_BUILD_ID": build.identifier,
        "CODEBUILD_BUILD_ARN": build.arn,
        "CODEBUILD_BUILD_NUMBER": str(build.number),
        "CODEBUILD_BUILD_IMAGE": build.members["environment"]["image"],
        "CODEBUILD_BUILD_SUCCEEDING": "1",
        "CODEBUILD_INITIATOR": build.members["initiator"],
        "CODEBUILD_KMS_KEY_ID": build.members["encryptionKey"],
        "CODEBUILD_LOG_PATH": place[1] if place else "",
        "CODEBUILD_START_TIME": str(int(build.started * 1000)),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PYTHONUNBUFFERED": "1",
        **{name: value for name, value in sources.items() if value},
        **docker_environment(build),
        **folders,
    }


def docker_environment(build: Build) -> dict[str, str]:
    """Where a privileged build's `docker` finds its engine; any other build has none."""
    if not build.members["environment"].get("privilegedMode"):
        return {}
    address = settings().endpoint_url.replace("http://", "tcp://")
    return {"DOCKER_HOST": f"{address}/_terrarium/docker/{build.uuid}", "DOCKER_BUILDKIT": "0"}


class Values:
    """Variables with their values, and which of those are secret."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self.variables: dict[str, str] = {}
        self.secret: list[str] = []

    def add_buildspec(self, spec: Buildspec) -> None:
        """Those of the buildspec; a build's own take their place."""
        self.variables |= spec.variables
        for name, parameter in spec.parameters.items():
            self._add_secret(name, self.parameter(parameter))
        for name, reference in spec.secrets.items():
            self._add_secret(name, self.secret_value(reference))

    def add_build(self, variables: list[Members]) -> None:
        """Those of the project and of whoever started the build."""
        for variable in variables:
            name, value = variable["name"], variable["value"]
            match variable["type"]:
                case "PARAMETER_STORE":
                    self._add_secret(name, self.parameter(value))
                case "SECRETS_MANAGER":
                    self._add_secret(name, self.secret_value(value))
                case _:
                    self.variables[name] = value

    def _add_secret(self, name: str, value: str) -> None:
        self.variables[name] = value
        self.secret.append(value)

    def parameter(self, name: str) -> str:
        """A value of the Parameter Store, decrypted.

        Raises:
            PhaseError: there is none.
        """
        try:
            answer = self._scope.client("ssm").get_parameter(Name=name, WithDecryption=True)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            text = (
                f"parameter does not exist: {name}" if code == "ParameterNotFound" else str(error)
            )
            raise PhaseError(PARAMETERS_FAILED, text) from error
        return str(answer["Parameter"]["Value"])

    def secret_value(self, reference: str) -> str:
        """A secret, or one member of it: `ID:JSON-KEY:VERSION-STAGE:VERSION-ID`, ID may be an ARN.

        Raises:
            PhaseError: there is none.
        """
        identifier, key, stage, version = split_reference(reference)
        asked = {"SecretId": identifier, "VersionStage": stage, "VersionId": version}
        try:
            answer = self._scope.client("secretsmanager").get_secret_value(
                **{name: value for name, value in asked.items() if value}
            )
        except ClientError as error:
            found = error.response["Error"]
            raise PhaseError(SECRETS_FAILED, f"{found['Code']}: {found['Message']}") from error
        return _member(answer.get("SecretString", ""), key)


def split_reference(reference: str) -> tuple[str, str, str, str]:
    """The four parts of a reference to a secret."""
    parts = reference.split(":")
    if reference.startswith("arn:"):
        parts = [":".join(parts[:7]), *parts[7:]]
    identifier, key, stage, version = [*parts, "", "", ""][:4]
    return identifier, key, stage, version


def _member(text: str, key: str) -> str:
    if not key:
        return text
    try:
        return str(json.loads(text)[key])
    except (ValueError, KeyError, TypeError) as error:
        raise PhaseError(
            SECRETS_FAILED, f"the secret value did not contain the JSON key {key}"
        ) from error


def exporting(names: tuple[str, ...], target: str) -> str:
    """A command that writes the values of variables to a file, each ended by a zero byte."""
    for name in names:
        if NAME.fullmatch(name) is None:
            raise PhaseError(YAML_ERROR, f"{name} is not the name of a variable")
    lines = [f'[ -z "${{{name}+x}}" ] || printf \'{name}=%s\\000\' "${name}"' for name in names]
    return "(\n" + "\n".join([*lines, ":"]) + f"\n) >'{target}'"


def exported(text: str) -> list[Members]:
    """What such a command has written, as the API has it."""
    pairs = [item.partition("=") for item in text.split("\0") if item]
    return [{"name": name, "value": value} for name, _, value in pairs]
