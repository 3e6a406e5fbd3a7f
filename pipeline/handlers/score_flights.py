"""Lambda: when the Spark job has processed flights, those that are due are scored by the endpoint.

A function has fifteen minutes. One that runs out of them calls itself and goes on where it was; one
that is through wakes the monitor.
"""

import json
import logging
from typing import Any, Protocol

from pipeline import aws
from pipeline.contracts.monitoring import service_key
from pipeline.handlers.monitor.objects import Objects
from pipeline.handlers.monitor.scoring import Scorer
from pipeline.handlers.monitor.settings import ScoreSettings

LOG = logging.getLogger()
LOG.setLevel(logging.INFO)

RESERVE_MILLISECONDS = 90_000
"""A request may take 70 s with its connection; what was answered is to be noted."""


class Context(Protocol):
    """What Lambda tells of an invocation."""

    def get_remaining_time_in_millis(self) -> int:
        """Until it is killed."""


def handler(_event: dict[str, Any], context: Context) -> dict[str, Any]:
    """Score what is due; how much it was."""
    settings = ScoreSettings()
    objects = Objects(settings.lake_bucket)
    service = objects.read_json(service_key(settings.endpoint))
    if service is None:
        LOG.info("no model of %s is in service with a baseline yet", settings.endpoint)
        return {"flights": 0, "complete": False}
    scorer = Scorer(
        objects,
        settings.endpoint,
        lambda: context.get_remaining_time_in_millis() > RESERVE_MILLISECONDS,
    )
    done = scorer.run(service["scored_from"])
    LOG.info("%d flights in %d requests", done.flights, done.requests)
    wake(settings.start_monitor if done.is_complete else settings.function)
    return {"flights": done.flights, "complete": done.is_complete}


def wake(function: str) -> None:
    """Have a function run, without waiting for it."""
    told = json.dumps({"source": "score_flights"}).encode()
    aws.client("lambda").invoke(FunctionName=function, InvocationType="Event", Payload=told)
