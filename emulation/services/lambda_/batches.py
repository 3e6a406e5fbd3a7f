"""Records of a stream as Lambda hands them to a function: their shape, and how many fit one
invocation.
"""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from json.encoder import encode_basestring_ascii as quoted
from typing import Self

from localstack.utils.aws.arns import parse_arn

from emulation.compute.streams.records import Record as Stored
from emulation.compute.streams.records import sequence_number

MAX_PAYLOAD_BYTES = 6_291_456
FRAME_BYTES = len('{"Records": []}')


@dataclass(slots=True)
class Record:
    """One record: what is sent of it, and whether it is done with."""

    sequence_number: str
    arrived: float
    partition_key: str
    text: str
    settled: bool = False


@dataclass(frozen=True, slots=True)
class Origin:
    """What all records of one shard share."""

    source_arn: str
    region: str
    shard_id: str
    role_arn: str
    base: int
    """What the shard's sequence numbers have in common."""

    @classmethod
    def of(cls, source_arn: str, shard_id: str, base: int, role_arn: str) -> Self:
        """The origin; the region is the stream's."""
        return cls(source_arn, parse_arn(source_arn)["region"], shard_id, role_arn, base)

    def record(self, stored: Stored) -> Record:
        """A record of the shard, as the text of its event. Written by hand: the general way takes
        longer than everything else that is done for a record.
        """
        number = self.number(stored)
        arrived = stored.arrival_ms / 1000
        text = (
            '{"kinesis": {"kinesisSchemaVersion": "1.0", "partitionKey": '
            f'{quoted(stored.partition_key)}, "sequenceNumber": "{number}", "data": "'
            f'{b64encode(stored.data).decode()}", "approximateArrivalTimestamp": {arrived}}}, '
            f'"eventSource": "aws:kinesis", "eventVersion": "1.0", "eventID": "{self.shard_id}:'
            f'{number}", "eventName": "aws:kinesis:record", "invokeIdentityArn": "{self.role_arn}"'
            f', "awsRegion": "{self.region}", "eventSourceARN": "{self.source_arn}"}}'
        )
        return Record(number, arrived, stored.partition_key, text)

    def passed(self, stored: Stored) -> Record:
        """A record that is not sent."""
        return Record(self.number(stored), 0.0, "", "", settled=True)

    def number(self, stored: Stored) -> str:
        """The record's sequence number."""
        return sequence_number(self.base, stored.ordinal, stored.arrival_ms)


def fitting(records: Sequence[Record], batch_size: int, frame_bytes: int = FRAME_BYTES) -> int:
    """How many leading records one invocation takes; one at least, however big it is."""
    size = frame_bytes
    for count, record in enumerate(records):
        size += len(record.text) + 2
        if count == batch_size or size > MAX_PAYLOAD_BYTES:
            return max(count, 1)
    return len(records)


def payload(records: Sequence[Record], more: str = "") -> bytes:
    """The event of an invocation. The texts are ASCII, so their lengths are bytes."""
    return f'{{"Records": [{", ".join([record.text for record in records])}]{more}}}'.encode()
