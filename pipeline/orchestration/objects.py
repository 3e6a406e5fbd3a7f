"""Small JSON objects of the lake, which the loop's parts tell each other by."""

import json
from typing import Any

from botocore.exceptions import ClientError

from pipeline import aws


def read_json(bucket: str, key: str) -> dict[str, Any] | None:
    """An object; None when there is none."""
    try:
        found = aws.client("s3").get_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchKey":
            raise
        return None
    told: dict[str, Any] = json.loads(found["Body"].read())
    return told
