"""A record that breaks the contract, as it stands in the lake: the function writes it, the operator
reads it.

An object is one record, whole, with the reason, and is named by where the record stood in the
stream: set aside again, it is the same object.
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
