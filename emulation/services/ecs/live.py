"""Tasks at work: each has a thread that takes it from PROVISIONING to STOPPED.

What the API tells of a task follows its processes: RUNNING when all its containers have started,
STOPPED when all have ended, with the reason of the first that ended it.
"""

import contextlib
import logging
import threading
import time
import uuid
from collections.abc import Callable

from localstack.runtime import events

from emulation.compute.process_images.trees import remove_tree
from emulation.compute.tasks import networks
from emulation.compute.tasks.containers import ContainerPlan, State
from emulation.compute.tasks.endpoints import ENDPOINTS, Responder
from emulation.compute.tasks.gate import CREDENTIALS
from emulation.compute.tasks.runs import Ending, TaskRun
from emulation.compute.tasks.samples import SAMPLER, Watched
from emulation.services.ecs import metadata, placing, plans, targets, telling
from emulation.services.ecs.failures import StartError, initialization
from emulation.services.ecs.making import containers_of
from emulation.services.ecs.roles import RoleCredentials
from emulation.services.ecs.store import DEFINITIONS, LOCK, TASKS, Definition, Members, Task
from emulation.services.log_events import LogStream
from emulation.settings import settings

ABANDONED = Ending("TerminationNotice", "The emulator ended while the task ran.")

LOG = logging.getLogger(__name__)

LISTENERS: list[Callable[[], None]] = []
"""Told of each change of a task, in whatever thread."""
LIVE: dict[str, "LiveTask"] = {}
"""By ARN."""


