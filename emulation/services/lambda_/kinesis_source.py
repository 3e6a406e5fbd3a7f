"""Reading a Kinesis stream for an event source mapping.

Records are read with a bare request: an AWS client would decode the base64 of every record, only
for the mapping to encode it again, and parse every timestamp.
"""

import json
from typing import Any

import httpx
from localstack.utils.aws.arns import parse_arn

from emulation.settings import settings

READ_SECONDS = 60


class KinesisError(Exception):
    """Kinesis refused."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class KinesisSource:
    """One stream."""

    def __init__(self, stream_arn: str) -> None:
        self.stream_arn = stream_arn
        arn = parse_arn(stream_arn)
        self._http = httpx.Client(
            base_url=settings().endpoint_url, timeout=READ_SECONDS, trust_env=False
        )
        self._headers = {
            "Content-Type": "application/x-amz-json-1.1",
            "Authorization": (
                f"AWS4-HMAC-SHA256 Credential={arn['account']}/20130101/{arn['region']}"
                "/kinesis/aws4_request, SignedHeaders=host, Signature=0"
            ),
        }

    def shards(self) -> dict[str, list[str]]:
        """The shards, each with its parents."""
        answer = self._call("ListShards", {"StreamARN": self.stream_arn})
        shards = answer["Shards"]
        while token := answer.get("NextToken"):
            answer = self._call("ListShards", {"NextToken": token})
            shards += answer["Shards"]
        parents = ("ParentShardId", "AdjacentParentShardId")
        return {
            shard["ShardId"]: [shard[parent] for parent in parents if shard.get(parent)]
            for shard in shards
        }

    def iterator(self, shard_id: str, position: dict[str, Any]) -> str:
        """A shard iterator."""
        request = {"StreamARN": self.stream_arn, "ShardId": shard_id, **position}
        answer = self._call("GetShardIterator", request)
        return str(answer["ShardIterator"])

    def read(self, iterator: str, limit: int) -> dict[str, Any]:
        """GetRecords, with the data of each record in base64."""
        return self._call("GetRecords", {"ShardIterator": iterator, "Limit": limit})

    def close(self) -> None:
        """End the connections."""
        self._http.close()

    def _call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        answer = self._http.post(
            "/",
            headers={**self._headers, "X-Amz-Target": f"Kinesis_20131202.{operation}"},
            content=json.dumps(request),
        )
        # A gateway that is stopping answers 503 without a body.
        body: dict[str, Any] = json.loads(answer.content or b"{}")
        if answer.is_success:
            return body
        code = str(body.get("__type", answer.status_code)).rpartition("#")[2]
        raise KinesisError(code, str(body.get("message", body.get("Message", ""))))
