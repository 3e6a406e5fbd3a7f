"""Access logs: a line a request, in the stage's format, to the stage's log group."""

import threading
from hashlib import md5
from typing import Any

from emulation.services.apigateway.variables import logged, substituted
from emulation.services.log_events import LogStream

ABSENT = "-"
GROUP = ":log-group:"


class LogStreams:
    """The open log streams of all stages."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._streams: dict[tuple[str, str, str, str], LogStream] = {}

    def write(self, account: str, region: str, group: str, stage: str, line: str) -> None:
        """Add a line to the stage's stream of a group."""
        key = (account, region, group, stage)
        with self._lock:
            stream = self._streams.get(key)
            if stream is None:
                name = md5(stage.encode(), usedforsecurity=False).hexdigest()
                stream = self._streams[key] = LogStream(account, region, group, name)
        stream(line)

    def close(self) -> None:
        """Write what is left."""
        with self._lock:
            streams, self._streams = self._streams, {}
        for stream in streams.values():
            stream.close()


STREAMS = LogStreams()
"""The emulator's streams."""


def log_access(context: Any, response: Any) -> None:
    """Write the line of a request, where its stage asks for one."""
    settings = (context.stage_configuration or {}).get("accessLogSettings") or {}
    template, destination = settings.get("format"), settings.get("destinationArn")
    if not template or not destination:
        return
    line = substituted(
        template.rstrip("\n"),
        logged(context, response),
        ABSENT,
        quoted=template.lstrip().startswith("{"),
    )
    group = destination.partition(GROUP)[2].removesuffix(":*")
    STREAMS.write(context.account_id, context.region, group, stage_of(context), line)


def stage_of(context: Any) -> str:
    """Whose stream it is."""
    return f"{context.api_id}/{context.stage}"
