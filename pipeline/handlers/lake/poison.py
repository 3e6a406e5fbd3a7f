"""Records that break the contract: to a queue, with the reason, the payload and where it came from.

A payload that does not fit into a message stands in the lake under `poison/`, and the message says
where.
"""

import base64
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from pipeline import aws

MAX_MESSAGES = 10
MAX_MESSAGE_BYTES = 250 * 1024
"""SQS took 256 KiB for long, for one message as for a batch of ten; queues may still be set so."""


class QueueRefused(RuntimeError):
    """The queue did not take a message."""


@dataclass(frozen=True)
class Poison:
    """One record that is no event."""

    reason: str
    stream: str
    shard_id: str
    sequence_number: str
    partition_key: str
    arrived_at: float
    data: bytes

    @classmethod
    def of(cls, record: dict[str, Any], data: bytes, reason: str) -> "Poison":
        """From a record of a Lambda event."""
        kinesis = record["kinesis"]
        return cls(
            reason=reason,
            stream=record["eventSourceARN"].rpartition("/")[2],
            shard_id=record["eventID"].partition(":")[0],
            sequence_number=kinesis["sequenceNumber"],
            partition_key=kinesis["partitionKey"],
            arrived_at=kinesis["approximateArrivalTimestamp"],
            data=data,
        )

    @property
    def key(self) -> str:
        """Where a payload stands that is too large for a message."""
        return f"poison/{self.shard_id}/{self.sequence_number}"

    def message(self, **payload: str) -> str:
        """The message, with the payload or with where it is."""
        told = {name: value for name, value in asdict(self).items() if name != "data"}
        return json.dumps({**told, "bytes": len(self.data), **payload})


def set_aside(poison: list[Poison], queue_url: str, bucket: str) -> None:
    """Send every record to the queue."""
    messages = [_message(item, bucket) for item in poison]
    for batch in _batches(messages):
        entries = [{"Id": str(n), "MessageBody": body} for n, body in enumerate(batch)]
        answer = aws.client("sqs").send_message_batch(QueueUrl=queue_url, Entries=entries)
        if failed := answer.get("Failed"):
            raise QueueRefused(f"{queue_url} refused a poison record: {failed[0]['Message']}")


def _message(item: Poison, bucket: str) -> str:
    body = item.message(**_payload(item.data))
    if len(body.encode()) <= MAX_MESSAGE_BYTES:
        return body
    aws.client("s3").put_object(Bucket=bucket, Key=item.key, Body=item.data)
    return item.message(payload_key=item.key)


def _payload(data: bytes) -> dict[str, str]:
    """The payload as people read it, where it is text."""
    try:
        return {"payload": data.decode()}
    except UnicodeDecodeError:
        return {"payload_base64": base64.b64encode(data).decode()}


def _batches(messages: list[str]) -> Iterator[list[str]]:
    """As few batches as fit."""
    batch: list[str] = []
    for message in messages:
        together = sum(len(body.encode()) for body in (*batch, message))
        if batch and (len(batch) == MAX_MESSAGES or together > MAX_MESSAGE_BYTES):
            yield batch
            batch = []
        batch.append(message)
    if batch:
        yield batch
