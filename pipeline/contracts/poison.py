"""What the lake could not take, as it stands beside it until the operator has seen to it.

A record that breaks the contract is an object with the reason, written by the function and named by
where the record stood in the stream: set aside again, it is the same object. A batch that a mapping
gave up is an object that Lambda itself writes.
"""

import base64
import json
from dataclasses import asdict, dataclass, field
from typing import Any

POISON = "poison/"
GIVEN_UP = "aws/lambda/"
"""Where Lambda itself writes the batches that its mapping gave up, with their records."""


@dataclass(frozen=True)
class SetAside:
    """One record that is no event."""

    kind: str
    reason: str
    stream: str
    shard_id: str
    sequence_number: str
    partition_key: str
    arrived_at: float
    data: bytes = field(repr=False)

    @property
    def key(self) -> str:
        """Its object."""
        return f"{POISON}{self.stream}/{self.shard_id}/{self.sequence_number}.json"

    def encode(self) -> bytes:
        """Its object's content: the payload as text where it is text, and in base64 elsewhere."""
        told: dict[str, Any] = asdict(self) | {"bytes": len(self.data)}
        del told["data"]
        try:
            told["payload"] = self.data.decode()
        except UnicodeDecodeError:
            told["payload_base64"] = base64.b64encode(self.data).decode()
        return json.dumps(told, indent=1).encode()

    @classmethod
    def decode(cls, content: bytes) -> "SetAside":
        """The record of an object."""
        told = json.loads(content)
        del told["bytes"]
        encoded = told.pop("payload_base64", None)
        data = base64.b64decode(encoded) if encoded is not None else told.pop("payload").encode()
        return cls(**told, data=data)


@dataclass(frozen=True)
class GivenUp:
    """A batch that the function could not take at all."""

    kind: str
    """Lambda's word: RetryAttemptsExhausted, RecordAgeExceeded, ..."""
    reason: str
    shard_id: str
    arrived: str
    records: tuple[tuple[str, bytes], ...] = field(repr=False)
    """Partition key and data of each."""

    @classmethod
    def decode(cls, content: bytes) -> "GivenUp":
        """The batch of an object."""
        told = json.loads(content)
        asked, batch = told["requestContext"], told["KinesisBatchInfo"]
        failed = told.get("responseContext", {}).get("functionError", "no answer")
        # The event stands there as a text.
        event = json.loads(told["payload"])
        kinesis = [record["kinesis"] for record in event["Records"]]
        return cls(
            kind=asked["condition"],
            reason=f"{failed} after {asked['approximateInvokeCount']} attempts",
            shard_id=batch["shardId"],
            arrived=batch["approximateArrivalOfFirstRecord"],
            records=tuple(
                (record["partitionKey"], base64.b64decode(record["data"])) for record in kinesis
            ),
        )


def _parsed(payload: Any) -> Any:
    """The event: AWS shows it as a text, which may be its JSON or stand for it."""
    return json.loads(payload) if isinstance(payload, str) else payload


def read(key: str, content: bytes) -> SetAside | GivenUp:
    """What an object of either prefix holds."""
    return (SetAside if key.startswith(POISON) else GivenUp).decode(content)
