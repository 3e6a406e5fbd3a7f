"""Runs steps: each is a process, and its state is the process's."""

import threading
import time
from collections.abc import Callable

from emulation.compute.processes import Process, Status
from emulation.compute.spark_submit import processes
from emulation.services.emr import announcements, machines
from emulation.services.emr.checks import SCRIPT_RUNNER
from emulation.services.emr.commands import ScriptNotFoundError, Work, fetch_script, log_address
from emulation.services.emr.store import ENDING, LOCK, UNDER_WAY, Cluster, Members, Step

INTERRUPTED = "The emulator ended while the step ran."
UNKNOWN = "Unknown Error."
LONGEST_MESSAGE = 1000
END_SECONDS = 10.0

Ended = Callable[[Cluster, Step], None]

_processes: dict[str, tuple[Process, str]] = {}
"""What runs, by step: its process and the note of its driver."""


def start(cluster: Cluster, step: Step, on_end: Ended) -> None:
    """Run a step in the background."""
    step.started = time.time()
    move(cluster, step, "RUNNING")
    name = f"step-{step.identifier}"
    threading.Thread(target=_run, args=(cluster, step, on_end), name=name, daemon=True).start()


def _run(cluster: Cluster, step: Step, on_end: Ended) -> None:
    jar = step.members["HadoopJarStep"]["Jar"]
    arguments = step.members["HadoopJarStep"].get("Args") or []
    told = " ".join(["hadoop jar", jar, *arguments])
    work = Work.open(cluster, f"steps/{step.identifier}", told)

    def ended(process: Process) -> None:
        with LOCK:
            _processes.pop(step.identifier, None)
        work.close(processes.exit_code(process))
        goes_on = step.state == "RUNNING" and cluster.state not in ENDING
        if process.status() is Status.STOPPED and goes_on:
            # The emulator ends: the next one finds the step running, and tells its failure.
            return
        _settle(cluster, step, work, process)
        on_end(cluster, step)

    try:
        words = list(arguments)
        if jar.endswith(SCRIPT_RUNNER):
            words = [*fetch_script(cluster, arguments[0], work.folder), *arguments[1:]]
        with LOCK:
            if _is_wanted(cluster, step):
                process = work.start(words, {"EMR_STEP_ID": step.identifier}, ended)
                _processes[step.identifier] = (process, f"{step.identifier}.pid")
                return
    except (ScriptNotFoundError, OSError) as error:
        work.logs.errors(str(error))
        if _is_wanted(cluster, step):
            work.close(1)
            _finish(cluster, step, "FAILED", failure=_failure(cluster, step, str(error)))
            on_end(cluster, step)
            return
    if step.ended is None:
        work.close(1)
        finish_stopped(cluster, step)
        on_end(cluster, step)


def _is_wanted(cluster: Cluster, step: Step) -> bool:
    return step.state == "RUNNING" and cluster.state not in ENDING


def _settle(cluster: Cluster, step: Step, work: Work, process: Process) -> None:
    """How a process's end reads in EMR."""
    status = process.status()
    if step.state == "CANCEL_PENDING" or status is Status.STOPPED:
        finish_stopped(cluster, step)
    elif status is Status.SUCCEEDED:
        _finish(cluster, step, "COMPLETED")
    else:
        message = work.logs.exceptions.last()
        _finish(cluster, step, "FAILED", failure=_failure(cluster, step, message))


def finish_stopped(cluster: Cluster, step: Step) -> None:
    """By its user, or with its cluster."""
    if step.state == "CANCEL_PENDING":
        _finish(cluster, step, "CANCELLED", "Step was cancelled by the user")
    else:
        _finish(cluster, step, "INTERRUPTED", "Job terminated")


def _failure(cluster: Cluster, step: Step, message: str) -> Members:
    """The reason, where the log is, and the last exception in it."""
    address = log_address(cluster, f"steps/{step.identifier}")
    log = {"LogFile": f"{address}/stderr.gz"} if address else {}
    told = {"Message": message[:LONGEST_MESSAGE]} if message else {}
    return {"Reason": UNKNOWN, **told, **log}


def _finish(
    cluster: Cluster, step: Step, state: str, message: str = "", failure: Members | None = None
) -> None:
    with LOCK:
        if step.ended is not None:
            return
        step.ended = time.time()
        step.failure = failure or {}
        move(cluster, step, state, message)


def cancel(cluster: Cluster, step: Step, *, at_once: bool) -> None:
    """Ask a step's process to end, or end it; one that has not begun never does."""
    if step.state == "PENDING":
        move(cluster, step, "CANCELLED", "Step was cancelled by the user")
        return
    move(cluster, step, "CANCEL_PENDING")
    if found := _processes.get(step.identifier):
        process, note = found
        if at_once:
            process.kill()
        else:
            machines.machine(cluster, note).ask_to_end(process)


def interrupt(cluster: Cluster) -> None:
    """End what runs, because the cluster does."""
    with LOCK:
        found = [_processes.get(step.identifier) for step in cluster.steps]
    stops = [
        threading.Thread(target=process[0].stop, name="interrupt", daemon=True)
        for process in found
        if process
    ]
    for stop in stops:
        stop.start()
    for stop in stops:
        stop.join()
    _wait_for_ends(cluster)


def _wait_for_ends(cluster: Cluster) -> None:
    """Their logs are written before the cluster is over."""
    deadline = time.monotonic() + END_SECONDS
    while time.monotonic() < deadline:
        with LOCK:
            if not any(step.state in UNDER_WAY for step in cluster.steps):
                return
        time.sleep(0.05)


def lose(cluster: Cluster, step: Step) -> None:
    """A step whose process ended with the emulator."""
    _finish(cluster, step, "FAILED", failure=_failure(cluster, step, INTERRUPTED))


def move(cluster: Cluster, step: Step, state: str, message: str = "") -> None:
    """Write a new state down and tell it."""
    with LOCK:
        step.state, step.message = state, message
        cluster.save()
        announcements.step_changed(cluster, step)
