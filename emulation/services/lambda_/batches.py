"""Records of a stream as Lambda hands them to a function: their shape, and how many fit one
invocation.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from localstack.utils.aws.arns import parse_arn
from localstack.utils.event_matcher import matches_event

MAX_PAYLOAD_BYTES = 6_291_456
FRAME_BYTES = len('{"Records": []}')


@dataclass(frozen=True, slots=True)
class Record:
    """One record, as an event and as the text that is sent."""

    sequence_number: str
    arrived: float
    event: Mapping[str, Any]
    text: str


@dataclass(frozen=True, slots=True)
class Origin:
    """What all records of one shard share."""

    stream_arn: str
    region: str
    shard_id: str
    role_arn: str

    @classmethod
    def of(cls, stream_arn: str, shard_id: str, role_arn: str) -> Self:
        """The origin; the region is the stream's."""
        return cls(stream_arn, parse_arn(stream_arn)["region"], shard_id, role_arn)

    def record(self, raw: Mapping[str, Any]) -> Record:
        """A record of GetRecords, whose data stays in base64."""
        number = raw["SequenceNumber"]
        event = {
            "kinesis": {
                "kinesisSchemaVersion": "1.0",
                "partitionKey": raw["PartitionKey"],
                "sequenceNumber": number,
                "data": raw["Data"],
                "approximateArrivalTimestamp": raw["ApproximateArrivalTimestamp"],
            },
            "eventSource": "aws:kinesis",
            "eventVersion": "1.0",
            "eventID": f"{self.shard_id}:{number}",
            "eventName": "aws:kinesis:record",
            "invokeIdentityArn": self.role_arn,
            "awsRegion": self.region,
            "eventSourceARN": self.stream_arn,
        }
        return Record(number, raw["ApproximateArrivalTimestamp"], event, json.dumps(event))


def fitting(records: Sequence[Record], batch_size: int) -> int:
    """How many leading records one invocation takes; one at least, however big it is."""
    size = FRAME_BYTES
    for count, record in enumerate(records[:batch_size]):
        size += len(record.text) + 2
        if size > MAX_PAYLOAD_BYTES:
            return max(count, 1)
    return min(len(records), batch_size)


def payload(records: Sequence[Record]) -> bytes:
    """The event of an invocation. The texts are ASCII, so their lengths are bytes."""
    return b'{"Records": [%b]}' % ", ".join(record.text for record in records).encode()


def matches(patterns: Sequence[dict[str, Any]], record: Record) -> bool:
    """Does a record pass the mapping's filters? One that is not JSON passes no filter on data."""
    if not patterns:
        return True
    fields = dict(record.event["kinesis"])
    try:
        fields["data"] = json.loads(base64.b64decode(fields["data"]))
    except ValueError:
        if any("data" in pattern for pattern in patterns):
            return False
    return any(matches_event(pattern, fields) for pattern in patterns)
