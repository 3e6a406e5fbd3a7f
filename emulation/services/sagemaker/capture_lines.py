"""One captured inference as AWS writes it.

Format: https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture-endpoint.html
"""

import json
from base64 import b64encode
from collections.abc import Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Payload:
    """A body and the type that its sender gave it."""

    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Captured:
    """One inference; `time` is in UTC, and the id is the invocation's request id."""

    time: datetime
    event_id: str
    input: Payload
    output: Payload
    inference_id: str | None = None
    custom_attributes: str | None = None

    @property
    def size(self) -> int:
        """About how many bytes it keeps."""
        return len(self.input.body) + len(self.output.body) + 512


@dataclass(frozen=True, slots=True)
class Types:
    """The content types whose bodies are text; all others are written in base 64."""

    csv: frozenset[str]
    json: frozenset[str]

    def encoding(self, content_type: str) -> str:
        """CSV, JSON or BASE64; parameters such as a character set do not matter."""
        kind = content_type.split(";", 1)[0].strip().lower()
        if kind in self.csv:
            return "CSV"
        return "JSON" if kind in self.json else "BASE64"


def hour(captured: Captured) -> str:
    """The folder of an inference's hour."""
    return f"{captured.time:%Y/%m/%d/%H}"


def line(captured: Captured, modes: Set[str], types: Types) -> str:
    """The line of one inference, with the parts that the modes ask for."""
    data = {}
    if "Input" in modes:
        data["endpointInput"] = part(captured.input, "INPUT", types)
    if "Output" in modes:
        data["endpointOutput"] = part(captured.output, "OUTPUT", types)
    whole = {"captureData": data, "eventMetadata": metadata(captured), "eventVersion": "0"}
    return json.dumps(whole, separators=(",", ":"), ensure_ascii=False) + "\n"


def part(payload: Payload, mode: str, types: Types) -> dict[str, str]:
    """One side of an inference; text that is none is written in base 64."""
    encoding = types.encoding(payload.content_type)
    try:
        data = payload.body.decode() if encoding != "BASE64" else _base64(payload.body)
    except UnicodeDecodeError:
        encoding, data = "BASE64", _base64(payload.body)
    return {
        "observedContentType": payload.content_type,
        "mode": mode,
        "data": data,
        "encoding": encoding,
    }


def metadata(captured: Captured) -> dict[str, Any]:
    """When it was, and what to find it by."""
    found: dict[str, Any] = {"eventId": captured.event_id}
    if captured.custom_attributes is not None:
        found["customAttributes"] = [captured.custom_attributes]
    if captured.inference_id is not None:
        found["inferenceId"] = captured.inference_id
    return found | {"inferenceTime": f"{captured.time:%Y-%m-%dT%H:%M:%SZ}"}


def _base64(body: bytes) -> str:
    return b64encode(body).decode()
