"""Messages of `application/vnd.amazon.eventstream`, in which records are pushed to a subscriber.

The format is that of Amazon's public specification: lengths, their checksum, headers, payload, and
the checksum of all. The payload is JSON or CBOR, as the request was.
"""

import json
import struct
from collections.abc import Mapping
from typing import Any
from zlib import crc32

import cbor2
from localstack.aws.api import CommonServiceException

from emulation.services.kinesis.wire import plain

CONTENT_TYPE = "application/vnd.amazon.eventstream"
JSON, CBOR = "application/json", "application/cbor"

_PRELUDE = struct.Struct("!II")
_CHECK = struct.Struct("!I")
_STRING = 7


def payload_type(headers: Mapping[str, str]) -> str:
    """How the caller of these headers wants events: as the request is, if it says nothing."""
    asked = headers.get("Accept", "") + headers.get("Content-Type", "")
    return CBOR if "cbor" in asked else JSON


def moment(milliseconds: int, payload_type: str) -> Any:
    """A time in a payload: CBOR has whole milliseconds where the standard has seconds."""
    return cbor2.CBORTag(1, milliseconds) if payload_type == CBOR else milliseconds / 1000


def event(name: str, content: dict[str, Any], payload_type: str) -> bytes:
    """One event."""
    headers = {":event-type": name, ":content-type": payload_type, ":message-type": "event"}
    return _message(headers, _payload(content, payload_type))


def failure(error: CommonServiceException, payload_type: str) -> bytes:
    """The error that a stream of events ends with."""
    headers = {
        ":exception-type": error.code,
        ":content-type": payload_type,
        ":message-type": "exception",
    }
    return _message(headers, _payload({"message": error.message}, payload_type))


def _payload(content: dict[str, Any], payload_type: str) -> bytes:
    if payload_type == CBOR:
        return cbor2.dumps(content)
    return json.dumps(content, default=plain, separators=(",", ":")).encode()


def _message(headers: Mapping[str, str], payload: bytes) -> bytes:
    head = b"".join(_header(name, value) for name, value in headers.items())
    # Two numbers, three checksums' worth of bytes beside headers and payload.
    prelude = _PRELUDE.pack(len(head) + len(payload) + 16, len(head))
    message = prelude + _CHECK.pack(crc32(prelude)) + head + payload
    return message + _CHECK.pack(crc32(message))


def _header(name: str, value: str) -> bytes:
    text = value.encode()
    return struct.pack(f"!B{len(name)}sBH", len(name), name.encode(), _STRING, len(text)) + text
