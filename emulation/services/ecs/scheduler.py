"""The one thread that brings services to what they want: it starts what is missing, stops what is
too much or not well, and sleeps until a service or a task changes.

A task that fails is tried again later and later, so that a broken image does not keep the machine
busy. When half of a deployment's tasks have failed, but at least three, its circuit breaker acts.
"""

import logging
import threading
import time

from botocore.exceptions import ClientError
from localstack.aws.api import CommonServiceException
from localstack.runtime import events

from emulation.compute.tasks.runs import Ending
from emulation.services.ecs import (
    deployments,
    fitness,
    history,
    launching,
    live,
    planning,
    targets,
    telling,
)
from emulation.services.ecs.fitness import Fitness
from emulation.services.ecs.planning import Bounds, Member
from emulation.services.ecs.store import (
    LOCK,
    SERVICES,
    TASKS,
    Members,
    Service,
    Task,
    tasks_of,
)

LOG = logging.getLogger(__name__)

FIRST_DELAY_SECONDS = 0.5
LONGEST_DELAY_SECONDS = 300.0
LOOK_SECONDS = 1.0
"""How often tasks are looked at while a deployment is on its way."""
REST_SECONDS = 5.0
"""How often when nothing changes: load balancers do not tell by themselves."""
REMEMBERED_SECONDS = 3600.0
"""How long stopped tasks and deleted services are told of."""
SCHEDULED = "ServiceSchedulerInitiated"
MANY = 3

_changed = threading.Event()
_started = threading.Lock()
_delays: dict[str, tuple[float, float]] = {}
"""By service's ARN: the delay, and when the next start may be (monotonic)."""


def wake() -> None:
    """Something has changed."""
    _changed.set()


def start() -> None:
    """Start the thread; further calls do nothing."""
    if _started.acquire(blocking=False):
        live.LISTENERS.append(wake)
        threading.Thread(target=run, name="ecs-scheduler", daemon=True).start()


def run() -> None:
    """Keep all services, until the emulator ends."""
    events.infra_ready.wait()
    forget_targets()
    while not events.infra_stopping.is_set():
        _changed.clear()
        looks = [look for service in SERVICES.everywhere() if (look := keep(service))]
        forget()
        _changed.wait(min(looks, default=None))


def forget_targets() -> None:
    """Tasks that died with the last emulator are no targets any more."""
    for task in TASKS.everywhere():
        if task.load_balancers and task.is_over and not task.counted:
            targets.deregister(task, lambda: False)


def forget() -> None:
    """What ended long ago."""
    before = time.time() - REMEMBERED_SECONDS
    with LOCK:
        for task in TASKS.everywhere():
            if task.is_over and task.members["stoppedAt"] < before:
                TASKS.remove(task)
        for service in SERVICES.everywhere():
            if service.status == "INACTIVE" and service.ended < before:
                SERVICES.remove(service)


def keep(service: Service) -> float | None:
    """One look at a service; in how many s it wants another although nothing changes."""
    if service.status == "INACTIVE":
        return None
    wanted = [task for task in tasks_of(service) if task.is_wanted]
    found = {task.arn: fitness.of(service, task) for task in wanted}
    alarmed = deployments.alarms(service)
    with LOCK:
        count_ends(service)
        for task in wanted:
            note_fitness(service, task, found[task.arn])
        if alarmed:
            fail(service, alarmed, cause=deployments.ALARM)
        made = plan(service, wanted, found)
        settle(service, wanted, found)
        SERVICES.save(service)
    leaving = [task for task in wanted if task.arn in made.stop]
    for task in leaving:
        if task.unfit:
            stop(task, found[task.arn].reason)
    stop_all(service, [task for task in leaving if not task.unfit])
    if made.start and not launch(service, made.start):
        return max(0.1, _delays.get(service.arn, (0.0, 0.0))[1] - time.monotonic())
    if service.status == "DRAINING":
        return LOOK_SECONDS
    return REST_SECONDS if service.steady else LOOK_SECONDS


def note_fitness(service: Service, task: Task, found: Fitness) -> None:
    """A task that begins to fail its health checks is told of, and counts as failed, once."""
    unfit = found.verdict == "unfit"
    if unfit == task.unfit:
        return
    task.unfit = unfit
    TASKS.save(task)
    if unfit:
        deployments.announce(service, found.event)
        failed(service, task)


def plan(service: Service, wanted: list[Task], found: dict[str, Fitness]) -> planning.Plan:
    """What is to be done; a deployment that has failed starts nothing, and stops only what is
    not well.
    """
    primary = service.deployments[0]
    if primary["rolloutState"] == "FAILED" and service.status == "ACTIVE":
        return planning.Plan(stop=[task.arn for task in wanted if task.unfit])
    configuration = service.members["deploymentConfiguration"]
    bounds = Bounds(
        service.desired,
        configuration["minimumHealthyPercent"],
        configuration["maximumPercent"],
    )
    members = [
        Member(
            task.arn,
            task.deployment == primary["id"],
            found[task.arn].verdict,
            task.members["createdAt"],
        )
        for task in wanted
    ]
    return planning.plan(members, bounds)


