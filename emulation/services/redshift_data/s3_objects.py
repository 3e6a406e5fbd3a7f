"""S3 as COPY and UNLOAD see it: the gateway's, as the account that runs the statement."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError
from localstack.aws.connect import connect_to

from emulation.compute.warehouse.objects import ObjectStoreError, StoredObject


class GatewayObjects:
    """The objects of one account."""

    def __init__(self, account: str, region: str) -> None:
        self._s3: Any = connect_to(aws_access_key_id=account, region_name=region).s3

    def list(self, bucket: str, prefix: str) -> Sequence[StoredObject]:
        """The objects below a prefix, in the order of their keys."""

        def everything() -> Sequence[StoredObject]:
            pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
            return [
                StoredObject(item["Key"], item["Size"])
                for page in pages
                for item in page.get("Contents", [])
            ]

        return answered(everything)

    def read(self, bucket: str, key: str) -> bytes:
        """A small object."""
        return answered(lambda: bytes(self._s3.get_object(Bucket=bucket, Key=key)["Body"].read()))

    def download(self, bucket: str, key: str, path: Path) -> None:
        """An object into a file."""

        def copy() -> None:
            body = self._s3.get_object(Bucket=bucket, Key=key)["Body"]
            with path.open("wb") as file:
                for chunk in body.iter_chunks(1 << 20):
                    file.write(chunk)

        answered(copy)

    def upload(self, path: Path, bucket: str, key: str) -> None:
        """A file as an object."""

        def put() -> None:
            with path.open("rb") as file:
                self._s3.put_object(Bucket=bucket, Key=key, Body=file)

        answered(put)

    def delete(self, bucket: str, keys: Sequence[str]) -> None:
        """Remove objects."""

        def remove() -> None:
            for key in keys:
                self._s3.delete_object(Bucket=bucket, Key=key)

        answered(remove)


def answered[Answer](call: Callable[[], Answer]) -> Answer:
    """What S3 answers; its refusal in the engine's terms."""
    try:
        return call()
    except ClientError as error:
        details = error.response["Error"]
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        raise ObjectStoreError(details["Code"], details["Message"], status) from error
