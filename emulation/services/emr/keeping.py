"""Keeps a cluster: bootstraps it, runs its steps, ends it. A thread a cluster.

The state of a cluster follows its work: BOOTSTRAPPING while its bootstrap actions run, RUNNING
while a step does, WAITING when it has none and is to stay.
"""

import shutil
import threading
import time

from emulation.compute.spark import JavaNotFoundError
from emulation.services.emr import announcements, bootstrapping, machines, stepping
from emulation.services.emr.store import ENDING, LOCK, UNDER_WAY, Cluster, Step

CHANGED = threading.Condition(LOCK)
READY = "Cluster ready to run steps."
AFTER = {"COMPLETED": "Cluster ready after last step completed."}
AFTER_FAILURE = "Cluster ready after last step failed."
DEFAULT_IDLE = 3600
ACTIVE = ("PENDING", *UNDER_WAY)

_kept: set[str] = set()
"""The clusters that have a keeper."""


def begin(cluster: Cluster) -> None:
    """Keep a cluster from now on."""
    _kept.add(cluster.identifier)
    name = f"keep-{cluster.identifier}"
    threading.Thread(target=_keep, args=(cluster,), name=name, daemon=True).start()


def changed() -> None:
    """Something was asked of a cluster, or a step has ended."""
    with CHANGED:
        CHANGED.notify_all()


def _keep(cluster: Cluster) -> None:
    try:
        if cluster.ready is None:
            _bring_up(cluster)
        else:
            machines.prepare(cluster)
    except (JavaNotFoundError, OSError) as error:
        terminate(cluster, "INTERNAL_ERROR", str(error))
    with CHANGED:
        while cluster.state not in ENDING:
            _advance(cluster)
            if cluster.state not in ENDING:
                CHANGED.wait(_idle_seconds_left(cluster))
    _bring_down(cluster)


def _bring_up(cluster: Cluster) -> None:
    """The machine and its bootstrap actions."""
    machines.prepare(cluster)
    with LOCK:
        if cluster.state in ENDING:
            return
        move(cluster, "BOOTSTRAPPING")
    failed = bootstrapping.run_all(cluster, lambda: cluster.state in ENDING)
    with LOCK:
        if failed:
            terminate(cluster, "BOOTSTRAP_FAILURE", failed)
        cluster.ready = None if cluster.state in ENDING else time.time()


def _advance(cluster: Cluster) -> None:
    """Start the steps that may start; the state that this means."""
    running = [step for step in cluster.steps if step.state in UNDER_WAY]
    pending = [step for step in cluster.steps if step.state == "PENDING"]
    level = cluster.members.get("StepConcurrencyLevel") or 1
    for step in pending[: max(0, level - len(running))]:
        stepping.start(cluster, step, _step_ended)
    if any(step.state in ACTIVE for step in cluster.steps):
        cluster.idle_since = None
        if cluster.state != "RUNNING":
            move(cluster, "RUNNING", message="Running step")
    elif not cluster.kept:
        failed = any(step.state == "FAILED" for step in cluster.steps)
        told = "Steps completed with errors" if failed else "Steps completed"
        terminate(cluster, "ALL_STEPS_COMPLETED", told)
    elif cluster.state != "WAITING":
        cluster.idle_since = time.time()
        move(cluster, "WAITING", message=_readiness(cluster))
    elif _idle_seconds_left(cluster) == 0:
        terminate(cluster, "ALL_STEPS_COMPLETED", "Cluster was idle for longer than its timeout")


def _readiness(cluster: Cluster) -> str:
    ended = [step for step in cluster.steps if step.ended is not None]
    if not ended:
        return READY
    last = max(ended, key=lambda step: step.ended or 0)
    return AFTER.get(last.state, AFTER_FAILURE)


def _idle_seconds_left(cluster: Cluster) -> float | None:
    """Until an idle cluster is to end; None when it is not."""
    policy = cluster.members.get("AutoTerminationPolicy")
    if policy is None or cluster.idle_since is None:
        return None
    allowed = policy.get("IdleTimeout") or DEFAULT_IDLE
    return float(max(0.0, cluster.idle_since + allowed - time.time()))


def _step_ended(cluster: Cluster, step: Step) -> None:
    """What a failure does to the cluster; a step that was cancelled does nothing."""
    with CHANGED:
        if step.state == "FAILED" and cluster.state not in ENDING:
            fail(cluster, step)
        CHANGED.notify_all()


def fail(cluster: Cluster, step: Step) -> None:
    """Do what a failed step wants done."""
    if step.action == "CONTINUE":
        return
    for other in cluster.steps:
        if other.state == "PENDING":
            stepping.move(cluster, other, "CANCELLED", "Job terminated")
    if step.action == "TERMINATE_CLUSTER" and not cluster.is_protected:
        terminate(cluster, "STEP_FAILURE", "Shut down as step failed")


def terminate(cluster: Cluster, code: str, message: str) -> None:
    """Begin the end of a cluster; its keeper ends what runs."""
    with CHANGED:
        if cluster.state in ENDING:
            return
        move(cluster, "TERMINATING", code, message)
        CHANGED.notify_all()
    if cluster.identifier not in _kept:
        _bring_down(cluster)


def _bring_down(cluster: Cluster) -> None:
    """End the processes, cancel what has not begun, free the disk."""
    stepping.interrupt(cluster)
    with LOCK:
        for step in cluster.steps:
            if step.state == "PENDING":
                stepping.move(cluster, step, "CANCELLED", "Job terminated")
            elif step.state in UNDER_WAY:
                # It still fetches its script, or writes its log.
                stepping.finish_stopped(cluster, step)
        errors = cluster.code in ("STEP_FAILURE", "BOOTSTRAP_FAILURE", "INTERNAL_ERROR")
        cluster.ended = time.time()
        _kept.discard(cluster.identifier)
    shutil.rmtree(cluster.folder(), ignore_errors=True)
    state = "TERMINATED_WITH_ERRORS" if errors else "TERMINATED"
    move(cluster, state, cluster.code, cluster.message)


def move(cluster: Cluster, state: str, code: str = "", message: str = "") -> None:
    """Write a new state down and tell it."""
    with LOCK:
        cluster.state, cluster.code, cluster.message = state, code, message
        cluster.save()
        announcements.cluster_changed(cluster)


def resume(cluster: Cluster) -> None:
    """After a restart: a cluster goes on; steps that ran have failed, and do what they do then."""
    if cluster.ready is None:
        move(cluster, "TERMINATING", "INTERNAL_ERROR", stepping.INTERRUPTED)
        _bring_down(cluster)
        return
    for step in cluster.steps:
        if step.state in UNDER_WAY:
            stepping.lose(cluster, step)
            fail(cluster, step)
    begin(cluster)
