"""Sources that are polled: one thread looks at their objects, as long as there are any."""

import logging
import threading

from botocore.exceptions import BotoCoreError, ClientError
from localstack.aws.api import CommonServiceException
from localstack.runtime import events

from emulation.services.codepipeline import advancing, starting
from emulation.services.codepipeline.action_checks import every
from emulation.services.codepipeline.source_s3 import latest_version
from emulation.services.codepipeline.store import LOCK, Members, Pipeline, all_pipelines

LOG = logging.getLogger(__name__)

POLL_SECONDS = 5.0
"""AWS polls about once a minute."""

_changed = threading.Event()
_started = threading.Lock()


def wake() -> None:
    """There may be something to poll."""
    _changed.set()


def start() -> None:
    """Start the thread; further calls do nothing."""
    if _started.acquire(blocking=False):
        threading.Thread(target=run, name="codepipeline-polling", daemon=True).start()


def run() -> None:
    """Poll, for ever; without sources that are polled, sleep."""
    events.infra_ready.wait()
    while True:
        found = [(pipeline, action) for pipeline in all_pipelines() for action in polled(pipeline)]
        for pipeline, action in found:
            try:
                look(pipeline, action)
            except (ClientError, BotoCoreError, CommonServiceException) as error:
                LOG.warning("the source %s was not polled: %s", action["name"], error)
        _changed.wait(POLL_SECONDS if found else None)
        _changed.clear()


def polled(pipeline: Pipeline) -> list[Members]:
    """The source actions that are polled: all that do not say otherwise."""
    return [
        action
        for _, action in every(pipeline.declaration)
        if action["actionTypeId"]["category"] == "Source"
        and action["configuration"].get("PollForSourceChanges", "true").lower() == "true"
    ]


def look(pipeline: Pipeline, action: Members) -> None:
    """Start an execution if the object has changed since one has seen it."""
    latest = latest_version(pipeline.scope, action)
    with LOCK:
        seen = pipeline.seen.get(action["name"])
        # An execution that is about to look at its source sees the same.
        soon = any(item.place == 0 for item in advancing.live(pipeline))
        if latest is None or latest == seen or soon or pipeline not in all_pipelines():
            return
        pipeline.seen[action["name"]] = latest
        trigger = {"triggerType": "PollForSourceChanges", "triggerDetail": action["name"]}
        starting.start(pipeline, trigger)
