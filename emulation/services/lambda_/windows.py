"""Tumbling windows: a state goes from batch to batch, and a last invocation ends each window.

A record's window follows from its arrival. A window is over when a record of a later one is there,
when the shard ends, or when everything that arrived before its end has been read: then the function
is invoked once more, without records. A state past one megabyte ends it early, and what follows
continues the same window with a fresh state.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from emulation.services.lambda_ import answers
from emulation.services.lambda_.batches import FRAME_BYTES, Origin, Record, fitting, payload
from emulation.services.lambda_.invoked import Invoked

MAX_STATE_BYTES = 1024 * 1024

LATE_MS = 1000
"""A record's arrival is told when it is received, which is a little before it can be read."""


class WindowedExchange:
    """The conversation of one shard with a function that aggregates."""

    def __init__(
        self, seconds: int, origin: Origin, kept: dict[str, Any] | None, *, reports_failures: bool
    ) -> None:
        """`kept` is what `kept()` gave before the emulator was restarted."""
        self._seconds = seconds
        self._origin = origin
        self._reports_failures = reports_failures
        self._start: int | None = kept["start"] if kept else None
        self._state: dict[str, Any] = kept["state"] if kept else {}

    @property
    def is_open(self) -> bool:
        """A window has begun and its last invocation is still to come."""
        return self._start is not None

    @property
    def is_full(self) -> bool:
        """The state is larger than it may be."""
        return len(json.dumps(self._state)) > MAX_STATE_BYTES

    def kept(self) -> dict[str, Any] | None:
        """The open window, as it is kept with the checkpoint."""
        return None if self._start is None else {"start": self._start, "state": self._state}

    def count(self, records: Sequence[Record], batch_size: int) -> int:
        """As many as fit and belong to one window."""
        start = self._window_of(records[0])
        most = fitting(records, batch_size, FRAME_BYTES + len(self._more(start)))
        same = (self._window_of(record) == start for record in records[:most])
        return next((place for place, is_same in enumerate(same) if not is_same), most)

    def is_over(self, following: Record | None, read_until_ms: int) -> bool:
        """Does the open window end before this record, or without one?"""
        if self._start is None:
            return False
        if following is not None:
            return self._window_of(following) != self._start
        return read_until_ms >= (self._start + self._seconds) * 1000 + LATE_MS

    def event(self, batch: Sequence[Record]) -> bytes:
        """The records with the state; the first of them opens their window."""
        if self._start is None:
            self._start, self._state = self._window_of(batch[0]), {}
        return payload(batch, self._more(self._start))

    def final_event(self, *, early: bool) -> bytes:
        """The event of the window's last invocation."""
        assert self._start is not None
        return payload([], self._more(self._start, final=True, early=early))

    def processed(self, batch: Sequence[Record], invoked: Invoked) -> int:
        """An answer without a state is a failure, whatever else it says."""
        if invoked.function_error:
            return 0
        try:
            answer = answers.content(invoked)
            count = answers.processed(batch, answer) if self._reports_failures else len(batch)
        except answers.NotUnderstood:
            return 0
        if not isinstance(answer.get("state"), dict):
            return 0
        self._state = answer["state"]
        return count

    def accepts(self, invoked: Invoked) -> bool:
        """Was the last invocation a success? It must answer with a state too."""
        try:
            answer = answers.content(invoked)
        except answers.NotUnderstood:
            return False
        return not invoked.function_error and isinstance(answer.get("state"), dict)

    def end(self, *, early: bool) -> None:
        """The last invocation is settled; the state is dropped."""
        self._state = {}
        if not early:
            self._start = None

    def _window_of(self, record: Record) -> int:
        """When the record's window starts, in seconds."""
        return int(record.arrived // self._seconds) * self._seconds

    def _more(self, start: int, *, final: bool = False, early: bool = False) -> str:
        fields = {
            "window": {"start": _moment(start), "end": _moment(start + self._seconds)},
            "state": self._state,
            "shardId": self._origin.shard_id,
            "eventSourceARN": self._origin.source_arn,
            "isFinalInvokeForWindow": final,
            "isWindowTerminatedEarly": early,
        }
        return ", " + json.dumps(fields)[1:-1]


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
