"""Carries runs out: a slot, a role, the driver's process, its end, and another try where the run's
policy says so.

The state of a run is its process's: RUNNING because the driver runs, and what comes after because
of how it ended. A thread a run; its record and its process are the only things that it shares.
"""

import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

from localstack.runtime import events

from emulation.compute.processes import Process, Status
from emulation.compute.spark import JavaNotFoundError
from emulation.compute.spark_submit import processes
from emulation.compute.spark_submit.machine import Machine
from emulation.services.emr_serverless import announcements, application_states, attempts, slots
from emulation.services.emr_serverless.job_logs import Logs
from emulation.services.emr_serverless.roles import assumable
from emulation.services.emr_serverless.store import (
    LOCK,
    Attempt,
    JobRun,
    all_applications,
)
from emulation.settings import settings

HOUR = 3600
FAILURES_AN_HOUR = 5
INTERRUPTED = "The emulator ended while the job run was running."
CANCELLED = "Job run was cancelled by the user"

_processes: dict[str, tuple[Process, Machine]] = {}
"""What runs, by run."""


def submit(run: JobRun) -> None:
    """Carry a run out in the background."""
    background(run, carry_out)


def background(run: JobRun, work: Callable[[JobRun], None]) -> None:
    """Do something for a run, as soon as there is an endpoint for it."""

    def do() -> None:
        events.infra_ready.wait()
        work(run)

    threading.Thread(target=do, name=f"run-{run.identifier}", daemon=True).start()


def carry_out(run: JobRun) -> None:
    """Wait for a slot, then try."""
    application = all_applications()[run.application]
    if refusal := slots.wait(run, application, move):
        end(run, "FAILED", refusal)
        return
    with LOCK:
        if run.state == "CANCELLING":
            end(run, "CANCELLED", "")
            return
        if application.state in application_states.RESTING:
            application_states.start(application)
        move(run, "PENDING")
    role = run.members["executionRole"]
    if not assumable(run.scope, role):
        end(
            run,
            "FAILED",
            f"Could not assume runtime role {role} because it doesn't exist or isn't setup with "
            "the required trust relationship.",
        )
        return
    attempt(run)


def attempt(run: JobRun) -> None:
    """Start the driver; whatever prevents it fails the run."""
    application = all_applications()[run.application]
    with LOCK:
        if run.state != "CANCELLING":
            move(run, "SCHEDULED")
    place = attempts.prepare(run, application)
    logs = attempts.open_logs(run, application, place)
    message = "Internal error"
    try:
        launch(run, place, logs)
        message = ""
    except (JavaNotFoundError, OSError) as error:
        message = str(error)
    finally:
        if message:
            logs.errors(message)
            finish(run, place, logs, "FAILED", message)


def launch(run: JobRun, place: attempts.Place, logs: Logs) -> None:
    """Start the process, unless the run has been cancelled meanwhile."""

    def ended(process: Process) -> None:
        if process.status() is Status.STOPPED and run.state != "CANCELLING":
            # The emulator ends: the next one finds the run running, and tells its failure.
            logs.close()
            return
        with LOCK:
            _processes.pop(run.identifier, None)
            state, details = outcome(run, process, logs)
            if state == "CANCELLED" and run.state != "CANCELLING":
                move(run, "CANCELLING")
            run.attempt.ended = process.ended
        finish(run, place, logs, state, details)

    with LOCK:
        if run.state == "CANCELLING":
            finish(run, place, logs, "CANCELLED", "")
            return
        process = processes.start(attempts.command(run, place), logs.output, logs.errors, ended)
        _processes[run.identifier] = (process, place.machine)
        run.attempt.started, run.attempt.ui_port = process.started, place.ui_port
        move(run, "RUNNING")


