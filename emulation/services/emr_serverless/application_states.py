"""The states of applications: how they change, and the stop of those that have nothing to do.

Nothing has to be prepared for an application, so the states on the way - STARTING, STOPPING - are
told as events and left at once. The idle time is counted from the start or from the end of the last
run, and anew after a restart.
"""

import threading
import time

from emulation.services.emr_serverless import announcements
from emulation.services.emr_serverless.store import LOCK, Application, active_runs

RESTING = ("CREATED", "STOPPED")
RUNNING = ("STARTING", "STARTED")

_timers: dict[str, threading.Timer] = {}
"""By application."""


def move(application: Application, *states: str, details: str = "") -> None:
    """Go through states to the last of them."""
    with LOCK:
        application.details = details
        for state in states:
            application.state, application.updated = state, time.time()
            announcements.application_changed(application, state)
        application.save()


def start(application: Application) -> None:
    """Start an application, for a request or for a run."""
    move(application, "STARTING", "STARTED")
    watch(application)


def watch(application: Application) -> None:
    """Begin to count: the application has started, or a run of it has ended."""
    settings = application.members["autoStopConfiguration"]
    with LOCK:
        if timer := _timers.pop(application.identifier, None):
            timer.cancel()
        if not settings["enabled"] or application.state != "STARTED":
            return
        timer = threading.Timer(settings["idleTimeoutMinutes"] * 60, _stop, [application])
        timer.daemon = True
        _timers[application.identifier] = timer
        timer.start()


def _stop(application: Application) -> None:
    with LOCK:
        if application.state == "STARTED" and not active_runs(application):
            move(application, "STOPPING", "STOPPED", details="Idle for longer than its timeout")
