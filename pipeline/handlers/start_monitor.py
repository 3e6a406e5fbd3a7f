"""Lambda: the oldest window that is complete and was not looked at gets its processing job.

One at a time, in order: the alarms speak of one window, and what an older one calls for comes
first. Woken by the scorer, by a job's end and by the clock, it may run as often as it likes: a
window's job has the window's name, which SageMaker gives once.
"""

import logging
from collections.abc import Iterator
from datetime import date
from typing import Any

from botocore.exceptions import ClientError

from pipeline import aws
from pipeline.contracts.captures import day_of, scored_prefix
from pipeline.contracts.monitoring import (
    REPORT,
    Window,
    complete_windows,
    report_prefix,
    reports_prefix,
    service_key,
)
from pipeline.handlers.monitor.objects import Objects
from pipeline.handlers.monitor.request import job_name, job_request
from pipeline.handlers.monitor.settings import MonitorSettings

LOG = logging.getLogger()
LOG.setLevel(logging.INFO)

ATTEMPTS = 3
"""Of a window; then it is left, and told in the log."""
GOING_ON = {"InProgress", "Stopping"}


def handler(_event: dict[str, Any], _context: object) -> dict[str, str]:
    """Start a job, if one is due and none is going on; its name."""
    settings = MonitorSettings()
    name = next_job(settings)
    if not name:
        return {"started": ""}
    window, job = name
    try:
        aws.client("sagemaker").create_processing_job(**job_request(settings, window, job))
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceInUse":
            raise
        LOG.info("%s was started by somebody else", job)
        return {"started": ""}
    LOG.info("started %s", job)
    return {"started": job}


def next_job(settings: MonitorSettings) -> tuple[Window, str] | None:
    """The window that is due and the name of its job; None when there is nothing to do."""
    for window in waiting_windows(settings):
        for attempt in range(1, ATTEMPTS + 1):
            name = job_name(settings.endpoint, window, attempt)
            status = job_status(name)
            if status in GOING_ON:
                LOG.info("%s is going on", name)
                return None
            if not status:
                return window, name
            if status == "Completed":
                break
            LOG.warning("%s is %s", name, status)
        else:
            LOG.error("%s was tried %d times and is left", window.name, ATTEMPTS)
    return None


def waiting_windows(settings: MonitorSettings) -> Iterator[Window]:
    """The complete windows without a report, oldest first."""
    objects = Objects(settings.lake_bucket)
    service = objects.read_json(service_key(settings.endpoint))
    newest = newest_scored(objects, settings.endpoint)
    if service is None or newest is None:
        LOG.info("nothing of %s is scored yet", settings.endpoint)
        return
    there = {item["Key"] for item in objects.listing(reports_prefix(settings.endpoint))}
    since = date.fromisoformat(service["scored_from"])
    for window in complete_windows(since, settings.window_days, newest):
        if f"{report_prefix(settings.endpoint, window)}{REPORT}" not in there:
            yield window


def newest_scored(objects: Objects, endpoint: str) -> date | None:
    """The latest day with scored flights."""
    listing = objects.listing(scored_prefix(endpoint))
    newest = max((day_of(item["Key"]) for item in listing), default="")
    return date.fromisoformat(newest) if newest else None


def job_status(name: str) -> str:
    """The status of a processing job; "" where there is none of that name."""
    try:
        found = aws.client("sagemaker").describe_processing_job(ProcessingJobName=name)
    except ClientError as error:
        if "Could not find" not in error.response["Error"]["Message"]:
            raise
        return ""
    return str(found["ProcessingJobStatus"])