def settle(service: Service, wanted: list[Task], found: dict[str, Fitness]) -> None:
    """Whether the service has reached what it wants; where a deleted one is."""
    going = [task for task in tasks_of(service) if not task.is_over and task not in wanted]
    if service.status == "DRAINING":
        if not wanted and not going:
            service.status, service.ended = "INACTIVE", time.time()
            service.deployments = []
        return
    primary = service.deployments[0]
    deployments.prune(service, {task.deployment for task in [*wanted, *going]})
    new = [task for task in wanted if task.deployment == primary["id"]]
    fit = [task for task in new if found[task.arn].verdict == "fit"]
    if fit:
        primary["failedTasks"] = 0
        _delays.pop(service.arn, None)
    reached = len(fit) == len(new) == len(wanted) == service.desired and not going
    if not reached or primary["rolloutState"] == "FAILED":
        service.steady = False
        return
    if primary["rolloutState"] == "IN_PROGRESS":
        deployments.complete(service, primary)
    if not service.steady:
        service.steady = True
        deployments.announce(service, "has reached a steady state.")
        telling.service_acted(service, "SERVICE_STEADY_STATE")


def count_ends(service: Service) -> None:
    """Tasks that have ended by themselves since the last look."""
    for task in tasks_of(service):
        if task.is_wanted or task.counted:
            continue
        task.counted = True
        TASKS.save(task)
        if task.members["stopCode"] in {"TaskFailedToStart", "EssentialContainerExited"}:
            failed(service, task)


def failed(service: Service, task: Task) -> None:
    """A task has failed; perhaps its deployment has."""
    delay(service)
    deployment = service.deployment(task.deployment)
    if deployment is None or deployment["rolloutState"] != "IN_PROGRESS":
        return
    deployment["failedTasks"] += 1
    if deployment["failedTasks"] == MANY:
        deployments.announce(
            service,
            "is unable to consistently start tasks successfully. For more information, see the "
            "Troubleshooting section of the Amazon ECS Developer Guide.",
        )
        telling.service_acted(service, "SERVICE_TASK_START_IMPAIRED", "WARN")
    breaker = service.members["deploymentConfiguration"]["deploymentCircuitBreaker"]
    if breaker["enable"] and deployment["failedTasks"] >= history.threshold(service.desired):
        fail(service, deployments.BROKEN, cause=deployments.CIRCUIT_BREAKER)


def fail(service: Service, what: str, *, cause: str) -> None:
    """The primary deployment has failed."""
    primary = service.deployments[0]
    if primary["rolloutState"] != "IN_PROGRESS":
        return
    configuration = service.members["deploymentConfiguration"]
    rules = "deploymentCircuitBreaker" if cause == deployments.CIRCUIT_BREAKER else "alarms"
    rollback = bool((configuration.get(rules) or {}).get("rollback"))
    deployments.fail(service, primary, what, cause=cause, rollback=rollback)
    _delays.pop(service.arn, None)


def delay(service: Service) -> None:
    """Wait twice as long as the last time."""
    last, _ = _delays.get(service.arn, (FIRST_DELAY_SECONDS / 2, 0.0))
    seconds = min(2 * last, LONGEST_DELAY_SECONDS)
    _delays[service.arn] = (seconds, time.monotonic() + seconds)


def launch(service: Service, count: int) -> bool:
    """Start tasks, unless it is too early; False when it did not work."""
    _, earliest = _delays.get(service.arn, (0.0, 0.0))
    if time.monotonic() < earliest or events.infra_stopping.is_set():
        return False
    try:
        started, failure = launching.start(service, count)
    except (CommonServiceException, ClientError, NotImplementedError) as error:
        reason = getattr(error, "message", "") or str(error)
        refused(service, f"failed to launch a task with (error {reason}).")
        return False
    with LOCK:
        if started:
            listed = " ".join(f"(task {task['taskArn'].rpartition('/')[2]})" for task in started)
            deployments.announce(service, f"has started {len(started)} tasks: {listed}.")
            SERVICES.save(service)
    if failure:
        refused(
            service,
            f"was unable to place a task. Reason: {failure['reason']}.",
            action="SERVICE_TASK_PLACEMENT_FAILURE",
            why=failure["reason"],
        )
    return not failure


def refused(service: Service, text: str, action: str = "", why: str = "") -> None:
    """A task could not even begin."""
    with LOCK:
        deployments.announce(service, text)
        delay(service)
        primary: Members = service.deployments[0]
        if primary["rolloutState"] == "IN_PROGRESS":
            primary["failedTasks"] += 1
            breaker = service.members["deploymentConfiguration"]["deploymentCircuitBreaker"]
            if breaker["enable"] and primary["failedTasks"] >= history.threshold(service.desired):
                fail(service, deployments.BROKEN, cause=deployments.CIRCUIT_BREAKER)
        SERVICES.save(service)
    if action:
        telling.service_acted(service, action, "ERROR", reason=why)


def stop_all(service: Service, tasks: list[Task]) -> None:
    """Stop what is too much."""
    if not tasks:
        return
    for task in tasks:
        stop(task, f"Scaling activity initiated by (deployment {service.deployments[0]['id']})")
    with LOCK:
        listed = " ".join(f"(task {task.identifier})" for task in tasks)
        deployments.announce(service, f"has stopped {len(tasks)} running tasks: {listed}.")
        SERVICES.save(service)


def stop(task: Task, reason: str) -> None:
    """Stop a task, unless it has ended."""
    if found := live.LIVE.get(task.arn):
        found.stop(Ending(SCHEDULED, reason))
