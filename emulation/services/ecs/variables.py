"""A container's variables that are not written in its definition: secrets and files of S3."""

import json

from botocore.exceptions import ClientError

from emulation.services.ecs.failures import initialization, no_secrets
from emulation.services.ecs.store import Members
from emulation.services.scope import Scope


def values(scope: Scope, secrets: list[Members]) -> dict[str, str]:
    """The secrets' values by their variables.

    Raises:
        StartError: one of them cannot be had.
    """
    return {item["name"]: value(scope, item["valueFrom"]) for item in secrets}


def value(scope: Scope, reference: str) -> str:
    """A secret of the Secrets Manager, or a parameter of Systems Manager."""
    if reference.startswith("arn:") and reference.split(":")[2] == "secretsmanager":
        return secret(scope, reference)
    return parameter(scope, reference)


def secret(scope: Scope, reference: str) -> str:
    """`ARN:JSON-KEY:VERSION-STAGE:VERSION-ID`, of which all but the ARN may be missing."""
    parts = reference.split(":")
    arn = ":".join(parts[:7])
    key, stage, version = [*parts[7:], "", "", ""][:3]
    asked = {"SecretId": arn, "VersionStage": stage, "VersionId": version}
    place = Scope(scope.account, arn.split(":")[3], scope.partition)
    try:
        found = place.client("secretsmanager").get_secret_value(
            **{name: given for name, given in asked.items() if given}
        )
    except ClientError as error:
        told = error.response["Error"]
        raise no_secrets(
            "unable to retrieve secret from asm: service call has been retried 1 time(s): failed "
            f"to fetch secret {arn} from secrets manager: {told['Code']}: {told['Message']}"
        ) from error
    text = str(found.get("SecretString", ""))
    return member(text, key) if key else text


def member(text: str, key: str) -> str:
    """A member of a secret that is JSON."""
    try:
        found = json.loads(text)[key]
    except (ValueError, KeyError, TypeError) as error:
        raise no_secrets(
            "unable to retrieve secret from asm: service call has been retried 1 time(s): "
            f"retrieved secret from Secrets Manager did not contain json key {key}"
        ) from error
    return found if isinstance(found, str) else json.dumps(found)


def parameter(scope: Scope, reference: str) -> str:
    """A parameter by its name or ARN."""
    name, region = reference, scope.region
    if reference.startswith("arn:"):
        region = reference.split(":")[3]
        name = reference.split(":", 5)[-1].removeprefix("parameter")
        name = name if name.count("/") > 1 else name.removeprefix("/")
    place = Scope(scope.account, region, scope.partition)
    try:
        found = place.client("ssm").get_parameter(Name=name, WithDecryption=True)
    except ClientError as error:
        raise no_secrets(
            "unable to retrieve secrets from ssm: service call has been retried 1 time(s): "
            f"invalid ssm parameters: {name}"
        ) from error
    return str(found["Parameter"]["Value"])


def from_files(scope: Scope, files: list[Members]) -> dict[str, str]:
    """The variables of environment files, the first file's value of a name first.

    Raises:
        StartError: a file cannot be had.
    """
    found: dict[str, str] = {}
    for file in files:
        found = lines_of(text_of(scope, file["value"])) | found
    return found


def text_of(scope: Scope, arn: str) -> str:
    """The text of an object."""
    bucket, _, key = arn.split(":::", 1)[-1].partition("/")
    try:
        answer = scope.client("s3").get_object(Bucket=bucket, Key=key)
    except ClientError as error:
        told = error.response["Error"]
        raise initialization(
            "failed to download env files: file download command: non empty error stream: "
            f"{told['Code']}: {told['Message']}"
        ) from error
    return str(answer["Body"].read().decode())


def lines_of(text: str) -> dict[str, str]:
    """`NAME=VALUE` a line; comments and what has no name are passed over, nothing is unquoted."""
    pairs = [line.strip().partition("=") for line in text.splitlines()]
    return {
        name: found for name, sign, found in pairs if name and sign and not name.startswith("#")
    }
