"""QuickSight's copy of a data set in SPICE, imported once for each load of the warehouse.

The import has the load's version in its name, so QuickSight itself knows whether there was one.
"""

from itertools import count
from typing import Any

from botocore.exceptions import ClientError

from pipeline import aws
from pipeline.errors import JobFailedError, LateError
from pipeline.polling import polls

COMPLETED = "COMPLETED"
GOING_ON = {"INITIALIZED", "QUEUED", "RUNNING"}
SECONDS = 600.0


def refresh(data_set_arn: str, version: str, seconds: float = SECONDS) -> bool:
    """Import what the warehouse holds; False when this version is imported already.

    Raises:
        JobFailedError: the import failed, and why.
        LateError: it is not through in time.
    """
    for attempt in count(1):
        name = f"{version}-{attempt}"
        found = _ingestion(data_set_arn, name)
        if found is None:
            _start(data_set_arn, name)
            _wait(data_set_arn, name, seconds)
            return True
        if found["IngestionStatus"] in GOING_ON:
            _wait(data_set_arn, name, seconds)
            return True
        if found["IngestionStatus"] == COMPLETED:
            return False
    raise AssertionError("counting does not end")


def is_imported(data_set_arn: str, version: str) -> bool:
    """Whether an import of this version is complete."""
    for attempt in count(1):
        found = _ingestion(data_set_arn, f"{version}-{attempt}")
        if found is None or found["IngestionStatus"] == COMPLETED:
            return found is not None
    raise AssertionError("counting does not end")


def named(data_set_arn: str) -> dict[str, str]:
    """Account and id of a data set, as operations take them."""
    *_, account, resource = data_set_arn.split(":")
    return {"AwsAccountId": account, "DataSetId": resource.removeprefix("dataset/")}


def _ingestion(data_set_arn: str, name: str) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = aws.client("quicksight").describe_ingestion(
            **named(data_set_arn), IngestionId=name
        )["Ingestion"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        return None
    return found


def _start(data_set_arn: str, name: str) -> None:
    """Begin an import; somebody else may have begun the same just now."""
    try:
        aws.client("quicksight").create_ingestion(**named(data_set_arn), IngestionId=name)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceExistsException":
            raise


def _wait(data_set_arn: str, name: str, seconds: float) -> None:
    for _ in polls(seconds):
        found = _ingestion(data_set_arn, name) or {"IngestionStatus": "DELETED"}
        if found["IngestionStatus"] == COMPLETED:
            return
        if found["IngestionStatus"] not in GOING_ON:
            error = found.get("ErrorInfo") or {}
            reason = ": ".join(error[key] for key in ("Type", "Message") if key in error)
            status = found["IngestionStatus"].lower()
            raise JobFailedError(f"Import {name} of {data_set_arn} {status}: {reason}")
    raise LateError(f"Import {name} of {data_set_arn} is not through after {seconds:.0f} s.")