def outcome(run: JobRun, process: Process, logs: Logs) -> tuple[str, str]:
    """How a process's end reads in EMR Serverless."""
    status, code = process.status(), processes.exit_code(process)
    if run.state == "CANCELLING":
        return "CANCELLED", CANCELLED
    if status is Status.TIMED_OUT:
        minutes = run.members["executionTimeoutMinutes"]
        return "CANCELLED", f"Job run exceeded its execution timeout of {minutes} minutes"
    if status is Status.SUCCEEDED:
        return "SUCCESS", ""
    details = (
        "Job failed, please check complete logs in configured logging destination. "
        f"ExitCode: {code}."
    )
    last = logs.exceptions.last()
    return "FAILED", f"{details} Last few exceptions: {last}" if last else details


def finish(run: JobRun, place: attempts.Place, logs: Logs, state: str, details: str) -> None:
    """Write the last lines and clear up, then tell the end: who sees it, sees the whole log."""
    logs.close()
    attempts.keep_history(run, all_applications()[run.application])
    attempts.clear(place)
    end(run, state, details)


def end(run: JobRun, state: str, details: str) -> None:
    """Tell the end of an attempt, and begin the next where there is one."""
    with LOCK:
        if state == "FAILED" and run.state == "CANCELLING":
            # It failed by itself; who cancelled it meanwhile wants no other attempt.
            state, details = "CANCELLED", CANCELLED
        now = run.attempt
        now.ended = now.ended or time.time()
        again = state == "FAILED" and retries(run)
        if again:
            now.state, now.details, now.updated = state, details, time.time()
            run.attempts.append(Attempt(now.number + 1, state="PENDING"))
            announcements.run_retried(run, now)
            run.save()
        else:
            move(run, state, details)
            announcements.run_used(run, *attempts.utilization(run))
    if again:
        background(run, attempt)
    else:
        slots.changed()
        application_states.watch(all_applications()[run.application])


def retries(run: JobRun) -> bool:
    """Whether a failed attempt has another one after it."""
    policy = run.members.get("retryPolicy") or {}
    if run.attempt.started is None:
        return False
    if not run.streaming:
        return bool(run.attempt.number < policy.get("maxAttempts", 1))
    recent = [
        one
        for one in run.attempts
        if (one.ended or 0) > time.time() - HOUR and one.details != INTERRUPTED
    ]
    return len(recent) < policy.get("maxFailedAttemptsPerHour", FAILURES_AN_HOUR)


def cancel(run: JobRun, grace: int) -> None:
    """End a run: its driver is asked, and killed after the grace period."""
    with LOCK:
        if run.state == "CANCELLING":
            return
        move(run, "CANCELLING")
        found = _processes.get(run.identifier)
    slots.changed()
    if found:
        name = f"cancel-{run.identifier}"
        threading.Thread(target=_stop, args=(*found, grace), name=name, daemon=True).start()


def _stop(process: Process, machine: Machine, grace: int) -> None:
    if grace:
        machine.ask_to_end(process)
        process.wait(grace)
    process.kill()


def move(run: JobRun, state: str, details: str = "") -> None:
    """Write a new state down and tell it."""
    with LOCK:
        now, previous = run.attempt, run.attempt.state
        now.state, now.details, now.updated = state, details[:256], time.time()
        run.save()
        announcements.run_changed(run, previous)


def take_up(run: JobRun) -> None:
    """A run that the last emulator carried out. Whatever had not begun begins; what ran has failed,
    and is tried again where its policy says so.
    """
    attempt = run.attempt
    if attempt.started is None and run.state != "CANCELLING":
        submit(run)
        return
    attempt.ended = attempt.updated
    if run.state == "CANCELLING":
        end(run, "CANCELLED", CANCELLED)
    else:
        end(run, "FAILED", INTERRUPTED)


def remove_leftovers() -> None:
    """The folders of attempts that ended with the emulator."""
    folder: Path = settings().folder("emr_serverless", "attempts")
    shutil.rmtree(folder, ignore_errors=True)
