"""Who may run: an application that has a scheduler lets so many runs through, the others wait in
the order in which they came, for as long as it says.
"""

import threading
import time
from collections.abc import Callable

from emulation.services.emr_serverless.store import LOCK, Application, JobRun, runs_of

CONCURRENT_RUNS = 15
QUEUE_MINUTES = 360
WAITING = ("SUBMITTED", "QUEUED")
AT_WORK = ("PENDING", "SCHEDULED", "RUNNING", "CANCELLING")

_CHANGED = threading.Condition(LOCK)


def changed() -> None:
    """A run has ended, or is not to wait any more."""
    with _CHANGED:
        _CHANGED.notify_all()


def wait(run: JobRun, application: Application, move: Callable[[JobRun, str], None]) -> str | None:
    """Wait for a slot or until the run is cancelled; why it has failed, when it waited too long."""
    scheduler = application.members.get("schedulerConfiguration")
    if scheduler is None:
        return None
    limit = scheduler.get("maxConcurrentRuns") or CONCURRENT_RUNS
    minutes = scheduler.get("queueTimeoutMinutes") or QUEUE_MINUTES
    started = time.time()
    with _CHANGED:
        while run.state in WAITING and _before(run, application) >= limit:
            left = started + minutes * 60 - time.time()
            if left <= 0:
                return f"Job run was queued for longer than its timeout of {minutes} minutes"
            if run.state != "QUEUED":
                move(run, "QUEUED")
            _CHANGED.wait(left)
        run.queued_seconds = time.time() - started if run.state == "QUEUED" else 0.0
    return None


def _before(run: JobRun, application: Application) -> int:
    """How many are at work, or came earlier."""
    others = [other for other in runs_of(application) if other is not run]
    return sum(
        other.state in AT_WORK or (other.state in WAITING and other.created < run.created)
        for other in others
    )
