"""What the stream holds and what was set aside, read as it grows: each poll reads what is new."""

import json
import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

from tests.e2e.cloud import LAKE, STREAM, body, objects
from tests.e2e.laptop import Laptop

KEYS_A_SHARD = 40
"""So many partition keys reach every lane of a shard, however many work on it."""


class StreamWatch:
    """All records of the stream, and a way to put more in."""

    def __init__(self, laptop: Laptop) -> None:
        self._kinesis = laptop.aws("kinesis")
        self._last: dict[str, str] = {}
        self.data: list[bytes] = []

    def poll(self) -> int:
        """How many records the stream has taken."""
        for shard in self._shards():
            while records := self._next(shard["ShardId"]):
                self.data += [record["Data"] for record in records]
                self._last[shard["ShardId"]] = records[-1]["SequenceNumber"]
        return len(self.data)

    def events(self) -> Counter[str]:
        """How often each event was sent."""
        return Counter(
            json.loads(data)["event_id"] for data in self.data if data.startswith(b'{"event_id":')
        )

    def put(self, data: list[bytes]) -> None:
        """Send records under keys that nobody else takes, so to any shard."""
        records = [
            {"Data": item, "PartitionKey": f"{len(self.data)}-{number}"}
            for number, item in enumerate(data)
        ]
        self._send(records)

    def put_fence(self, word: str) -> list[str]:
        """End every open shard with records that are no events; what they say."""
        fences = []
        for shard in self._open():
            start = shard["HashKeyRange"]["StartingHashKey"]
            texts = [f"{word}, {shard['ShardId']}, {number}" for number in range(KEYS_A_SHARD)]
            self._send(
                [{"Data": text, "PartitionKey": text, "ExplicitHashKey": start} for text in texts]
            )
            fences += texts
        return fences

    def split(self, dice: random.Random) -> None:
        """Split an open shard where the dice fall."""
        shard = dice.choice(self._open())
        first, last = (
            int(shard["HashKeyRange"][f"{end}HashKey"]) for end in ("Starting", "Ending")
        )
        self._kinesis.split_shard(
            StreamName=STREAM,
            ShardToSplit=shard["ShardId"],
            NewStartingHashKey=str(dice.randrange(first + 1, last)),
        )

    def _open(self) -> list[dict[str, Any]]:
        shards = self._shards()
        return [
            item for item in shards if "EndingSequenceNumber" not in item["SequenceNumberRange"]
        ]

    def _send(self, records: list[dict[str, Any]]) -> None:
        answer = self._kinesis.put_records(StreamName=STREAM, Records=records)
        assert answer["FailedRecordCount"] == 0, answer

    def _shards(self) -> Iterator[dict[str, Any]]:
        for page in self._kinesis.get_paginator("list_shards").paginate(StreamName=STREAM):
            yield from page["Shards"]

    def _next(self, shard_id: str) -> list[dict[str, Any]]:
        last = self._last.get(shard_id)
        where = (
            {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": last}
            if last
            else {"ShardIteratorType": "TRIM_HORIZON"}
        )
        iterator = self._kinesis.get_shard_iterator(StreamName=STREAM, ShardId=shard_id, **where)
        found: list[dict[str, Any]] = self._kinesis.get_records(
            ShardIterator=iterator["ShardIterator"]
        )["Records"]
        return found


class AsideWatch:
    """The records that were set aside."""

    def __init__(self, laptop: Laptop) -> None:
        self._laptop = laptop
        self._read: dict[str, dict[str, Any]] = {}

    def poll(self) -> list[dict[str, Any]]:
        """All of them, as their objects tell."""
        for key in objects(self._laptop, LAKE, "poison/"):
            if key not in self._read:
                self._read[key] = json.loads(body(self._laptop, LAKE, key))
        return list(self._read.values())

    def payloads(self) -> Counter[str]:
        """What they hold, and how often; what is no text stays in base64."""
        return Counter(told.get("payload", told.get("payload_base64")) for told in self.poll())
