"""An instance's life: its state follows its process, and every end has its reason.

An emulator that ends is a host that fails. What ran on it is recovered, as EC2 recovers instances
by default: the same instance with the same volume boots again when the emulator is back. With
`MaintenanceOptions.AutoRecovery` disabled it is found stopped.
"""

import logging
import shutil
import threading
from collections.abc import Callable
from datetime import UTC, datetime

from localstack.runtime import events

from emulation.compute.instances.machine import End, Machine, MachineSpec
from emulation.compute.instances.metadata import MetadataServer, Options
from emulation.services.ec2 import requests
from emulation.services.ec2.describing import auto_recovery, choose, state
from emulation.services.ec2.errors import dry_run, is_protected, not_emulated, wrong_state
from emulation.services.ec2.metadata_tree import tree
from emulation.services.ec2.networks import private_name
from emulation.services.ec2.store import (
    STORE_LOCK,
    Instance,
    Live,
    Members,
    load_instances,
    tell,
)
from emulation.services.scope import Scope
from emulation.settings import settings

LOG = logging.getLogger(__name__)


def because(code: str, words: str) -> tuple[str, str]:
    """A reason as EC2 writes it: the message begins with the code."""
    return code, f"{code}: {words}"


BY_USER = because("Client.UserInitiatedShutdown", "User initiated shutdown")
BY_INSTANCE = because("Client.InstanceInitiatedShutdown", "Instance initiated shutdown")
HOST_FAILED = because("Server.ScheduledStop", "Stopped due to scheduled retirement")
DIED = because("Server.InternalError", "The first process of the instance died")
NOT_STARTED = "Server.InternalError"

ENDED = {"stopped", "terminated"}


def boot(live: Live) -> None:
    """Start an instance that is pending; what keeps it from starting is its reason to end."""
    instance = live.instance
    # The service is loaded with the next start of the emulator when it has a folder there.
    settings().folder("services", "ec2")
    try:
        with live.lock:
            if instance.state not in {"pending", "running"}:
                # Terminated before it was started.
                return
            live.imds = live.imds or metadata_server(live)
            # The address of the metadata service is another one for each start.
            spec = machine_spec(live)
            machine = Machine(spec, lambda: booted(live), lambda end: ended(live, end, machine))
            live.machine = machine
            machine.start()
    except OSError as error:
        LOG.warning("%s could not be started: %s", instance.instance_id, error)
        end_with(live, "terminated", because(NOT_STARTED, str(error)), "Server.InternalError")


def machine_spec(live: Live) -> MachineSpec:
    """What the machine is made of."""
    instance = live.instance
    assert live.imds is not None
    return MachineSpec(
        instance_id=instance.instance_id,
        folder=instance.folder,
        hostname=private_name(instance.network, instance.region),
        description=f"{instance.launch['InstanceType']}, {instance.launch['ImageId']}",
        environment={
            "AWS_ENDPOINT_URL": settings().endpoint_url,
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": live.imds.url,
        },
        plan=requests.boot_plan(instance.launch),
    )


def metadata_server(live: Live) -> MetadataServer:
    """The instance's own metadata service."""

    def options() -> Options:
        asked = live.instance.metadata
        return Options(asked["HttpEndpoint"] == "enabled", asked["HttpTokens"] == "required")

    return MetadataServer(lambda: tree(live), options)


def booted(live: Live) -> None:
    """Its first process runs."""
    with live.lock:
        if live.instance.state == "pending":
            live.instance.enter("running")
    tell(live.instance)


def ended(live: Live, end: End, machine: Machine | None) -> None:
    """Its first process has ended; what one tells that has a successor is too late."""
    instance = live.instance
    with live.lock:
        if machine is not live.machine:
            return
        if instance.state == "shutting-down":
            end_with(live, "terminated", instance.reason, instance.transition)
        elif instance.state == "stopping":
            end_with(live, "stopped", instance.reason, instance.transition)
        elif live.restarting or end is End.REBOOTED:
            live.restarting = False
            boot(live)
        elif end is End.POWERED_OFF:
            terminates = instance.launch.get("InstanceInitiatedShutdownBehavior") == "terminate"
            end_with(live, "terminated" if terminates else "stopped", BY_INSTANCE, "")
        elif end is End.CRASHED:
            end_with(live, "stopped", DIED, "Server.InternalError")
        # Else the emulator ends, and the record that it ran is what recovers it.


def end_with(live: Live, name: str, reason: tuple[str, str] | None, transition: str) -> None:
    """Stopped, or gone for good with its volume."""
    with live.lock:
        live.instance.enter(name, reason, transition)
        if name == "terminated":
            # The console stays for as long as the instance is described.
            shutil.rmtree(live.instance.folder / "volume", ignore_errors=True)
        if live.imds is not None:
            live.imds.close()
            live.imds = None
    tell(live.instance)


