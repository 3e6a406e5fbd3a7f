"""Data capture: what a variant was asked and what it answered, as JSON lines in S3.

An invocation pays for adding to a list. One thread a variant writes what has come together, at the
latest `FLUSH_SECONDS` after the first of it and when the emulator ends in order; `kill -9` loses
what was not written yet. What S3 does not take is kept and offered again, up to `KEPT_BYTES`. Only
inferences that succeeded are captured.

Layout and fields are AWS's: `DESTINATION/ENDPOINT/VARIANT/yyyy/mm/dd/hh/mm-ss-SSS-uuid.jsonl`, with
the hour of the inference in UTC.
"""

import logging
import random
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Self

from botocore.exceptions import BotoCoreError, ClientError
from localstack.runtime.shutdown import SHUTDOWN_HANDLERS

from emulation.services.sagemaker.capture_lines import Captured, Types, hour, line
from emulation.services.sagemaker.storage import Location
from emulation.services.sagemaker.store import Members

LOG = logging.getLogger(__name__)

FLUSH_SECONDS = 2.0
FLUSH_RECORDS = 1000
KEPT_BYTES = 64 * 2**20
"""While so much waits for S3, nothing more is captured, and the log says so."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What is captured, as the endpoint configuration has it."""

    percentage: int
    destination: Location
    modes: frozenset[str]
    types: Types

    @classmethod
    def of(cls, config: Members | None) -> Self | None:
        """The rule of a DataCaptureConfig; None where nothing is captured."""
        if config is None or not config.get("EnableCapture", True):
            return None
        modes = {option["CaptureMode"] for option in config["CaptureOptions"]}
        headers = config.get("CaptureContentTypeHeader", {})
        return cls(
            config["InitialSamplingPercentage"],
            Location.parse(config["DestinationS3Uri"]),
            frozenset({"Input", "Output"} if "InputAndOutput" in modes else modes),
            Types(
                frozenset(headers.get("CsvContentTypes", [])),
                frozenset(headers.get("JsonContentTypes", [])),
            ),
        )


class Recorder:
    """Captures one variant of an endpoint."""

    def __init__(self, s3: Any, rule: Rule, endpoint: str, variant: str) -> None:
        self._s3 = s3
        self._rule = rule
        self._place = rule.destination.child(endpoint, variant)
        self._changed = threading.Condition()
        self._kept: list[Captured] = []
        self._bytes = 0
        self._full = False
        self._closed = False
        self._writing = threading.Lock()
        self._writer: threading.Thread | None = None
        self.works = True
        """Whether S3 took what it was last given."""

    def wants(self) -> bool:
        """Whether this inference is one of those that are captured."""
        return random.random() * 100 < self._rule.percentage

    def take(self, captured: Captured) -> None:
        """Keep an inference; it is written soon, by somebody else."""
        with self._changed:
            if self._bytes > KEPT_BYTES:
                self._lose()
                return
            self._kept.append(captured)
            self._bytes += captured.size
            if self._writer is None:
                self._writer = threading.Thread(
                    target=self._write, name="data-capture", daemon=True
                )
                self._writer.start()
                RECORDERS.add(self)
            elif len(self._kept) >= FLUSH_RECORDS:
                self._changed.notify()

    def close(self) -> None:
        """Write what is left; nothing comes any more."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self.flush()
        RECORDERS.discard(self)

    def flush(self) -> None:
        """Write what has come together."""
        with self._writing:
            with self._changed:
                batch, self._kept, self._bytes, self._full = self._kept, [], 0, False
            left = self._put(batch)
            if left:
                self._keep_again(left)

    def _write(self) -> None:
        """Write what comes, and end when nothing has come for a while."""
        while True:
            with self._changed:
                self._changed.wait_for(self._is_due, FLUSH_SECONDS)
                if self._closed or not self._kept:
                    self._writer = None
                    return
            self.flush()

    def _is_due(self) -> bool:
        return self._closed or len(self._kept) >= FLUSH_RECORDS

    def _put(self, batch: list[Captured]) -> list[Captured]:
        """Write a file an hour; what S3 did not take."""
        for at, captured in groupby(batch, key=hour):
            records = list(captured)
            name = f"{records[0].time:%M-%S-%f}"[:-3]
            key = self._place.child(at, f"{name}-{uuid.uuid4()}.jsonl").key
            body = "".join(self._lines(records))
            try:
                self._s3.put_object(Bucket=self._place.bucket, Key=key, Body=body.encode())
            except (ClientError, BotoCoreError) as error:
                self._tell(error)
                return batch[batch.index(records[0]) :]
            self.works = True
        return []

    def _lines(self, records: list[Captured]) -> Iterator[str]:
        for record in records:
            yield line(record, self._rule.modes, self._rule.types)
            # Invocations wait for nobody: the interpreter is theirs after every line.
            time.sleep(0)

    def _tell(self, error: Exception) -> None:
        if self.works:
            LOG.warning("S3 does not take the captures of %s: %s", self._place, error)
        self.works = False

    def _keep_again(self, left: list[Captured]) -> None:
        with self._changed:
            self._kept = left + self._kept
            self._bytes += sum(item.size for item in left)

    def _lose(self) -> None:
        if not self._full:
            LOG.warning("captures of %s are lost: too many wait for S3", self._place)
        self._full = True


RECORDERS: set[Recorder] = set()
"""Those that may hold something."""


def flush_all() -> None:
    """Write everything, at the emulator's orderly end."""
    for recorder in list(RECORDERS):
        recorder.flush()


SHUTDOWN_HANDLERS.register(flush_all)


def summary(config: Members, recorders: list[Recorder]) -> Members:
    """A DataCaptureConfig as DescribeEndpoint has it: `CaptureStatus` says whether it works now."""
    enabled = config.get("EnableCapture", True)
    works = enabled and all(recorder.works for recorder in recorders)
    return {
        "EnableCapture": enabled,
        "CaptureStatus": "Started" if works else "Stopped",
        "CurrentSamplingPercentage": config["InitialSamplingPercentage"],
        "DestinationS3Uri": config["DestinationS3Uri"],
        # The API's model requires it, and a client that validates answers does too.
        "KmsKeyId": config.get("KmsKeyId", ""),
    }
