"""The data step: the Spark job, then a copy of what it left that nobody overwrites.

The job replaces its whole table, and other runs may follow while a model trains; a training, its
gate and whoever asks next year read the same copy. It is named after the inputs that the job was
given, so that unchanged inputs give the same data version, and nothing is computed or copied again.
"""

from collections.abc import Iterator
from datetime import date

from botocore.exceptions import ClientError

from pipeline import aws
from pipeline.delivery.exports import Exports
from pipeline.delivery.settings import Told
from pipeline.errors import JobFailedError, LateError
from pipeline.orchestration.features import PROCESSED, VERSION_ARGUMENT, build_features, newest_run
from pipeline.orchestration.run import Run, Show, listing

SNAPSHOTS = "snapshots/flights/"
COMPLETE = "_COMPLETE"
"""Written last; a copy without it was interrupted."""
ARRIVED = "raw/type=arrived/"
TRIES = 3


def prepare(run: Run, told: Told, show: Show) -> Exports:
    """Features of all events, kept under their version; the window that tests both models."""
    version = processed_version(run, show)
    until = told.until() or latest_until(run)
    first = told.first(until)
    show.say(f"data version {version}; flights from {first} on test, until {until}")
    return {
        "DATA_VERSION": version,
        "SNAPSHOT": snapshot_prefix(version),
        "WINDOW_FIRST": first.isoformat(),
        "WINDOW_UNTIL": until.isoformat(),
    }


def processed_version(run: Run, show: Show) -> str:
    """The version of the processed flights, once a copy of them is complete.

    Raises:
        LateError: other runs of the job overwrite the table again and again.
    """
    for _ in range(TRIES):
        show.say(build_features(run, show))
        found = newest_run(run)
        version = str(found["Arguments"][VERSION_ARGUMENT])
        if is_complete(run, version) or copy(run, version, found["Id"], show):
            return version
    raise LateError(f"The processed flights changed {TRIES} times while they were copied.")


def snapshot_prefix(version: str) -> str:
    """Where the copy of a version lies in the lake."""
    return f"{SNAPSHOTS}{version}/"


def is_complete(run: Run, version: str) -> bool:
    """Whether the copy is there to its end."""
    key = f"{snapshot_prefix(version)}{COMPLETE}"
    try:
        aws.client("s3").head_object(Bucket=run.output("LakeBucket"), Key=key)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
            raise
        return False
    return True


def copy(run: Run, version: str, run_id: str, show: Show) -> bool:
    """Copy the table; False when another run has begun meanwhile to overwrite it."""
    s3, lake = aws.client("s3"), run.output("LakeBucket")
    before = listing(lake, PROCESSED, ".parquet")
    show.say(f"keeping {len(before.sizes)} objects as {version}")
    for key in listing(lake, snapshot_prefix(version)).sizes:
        s3.delete_object(Bucket=lake, Key=key)  # of a copy that was interrupted
    for key in before.sizes:
        target = f"{snapshot_prefix(version)}{key.removeprefix(PROCESSED)}"
        try:
            s3.copy_object(Bucket=lake, Key=target, CopySource={"Bucket": lake, "Key": key})
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchKey":
                raise
            return False
    if newest_run(run)["Id"] != run_id or listing(lake, PROCESSED, ".parquet") != before:
        return False
    s3.put_object(Bucket=lake, Key=f"{snapshot_prefix(version)}{COMPLETE}", Body=b"")
    return True


def latest_until(run: Run) -> date:
    """The newest day that a flight has arrived of: others of that day may still be in the air.

    Raises:
        JobFailedError: nothing has arrived yet.
    """
    lake = run.output("LakeBucket")
    months = sorted(_folders(lake, ARRIVED))
    days = (
        [key.rpartition("/")[2][:10] for key in listing(lake, months[-1]).sizes] if months else []
    )
    if not days:
        raise JobFailedError(
            "No flight of the lake has arrived, so there is no outcome to test by."
        )
    return date.fromisoformat(max(days))


def _folders(bucket: str, prefix: str) -> Iterator[str]:
    pages = aws.client("s3").get_paginator("list_objects_v2")
    for page in pages.paginate(Bucket=bucket, Prefix=prefix, Delimiter="/"):
        yield from (item["Prefix"] for item in page.get("CommonPrefixes", ()))