class LiveTask:
    """One task at work."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.watched: Watched | None = None
        self._definition: Definition = DEFINITIONS.of(task.scope)[
            task.members["taskDefinitionArn"].rpartition("/")[2]
        ]
        self._containers = containers_of(self._definition, task.members["overrides"])
        self._folder = settings().folder("ecs", "work") / task.identifier
        self._network: networks.Network | None = None
        self._run: TaskRun | None = None
        self._asked: Ending | None = None
        self._logs: list[LogStream] = []
        self._prefixes: list[str] = []
        self._over = threading.Event()

    def start(self) -> None:
        """Give it its thread."""
        name = f"task-{self.task.identifier[:12]}"
        threading.Thread(target=self._live, name=name, daemon=True).start()

    def stop(self, ending: Ending) -> None:
        """Somebody wants it to end; nobody waits for it. Not to be called with the store locked."""
        with LOCK:
            self._asked = self._asked or ending
            run = self._run
            self._wanted_no_more(self._asked)
        if run is not None:
            run.ask_to_end(ending)

    def wait(self, seconds: float) -> bool:
        """Wait until it has stopped."""
        return self._over.wait(seconds)

    def kill(self) -> None:
        """End its processes now."""
        if self._run is not None:
            for container in self._run.containers.values():
                container.kill()

    def _live(self) -> None:
        try:
            ending = self._bring_up()
            if ending is None and self._run is not None:
                self._activate()
                ending = self._run.last()
        except StartError as error:
            self._blame(error)
            ending = Ending("TaskFailedToStart", str(error))
        except OSError as error:
            # The disk or the system's limits: nobody knows this task's processes any more.
            self.kill()
            ending = Ending("TaskFailedToStart", str(initialization(str(error))))
        assert ending is not None
        self._end(ending)

    def _bring_up(self) -> Ending | None:
        if asked := self._ending():
            return asked
        self._provision()
        made = self._prepare()
        assert self._network is not None
        run = TaskRun(made, self._network, self._look)
        with LOCK:
            self._run = run
            if asked := self._ending():
                return asked
        self.watched = Watched(run, int(self.task.members["memory"]))
        SAMPLER.watch(self.watched)
        return run.bring_up()

    def _ending(self) -> Ending | None:
        return self._asked

    def _provision(self) -> None:
        """Its network.

        Raises:
            StartError: it cannot have one.
        """
        ports = ports_of(self._containers)
        self._folder.mkdir(parents=True, exist_ok=True)
        try:
            if networks.are_private():
                host = settings().endpoint_url.removeprefix("http://").rpartition(":")[0]
                gateway = (host, settings().port)
                self._network = networks.own_network(ports, gateway, ENDPOINTS.address)
            else:
                self._network = networks.SharedNetwork()
        except OSError as error:
            raise initialization(f"failed to set up the task's network: {error}") from error
        address = self._network.address
        attachment = self.task.members["attachments"][0]
        placing.attach(attachment, address, self.task.region)
        for container in self.task.members["containers"]:
            container["networkInterfaces"] = [
                {"attachmentId": attachment["id"], "privateIpv4Address": address}
            ]
        self.change(lastStatus="PENDING", connectivity="CONNECTED", connectivityAt=time.time())

    def _prepare(self) -> list[ContainerPlan]:
        """Images, variables, volumes, logs: everything before the first process."""
        assert self._network is not None
        task = self.task
        mounts = plans.volumes(self._folder, self._definition.members, self._containers)
        around = plans.Surroundings(
            task=task,
            folder=self._folder,
            network=self._network,
            metadata=self._metadata_address(),
            credentials=self._offer_credentials(),
            mounts=mounts,
        )
        identifiers = {container["name"]: uuid.uuid4().hex for container in self._containers}
        seen = {
            container["name"]: plans.environment(around, container, identifiers[container["name"]])
            for container in self._containers
        }
        logs = {item["name"]: plans.log_of(task, item) for item in self._containers}
        self._logs = [log for log in logs.values() if log is not None]
        self.change(pullStartedAt=time.time())
        images = {item["name"]: plans.pull(task, item) for item in self._containers}
        for told in task.members["containers"]:
            name = told["name"]
            told["runtimeId"] = f"{task.identifier}-{identifiers[name][:10]}"
            told["imageDigest"] = images[name].digest
            self._offer_metadata(identifiers[name], name)
        self.change(pullStoppedAt=time.time())
        return [
            plans.plan(around, item, images[item["name"]], seen[item["name"]], logs[item["name"]])
            for item in self._containers
        ]

    def _metadata_address(self) -> str:
        assert self._network is not None
        if isinstance(self._network, networks.OwnNetwork):
            port = self._network.credentials_port
            return f"http://{CREDENTIALS}{f':{port}' if port != networks.CREDENTIALS_PORT else ''}"
        host, port = ENDPOINTS.address
        return f"http://{host}:{port}"

    def _offer_credentials(self) -> str:
        overridden = self.task.members["overrides"].get("taskRoleArn")
        role = overridden or self._definition.members.get("taskRoleArn")
        if not role:
            return ""
        found = RoleCredentials(self.task.scope, role, self.task.identifier)
        path = f"/v2/credentials/{uuid.uuid4()}"
        self._offer(path, found.answer)
        return path

    def _offer_metadata(self, identifier: str, name: str) -> None:
        for version in ("v3", "v4"):
            self._offer(
                f"/{version}/{identifier}",
                lambda path: metadata.answer(self.task, name, path, self.watched),
            )

    def _offer(self, prefix: str, responder: Responder) -> None:
        self._prefixes.append(prefix)
        ENDPOINTS.add(prefix, responder)

    def _look(self) -> None:
        """What the API tells of the containers, as they are now."""
        run = self._run
        if run is None:
            return
        with LOCK:
            before = [dict(item) for item in self.task.members["containers"]]
            for told in self.task.members["containers"]:
                container = run.containers[told["name"]]
                told["lastStatus"] = container.state.value
                if container.state is State.STOPPED and container.exit_code is not None:
                    told["exitCode"] = container.exit_code
                if container.reason:
                    told["reason"] = container.reason
                if container.plan.health_check is not None:
                    told["healthStatus"] = container.health
            if before == self.task.members["containers"]:
                return
            if health := health_of(self.task, self._containers):
                self.task.members["healthStatus"] = health
            self.change()

    def _activate(self) -> None:
        """Its containers run; a service's load balancers are told."""
        now = time.time()
        if self.task.load_balancers:
            self.change(lastStatus="ACTIVATING", startedAt=now)
            targets.register(self.task)
        with LOCK:
            self.task.running_since = now
            self.change(lastStatus="RUNNING", startedAt=now)

    def _wanted_no_more(self, ending: Ending) -> None:
        members = self.task.members
        if members["desiredStatus"] == "STOPPED":
            return
        self.change(
            desiredStatus="STOPPED",
            stopCode=ending.code,
            stoppedReason=ending.reason,
            stoppingAt=time.time(),
        )

    def _end(self, ending: Ending) -> None:
        if events.infra_stopping.is_set():
            ending = ABANDONED
        with LOCK:
            self._wanted_no_more(ending)
        if self.task.load_balancers and self.task.running_since and ending is not ABANDONED:
            self.change(lastStatus="DEACTIVATING")
            targets.deregister(self.task, self._is_alive)
        self.change(lastStatus="STOPPING")
        if self._run is not None:
            self._run.shut_down()
        if self.watched is not None:
            SAMPLER.forget(self.watched)
        self.change(lastStatus="DEPROVISIONING", executionStoppedAt=time.time())
        self._clear()
        LIVE.pop(self.task.arn, None)
        for told in self.task.members["containers"]:
            told["lastStatus"] = "STOPPED"
        attachment = self.task.members["attachments"][0]
        attachment["status"] = "DELETED"
        self.change(lastStatus="STOPPED", stoppedAt=time.time())
        self._over.set()

    def _is_alive(self) -> bool:
        """Whether it can still answer who is connected."""
        run = self._run
        essential = [c for c in run.containers.values() if c.plan.essential] if run else []
        return bool(essential) and all(c.state is State.RUNNING for c in essential)

    def _clear(self) -> None:
        for prefix in self._prefixes:
            ENDPOINTS.remove(prefix)
        for log in self._logs:
            log.close()
        if self._network is not None:
            with contextlib.suppress(OSError):
                self._network.close()
        remove_tree(self._folder)

    def _blame(self, error: StartError) -> None:
        for told in self.task.members["containers"]:
            if told["name"] == error.container:
                told["reason"] = str(error)

    def change(self, **members: object) -> None:
        """Write down what is new, and tell everybody."""
        with LOCK:
            self.task.members |= members
            self.task.members["version"] += 1
            TASKS.save(self.task)
            telling.task_changed(self.task)
        for listener in LISTENERS:
            listener()


def ports_of(containers: list[Members]) -> list[int]:
    """The ports that others may reach, each once."""
    found = [
        port["containerPort"]
        for container in containers
        for port in container.get("portMappings") or []
    ]
    return list(dict.fromkeys(found))


def health_of(task: Task, containers: list[Members]) -> str | None:
    """A task's health: that of its essential containers that have a check."""
    essential = {item["name"] for item in containers if item.get("essential", True)}
    found = {
        item["healthStatus"]
        for item in task.members["containers"]
        if item["name"] in essential and "healthStatus" in item
    }
    for verdict in ("UNHEALTHY", "UNKNOWN", "HEALTHY"):
        if verdict in found:
            return verdict
    return None
