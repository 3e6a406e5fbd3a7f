"""Lambda: an alarm of the monitor starts the delivery pipeline, once.

Two alarms of one window call at the same moment. Who first writes the retraining's record under the
window's name starts it. A record that was not completed belongs to somebody who was killed, and
whoever comes later finishes it with the same name, by which CodePipeline knows the request again.
"""

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from pipeline import aws
from pipeline.contracts.monitoring import (
    REASON_VARIABLE,
    WINDOW_VARIABLE,
    latest_key,
    retraining_key,
    retrainings_prefix,
    service_key,
)
from pipeline.handlers.monitor.alarms import Call, calls
from pipeline.handlers.monitor.deciding import Decision, Known, decide, instant, until_of
from pipeline.handlers.monitor.objects import Objects
from pipeline.handlers.monitor.settings import RetrainingSettings

LOG = logging.getLogger()
LOG.setLevel(logging.INFO)

IN_FLIGHT = {"InProgress", "Stopping"}
CLAIM = timedelta(minutes=5)
"""Longer than the function may take: after it nobody is at work on a record any more."""
REASON_CHARACTERS = 1000
"""Of a variable's value."""


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Decide for each call; the last decision and its execution."""
    told: dict[str, Any] = {"started": "", "sentence": "no alarm calls"}
    for call in calls(event):
        told = answer(call, RetrainingSettings())
        LOG.info("%s", told)
    return told


def answer(call: Call, settings: RetrainingSettings) -> dict[str, Any]:
    """Decide, and start."""
    known = look(settings)
    if known is None:
        return {"started": "", "sentence": "the monitor has looked at no window yet"}
    decision = decide(call, known, settings)
    if not decision.starts:
        return {"started": "", "sentence": decision.sentence}
    return start(decision, known, settings)


def look(settings: RetrainingSettings) -> Known | None:
    """What is known; None before the first window."""
    objects = Objects(settings.lake_bucket)
    service = objects.read_json(service_key(settings.endpoint))
    latest = objects.read_json(latest_key(settings.endpoint))
    if service is None or latest is None:
        return None
    keys = [item["Key"] for item in objects.listing(retrainings_prefix(settings.endpoint))]
    records = [objects.read_json(key) for key in keys]
    return Known(
        service=service,
        latest=latest,
        # A record without its execution is one that somebody has begun and not finished.
        retrainings=[record for record in records if record and record.get("execution")],
        in_flight=in_flight(settings.pipeline),
        now=datetime.now(UTC),
    )


def in_flight(pipeline: str) -> list[str]:
    """The executions that are not through, whoever has started them."""
    pages = aws.client("codepipeline").get_paginator("list_pipeline_executions")
    return [
        item["pipelineExecutionId"]
        for page in pages.paginate(pipelineName=pipeline)
        for item in page["pipelineExecutionSummaries"]
        if item["status"] in IN_FLIGHT
    ]


def start(decision: Decision, known: Known, settings: RetrainingSettings) -> dict[str, Any]:
    """Write the record, start the pipeline, complete the record."""
    objects, until = Objects(settings.lake_bucket), until_of(known)
    key = retraining_key(settings.endpoint, until)
    record = {
        "reason": decision.sentence,
        "window": known.latest["window"],
        "until": until.isoformat(),
        "model_version": known.latest["model_version"],
        "at": f"{known.now:%Y-%m-%dT%H:%M:%SZ}",
    }
    if not objects.claim(key, record) and is_taken(objects.read_json(key), known.now):
        return {"started": "", "sentence": f"{decision.sentence}, but it is started already"}
    try:
        execution = execute(settings, decision, record, f"{settings.endpoint}-{until}")
    except ClientError:
        objects.delete(key)
        raise
    objects.write_json(key, {**record, "execution": execution})
    return {"started": execution, "sentence": decision.sentence}


def is_taken(record: dict[str, Any] | None, now: datetime) -> bool:
    """Whether a retraining is started, or somebody is just starting it."""
    if record is None or "execution" in record:
        return record is not None
    return now - instant(record["at"]) < CLAIM


def execute(
    settings: RetrainingSettings, decision: Decision, record: dict[str, Any], token: str
) -> str:
    """Start an execution; with the same token it is the same execution."""
    started = aws.client("codepipeline").start_pipeline_execution(
        name=settings.pipeline,
        clientRequestToken=token,
        variables=[
            {"name": REASON_VARIABLE, "value": quotable(decision.sentence)},
            {"name": WINDOW_VARIABLE, "value": record["window"]},
        ],
    )
    return str(started["pipelineExecutionId"])


def quotable(sentence: str) -> str:
    """The sentence as it may stand within the JSON of an action's configuration, where CodePipeline
    puts a variable as it is.
    """
    plain = sentence.translate({ord('"'): "'", ord("\\"): "/"})
    return " ".join(plain.split())[:REASON_CHARACTERS]
