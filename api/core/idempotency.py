"""The same request twice is answered once: `idempotency/DIGEST.json` in the lake.

A request with a key first puts a note that it is at work, on the condition that there is none: so
of many tasks one carries it out. The note becomes the answer. A request that failed, or that was
lost with its task, leaves a note that may be taken over, on the condition that it is still the same
one. The bucket forgets notes after a day.
"""

import hashlib
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from api.core.clock import now
from api.core.deployment import Clients
from api.errors import (
    InProgressError,
    KeyReusedError,
    NotInServiceError,
    UnreachableError,
)

LOG = logging.getLogger(__name__)

PREFIX = "idempotency/"
WORKING, DONE, FAILED = "working", "done", "failed"
TAKEN = {"PreconditionFailed", "ConditionalRequestConflict"}
"""S3's words: there is a note already, or one is being written at this moment."""

Answer = Any
"""Plain JSON."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key and the digest of the request that it stands for."""

    text: str
    request: str

    @property
    def object(self) -> str:
        """Where its note is; a key may hold what a name in S3 should not."""
        return f"{PREFIX}{hashlib.sha256(self.text.encode()).hexdigest()}.json"


class Idempotency:
    """Notes in the lake."""

    def __init__(self, clients: Clients, bucket: Callable[[], str | None], seconds: float) -> None:
        self._clients = clients
        self._bucket = bucket
        self._longest = timedelta(seconds=seconds)

    def once(self, key: Key, work: Callable[[], Answer]) -> tuple[Answer, bool]:
        """The answer, and whether it is the one of before.

        Raises:
            KeyReusedError: the key stands for another request.
            InProgressError: the first one has not been answered yet.
            NotInServiceError: there is no lake that would remember.
            UnreachableError: it cannot be asked; then nothing was done.
        """
        bucket = self._bucket()
        if bucket is None:
            raise NotInServiceError("An Idempotency-Key needs the lake, which is not deployed.")
        note = Note(self._clients, bucket, key)
        before = note.begin(self._longest)
        if before is not None:
            return before["answer"], True
        state, answer = FAILED, None
        try:
            answer = work()
            state = DONE
        finally:
            note.end(state, answer)
        return answer, False


class Note:
    """The note of one request."""

    def __init__(self, clients: Clients, bucket: str, key: Key) -> None:
        self._s3 = clients("s3")
        self._where = {"Bucket": bucket, "Key": key.object}
        self._key = key

    def begin(self, longest: timedelta) -> Mapping[str, Any] | None:
        """Take the work; the note of before where it is done."""
        try:
            if self._put(WORKING, None, IfNoneMatch="*"):
                return None
            return self._of_before(longest)
        except ClientError as error:
            reason = f"{error.response['Error']['Code']}: {error.response['Error']['Message']}"
            raise UnreachableError(f"The idempotency key cannot be kept: {reason}") from error
        except BotoCoreError as error:
            raise UnreachableError(f"The idempotency key cannot be kept: {error}") from error

    def _of_before(self, longest: timedelta) -> Mapping[str, Any] | None:
        found = self._s3.get_object(**self._where)
        note: dict[str, Any] = json.loads(found["Body"].read())
        if note["request"] != self._key.request:
            raise KeyReusedError("This Idempotency-Key was used for another request.")
        if note["state"] == DONE:
            return note
        lost = now() - datetime.fromisoformat(note["at"]) > longest
        free = note["state"] == FAILED or lost
        if free and self._put(WORKING, None, IfMatch=found["ETag"]):
            return None
        raise InProgressError("The request with this Idempotency-Key is still being answered.")

    def end(self, state: str, answer: Answer) -> None:
        """Say how it went. What cannot be noted was done all the same."""
        try:
            self._put(state, answer)
        except (ClientError, BotoCoreError) as error:
            LOG.warning("the answer is not kept for its repetition: %s", error)

    def _put(self, state: str, answer: Answer, **condition: str) -> bool:
        """Whether the condition held."""
        note = {
            "request": self._key.request,
            "state": state,
            "at": now().isoformat(),
            "answer": answer,
        }
        try:
            self._s3.put_object(
                **self._where,
                Body=json.dumps(note).encode(),
                ContentType="application/json",
                **condition,
            )
        except ClientError as error:
            if condition and error.response["Error"]["Code"] in TAKEN:
                return False
            raise
        return True