def start(scope: Scope, request: Members) -> Members:
    """StartInstances."""

    def begin(live: Live) -> None:
        if live.instance.state == "stopped":
            live.instance.launched = datetime.now(UTC).timestamp()
            live.instance.enter("pending")
            boot(live)

    return {"StartingInstances": change(scope, request, "started", {"stopping"}, begin)}


def stop(scope: Scope, request: Members) -> Members:
    """StopInstances; `Force` leaves the units no time."""
    if request.get("Hibernate"):
        raise not_emulated("StopInstances", "Hibernate")
    forced = bool(request.get("Force"))

    def begin(live: Live) -> None:
        end_begins(live, "stopping", force=forced)

    protect(scope, request, "DisableApiStop", "stopped", "disableApiStop")
    return {"StoppingInstances": change(scope, request, "stopped", set(), begin)}


def terminate(scope: Scope, request: Members) -> Members:
    """TerminateInstances; one that is terminated already is no error."""

    def begin(live: Live) -> None:
        end_begins(live, "shutting-down")

    protect(scope, request, "DisableApiTermination", "terminated", "disableApiTermination")
    changes = change(scope, request, None, set(), begin)
    return {"TerminatingInstances": changes}


def reboot(scope: Scope, request: Members) -> None:
    """RebootInstances."""

    def begin(live: Live) -> None:
        live.restarting = True
        in_background(live, force=False)

    change(scope, request, "rebooted", {"stopped", "stopping", "pending"}, begin)


def change(
    scope: Scope,
    request: Members,
    done: str | None,
    refused_in: set[str],
    begin: Callable[[Live], None],
) -> list[Members]:
    """Begin a change of each instance that a request names; their states before and after.

    Raises:
        CommonServiceException: one of them is not there or in no state for it, so none changes.
    """
    chosen = choose(scope, request)
    for live in chosen:
        gone = live.instance.state in {"shutting-down", "terminated"}
        if (gone and done) or live.instance.state in refused_in:
            raise wrong_state(live.instance.instance_id, done or "")
    if request.get("DryRun"):
        raise dry_run()
    changes = []
    for live in chosen:
        with live.lock:
            before = live.instance.state
            begin(live)
            changes.append(
                {
                    "InstanceId": live.instance.instance_id,
                    "PreviousState": state(before),
                    "CurrentState": state(live.instance.state),
                }
            )
    return changes


def protect(scope: Scope, request: Members, member: str, done: str, attribute: str) -> None:
    """Refuse what an instance is protected from."""
    for live in choose(scope, request):
        if live.instance.launch.get(member) and live.instance.state not in ENDED:
            raise is_protected(live.instance.instance_id, done, attribute)


def end_begins(live: Live, name: str, *, force: bool = False) -> None:
    """Begin to stop or to terminate."""
    instance = live.instance
    if instance.state in ENDED or instance.state == name:
        if instance.state == "stopped" and name == "shutting-down":
            end_with(live, "terminated", BY_USER, user_initiated())
        return
    live.restarting = False
    instance.enter(name, BY_USER, user_initiated())
    tell(instance)
    in_background(live, force=force)


def in_background(live: Live, *, force: bool) -> None:
    """Let the units stop in their own time; the state follows when the process has ended."""
    machine = live.machine
    if machine is None or not machine.running:
        # Its own end, if that is still to be told, comes too late.
        live.machine = None
        ended(live, End.STOPPED, None)
        return
    name = f"{live.instance.instance_id}-stop"
    threading.Thread(target=machine.stop, kwargs={"force": force}, name=name, daemon=True).start()


def user_initiated() -> str:
    """The reason of a change, as EC2 writes it."""
    return f"User initiated ({datetime.now(UTC):%Y-%m-%d %H:%M:%S} GMT)"


def recover() -> None:
    """Take up the instances of the last run, as soon as there is an endpoint for them."""
    with STORE_LOCK:
        found = load_instances()
    threading.Thread(target=recover_all, args=(found,), name="ec2-recovery", daemon=True).start()


def recover_all(found: list[Live]) -> None:
    """Boot what ran; finish what was ending."""
    events.infra_ready.wait()
    for live in found:
        with live.lock:
            recover_one(live, live.instance)


def recover_one(live: Live, instance: Instance) -> None:
    """What the host's failure means for one instance."""
    if instance.state == "shutting-down":
        end_with(live, "terminated", instance.reason, instance.transition)
    elif instance.state == "stopping":
        end_with(live, "stopped", instance.reason, instance.transition)
    elif instance.state in {"running", "pending"}:
        if auto_recovery(instance) == "disabled":
            end_with(live, "stopped", HOST_FAILED, "Server.ScheduledStop")
        else:
            instance.enter("pending")
            boot(live)
