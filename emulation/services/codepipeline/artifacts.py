"""Artifacts: objects in the pipeline's bucket, under the first letters of pipeline and artifact.

They are zips, except where a source is something else and stays as it is.
"""

import io
import secrets
import string
import zipfile
from typing import Any

from botocore.exceptions import ClientError

from emulation.services.codepipeline.store import Members
from emulation.services.scope import Scope

PIPELINE_LETTERS = 20
ARTIFACT_LETTERS = 10
RANDOM_LETTERS = 7
LETTERS = string.ascii_letters + string.digits


class ArtifactError(Exception):
    """An artifact, or a file in it, that cannot be read."""


def store_of(declaration: Members, region: str) -> Members:
    """The artifact store of a pipeline in a region."""
    if "artifactStore" in declaration:
        return dict(declaration["artifactStore"])
    return dict(declaration["artifactStores"][region])


def new_location(declaration: Members, region: str, artifact: str) -> Members:
    """A place for an artifact that is about to be made."""
    end = "".join(secrets.choice(LETTERS) for _ in range(RANDOM_LETTERS))
    pipeline = declaration["name"][:PIPELINE_LETTERS]
    return {
        "bucket": store_of(declaration, region)["location"],
        "key": f"{pipeline}/{artifact[:ARTIFACT_LETTERS]}/{end}",
    }


def encryption(declaration: Members, region: str) -> Members:
    """How PutObject is told to encrypt what it writes to a store."""
    key = store_of(declaration, region).get("encryptionKey")
    return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key["id"]} if key else {}


def put_file(s3: Any, location: Members, name: str, content: bytes, options: Members) -> None:
    """Write an artifact of one file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    s3.put_object(Bucket=location["bucket"], Key=location["key"], Body=buffer.getvalue(), **options)


def get(s3: Any, location: Members) -> bytes:
    """An artifact.

    Raises:
        ArtifactError: it is not there.
    """
    try:
        found = s3.get_object(Bucket=location["bucket"], Key=location["key"])
    except ClientError as error:
        place = f"s3://{location['bucket']}/{location['key']}"
        raise ArtifactError(f"The artifact {place} cannot be read: {error}") from error
    content: bytes = found["Body"].read()
    return content


def archive(s3: Any, name: str, location: Members) -> zipfile.ZipFile:
    """An artifact, opened.

    Raises:
        ArtifactError: it is not there or no zip.
    """
    try:
        return zipfile.ZipFile(io.BytesIO(get(s3, location)))
    except zipfile.BadZipFile as error:
        raise ArtifactError(f"The artifact {name} is not a valid zip file") from error


def read(scope: Scope, name: str, location: Members, path: str) -> bytes:
    """A file of an artifact.

    Raises:
        ArtifactError: there is none.
    """
    with archive(scope.client("s3"), name, location) as opened:
        try:
            return opened.read(path)
        except KeyError as error:
            raise ArtifactError(f"File [{path}] does not exist in artifact [{name}]") from error
