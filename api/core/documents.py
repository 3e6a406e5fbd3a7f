"""Objects of the lake, read again only when they changed: a listing tells by their ETags."""

from collections.abc import Callable, Iterator
from typing import Any

from api.core.deployment import Clients

Parse = Callable[[bytes], Any]


class Documents:
    """Reads and remembers the objects that were asked for lately."""

    def __init__(self, clients: Clients, parse: Parse, most: int) -> None:
        self._clients = clients
        self._parse = parse
        self._most = most
        self._kept: dict[str, tuple[Any, Any]] = {}

    def below(self, bucket: str, prefix: str, suffix: str = "") -> Iterator[Any]:
        """The parsed objects, in the order of their keys."""
        s3 = self._clients("s3")
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            for item in page.get("Contents", ()):
                if item["Key"].endswith(suffix):
                    yield self._document(s3, bucket, item)

    def _document(self, s3: Any, bucket: str, item: dict[str, Any]) -> Any:
        key, tag = item["Key"], item.get("ETag")
        tagged, document = self._kept.pop(key, (None, None))
        if tag is None or tagged != tag:
            document = self._parse(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
        self._kept[key] = (tag, document)
        while len(self._kept) > self._most:
            self._kept.pop(next(iter(self._kept)))
        return document
