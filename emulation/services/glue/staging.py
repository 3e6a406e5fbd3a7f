"""Brings a run's script, modules, files and jars from S3 to its own folder."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError
from localstack.aws.connect import connect_to

from emulation.services.glue.job_arguments import locations
from emulation.services.glue.store import Scope


class LaunchError(Exception):
    """Something that the run needs cannot be had; the message is the run's `ErrorMessage`."""


@dataclass
class Stage:
    """A run's folder, filled. The script's own folder is where the script runs, and holds its extra
    files.
    """

    folder: Path
    script: Path
    modules: list[Path] = field(default_factory=list)
    jars: list[Path] = field(default_factory=list)


def prepare(scope: Scope, folder: Path, location: str, arguments: Mapping[str, str]) -> Stage:
    """Fetch everything that a run names.

    Raises:
        LaunchError: an object is not there, in Glue's words.
    """
    s3 = connect_to(aws_access_key_id=scope.account, region_name=scope.region).s3
    work, modules, jars = (folder / name for name in ("work", "modules", "jars"))
    for path in (work, modules, jars, folder / "tmp"):
        path.mkdir(parents=True)
    stage = Stage(folder, download(s3, location, work))
    for address in locations(arguments, "--extra-py-files"):
        stage.modules.append(importable(download(s3, address, modules)))
    for address in locations(arguments, "--extra-jars"):
        stage.jars.append(download(s3, address, jars))
    for address in locations(arguments, "--extra-files"):
        download(s3, address, work)
    return stage


def importable(path: Path) -> Path:
    """What of a module goes on Python's path: an archive itself, of a single file its folder."""
    return path.parent if path.suffix == ".py" else path


def download(s3: Any, location: str, folder: Path) -> Path:
    """Fetch one object."""
    address = urlsplit(location)
    bucket, key = address.netloc, address.path.lstrip("/")
    path = folder / Path(key).name
    try:
        path.write_bytes(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    except ClientError as error:
        raise LaunchError(launch_error(bucket, key, error)) from error
    except BotoCoreError as error:
        raise LaunchError(f"LAUNCH ERROR | {location} is no address in S3: {error}") from error
    return path


def launch_error(bucket: str, key: str, error: ClientError) -> str:
    """As Glue tells it."""
    details = error.response["Error"]
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    return (
        f"LAUNCH ERROR | Error downloading from S3 for bucket: {bucket}, key: {key}."
        f"{details['Message']} (Service: Amazon S3; Status Code: {status}; "
        "Please refer logs for details."
    )
